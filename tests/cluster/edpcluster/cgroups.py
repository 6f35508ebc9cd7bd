"""The cgroup that a node's kubelet puts its pods below: one in each hierarchy of version 1, or one of version 2."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from .settings import ClusterError

ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = ("cpuset", "cpu", "io", "memory", "hugetlb", "pids")


def unified() -> bool:
    """Whether this machine has version 2 only."""
    return (ROOT / "cgroup.controllers").exists()


def hierarchies(*kinds: str) -> list[Path]:
    """Where they are mounted; "cgroup" is version 1. A machine may have both, and runc then uses both."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return [Path(fields[1]) for fields in mounts if fields[2] in kinds and Path(fields[1]).is_relative_to(ROOT)]


def make(name: str) -> None:
    found = hierarchies("cgroup2" if unified() else "cgroup")
    if not found:
        raise ClusterError("no cgroups are mounted at /sys/fs/cgroup, so there can be no nodes; try --nodes 0")
    if unified():
        wanted = [c for c in CONTROLLERS if c in (ROOT / "cgroup.controllers").read_text().split()]
        try:
            (ROOT / "cgroup.subtree_control").write_text(" ".join(f"+{c}" for c in wanted))
        except OSError as error:
            raise ClusterError(f"controllers cannot be handed to cgroups below {ROOT}: {error}") from error
    for hierarchy in found:
        (hierarchy / name).mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):  # version 1 starts a cpuset empty
            if not unified() and (hierarchy / setting).exists():
                (hierarchy / name / setting).write_text((hierarchy / setting).read_text())


def _tree(root: Path) -> list[Path]:
    """The cgroup and those below it, deepest first."""
    found = [Path(folder) for folder, _, _ in os.walk(root)]
    return sorted(found, key=lambda path: len(path.parts), reverse=True)


def kill(name: str) -> int:
    """Ends whatever still runs below the cgroup: containers whose node was killed. Returns how many there were."""
    pids: set[int] = set()
    for hierarchy in hierarchies("cgroup", "cgroup2"):
        for group in _tree(hierarchy / name):
            with contextlib.suppress(OSError):
                pids.update(int(pid) for pid in (group / "cgroup.procs").read_text().split())
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(pids)


def remove(name: str) -> None:
    deadline = time.monotonic() + 10
    left = [hierarchy / name for hierarchy in hierarchies("cgroup", "cgroup2") if (hierarchy / name).exists()]
    while left:
        kill(name)
        for root in left:
            for group in _tree(root):
                with contextlib.suppress(OSError):  # busy until its last process is reaped
                    group.rmdir()
        left = [root for root in left if root.exists()]
        if left and time.monotonic() > deadline:
            raise ClusterError(f"cgroups do not go away: {', '.join(map(str, left))}")
        if left:
            time.sleep(0.1)
