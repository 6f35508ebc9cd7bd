"""A node, seen from inside: PID 1 of its namespaces. Lays its own mounts, then runs containerd, kubelet and kube-proxy."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from . import images, node, pki
from .settings import Settings

# The kubelet sets these for the whole machine. It is shown the values it wants, and the machine's stay as they are.
FAKE_SYSCTLS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}


def mount(*args: str | Path) -> None:
    subprocess.run(["mount", *map(str, args)], check=True)


def lay_mounts(home: Path) -> None:
    mount("--make-rshared", "/")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    for path in ("/var/lib/kubelet", "/var/lib/containerd", "/var/lib/cni", "/var/log/pods", "/var/log/containers"):
        own = home / Path(path).name
        own.mkdir()
        os.makedirs(path, exist_ok=True)
        mount("--bind", own, path)
    for name, value in FAKE_SYSCTLS.items():
        fake = home / name.replace("/", "_")
        fake.write_text(value + "\n")
        mount("--bind", fake, f"/proc/sys/{name}")


def network_config(settings: Settings, number: int) -> dict[str, Any]:
    # ptp, not bridge: each pod hangs on a route of its own, so an answer between two pods of this node passes
    # the node's packet filter too, and a Service works between them whatever the kernel does with bridged packets.
    ranges = [[{"subnet": settings.pod_range(number)}]]
    ipam = {"type": "host-local", "dataDir": "/run/cni-ipam", "ranges": ranges, "routes": [{"dst": "0.0.0.0/0"}]}
    plugins: list[dict[str, Any]] = [
        {"type": "ptp", "ipMasq": False, "ipam": ipam},
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ]
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": plugins}


def containerd_config(conf_dir: Path) -> str:
    return f"""version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
oom_score = 0
[grpc]
  address = "{node.SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{images.PAUSE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{conf_dir}"
"""


def kubelet_config(settings: Settings, number: int) -> dict[str, Any]:
    name, keys = f"node{number}", settings.pki
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{keys}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{keys}/{name}.crt",
        "tlsPrivateKeyFile": f"{keys}/{name}.key",
        "containerRuntimeEndpoint": f"unix://{node.SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{settings.namespace(number)}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "oomScoreAdj": 0,  # a sandbox without CAP_SYS_RESOURCE cannot lower it,
        "maxOpenFiles": 20000,  # nor raise the limit of open files
        "maxPods": 110,
        "clusterDomain": "cluster.local",
        "clusterDNS": [f"{settings.net}.1"],
        "resolvConf": "",
        "registryPullQPS": 0,
        "serializeImagePulls": False,
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "0%",
        },
        "kubeReserved": {"cpu": "100m", "memory": "128Mi"},
        "shutdownGracePeriod": "0s",
    }


def proxy_config(settings: Settings, number: int) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(pki.kubeconfig_of(settings, "proxy"))},
        "hostnameOverride": f"node{number}",
        "mode": "iptables",
        "clusterCIDR": f"{settings.pod_net}.0.0/16",
        # The kernel's table of connections is the machine's.
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


class Daemons:
    def __init__(self, settings: Settings, number: int) -> None:
        self._logs, self._number = settings.logs, number
        self._names: dict[int, str] = {}

    def start(self, name: str, argv: list[str]) -> None:
        with open(self._logs / f"node{self._number}-{name}.log", "ab") as log:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._names[child.pid] = name

    def reap_until_one_ends(self) -> str:
        """PID 1 inherits the orphans of all containers' shims."""
        while True:
            pid, status = os.wait()
            if pid in self._names:
                return f"{self._names[pid]} ended with status {os.waitstatus_to_exitcode(status)}"


def wait_for_containerd() -> None:
    deadline = time.monotonic() + 30
    while subprocess.run([*node.CTR, "version"], capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise RuntimeError("containerd does not answer")
        time.sleep(0.1)


def run(settings: Settings, number: int) -> int:
    name, home = f"node{number}", node.folder(settings, number)
    socket.sethostname(name)
    lay_mounts(home)
    conf_dir = home / "cni.d"
    conf_dir.mkdir()
    (conf_dir / "10-pods.conflist").write_text(json.dumps(network_config(settings, number)))
    (home / "containerd.toml").write_text(containerd_config(conf_dir))
    for file, content in (("kubelet.yaml", kubelet_config(settings, number)), ("proxy.yaml", proxy_config(settings, number))):
        (home / file).write_text(yaml.safe_dump(content))

    daemons = Daemons(settings, number)
    daemons.start("containerd", ["containerd", "--config", str(home / "containerd.toml")])
    wait_for_containerd()
    kubelet = [str(settings.bin / "kubelet"), f"--config={home}/kubelet.yaml", f"--hostname-override={name}"]
    kubelet += [f"--kubeconfig={pki.kubeconfig_of(settings, name)}", f"--node-ip={settings.node_address(number)}"]
    daemons.start("kubelet", kubelet)
    daemons.start("kube-proxy", [str(settings.bin / "kube-proxy"), f"--config={home}/proxy.yaml"])
    node.import_images([], settings.images)
    node.imported_marker(settings, number).touch()
    print(f"{name}: {daemons.reap_until_one_ends()}; logs: {settings.logs}/{name}-*.log", file=sys.stderr, flush=True)
    return 1
