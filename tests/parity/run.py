#!/usr/bin/env python3
"""Compares what edp-runner prints with what the real `go tool pprof` prints, byte for byte.

usage: tests/parity/run.py PATH-OF-EDP-RUNNER [--full] [--only TEXT]

On other projects' profiles (tests/corpus/fetch.sh), on profiles that a Go program writes now (busy/), on random
ones, and on legacy ones after pprof itself has turned them into protobuf. Ends with 'N passed, N failed'.
"""

import argparse
import ast
import collections
import concurrent.futures
import difflib
import itertools
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import random_profile  # noqa: E402

# Formats that pprof reads and EDP does not, by name pattern; what is in these files is compared after pprof has
# converted it. Anything else that only pprof can read is a failure.
NOT_READ = [
    (r"cppbench\.(cpu|cpu_no_samples_type)$|gobench\.cpu$|go\.crc32\.cpu$", "binary CPU profile of gperftools and of Go before 1.9"),
    (r"cppbench\.(heap|growth)$", "text heap profile of gperftools"),
    (r"(cppbench(\.small)?|java)\.contention$", "text contention profile of C++ and Java"),
    (r"cppbench\.thread(\.all|\.none)?$", "text thread profile of C++"),
    (r"java\.(cpu|heap)$", "profile of Google's Java tools"),
    (r"\.heap\.string$|\.string$", "pprof's own dump of a profile"),
]

Case = collections.namedtuple("Case", "name command flags files")


class Tools:
    """Both programs, in an environment where neither reaches for the network or the user's folders."""

    def __init__(self, runner, folder):
        self.runner = runner
        self.folder = folder
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PPROF_TMPDIR": str(folder), "TZ": "Europe/Berlin",
                    "PPROF_BINARY_PATH": str(folder / "none"), "GOMAXPROCS": "2"}
        go_env = dict(os.environ, GOTOOLCHAIN="local")
        # The first run builds it where Go ships it as source only; -n then tells where it lies.
        subprocess.run(["go", "tool", "pprof", "-help"], capture_output=True, check=False, env=go_env)
        tool = subprocess.run(["go", "tool", "-n", "pprof"], capture_output=True, text=True, check=False, env=go_env)
        if tool.returncode != 0:
            sys.exit("parity: go tool pprof is missing: run ./edp setup")
        self.pprof_path = tool.stdout.strip()

    def pprof(self, *args):
        return subprocess.run([self.pprof_path, "-symbolize=none", *args], capture_output=True, env=self.env, check=False)

    def edp(self, *args):
        return subprocess.run([self.runner, *args], capture_output=True, env=self.env, check=False)

    def run_pprof(self, case):
        command = ["-peek=" + case.flags[0]] if case.command == "peek" else ["-" + case.command]
        flags = case.flags[1:] if case.command == "peek" else case.flags
        return self.pprof(*command, *flags, *case.files)

    def run_edp(self, case):
        if case.command == "peek":
            return self.edp("peek", "-peek=" + case.flags[0], *case.flags[1:], *case.files)
        return self.edp(case.command, *case.flags, *case.files)


def table_names(text):
    names = []
    rows = False
    for line in text.splitlines():
        if rows and (match := re.match(r"\s*\S+\s+\S+%\s+\S+%\s+\S+\s+\S+%  (.*?)( \((partial-)?inline\))?$", line)):
            names.append(match[1])
        rows = rows or line.lstrip().startswith("flat  flat%")
    return names


def tags(text):
    """[(key, value)] from pprof -tags."""
    found, key = [], None
    for line in text.splitlines():
        if match := re.match(r"\s*(\S+): Total ", line):
            key = match[1]
        elif key and (match := re.match(r"\s*\S+ \(.*?\): (.*)$", line)):
            found.append((key, match[1]))
    return found


