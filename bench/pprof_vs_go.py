#!/usr/bin/env python3
"""`edp-runner top FILE` against `go tool pprof -top FILE`: the same files, in one run, alternating.

    bench/pprof_vs_go.py [--bin build/release/bin] [--runs 3] [--samples 1000,100000,1000000] [FILE...]

Synthetic CPU and heap profiles are written by gen_profile into the cache; FILEs (real profiles) are measured as well.
Wall and CPU time are medians over the runs, peak memory is the largest resident set. The last column is the share of
edp-runner's CPU time that inflating alone takes (bench_pprof_decode).
"""
import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    folder = pathlib.Path(base) / "edp" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def measure(command):
    """Wall seconds, CPU seconds, peak resident MB, and the output of one run."""
    output = cache() / f"out.{os.getpid()}"
    with open(output, "wb") as sink:
        begin = time.monotonic()
        child = subprocess.Popen(command, stdout=sink, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
    text = output.read_text(errors="replace")
    output.unlink()
    if child.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit status {child.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text


def table(text):
    """The rows, without the lines above them, which name the file or the build."""
    rows = text.splitlines()
    starts = [i for i, line in enumerate(rows) if line.lstrip().startswith("flat  flat%")]
    return rows[starts[0]:] if starts else rows


def inflate_milliseconds(binaries, file):
    command = [binaries / "bench_pprof_decode", "--benchmark_filter=^inflate$"]
    text = subprocess.run(command, env={**os.environ, "EDP_BENCH_PROFILE": str(file)}, capture_output=True, text=True,
                          check=True).stdout
    found = re.search(r"^inflate\s+[\d.]+ ms\s+([\d.]+) ms", text, re.MULTILINE)
    return float(found.group(1)) if found else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("build/release/bin"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--samples", default="1000,100000,1000000")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()

    files = []
    for count in filter(None, arguments.samples.split(",")):
        for kind in ("cpu", "heap"):
            file = cache() / f"{kind}-{count}.pb.gz"
            if not file.exists():
                part = file.with_suffix(".part")
                subprocess.run([arguments.bin / "gen_profile", kind, count, part], check=True)
                part.rename(file)
            files.append(file)
    files += arguments.files

    print(f"{'file':22} {'MB':>6} | {'edp s':>8} {'CPU s':>7} {'MB':>6} | {'pprof s':>8} {'CPU s':>7} {'MB':>6} |"
          f" {'wall':>7} {'CPU':>7} {'memory':>7} | inflate")
    differing = []
    for file in files:
        ours, theirs = [], []
        for _ in range(arguments.runs):
            ours.append(measure([arguments.bin / "edp-runner", "top", file]))
            theirs.append(measure(["go", "tool", "pprof", "-symbolize=none", "-top", file]))
        if table(ours[0][3]) != table(theirs[0][3]):
            differing.append(file.name)
        wall, cpu, memory = (statistics.median(r[0] for r in ours), statistics.median(r[1] for r in ours),
                             max(r[2] for r in ours))
        go_wall, go_cpu, go_memory = (statistics.median(r[0] for r in theirs), statistics.median(r[1] for r in theirs),
                                      max(r[2] for r in theirs))
        inflate = inflate_milliseconds(arguments.bin, file) / 1000
        print(f"{file.name:22.22} {file.stat().st_size / 1e6:6.1f} | {wall:8.3f} {cpu:7.3f} {memory:6.0f} |"
              f" {go_wall:8.3f} {go_cpu:7.2f} {go_memory:6.0f} | {go_wall / wall:6.1f}x {go_cpu / cpu:6.1f}x"
              f" {go_memory / memory:6.1f}x | {min(inflate / cpu, 1):5.0%}", flush=True)
    for name in differing:
        print(f"the tables of {name} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
