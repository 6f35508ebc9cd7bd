"""What tests do to a control plane: end a part of it, bring it back, make it forget its history."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from .api import Api
from .controlplane import etcd_healthy
from .processes import Processes
from .settings import ClusterError, Settings
from .waiting import wait_for

STOPPABLE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


def run(command: str, settings: Settings, process: str) -> None:
    {"stop": stop, "start": start}[command](settings, process) if process else compact(settings)


def stop(settings: Settings, name: str) -> None:
    Processes(settings).get(name).stop(grace=0)


def start(settings: Settings, name: str) -> None:
    processes = Processes(settings)
    ended = processes.get(name)
    if ended.alive():
        raise ClusterError(f"{name} runs (pid {ended.pid})")
    processes.start(name, ended.argv)
    if name == "etcd":
        wait_for(lambda: etcd_healthy(settings), name, 60, processes)
    elif name == "kube-apiserver":
        wait_for(Api(settings).ready, name, 120, processes)


def _etcd(settings: Settings, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{settings.etcd_port}/v3/kv/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)


def compact(settings: Settings) -> None:
    revision = _etcd(settings, "range", {"key": "AA==", "limit": "1"})["header"]["revision"]
    _etcd(settings, "compaction", {"revision": revision, "physical": True})
    print(f"compacted to revision {revision}")
