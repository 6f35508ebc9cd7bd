"""Builds what EDP is held against: a program on golang.org/x/exp/trace, and `go tool trace`.

Both leave some orders open: they sort equal times with an unstable sort, and go through Go maps, whose order is random.
They are built with these places pinned, so that one right answer is left; nothing else of them is touched.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

# File below the package's folder -> what stands there, and what takes its place.
PINNED = {
    "reader.go": [("slices.SortFunc(r.frontier,", "slices.SortStableFunc(r.frontier,")],
    "generation.go": [("slices.SortFunc(samples,", "slices.SortStableFunc(samples,")],
    "tracev1.go": [
        ("for gid := range it.createdPreInit {", "for _, gid := range slices.Sorted(maps.Keys(it.createdPreInit)) {"),
        ('import (\n', 'import (\n\t"maps"\n\t"slices"\n'),
    ],
    "internal/tracev1/parser.go": [
        ("slices.SortFunc(p.cpuSamples,", "slices.SortStableFunc(p.cpuSamples,"),
        ("for pid := range p.batchOffsets {", "for _, pid := range slices.Sorted(maps.Keys(p.batchOffsets)) {"),
        ('import (\n', 'import (\n\t"maps"\n'),
    ],
}


def environment(toolchain="local"):
    return dict(os.environ, GOTOOLCHAIN=toolchain, GOWORK="off", GOFLAGS="-buildvcs=false")


def output(command, cwd="/"):
    return subprocess.run(command, cwd=cwd, env=environment(), check=True, capture_output=True, text=True).stdout.strip()


def pinned_files(package):
    """Name below `package` -> its text with the places pinned."""
    files = {}
    for name, changes in PINNED.items():
        text = (package / name).read_text()
        for old, new in changes:
            if text.count(old) != 1:
                sys.exit(f"parity: {package / name} has changed: {old!r} is there {text.count(old)} times")
            text = text.replace(old, new)
        files[name] = text
    return files


def build_peer(folder):
    """Of a copy of the module, as Go overlays nothing in its module cache."""
    module = Path(output(["go", "mod", "download", "-json", "golang.org/x/exp"], HERE / "peer").split('"Dir": "')[1].split('"')[0])
    copy = folder / "exp"
    shutil.copytree(module / "trace", copy / "trace", ignore=shutil.ignore_patterns("testdata", "*_test.go"))
    subprocess.run(["chmod", "-R", "u+w", str(copy)], check=True)
    (copy / "go.mod").write_text((module / "go.mod").read_text())
    for name, text in pinned_files(module / "trace").items():
        (copy / "trace" / name).write_text(text)
    modfile = folder / "peer.mod"
    modfile.write_text((HERE / "peer/go.mod").read_text() + f"\nreplace golang.org/x/exp => {copy}\n")
    (folder / "peer.sum").write_text((HERE / "peer/go.sum").read_text())
    program = folder / "peer"
    subprocess.run(["go", "build", f"-modfile={modfile}", "-o", str(program), "."], cwd=HERE / "peer", env=environment(), check=True)
    return program


def build_unpinned_peer(program):
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=HERE / "peer", env=environment(), check=True)


def build_tool(folder):
    package = Path(output(["go", "env", "GOROOT"])) / "src/internal/trace"
    replaced = {}
    for name, text in pinned_files(package).items():
        pinned = folder / name.replace("/", "-")
        pinned.write_text(text)
        replaced[str(package / name)] = str(pinned)
    overlay = folder / "overlay.json"
    overlay.write_text(json.dumps({"Replace": replaced}))
    program = folder / "go-tool-trace"
    subprocess.run(["go", "build", "-overlay", str(overlay), "-o", str(program), "cmd/trace"], cwd=HERE / "peer",
                   env=environment(), check=True)
    return program
