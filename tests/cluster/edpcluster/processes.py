"""Processes that outlive the command that starts them.

Each is recorded by pid and start time before anything else happens, so that `down` ends exactly what `up` started, also
when `up` was killed midway or a pid has been given to somebody else since.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .settings import ClusterError, Settings


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_time(pid: int) -> str:
    """Clock ticks since boot at which the process began; empty where there is none, or only its corpse."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in "ZX" else fields[19]


@dataclass(frozen=True)
class Process:
    name: str
    pid: int
    started: str
    argv: list[str]

    def alive(self) -> bool:
        return bool(self.started) and start_time(self.pid) == self.started

    def wait_end(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def stop(self, *, grace: float = 5.0) -> None:
        """SIGTERM, then SIGKILL after the grace; SIGKILL at once where the grace is 0."""
        for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
            if not seconds or not self.alive():
                continue
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return
            if self.wait_end(seconds):
                return
        if self.alive():
            raise ClusterError(f"{self.name} (pid {self.pid}) does not end")

    def resident_kib(self) -> int:
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except FileNotFoundError:
            return 0
        lines = [line.split() for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(lines[0][1]) if lines else 0


class Processes:
    """The record of one cluster's processes: one JSON line each, the latest of a name counts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file = settings.state / "processes"

    def all(self) -> list[Process]:
        if self._settings.boot != boot_id() or not self._file.exists():
            return []
        latest: dict[str, Process] = {}
        for line in self._file.read_text().splitlines():
            try:
                process = Process(**json.loads(line))
            except (ValueError, TypeError):
                continue  # a line that a crash has cut
            latest[process.name] = process
        return list(latest.values())

    def get(self, name: str) -> Process:
        for process in self.all():
            if process.name == name:
                return process
        raise ClusterError(f"cluster '{self._settings.name}' has no process '{name}'")

    def log(self, name: str) -> Path:
        return self._settings.logs / f"{name}.log"

    def start(self, name: str, argv: list[str]) -> Process:
        """Starts in a session of its own, output to the log named after it."""
        with open(self.log(name), "ab") as log:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        process = Process(name, child.pid, start_time(child.pid), argv)
        with open(self._file, "a", encoding="utf-8") as record:
            record.write(json.dumps(process.__dict__) + "\n")
        return process

    def check(self) -> None:
        """Raises when one has ended by itself."""
        for process in self.all():
            if not process.alive():
                tail = self.log(process.name).read_text(errors="replace").splitlines()[-3:]
                raise ClusterError(f"{process.name} has ended; {self.log(process.name)} closes with:\n" + "\n".join(tail))