def options_for(tools, file, types, rng):
    """Option sets that change something for this file, from its own names and tags."""
    top = tools.pprof("-top", "-nodefraction=0", file).stdout.decode(errors="replace")
    names = [re.escape(n).replace("\\ ", " ") for n in table_names(top)[:40] if n] or ["main"]
    pick = lambda: rng.choice(names)
    sets = [
        ("top", [f"-focus={pick()}"]),
        ("top", [f"-ignore={pick()}", "-cum"]),
        ("top", [f"-hide={pick()}", "-nodecount=7"]),
        ("tree", [f"-show={pick()}|{pick()}", "-nodefraction=0"]),
        ("top", [f"-show_from={pick()}"]),
        ("top", [f"-prune_from={pick()}", "-cum"]),
        ("tree", [f"-focus={pick()}", f"-hide={pick()}", "-nodecount=10"]),
        ("top", [f"-focus={pick()}", "-relative_percentages"]),
        ("peek", [pick()]),
        ("peek", ["^" + pick() + "$", "-cum"]),
        ("top", ["-nodecount=5", "-unit=auto"]),
        ("top", ["-trim=false", "-unit=" + rng.choice(["seconds", "ms", "MB", "kb", "count"])]),
        ("top", ["-lines"]), ("tree", ["-lines", "-nodecount=20"]), ("top", ["-files"]), ("top", ["-filefunctions", "-cum"]),
        ("top", ["-addresses", "-nodecount=50"]), ("top", ["-noinlines"]), ("top", ["-lines", "-showcolumns", "-noinlines"]),
        ("top", ["-addresses", "-noinlines", "-nodecount=40"]),
        ("top", ["-nodefraction=0.05", "-edgefraction=0.02"]), ("tree", ["-nodefraction=0.01", "-edgefraction=0.05"]),
        ("top", ["-mean", "-sample_index=" + str(len(types) - 1)]), ("tree", ["-mean", "-nodecount=9"]),
        ("top", ["-drop_negative", "-compact_labels"]), ("top", ["-divide_by=2.5"]), ("top", ["-cum", "-trim_path=/src:/usr/local"]),
        ("top", ["-focus=no such function"]), ("peek", ["no such function"]),
        ("top", ["-sample_index=" + rng.choice(types)]), ("top", ["-sample_index=none such"]),
    ]
    found = tags(tools.pprof("-tags", file).stdout.decode(errors="replace"))
    if found:
        key, value = rng.choice(found)
        word = re.escape(value)
        sets += [
            ("top", [f"-tagfocus={key}={word}"]), ("top", [f"-tagignore={key}={word}"]), ("top", [f"-tagfocus={word}"]),
            ("top", [f"-tagfocus={key}:{word},{rng.choice(found)[0]}"]), ("tree", [f"-tagignore={key}", "-nodecount=12"]),
            ("top", ["-tagfocus=1kb:"]), ("top", ["-tagfocus=bytes=16b:4kb"]), ("top", ["-tagignore=:1mb"]),
            ("top", ["-tagfocus=latency=1us:10ms"]), ("top", ["-tagfocus=n=3"]),
        ]
    return sets


def sample_types(tools, file):
    """Names of the sample types, from pprof; None where it cannot read the file."""
    result = tools.pprof("-raw", file)
    if result.returncode != 0:
        return None
    lines = result.stdout.decode(errors="replace").splitlines()
    line = lines[lines.index("Samples:") + 1] if "Samples:" in lines else ""
    return [entry.removesuffix("[dflt]").rpartition("/")[0] for entry in line.split()] or ["?"]


def cases_of_file(tools, label, file, rng, full):
    types = sample_types(tools, file)
    if types is None or any(re.search(pattern, label) for pattern, _ in NOT_READ):
        return [Case(label, "top", [], [file])]
    cases = [Case(label, "top", [], [file])]
    for i in range(len(types)):
        index = f"-sample_index={i}"
        cases += [Case(label, "top", [index], [file]), Case(label, "top", [index, "-cum"], [file])]
        if full or i == len(types) - 1:
            cases += [Case(label, "tree", [index], [file]), Case(label, "peek", [".", index], [file]),
                      Case(label, "tree", [index, "-cum", "-nodecount=30"], [file])]
    sets = options_for(tools, file, types, rng)
    for command, flags in sets if full else rng.sample(sets, 8):
        cases.append(Case(label, command, flags, [file]))
    return cases


