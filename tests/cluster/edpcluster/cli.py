"""The command line of clusters."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from . import build, faults, lifecycle, node, nodeinit
from .processes import Processes
from .settings import KUBE_VERSIONS, ClusterError, Settings, check_name, known

NEWEST = next(iter(KUBE_VERSIONS))


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="./edp cluster", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str | None) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text) if text else commands.add_parser(name)
        if name not in ("build", "node-init"):
            sub.add_argument("--name", default="edp", type=check_name, help="several clusters may run at once (default: edp)")
        return sub

    up = command("up", "start a cluster")
    up.add_argument("--nodes", type=int, default=2, choices=range(10), metavar="N",
                    help="0: control plane only; node2 is the diagnostic node (default: 2)")  # fmt: skip
    up.add_argument("--kube", default=os.environ.get("KUBE", NEWEST), help=f"{' or '.join(KUBE_VERSIONS)} (default: {NEWEST})")
    up.add_argument("--port-base", type=int, default=0, help="first of six ports on loopback (default: a free range)")
    up.add_argument("--kwok", action="store_true", help="play nodes annotated kwok.x-k8s.io/node=fake, and their pods")
    up.add_argument("--image", action="append", default=[], metavar="FILE", help="docker-archive to import on every node")
    up.add_argument("--apiserver-flag", action="append", default=[], metavar="FLAG", help="passed on to kube-apiserver")
    up.add_argument("--manager-flag", action="append", default=[], metavar="FLAG", help="passed on to kube-controller-manager")
    command("down", "end what `up` started").add_argument("--all", action="store_true", help="all clusters")
    command("status", "what runs").add_argument("--all", action="store_true", help="all clusters")
    command("load", "import images on the nodes of a running cluster").add_argument("archives", nargs="+", metavar="FILE")
    for name, text in (("stop", "end one process of the control plane (SIGKILL)"), ("start", "start it again, as it was")):
        command(name, text).add_argument("process", choices=faults.STOPPABLE)
    command("compact", "make etcd forget old revisions, so that watches from them get 410")
    command("build", "build Kubernetes only").add_argument("--kube", default=NEWEST)
    inner = command("node-init", None)
    inner.add_argument("cluster")
    inner.add_argument("node", type=int)
    return top


def run(args: argparse.Namespace) -> int:
    if args.command == "up":
        archives = [os.path.abspath(path) for path in args.image]
        for path in archives:
            if not os.path.isfile(path):
                raise ClusterError(f"--image {path}: no such file")
        settings = lifecycle.up(
            Settings(args.name, slot=-1, nodes=args.nodes, kube=build.version(args.kube), port_base=args.port_base,
                     kwok=args.kwok, images=archives, apiserver_flags=args.apiserver_flag,
                     manager_flags=args.manager_flag)  # fmt: skip
        )
        lifecycle.show(settings)
    elif args.command == "down":
        names = [settings.name for settings in known()] if args.all else [args.name]
        for name in names:
            print(f"Cluster '{name}' is down" if lifecycle.down(name) else f"there is no cluster '{name}'")
    elif args.command == "status":
        return 0 if (lifecycle.show_all() if args.all else lifecycle.show(lifecycle.running(args.name))) else 1
    elif args.command == "load":
        settings = lifecycle.running(args.name)
        for number in range(1, settings.nodes + 1):
            node.import_images(node.inside(settings, number, Processes(settings)), args.archives)
    elif args.command == "build":
        print(build.kubernetes(build.version(args.kube)))
    elif args.command == "node-init":
        return nodeinit.run(lifecycle.running(args.cluster), args.node)
    else:
        faults.run(args.command, lifecycle.running(args.name), getattr(args, "process", ""))
    return 0


def main(argv: list[str]) -> int:
    # Interrupted from outside, `up` still clears what it has begun.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return run(parser().parse_args(argv))
    except (ClusterError, KeyboardInterrupt) as error:
        print(f"cluster: {error or 'interrupted'}", file=sys.stderr)
        return 1
