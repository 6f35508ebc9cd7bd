"""What both benchmarks of the operator stand on: a cluster, figures of a process, a table that closes with pass or fail."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/faults"))

from harness import Cluster, Failure, Operator  # noqa: E402

WORK = ROOT / "build/bench-operator"


def build_tools() -> None:
    """The load and the peer, into WORK."""
    WORK.mkdir(parents=True, exist_ok=True)
    for name in ("load", "controller_runtime"):
        subprocess.run(["go", "build", "-buildvcs=false", "-o", str(WORK / name), f"./{name}"], cwd=ROOT / "bench/operator", check=True)


class Bare(Cluster):
    """With EDP's kinds and nothing else."""

    def prepare(self) -> None:
        for file in sorted((ROOT / "crds").glob("*.yaml")):
            self.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", yaml.safe_load(file.read_text()))

    def load(self, *words: str) -> Any:
        """What the tool `load` prints."""
        done = subprocess.run([str(WORK / "load"), "-kubeconfig", str(self.settings.kubeconfig), *words], capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"load {' '.join(words)}: {done.stderr[-2000:]}")
        return json.loads(done.stdout)


def memory(pid: int) -> dict[str, float]:
    """MiB: VmRSS now, VmHWM the most so far."""
    lines = [line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return {words[0].rstrip(":"): int(words[1]) / 1024 for words in lines if words[0] in ("VmRSS:", "VmHWM:")}


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Sampler:
    """The largest resident set while it runs, looked at twice a second."""

    def __init__(self, pid: int) -> None:
        self.pid, self.most = pid, 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Sampler:
        self.began, self.cpu_began = time.monotonic(), cpu_seconds(self.pid)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.cpu = cpu_seconds(self.pid) - self.cpu_began

    def _sample(self) -> None:
        while True:
            self.most = max(self.most, memory(self.pid)["VmRSS"])
            if self._stop.wait(0.5):
                return


def quiet() -> str:
    """The machine's load, for whoever reads the figures later."""
    return " ".join(Path("/proc/loadavg").read_text().split()[:3])


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    lines = [list(heads), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        cells = [line[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        print("  " + "  ".join(cells).rstrip())


def spread(values: list[float], digits: int = 1) -> str:
    """The median, and the least where there are several."""
    middle = f"{statistics.median(values):.{digits}f}"
    return middle if len(values) == 1 else f"{middle} (min {min(values):.{digits}f})"


def judge(goals: Iterable[tuple[str, bool]]) -> bool:
    """Prints each goal and whether all were met."""
    met = True
    for what, good in goals:
        print(f"  {'ok  ' if good else 'FAIL'}  {what}")
        met = met and good
    return met


__all__ = ["ROOT", "WORK", "Bare", "Failure", "Operator", "Sampler", "build_tools", "cpu_seconds", "judge", "memory", "quiet",
           "spread", "table"]  # fmt: skip