def cases_of_pair(label, a, b, rng, full):
    sets = [
        ("top", [f"-base={a}"], [b]), ("top", [f"-diff_base={a}"], [b]), ("top", [f"-diff_base={a}", "-normalize", "-cum"], [b]),
        ("top", [f"-base={a}", "-normalize"], [b]), ("tree", [f"-diff_base={a}", "-nodecount=15"], [b]), ("top", [], [a, b]),
        ("top", ["-cum", "-sample_index=0"], [a, b, a]), ("tree", ["-nodecount=25"], [b, a]), ("peek", [".", f"-base={b}"], [a]),
        ("top", [f"-base={a}", "-drop_negative"], [b]), ("top", ["-lines"], [a, b]), ("top", ["-addresses", "-trim=false"], [a, b]),
        ("top", [f"-base={a}"], [a]), ("top", [], [a, "/no/such/file", b]),
    ]
    return [Case(label, command, flags, files) for command, flags, files in (sets if full else rng.sample(sets, 6))]


def unordered(text):
    """The lines without the running sum, sorted."""
    return sorted(re.sub(rb"^(\s*\S+\s+\S+%)\s+\S+%", rb"\1", line) for line in text.split(b"\n"))


def ties_sorted(text):
    """Lines that show the same figures for the same name stand in no order in pprof: give them one."""
    def key(line):
        return re.sub(rb" \((partial-)?inline\)$", b"", re.sub(rb"^(\s*\S+\s+\S+%)\s+\S+%\s+\S+\s+\S+%", rb"\1", line))
    lines = []
    for _, run in itertools.groupby(text.split(b"\n"), key):
        lines += sorted(re.sub(rb"^(\s*\S+\s+\S+%)\s+\S+%", rb"\1", line) for line in run)
    return lines


def compare(tools, case):
    """(kind, detail): same, both_reject, open_order, not_read, or different."""
    ours, theirs = tools.run_edp(case), tools.run_pprof(case)
    if ours.returncode != 0 and theirs.returncode != 0:
        return "both_reject", ""
    if theirs.returncode == 0 and ours.returncode == 0 and ours.stdout == theirs.stdout:
        return "same", ""
    if theirs.returncode == 0 and ours.returncode == 0:
        if ties_sorted(ours.stdout) == ties_sorted(theirs.stdout):
            return "open_order", ""
        # pprof sorts rows that print the same name in whatever order its hash table gave them: see whether it
        # agrees with itself before blaming anyone.
        for _ in range(12):
            again = tools.run_pprof(case)
            if again.stdout == ours.stdout:
                return "same", ""
            if again.stdout != theirs.stdout and unordered(again.stdout) == unordered(ours.stdout):
                return "open_order", ""
    if theirs.returncode == 0 and ours.returncode != 0:
        for pattern, reason in NOT_READ:
            if len(case.files) == 1 and re.search(pattern, case.files[0]):
                return "not_read", reason
    text = lambda r: (r.stdout if r.returncode == 0 else b"exit %d: " % r.returncode + r.stderr).decode(errors="replace")
    lines = list(difflib.unified_diff(text(theirs).splitlines(), text(ours).splitlines(), "pprof", "edp-runner", lineterm="", n=1))
    return "different", "\n".join(lines[:14])


def go_quoted(text):
    """The bytes of a corpus file of Go's fuzzer."""
    literal = re.search(r'\[\]byte\((".*")\)', text, re.S)
    return ast.literal_eval("b" + literal[1]) if literal else None


