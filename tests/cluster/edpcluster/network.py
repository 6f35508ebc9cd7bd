"""A bridge that joins the network namespaces of one cluster's nodes with this machine, and with nothing else.

Node i has the address NET.(10+i) and the pods POD_NET.i.0/24; each node, and the machine, has a route to each node's pods.
Services are reached from the machine by way of node 1, whose kube-proxy sends them on.
"""

from __future__ import annotations

import subprocess

from .settings import Settings


def ip(*args: str, check: bool = True) -> str:
    done = subprocess.run(["ip", *args], check=False, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"ip {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout


def make_bridge(settings: Settings) -> None:
    bridge = settings.bridge
    ip("link", "add", bridge, "type", "bridge")
    ip("addr", "add", f"{settings.net}.1/24", "dev", bridge)
    ip("link", "set", bridge, "up")
    via = ["via", settings.node_address(1), "dev", bridge, "onlink"]
    ip("route", "add", f"{settings.service_net}.0/24", *via)


def make_node(settings: Settings, node: int) -> None:
    namespace, link, address = settings.namespace(node), settings.link(node), settings.node_address(node)
    ip("netns", "add", namespace)
    ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace)
    ip("link", "set", link, "master", settings.bridge, "up")
    inside = ["-n", namespace]
    ip(*inside, "link", "set", "lo", "up")
    ip(*inside, "addr", "add", f"{address}/24", "dev", "eth0")
    ip(*inside, "link", "set", "eth0", "up")
    ip(*inside, "route", "add", "default", "via", f"{settings.net}.1")
    for other in range(1, settings.nodes + 1):
        if other != node:
            ip(*inside, "route", "add", settings.pod_range(other), "via", settings.node_address(other))
    ip("netns", "exec", namespace, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    ip("route", "add", settings.pod_range(node), "via", address, "dev", settings.bridge)


def make_kwok_route(settings: Settings) -> None:
    """Whatever is sent to a pod that kwok only plays stays on this machine."""
    ip("route", "replace", "local", f"{settings.kwok_net}.0.0/16", "dev", "lo")


def remove(settings: Settings) -> None:
    """Takes away all of the above, whatever of it is there. Links end with the namespace or the bridge they belong to."""
    namespaces = ip("netns", "list", check=False).split()
    for node in range(1, settings.nodes + 1):
        if settings.namespace(node) in namespaces:
            ip("netns", "del", settings.namespace(node))
        ip("link", "del", settings.link(node), check=False)
    ip("link", "del", settings.bridge, check=False)
    ip("route", "del", "local", f"{settings.kwok_net}.0.0/16", "dev", "lo", check=False)
