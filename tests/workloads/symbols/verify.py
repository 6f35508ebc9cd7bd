#!/usr/bin/env python3
"""Holds the project's table of Go symbols against real programs of each toolchain.

Builds the probe (tests/workloads/go/probe) with each toolchain, and with classic maps under a swiss toolchain
(GOEXPERIMENT), asks edp-classify-symbols about every map and sync.Map symbol that `go tool nm` prints, and about
the frames of a real CPU profile. Closes with 'N passed, N failed'.
"""

import argparse
import fnmatch
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SOURCES = ROOT / "tests/workloads/go"

# (toolchain, GOEXPERIMENT, implementation of maps, implementation of sync.Map)
BUILDS = [
    ("go1.21.13", "", "classic", "classic"),
    ("go1.23.12", "", "classic", "classic"),
    ("go1.24.9", "", "swiss", "swiss"),
    ("go1.24.9", "noswissmap,nosynchashtriemap", "classic", "classic"),
    ("go1.24.9", "noswissmap", "classic", "swiss"),
    ("go1.26.8", "", "swiss", "swiss"),
]
# Symbols that the table has to know, one way or the other.
CONCERNED = re.compile(r"runtime\.(map[A-Za-z]|makemap|hashGrow|growWork|evacuate|\(\*hmap\))|internal/runtime/maps\."
                       r"|sync\.\(\*(Map|entry)[).]|internal/sync\.\(?\*?(HashTrieMap|entry|node|indirect)"
                       r"|internal/concurrent\.")
TRIE = "HashTrieMap[[]go.shape.interface {},go.shape.interface {}]"
# What must be seen in the profile below each of the probe's functions.
OPERATIONS = {
    "assign": "map assign", "access": "map access", "remove": "map delete", "iterate": "map iterate",
    "grow": "map grow", "syncLoad": "sync.Map load", "syncStore": "sync.Map store",
    "syncLoadOrStore": "sync.Map load-or-store", "syncDelete": "sync.Map delete",
    "syncCompareAndSwap": "sync.Map compare-and-swap", "syncRange": "sync.Map range",
}


