"""What one cluster is made of: its name, addresses, ports and folders. Everything else is derived from these."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent  # tests/cluster
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edp-cluster"
STATES = CACHE / "state"
SLOTS = 16  # clusters at once; a slot is one set of addresses and ports

# The newest release that the module proxy serves, and one older minor. Each has its own pinned modules in kube/.
KUBE_VERSIONS = {"1.37": "1.37.2", "1.36": "1.36.3"}
DIAGNOSTIC_NODE = 2  # the node that the runner's Jobs go to


class ClusterError(Exception):
    """Something that the caller can act on; the message says what."""


def check_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", name):
        raise ClusterError(f"'{name}' is no cluster name: up to 20 of a-z, 0-9, '-', a letter first")
    return name


@dataclass(frozen=True)
class Settings:
    name: str
    slot: int
    nodes: int = 0
    kube: str = KUBE_VERSIONS["1.37"]
    port_base: int = 0
    kwok: bool = False
    images: list[str] = field(default_factory=list)
    apiserver_flags: list[str] = field(default_factory=list)
    manager_flags: list[str] = field(default_factory=list)
    boot: str = ""  # the machine's boot that the recorded processes belong to

    # Folders. The state folder is the cluster's own; binaries are shared by version.
    @property
    def state(self) -> Path:
        return STATES / self.name

    @property
    def pki(self) -> Path:
        return self.state / "pki"

    @property
    def logs(self) -> Path:
        return self.state / "log"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    @property
    def bin(self) -> Path:
        return CACHE / "bin" / self.kube

    # Addresses: all exist on this machine only, on a bridge that joins this cluster's network namespaces.
    @property
    def net(self) -> str:  # a /24: .1 is the machine, .11 the first node
        return f"10.203.{self.slot}"

    @property
    def service_net(self) -> str:  # a /24: .1 is the apiserver
        return f"10.203.{128 + self.slot}"

    @property
    def pod_net(self) -> str:  # a /16: node i has the i-th /24
        return f"10.{208 + self.slot}"

    @property
    def kwok_net(self) -> str:  # a /16: pods that kwok plays; routed to loopback
        return f"10.{224 + self.slot}"

    @property
    def api_address(self) -> str:
        return f"{self.net}.1" if self.nodes else "127.0.0.1"

    @property
    def api_url(self) -> str:
        return f"https://{self.api_address}:{self.api_port}"

    def node_address(self, node: int) -> str:
        return f"{self.net}.{10 + node}"

    def pod_range(self, node: int) -> str:
        return f"{self.pod_net}.{node}.0/24"

    # Names of links are at most 15 bytes, so they carry the slot; the rest carries the cluster's name.
    @property
    def bridge(self) -> str:
        return f"edp{self.slot}br"

    def link(self, node: int) -> str:
        return f"edp{self.slot}n{node}"

    def namespace(self, node: int) -> str:  # also the name of the node's cgroup
        return f"edp-{self.name}-node{node}"

    @property
    def api_port(self) -> int:
        return self.port_base

    @property
    def etcd_port(self) -> int:
        return self.port_base + 1

    @property
    def etcd_peer_port(self) -> int:
        return self.port_base + 2

    @property
    def manager_port(self) -> int:
        return self.port_base + 3

    @property
    def scheduler_port(self) -> int:
        return self.port_base + 4

    @property
    def kwok_port(self) -> int:
        return self.port_base + 5

    @property
    def ports(self) -> list[int]:
        return [self.port_base + offset for offset in range(6)]

    def save(self) -> None:
        (self.state / "cluster.json").write_text(json.dumps(asdict(self), indent=1) + "\n")


def load(name: str) -> Settings | None:
    try:
        return Settings(**json.loads((STATES / name / "cluster.json").read_text()))
    except FileNotFoundError:
        return None


def known() -> list[Settings]:
    """The clusters that are up, or were when something ended them."""
    names = sorted(path.parent.name for path in STATES.glob("*/cluster.json"))
    return [settings for settings in map(load, names) if settings]


def free_slot() -> int:
    taken = {settings.slot for settings in known()}
    for slot in range(SLOTS):
        if slot not in taken:
            return slot
    raise ClusterError(f"{SLOTS} clusters are up already: {', '.join(s.name for s in known())}")
