#!/usr/bin/env python3
"""Compares what EDP reads in execution traces with what golang.org/x/exp/trace and `go tool trace` read.

usage: tests/parity/trace/run.py PATH-OF-EDP-RUNNER [--full] [--only TEXT] [--keep FOLDER]

For each trace: every event, in order, with all that it carries; the states of every goroutine and processor over time;
the four profiles of `go tool trace -pprof`. On the traces of Go's own tests, and on fresh ones of busy/ from each Go
release. A trace that the peer gives up is compared up to there. Ends with 'N passed, N failed'.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import peers  # noqa: E402
import testtrace  # noqa: E402

RELEASES = ["go1.19.13", "go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12", "go1.24.9", "go1.25.4", "local"]
QUICK_RELEASES = ["go1.21.13", "go1.23.12", "local"]
KINDS = ["net", "sync", "syscall", "sched"]


def goroot(toolchain):
    env = peers.environment(toolchain)
    return Path(subprocess.run(["go", "env", "GOROOT"], cwd="/", env=env, check=True, capture_output=True, text=True).stdout.strip())


def of_go_tests(folder, toolchain):
    """The traces of a toolchain's own tests: label -> file."""
    files = {}
    tests = goroot(toolchain) / "src/internal/trace"
    for path in sorted(tests.rglob("testdata/**/*")):
        if not path.is_file():
            continue
        label = f"{toolchain}/{path.relative_to(tests)}".replace("/testdata", "")
        data = None
        if path.suffix == ".test":
            data = testtrace.binary(path.read_text())
        elif "fuzz" in path.parts and path.suffix == "":
            literal = re.search(r'\[\]byte\((".*")\)', path.read_text(), re.S)
            data = testtrace.go_bytes(literal[1]) if literal else None
        elif path.suffix == "" and path.name.endswith(("_good", "_unordered")):
            data = path.read_bytes()
        if data is not None:
            files[label] = folder / label.replace("/", "-")
            files[label].write_bytes(data)
    return files


def build_busy(folder, toolchain):
    program = folder / f"program-{toolchain}"
    # Threads of C that call into Go come out of order in traces before Go 1.22, as x/exp/trace finds too.
    cgo = "0" if toolchain in RELEASES[:3] else "1"
    env = dict(peers.environment(toolchain), CGO_ENABLED=cgo)
    go = "go"
    if toolchain == "go1.19.13":  # it can't build from a standard library that lies in the module cache
        env.update(GOROOT=str(goroot(toolchain)), GOMODCACHE=str(folder / "none"), GOTOOLCHAIN="local")
        go = str(goroot(toolchain) / "bin/go")
    subprocess.run([go, "build", "-o", str(program), "."], cwd=HERE / "busy", env=env, check=True)
    return program


def fresh(folder, toolchain, full):
    program = build_busy(folder, toolchain)
    traces = {"": {}}
    if full and toolchain in ("go1.23.12", "local"):
        traces["-allocfree"] = {"GODEBUG": "traceallocfree=1"}
    files = {}
    for suffix, extra in traces.items():
        label = f"busy/{toolchain}{suffix}"
        files[label] = folder / label.replace("/", "-")
        subprocess.run([str(program), str(files[label])], env=dict(os.environ, **extra), check=True, timeout=120)
    return files


def lines(command):
    result = subprocess.run(command, capture_output=True, check=False, timeout=600)
    return result.returncode, result.stdout, result.stderr.decode(errors="replace")


def first_difference(ours, theirs):
    a, b = ours.splitlines(), theirs.splitlines()
    for i, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return f"line {i + 1}: {x[:200]!r}, the peer has {y[:200]!r}"
    return f"{len(a)} lines, the peer has {len(b)}"