def run(command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def build(toolchain, experiment, out):
    env = dict(os.environ, GOTOOLCHAIN=toolchain, GOEXPERIMENT=experiment, CGO_ENABLED="0", GOFLAGS="-mod=mod")
    name = "probe-" + toolchain + ("-" + experiment.replace(",", "-") if experiment else "")
    subprocess.run(["go", "build", "-buildvcs=false", "-o", str(out / name), "./probe"], cwd=SOURCES, env=env, check=True)
    return out / name


def read_table():
    rows = []
    for line in (HERE / "symbols.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            where, name, symbol_class, proves = line.split("\t")
            rows.append((where, name.replace("(*T)", f"(*{TRIE})"), symbol_class, proves))
    return rows


def matches(name, pattern):
    # In Go's names "[" is no wildcard, except where the table escapes it as "[[]".
    return fnmatch.fnmatchcase(name, pattern)


class Verification:
    def __init__(self, classifier):
        self.classifier = classifier
        self.passed = 0
        self.failed = 0

    def check(self, right, message):
        if right:
            self.passed += 1
        else:
            self.failed += 1
            print("FAIL " + message)

    def classify(self, lines):
        answer = run([self.classifier], input="".join(line + "\n" for line in lines)).splitlines()
        if len(answer) != len(lines):
            raise SystemExit(f"{self.classifier} answered {len(answer)} of {len(lines)} lines")
        return [tuple(line.split("\t")) for line in answer]

    def symbols(self, label, binary, maps, sync_map, table, seen):
        names = set()
        for line in run(["go", "tool", "nm", str(binary)]).splitlines():
            fields = line.strip().split(" ", 2)
            if len(fields) == 3 and fields[1] in "Tt" and CONCERNED.match(fields[2]):
                names.add(fields[2])
        names = sorted(names)
        for name, (symbol_class, proves) in zip(names, self.classify(names)):
            rows = [row for row in table if row[0] != "inlined" and matches(name, row[1])]
            self.check(rows, f"{label}: symbols.tsv does not know {name} ({symbol_class}, proves {proves})")
            for row in rows[:1]:
                seen.add(row[1])
                self.check((symbol_class, proves) == row[2:],
                           f"{label}: {name} is '{symbol_class}' (proves {proves}), not '{row[2]}' (proves {row[3]})")
        present = {"any", maps, sync_map + "-sync"}
        for where, pattern, _, _ in table:
            if where in present:
                self.check(any(matches(name, pattern) for name in names), f"{label}: has no symbol {pattern}")

    def profile(self, label, binary, maps, sync_map, table):
        profile = str(binary) + ".cpu.pb.gz"
        run([str(binary), profile])
        samples, locations = parse_raw(run(["go", "tool", "pprof", "-raw", profile]))
        frames = sorted({frame for stack in locations.values() for frame in stack})
        classes = dict(zip(frames, self.classify(["\t".join(frame) for frame in frames])))
        for (function, file), (symbol_class, proves) in classes.items():
            # Inlined functions have no symbol; here they show.
            if CONCERNED.match(function):
                rows = [row for row in table if matches(function, row[1])]
                self.check(rows[0][2] in ("*", symbol_class) if rows else symbol_class != "none",
                           f"{label}: the profile's {function} is '{symbol_class}'; symbols.tsv says {rows[:1]}")
            implementation = sync_map if symbol_class.startswith("sync.Map") else maps
            self.check(proves in ("-", implementation), f"{label}: {function} in {file} proves {proves}")
        proofs = {(symbol_class.startswith("sync.Map"), proves) for symbol_class, proves in classes.values()}
        self.check((False, maps) in proofs, f"{label}: nothing in the profile proves {maps} maps")
        self.check((True, sync_map) in proofs, f"{label}: nothing in the profile proves a {sync_map} sync.Map")
        for operation, wanted in OPERATIONS.items():
            total, right = 0, 0
            for count, ids in samples:
                stack = [frame for identity in ids for frame in locations[identity]]
                callers = [position for position, frame in enumerate(stack) if frame[0] == "main." + operation]
                if callers:
                    total += count
                    right += count * any(classes[frame][0] == wanted for frame in stack[:callers[0]])
            self.check(right > 0, f"{label}: {right} of {total} samples of main.{operation} are '{wanted}'")
        if sync_map == "classic":
            seen = {symbol_class for symbol_class, _ in classes.values()}
            self.check("sync.Map promote" in seen, f"{label}: no promotion in the profile")


def parse_raw(text):
    """Samples [(count, [location id, ...])] and locations {id: [(function, file), ...]}, leaf first."""
    samples, locations, section, current = [], {}, "", None
    for line in text.splitlines():
        if line in ("Samples:", "Locations", "Mappings"):
            section = line
            continue
        if section == "Samples:":
            sample = re.match(r"\s*(\d+)\s+\d+: ([\d ]+)$", line)
            if sample:
                samples.append((int(sample.group(1)), [int(x) for x in sample.group(2).split()]))
        elif section == "Locations":
            start = re.match(r"\s*(\d+): 0x[0-9a-f]+ M=\d+ (.*)$", line)
            if start:
                current = locations.setdefault(int(start.group(1)), [])
                line = start.group(2)
            frame = re.match(r"\s*(.+) (\S+):\d+:\d+ s=\d+", line)
            if frame and current is not None:
                current.append((frame.group(1), frame.group(2)))
    return samples, locations


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classifier", default=str(ROOT / "build/release/bin/edp-classify-symbols"))
    parser.add_argument("--out", default=str(ROOT / "build/symbols"), help="binaries and profiles go here")
    options = parser.parse_args()
    if not pathlib.Path(options.classifier).exists():
        raise SystemExit(f"no {options.classifier}; './edp build' makes it")
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)

    table, seen = read_table(), set()
    verification = Verification(options.classifier)
    for toolchain, experiment, maps, sync_map in BUILDS:
        label = toolchain + (f" ({experiment})" if experiment else "")
        binary = build(toolchain, experiment, out)
        verification.symbols(label, binary, maps, sync_map, table, seen)
        verification.profile(label, binary, maps, sync_map, table)
        print(f"{label}: maps {maps}, sync.Map {sync_map}", flush=True)
    for where, pattern, _, _ in table:
        if where == "some":
            verification.check(pattern in seen, f"no binary has a symbol {pattern}")
    print(f"{verification.passed} passed, {verification.failed} failed")
    return 1 if verification.failed else 0


if __name__ == "__main__":
    sys.exit(main())
