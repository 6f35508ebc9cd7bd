"""A node, seen from outside: its network and cgroup, the process that holds its namespaces, its object in the API."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from . import cgroups, network
from .api import Api
from .processes import Processes
from .settings import DIAGNOSTIC_NODE, HERE, ClusterError, Settings

SOCKET = "/run/containerd/containerd.sock"
CTR = ["ctr", "--address", SOCKET, "--namespace", "k8s.io"]
NEEDED = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "/usr/lib/cni/ptp": "containernetworking-plugins",
}


def folder(settings: Settings, node: int) -> Path:
    return settings.state / f"node{node}"


def imported_marker(settings: Settings, node: int) -> Path:
    return folder(settings, node) / "images-imported"


def manifest(settings: Settings, node: int) -> dict[str, Any]:
    """Made before the kubelet registers: it may not give itself a role, and takes over the object it finds."""
    name = f"node{node}"
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    spec: dict[str, Any] = {"podCIDR": settings.pod_range(node), "podCIDRs": [settings.pod_range(node)]}
    if node == DIAGNOSTIC_NODE:
        labels["node-role.kubernetes.io/diagnostic"] = "true"
        spec["taints"] = [{"key": "node-role.kubernetes.io/diagnostic", "effect": "NoSchedule"}]
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "spec": spec}


def start(settings: Settings, node: int, processes: Processes, api: Api) -> None:
    folder(settings, node).mkdir()
    network.make_node(settings, node)
    cgroups.make(settings.namespace(node))
    api.create("/api/v1/nodes", manifest(settings, node))
    # One process holds all: when unshare ends, its child does, which is PID 1 of the node, and with it everything inside.
    # Not `ip netns exec`: it mounts a /sys of its own, without cgroups.
    processes.start(
        f"node{node}",
        [
            *("nsenter", f"--net=/run/netns/{settings.namespace(node)}"),
            *("unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"),
            *(sys.executable, str(HERE / "cluster.py"), "node-init", settings.name, str(node)),
        ],
    )


def ready(settings: Settings, node: int, api: Api) -> bool:
    return imported_marker(settings, node).exists() and api.node_ready(node)


def inside(settings: Settings, node: int, processes: Processes) -> list[str]:
    """The words that make a command run inside the node's namespaces."""
    holder = processes.get(f"node{node}").pid
    children = Path(f"/proc/{holder}/task/{holder}/children").read_text().split()
    if not children:
        raise ClusterError(f"node{node} is not running")
    return ["nsenter", f"--target={children[0]}", "--mount", "--net", "--pid", "--uts", "--ipc"]


def import_images(words: list[str], archives: list[str]) -> None:
    for archive in archives:
        # The archive is read out here: inside, parts of the machine's file system are hidden.
        with open(archive, "rb") as stream:
            done = subprocess.run([*words, *CTR, "images", "import", "--all-platforms", "-"], stdin=stream,
                                  capture_output=True, text=True)  # fmt: skip
        if done.returncode:
            raise ClusterError(f"import of {archive}: {done.stderr.strip() or done.stdout.strip()}")
