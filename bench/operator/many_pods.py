"""Ten thousand labelled pods: the operator's memory and latency, side by side with the same controller in controller-runtime."""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

from stand import WORK, Bare, Failure, Operator, cpu_seconds, judge, memory, quiet, spread, table

SETTLE = 20.0  # seconds from the first sync until memory counts as steady


class Peer:
    """The controller of bench/operator/controller_runtime."""

    def __init__(self, kubeconfig: Path) -> None:
        self.process = subprocess.Popen([str(WORK / "controller_runtime"), "-config", str(kubeconfig)], stdout=subprocess.PIPE,
                                        stderr=(WORK / "controller_runtime.log").open("w"), text=True)  # fmt: skip
        self.pid = self.process.pid

    def wait_synced(self) -> None:
        assert self.process.stdout
        if self.process.stdout.readline().strip() != "synced":
            raise Failure(f"the peer ended; see {WORK / 'controller_runtime.log'}")

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


class Ours:
    def __init__(self, kubeconfig: Path) -> None:
        self.operator = Operator(kubeconfig, "bench")
        self.operator.start()
        self.pid = self.operator.pid

    def wait_synced(self) -> None:
        while self.operator.ask("/readyz")[0] != 200:
            if not self.operator.alive():
                raise Failure(f"the operator ended; see {self.operator.log_file}")
            time.sleep(0.01)

    def end(self) -> None:
        self.operator.terminate()


def measure(cluster: Bare, program: type[Ours] | type[Peer], runs: int) -> dict[str, Any]:
    load_before, began = quiet(), time.monotonic()
    controller = program(cluster.settings.kubeconfig)
    try:
        controller.wait_synced()
        figures: dict[str, Any] = {"sync": time.monotonic() - began, "sync_cpu": cpu_seconds(controller.pid)}
        time.sleep(SETTLE)
        figures |= {"steady": memory(controller.pid)["VmRSS"], "peak": memory(controller.pid)["VmHWM"]}
        cpu = cpu_seconds(controller.pid)
        latency = cluster.load("latency", "-count", str(runs))
        figures |= {"latency": latency, "cpu": cpu_seconds(controller.pid) - cpu, "after": memory(controller.pid)["VmRSS"]}
    finally:
        controller.end()
    return figures | {"load": f"{load_before} to {quiet()}"}


def bench(name: str, pods: int, runs: int, repeat: int) -> bool:
    results: dict[str, list[dict[str, Any]]] = {"ours": [], "peer": []}
    with Bare(name) as cluster:
        # They would take away pods of nodes and owners that do not exist.
        for process in ("kube-scheduler", "kube-controller-manager"):
            cluster.tool("stop", process)
        made = cluster.load("pods", "-count", str(pods))
        print(f"  {pods} pods of {made['bytes_of_one']} bytes made in {made['seconds']:.0f} s", flush=True)
        for program in (Ours, Peer):  # a start that does not count, for caches of files and of the apiserver
            warm = program(cluster.settings.kubeconfig)
            warm.wait_synced()
            warm.end()
        for i in range(repeat):
            for who, program in (("ours", Ours), ("peer", Peer)):
                results[who].append(measure(cluster, program, runs))
                print(f"  {who} {i + 1} of {repeat} (load of the machine {results[who][-1]['load']})", flush=True)
    (WORK / "pods.json").write_text(json.dumps(results, indent=1))
    return report(results, pods, runs)


def report(results: dict[str, list[dict[str, Any]]], pods: int, runs: int) -> bool:
    def values(who: str, key: str) -> list[float]:
        return [one["latency"][key] if key in one["latency"] else one[key] for one in results[who]]

    def median(who: str, key: str) -> float:
        return statistics.median(values(who, key))

    print(f"\n{pods} labelled pods, then {runs} runs, one every 50 ms; medians")
    rows = []
    for what, key, digits in (
        ("first sync after, s", "sync", 2), ("  CPU until then, s", "sync_cpu", 2), ("RSS, steady, MiB", "steady", 1),
        ("RSS, peak at start, MiB", "peak", 1), (f"RSS after {runs} runs, MiB", "after", 1), ("apply to Job, ms, p50", "p50_ms", 1),
        ("apply to Job, ms, p99", "p99_ms", 1), ("apply to Job, ms, most", "max_ms", 1), (f"CPU for {runs} runs, s", "cpu", 2),
    ):  # fmt: skip
        ratio = median("ours", key) / median("peer", key) if median("peer", key) else 0
        rows.append((what, spread(values("ours", key), digits), spread(values("peer", key), digits), f"{ratio:.2f}"))
    table(("", "edp-operator", "controller-runtime", "ratio"), rows)
    return judge([
        ("RSS steady at most 40 MiB", median("ours", "steady") <= 40),
        ("RSS peak at start at most 60 MiB", median("ours", "peak") <= 60),
        ("apply to Job, p99 below 100 ms", median("ours", "p99_ms") < 100),
        ("every run got its Job", not any(one["latency"]["lost"] for who in results.values() for one in who)),
        ("at most a fifth of controller-runtime's memory, steady", 5 * median("ours", "steady") <= median("peer", "steady")),
        ("no slower: first sync", median("ours", "sync") <= median("peer", "sync")),
        ("no slower: apply to Job, p50", median("ours", "p50_ms") <= median("peer", "p50_ms")),
        ("no slower: apply to Job, p99", median("ours", "p99_ms") <= median("peer", "p99_ms")),
    ])  # fmt: skip
