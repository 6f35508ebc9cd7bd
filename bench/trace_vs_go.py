#!/usr/bin/env python3
"""EDP's reader of execution traces against golang.org/x/exp/trace's: the same traces, in one run, alternating.

    bench/trace_vs_go.py [--bin build/release/bin] [--runs 3] [--megabytes 110] [FILE...]

The traces, of a busy program (tests/parity/trace/busy) built with Go 1.21 (one stream) and with the Go at hand
(generations), are made once and kept in the cache; FILEs are measured as well. Both programs read every event in order
and count them by kind. Wall and CPU time are medians over the runs, peak memory is the largest resident set. The last
columns are of `edp-runner trace`, which keeps a timeline of it all: CPU, peak memory, and the timeline's size beside the
trace's.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "tests/parity/trace"))
import peers  # noqa: E402
import run as parity  # noqa: E402
from pprof_vs_go import cache, measure  # noqa: E402


def traces(megabytes):
    files = []
    for toolchain in ("go1.21.13", "local"):
        file = cache() / f"{toolchain}-{megabytes}.trace"
        if not file.exists():
            with tempfile.TemporaryDirectory() as folder:
                program = parity.build_busy(pathlib.Path(folder), toolchain)
                part = file.with_suffix(".part")
                subprocess.run([str(program), str(part), str(megabytes)], check=True, timeout=600)
                part.rename(file)
        files.append(file)
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("build/release/bin"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=110)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    peer = cache() / "trace-peer"
    peers.build_unpinned_peer(peer)

    print(f"{'trace':22} {'MB':>5} {'events':>11} | {'edp s':>6} {'CPU s':>6} {'MB':>5} {'M ev/s':>6} | {'x/exp s':>7} {'CPU s':>6}"
          f" {'MB':>5} {'M ev/s':>6} | {'wall':>6} {'CPU':>6} {'memory':>6} | {'timeline':>8} {'peak MB':>7} {'of file':>7}")
    differing = []
    for file in traces(arguments.megabytes) + arguments.files:
        ours, theirs = [], []
        for _ in range(arguments.runs):
            ours.append(measure([arguments.bin / "edp-trace-dump", "count", file]))
            theirs.append(measure([peer, "count", file]))
        if ours[0][3] != theirs[0][3]:
            differing.append(file.name)
        events = sum(int(line.split()[1]) for line in ours[0][3].splitlines())
        (wall, cpu, memory), (go_wall, go_cpu, go_memory) = (
            (statistics.median(r[0] for r in runs), statistics.median(r[1] for r in runs), max(r[2] for r in runs))
            for runs in (ours, theirs))
        kept = measure([arguments.bin / "edp-runner", "trace", "-o", "json", file])
        size = json.loads(kept[3])["memory_bytes"] / file.stat().st_size
        print(f"{file.name:22.22} {file.stat().st_size / 1e6:5.0f} {events:11,} | {wall:6.2f} {cpu:6.2f} {memory:5.0f}"
              f" {events / cpu / 1e6:6.1f} | {go_wall:7.2f} {go_cpu:6.2f} {go_memory:5.0f} {events / go_cpu / 1e6:6.1f} |"
              f" {go_wall / wall:5.1f}x {go_cpu / cpu:5.1f}x {go_memory / memory:5.1f}x | {kept[1]:6.2f} s {kept[2]:7.0f}"
              f" {size:7.0%}", flush=True)
    for name in differing:
        print(f"the counts of {name} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