class Comparer:
    def __init__(self, runner, peer, tool):
        self.runner = runner
        self.dump = str(Path(runner).parent / "edp-trace-dump")
        self.peer, self.tool = str(peer), str(tool)

    def compare(self, label, file):
        """(outcome, events, differences)"""
        status, theirs, complaint = lines([self.peer, "events", file])
        ours_status, ours, ours_complaint = lines([self.dump, "events", file])
        if ours_status < 0 or ours_status > 1:
            return "failed", 0, [f"{label}: edp-trace-dump ended with {ours_status}: {ours_complaint[-300:]}"]
        if status == 2:
            return "failed", 0, [f"{label}: the peer died: {complaint[-300:]}"]
        if status != 0:
            # Its last line is a Sync before it gives up, or one that we lack as we tell no generation without a start.
            known = theirs.rstrip(b"\n").split(b"\n")
            while known and (b"Sync" in known[-1] or known[-1] == b""):
                known.pop()
            if not ours_complaint:
                return "failed", 0, [f"{label}: the peer says {complaint.strip()!r}, EDP nothing"]
            begins = ours.startswith(b"\n".join(known) + b"\n") if known else True
            return ("given up", len(known), []) if begins else ("failed", 0, [f"{label}: {first_difference(ours, theirs)}"])
        differences = []
        if ours != theirs:
            differences.append(f"{label}: events: {first_difference(ours, theirs)}")
        if ours_complaint:
            differences.append(f"{label}: the peer reads it whole, EDP says {ours_complaint.strip()!r}")
        ours_states, their_states = lines([self.dump, "states", file])[1], lines([self.peer, "states", file])[1]
        if ours_states != their_states:
            differences.append(f"{label}: states: {first_difference(ours_states, their_states)}")
        for kind in KINDS:
            differences += self.compare_profiles(label, file, kind)
        return "equal" if not differences else "failed", theirs.count(b"\n"), differences

    def compare_profiles(self, label, file, kind):
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = Path(folder) / "ours.pb.gz", Path(folder) / "theirs.pb.gz"
            status, out, complaint = lines([self.tool, f"-pprof={kind}", file])
            theirs.write_bytes(out)
            our_status, _, our_complaint = lines([self.runner, "trace", "--pprof", kind, "--output", str(ours), str(file)])
            if status != 0 or our_status != 0:
                if "failed to find matching goroutines" in complaint and our_status == 0:
                    return []  # a trace without goroutines: ours is an empty profile
                return [f"{label}: {kind}: go tool trace: {complaint.strip()!r}, edp-runner: {our_complaint.strip()!r}"]
            a, b = (lines([self.peer, "profile", str(path)])[1] for path in (ours, theirs))
            return [] if a == b else [f"{label}: profile {kind}: {first_difference(a, b)}"]


def too_old(file):
    match = re.match(rb"go 1\.(\d+) trace", file.read_bytes()[:16])
    return match and int(match[1]) < 19


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("runner")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="", help="traces whose label contains this")
    parser.add_argument("--keep", type=Path, help="where the traces are left")
    args = parser.parse_args()
    folder = args.keep or Path(tempfile.mkdtemp(prefix="edp-trace-parity."))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return run(args, folder)
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)


def run(args, folder):
    built = Path(tempfile.mkdtemp(dir=folder))
    comparer = Comparer(str(Path(args.runner).resolve()), peers.build_peer(built), peers.build_tool(built))
    files = {}
    for toolchain in (["go1.22.12", "go1.23.12", "go1.24.9", "go1.25.4", "local"] if args.full else ["local"]):
        files.update(of_go_tests(folder, toolchain))
    for toolchain in RELEASES if args.full else QUICK_RELEASES:
        if args.only in f"busy/{toolchain}-allocfree":
            files.update(fresh(folder, toolchain, args.full))
    chosen = [(label, file) for label, file in files.items() if args.only in label]
    counts, events, failures = collections.Counter(), 0, []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = []
        for label, file in chosen:
            if too_old(file):
                status, _, complaint = lines([comparer.dump, "events", file])
                counts["too old"] += 1
                if status != 1 or "old Go" not in complaint:
                    failures.append(f"{label}: is too old, but EDP says {complaint.strip()!r}")
                continue
            futures.append(pool.submit(comparer.compare, label, file))
        for future in futures:
            outcome, compared, differences = future.result()
            counts[outcome] += 1
            events += compared
            failures += differences
    for failure in failures:
        print("FAILED " + failure)
    print(f"{len(chosen)} traces, {events:,} events compared: {counts['equal']} equal in events, states and profiles, "
          f"{counts['given up']} equal up to where the peer gives up, {counts['too old']} refused as too old; "
          f"{len(failures)} differences")
    failed = counts["failed"] + (counts["too old"] > 0 and any("too old" in f for f in failures))
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failures or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
