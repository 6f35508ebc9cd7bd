"""Up, down and status of one cluster. `down` ends and removes what is recorded, and nothing else."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from . import build, cgroups, controlplane, images, network, node, pki
from .processes import Processes, boot_id
from .settings import STATES, ClusterError, Settings, free_slot, known, load
from .waiting import wait_for


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    with build.locked(STATES / f"{name}.lock"):
        yield


def _check_ports(settings: Settings) -> None:
    for port in settings.ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise ClusterError(f"port {port}: {error.strerror}; choose others with --port-base") from error


def _check_machine(settings: Settings) -> None:
    if (settings.nodes or settings.kwok) and os.geteuid():
        raise ClusterError("nodes and kwok need root, for namespaces and routes")
    missing = {package for program, package in node.NEEDED.items() if not shutil.which(program)}
    if settings.nodes and missing:
        raise ClusterError(f"nodes need the Debian packages {', '.join(sorted(missing))}")


def _place(wanted: Settings) -> Settings:
    """Gives a cluster its slot and its empty state folder; two `up` at once get two slots."""
    with build.locked(STATES / "slots.lock"):
        slot = free_slot()
        settings = replace(wanted, slot=slot, port_base=wanted.port_base or 16440 + 20 * slot, boot=boot_id())
        _check_ports(settings)
        shutil.rmtree(settings.state, ignore_errors=True)
        settings.logs.mkdir(parents=True)
        settings.save()
    return settings


def up(wanted: Settings) -> Settings:
    with locked(wanted.name):
        previous = load(wanted.name)
        if previous:
            if any(process.alive() for process in Processes(previous).all()):
                raise ClusterError(f"cluster '{wanted.name}' runs; end it first: ./edp cluster down --name {wanted.name}")
            print(f"Clearing what an earlier cluster '{wanted.name}' has left behind", flush=True)
            _clear(previous)
        _check_machine(wanted)
        build.kubernetes(wanted.kube)
        kwok = build.kwok() if wanted.kwok else None
        if wanted.nodes:
            wanted = replace(wanted, images=[*images.basic(), *wanted.images])
        settings = _place(wanted)
        began = time.monotonic()
        try:
            _start(settings, kwok)
        except BaseException:
            # Logs stay for whoever wants to know why.
            _clear(settings)
            raise
        print(f"Cluster '{settings.name}' (Kubernetes {settings.kube}) is up after {time.monotonic() - began:.1f} s")
    return settings


def _start(settings: Settings, kwok: tuple[Path, Path] | None) -> None:
    processes = Processes(settings)
    network.remove(settings)  # leftovers of a cluster whose record is lost would have this slot's names
    if settings.nodes:
        network.make_bridge(settings)
    api = controlplane.start(settings, processes)
    controlplane.audit_log_owner(settings)
    if settings.nodes:
        # Port 53 of the bridge's address; the cluster's own name is no one else's.
        dns = [str(settings.bin / "service-dns"), f"--kubeconfig={pki.kubeconfig_of(settings, 'admin')}"]
        processes.start("service-dns", [*dns, f"--listen={settings.net}.1:53"])
    for number in range(1, settings.nodes + 1):
        node.start(settings, number, processes, api)
    for number in range(1, settings.nodes + 1):
        wait_for(lambda number=number: node.ready(settings, number, api), f"node{number}", 180, processes)  # type: ignore[misc]
    if kwok:
        network.make_kwok_route(settings)
        program, stages = kwok
        processes.start("kwok", [str(program), f"--kubeconfig={settings.kubeconfig}", f"--config={stages}",
                                 "--manage-all-nodes=false", f"--cidr={settings.kwok_net}.0.1/16", "--node-ip=127.0.0.1",
                                 "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
                                 f"--server-address=127.0.0.1:{settings.kwok_port}"])  # fmt: skip
    processes.check()


def _clear(settings: Settings) -> None:
    """Ends what runs, then takes away links, namespaces, cgroups and state. Logs stay until the next `up`."""
    for process in reversed(Processes(settings).all()):
        # A node has nothing to save, and its PID 1 takes all of its containers along.
        process.stop(grace=0 if process.name.startswith("node") else 5)
    for number in range(1, settings.nodes + 1):
        cgroups.remove(settings.namespace(number))
    if os.geteuid() == 0:
        network.remove(settings)
    for entry in settings.state.iterdir():
        if entry.name in ("log", controlplane.AUDIT_LOG, "cluster.json"):
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    (settings.state / "cluster.json").unlink()  # last: until here a second `down` finds what is left


def down(name: str) -> bool:
    """Whether there was anything to end."""
    with locked(name):
        settings = load(name)
        if settings is None:
            return False
        _clear(settings)
    return True


def running(name: str) -> Settings:
    settings = load(name)
    if settings is None:
        raise ClusterError(f"there is no cluster '{name}'")
    return settings


def show(settings: Settings) -> bool:
    """Prints what runs; returns whether all of it does."""
    print(f"{settings.name}: Kubernetes {settings.kube}, {settings.nodes} nodes, {settings.api_url}")
    print(f"  export KUBECONFIG={settings.kubeconfig}   # kubectl: {settings.bin}/kubectl")
    processes = Processes(settings).all()
    for process in processes:
        state = f"pid {process.pid}, {process.resident_kib() // 1024} MiB" if process.alive() else "ENDED"
        print(f"  {process.name:24} {state}")
    if not processes:
        print("  nothing of it runs (the machine was restarted, or `up` was interrupted)")
    return bool(processes) and all(process.alive() for process in processes)


def show_all() -> bool:
    clusters = known()
    if not clusters:
        print("no cluster is up")
    return bool(clusters) and all([show(settings) for settings in clusters])