def collect(tools, folder, rng, full, seeds):
    """Files by label, and pairs that belong together."""
    corpus = Path(subprocess.run([str(HERE.parent / "corpus" / "fetch.sh")], capture_output=True, text=True, check=True).stdout.strip())
    files, pairs = {}, []
    for path in sorted(corpus.rglob("*")):
        if not path.is_file() or path.name in ("COMPLETE",) or "gostackparse" in path.parts:
            continue
        label = str(path.relative_to(corpus))
        if "fuzz" in path.parts:
            data = go_quoted(path.read_text())
            if data is not None:
                label = "fastdelta/fuzz/" + path.name[:12]
                (folder / path.name).write_bytes(data)
                files[label] = folder / path.name
            continue
        files[label] = path
        if ".before." in path.name:
            pairs.append((label, path, path.with_name(path.name.replace(".before.", ".after."))))
    for i, path in enumerate(list((corpus / "google-pprof").rglob("*"))):
        converted = folder / f"converted{i}.pb.gz"
        if path.is_file() and tools.pprof("-proto", f"-output={converted}", str(path)).returncode == 0 and converted.exists():
            files[str(path.relative_to(corpus)) + " (as protobuf)"] = converted
    pgo = sorted((corpus / "default-pgo").iterdir())
    pairs += [("default-pgo " + b.name, a, b) for a, b in zip(pgo, pgo[1:])]

    for run in ("1", "2"):
        (folder / run).mkdir()
        subprocess.run(["go", "run", ".", str(folder / run)], cwd=HERE / "busy", check=True,
                       env=dict(os.environ, GOFLAGS="-mod=mod", GOWORK="off", GOTOOLCHAIN="local"))
    for path in sorted((folder / "1").iterdir()):
        files["busy/" + path.name] = path
        pairs.append(("busy/" + path.name, path, folder / "2" / path.name))

    for seed in range(seeds):
        path = folder / f"random{seed}.pb.gz"
        other = folder / f"random{seed}b.pb.gz"
        path.write_bytes(random_profile.make(seed))
        other.write_bytes(random_profile.make(seed, 1))
        files[f"random/{seed}"] = path
        pairs.append((f"random/{seed}", path, other))
    return files, pairs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("runner")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="", help="files whose label contains this")
    parser.add_argument("--seeds", type=int, help="number of random profiles")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="edp-parity."))
    try:
        return run(args, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(args, folder):
    tools = Tools(str(Path(args.runner).resolve()), folder)
    rng = random.Random(1)
    seeds = args.seeds if args.seeds is not None else 300 if args.full else 15
    files, pairs = collect(tools, folder, rng, args.full, seeds)
    counts = collections.Counter()
    reasons = {}
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        chosen = [(label, str(path)) for label, path in files.items() if args.only in label]
        lists = pool.map(lambda f: cases_of_file(tools, f[0], f[1], random.Random(f[0]), args.full), chosen)
        cases = [case for some in lists for case in some]
        for label, a, b in pairs:
            if args.only in label:
                cases += cases_of_pair(label, str(a), str(b), random.Random(label), args.full)
        for case, (kind, detail) in zip(cases, pool.map(lambda c: compare(tools, c), cases)):
            counts[kind] += 1
            if kind == "not_read":
                reasons[case.name] = detail
            if kind == "different":
                print(f"FAILED {case.name}: {case.command} {' '.join(case.flags)}\n{detail}\n")
    for name, reason in sorted(reasons.items()):
        print(f"not read directly: {name}: {reason}")
    print(f"{len(chosen)} files, {len(cases)} comparisons: {counts['same']} equal to the byte, {counts['open_order']} equal but for "
          f"an order that pprof leaves open, {counts['both_reject']} refused by both, {counts['not_read']} not read by design")
    print(f"{len(cases) - counts['different']} passed, {counts['different']} failed")
    return 1 if counts["different"] or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
