#!/usr/bin/env python3
"""The Jenkinsfile and the step of the shared library with the real edp-runner against real Go targets: a healthy one, a faulty one, one
that hangs, one that is not there; the examples for GitHub and GitLab on what was collected of them. Closes with 'N passed, N failed'.

usage: tests/pipeline/run.py PATH-OF-EDP-RUNNER [WORD]      only parts whose name contains WORD
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/matrix"))
sys.path.insert(0, str(ROOT / "tests/pipeline"))

import formats  # noqa: E402
import workloads  # noqa: E402

WORK = ROOT / "build/pipeline"
MAVEN = "apt-get install --no-install-recommends maven default-jdk-headless"


class Hanging:
    """Takes connections and never says a word."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._taken: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            self._taken.append(self._socket.accept()[0])


def absent() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def jenkins(env: dict[str, str]) -> int:
    """Number of tests that passed."""
    if not shutil.which("mvn"):
        raise RuntimeError(f"mvn is missing: {MAVEN}")
    library = WORK / "library"
    library.mkdir(parents=True, exist_ok=True)
    link = library / "edp@main"
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT / "deploy/jenkins")
    more = {"EDP_TEST_ROOT": str(ROOT), "EDP_TEST_LIBRARY": str(library), "EDP_TEST_WORK": str(WORK / "workspaces")}
    command = ["mvn", "-q", "-B", "-f", str(ROOT / "tests/pipeline/pom.xml"), f"-Dedp.build={WORK / 'maven'}", "test"]
    log = WORK / "maven.log"
    with open(log, "w") as output:
        done = subprocess.run(command, env={**os.environ, **env, **more}, stdout=output, stderr=output, stdin=subprocess.DEVNULL, timeout=900)
    text = log.read_text()
    if done.returncode != 0:
        raise AssertionError("\n".join(line for line in text.splitlines() if not re.match(r"\s+at ", line))[-6000:])
    passed = 0
    for report in (WORK / "maven/surefire-reports").glob("TEST-*.xml"):
        passed += int(re.search(r'tests="(\d+)"', report.read_text()).group(1))  # type: ignore[union-attr]
    assert passed, "no test was run"
    return passed


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 1
    runner = Path(sys.argv[1]).resolve()
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    shutil.rmtree(WORK / "workspaces", ignore_errors=True)
    (WORK / "workspaces").mkdir(parents=True)
    workloads.build("local")
    binary = workloads.binary_of("local")
    passed = failed = 0
    with workloads.Workload(binary, "map-presized", 900) as healthy, workloads.Workload(binary, "syncmap-write-heavy", 900) as faulty:
        env = {"EDP_HEALTHY": healthy.url, "EDP_FAULTY": faulty.url, "EDP_HANGING": Hanging().url, "EDP_ABSENT": absent()}
        env["PATH"] = f"{runner.parent}:{os.environ['PATH']}"
        parts: list[tuple[str, Callable[[], int]]] = [("jenkins", lambda: jenkins(env))]
        parts += [(step.__name__, lambda step=step: step(env, WORK / "workspaces")) for step in formats.PARTS]  # type: ignore[misc]
        for name, part in parts:
            if word not in name:
                continue
            began = time.monotonic()
            try:
                passed += part()
                print(f"ok      {name} ({time.monotonic() - began:.1f} s)")
            except Exception:
                failed += 1
                print(f"FAILED  {name}\n{traceback.format_exc()}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
