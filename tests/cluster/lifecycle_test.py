#!/usr/bin/env python3
"""Clusters come up, and go away without a trace, also when parts of them or `up` itself were killed.

Runs as root; takes about a minute. `./lifecycle_test.py Lifecycle.test_two_clusters_at_once` runs one.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import unittest
from collections.abc import Callable
from pathlib import Path

from edpcluster.processes import Process, Processes, boot_id, start_time
from edpcluster.settings import STATES, Settings, load

HERE = Path(__file__).resolve().parent
NAME = f"life{os.getpid() % 10000}"


def cluster(*args: str, name: str = NAME) -> subprocess.CompletedProcess[str]:
    words = [str(HERE / "cluster.py"), args[0], "--name", name, *args[1:]]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def settings_of(name: str) -> Settings:
    settings = load(name)
    assert settings is not None, name
    return settings


def leftovers(name: str, slot: int) -> list[str]:
    """All on this machine that bears the cluster's name or its slot's names."""
    found = []
    links = json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout)
    found += [f"link {link['ifname']}" for link in links if link["ifname"].startswith((f"edp{slot}br", f"edp{slot}n"))]
    routes = subprocess.run(["ip", "route", "show", "table", "all"], capture_output=True, text=True, check=True).stdout
    ours = (f"10.203.{slot}.", f"10.203.{128 + slot}.", f"10.{208 + slot}.", f"10.{224 + slot}.")
    found += [f"route {line}" for line in routes.splitlines() if any(net in line for net in ours)]
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout.split()
    found += [f"netns {netns}" for netns in names if netns.startswith(f"edp-{name}-")]
    found += [f"cgroup {path}" for path in Path("/sys/fs/cgroup").glob(f"*/edp-{name}-*")]
    found += [f"cgroup {path}" for path in Path("/sys/fs/cgroup").glob(f"edp-{name}-*")]
    state = str(STATES / name)
    found += [f"mount {line}" for line in Path("/proc/mounts").read_text().splitlines() if f"edp-{name}-" in line or state in line]
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state.encode() + b"/" in words or f"edp-{name}-".encode() in words:
            found.append(f"process {process.parent.name} {words[:80]!r}")
    return found


def wait_until(done: Callable[[], bool], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


class Lifecycle(unittest.TestCase):
    def setUp(self) -> None:
        self.slot = 0

    def tearDown(self) -> None:
        cluster("down")

    def up(self, *args: str) -> None:
        done = cluster("up", *args)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.slot = settings_of(NAME).slot

    def down_leaves_nothing(self) -> None:
        done = cluster("down")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(leftovers(NAME, self.slot), [])
        self.assertIsNone(load(NAME))

    def kubectl(self, *args: str) -> str:
        words = [str(settings_of(NAME).bin / "kubectl"), f"--kubeconfig={settings_of(NAME).kubeconfig}", *args]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def run_a_pod(self) -> None:
        self.kubectl("run", "sleeper", "--image=localhost/busybox:1", "--", "sleep", "1000")
        self.kubectl("wait", "--for=condition=Ready", "--timeout=60s", "pod/sleeper")

    def wait_for_start(self, process: str) -> None:
        record = STATES / NAME / "processes"
        wait_until(lambda: record.exists() and f'"{process}"' in record.read_text(), f"{process} starts", 60)

    def test_control_plane(self) -> None:
        began = time.monotonic()
        self.up("--nodes", "0")
        took = time.monotonic() - began
        self.assertLess(took, 40, "the goal is 12 s on an idle machine")
        self.assertEqual(cluster("status").returncode, 0)
        again = cluster("up", "--nodes", "0")
        self.assertEqual(again.returncode, 1)
        self.assertIn("runs; end it first", again.stderr)
        self.down_leaves_nothing()
        self.assertEqual(cluster("status").returncode, 1)
        self.assertEqual(cluster("down").returncode, 0, "a second down has nothing to do")

    def test_a_node_killed_takes_its_containers_along(self) -> None:
        self.up("--nodes", "1")
        self.run_a_pod()
        self.assertTrue(leftovers(NAME, self.slot), "the search for leftovers must find a running cluster")
        os.kill(Processes(settings_of(NAME)).get("node1").pid, signal.SIGKILL)
        wait_until(lambda: "ENDED" in cluster("status").stdout, "status shows the end of the node")
        self.down_leaves_nothing()

    def test_a_daemon_killed_ends_its_node(self) -> None:
        self.up("--nodes", "1")
        self.run_a_pod()
        config = str(settings_of(NAME).state / "node1" / "containerd.toml").encode()
        daemons = [p.parent for p in Path("/proc").glob("[0-9]*/cmdline") if config in p.read_bytes()]
        self.assertEqual(len(daemons), 1)
        os.kill(int(daemons[0].name), signal.SIGKILL)
        wait_until(lambda: not Processes(settings_of(NAME)).get("node1").alive(), "the node ends")
        self.down_leaves_nothing()

    def test_up_killed_midway(self) -> None:
        for after in ("etcd", "kube-apiserver", "node1"):
            with self.subTest(after=after):
                child = subprocess.Popen([HERE / "cluster.py", "up", "--name", NAME, "--nodes", "1"],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
                self.wait_for_start(after)
                child.kill()
                child.wait()
                self.slot = settings_of(NAME).slot
                self.down_leaves_nothing()

    def test_up_interrupted_clears_what_it_began(self) -> None:
        child = subprocess.Popen([HERE / "cluster.py", "up", "--name", NAME, "--nodes", "1"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        self.wait_for_start("node1")
        self.slot = settings_of(NAME).slot
        child.terminate()
        self.assertEqual(child.wait(timeout=60), 143)
        self.assertIsNone(load(NAME))
        self.assertEqual(leftovers(NAME, self.slot), [])

    def test_up_after_everything_was_killed(self) -> None:
        self.up("--nodes", "1")
        self.run_a_pod()
        for process in Processes(settings_of(NAME)).all():
            os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: not any(p.alive() for p in Processes(settings_of(NAME)).all()), "all end")
        self.up("--nodes", "1")
        self.run_a_pod()
        self.down_leaves_nothing()

    def test_two_clusters_at_once(self) -> None:
        other = f"{NAME}b"
        self.up("--nodes", "1")
        try:
            done = cluster("up", "--nodes", "1", name=other)
            self.assertEqual(done.returncode, 0, done.stderr)
            second = settings_of(other)
            self.run_a_pod()
            self.assertNotEqual(second.slot, self.slot)
            self.down_leaves_nothing()
            self.assertEqual(cluster("status", name=other).returncode, 0, "the other is untouched")
        finally:
            cluster("down", name=other)
        self.assertEqual(leftovers(other, second.slot), [])

    def test_down_spares_a_process_that_got_a_recorded_pid(self) -> None:
        self.up("--nodes", "0")
        stranger = subprocess.Popen(["sleep", "60"])
        try:
            entry = Process("etcd", stranger.pid, "1", ["sleep"])
            true = Processes(settings_of(NAME)).get("etcd")
            record = STATES / NAME / "processes"
            with open(record, "a", encoding="utf-8") as lines:
                lines.write(json.dumps(entry.__dict__) + "\n")
            cluster("down")
            self.assertIsNone(stranger.poll(), "the stranger lives")
            self.assertTrue(true.alive(), "only the latest record of a name counts")
            os.kill(true.pid, signal.SIGKILL)
        finally:
            stranger.kill()
            stranger.wait()

    def test_a_port_in_use_is_named(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = cluster("up", "--nodes", "0", "--port-base", str(port))
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"port {port}", done.stderr)
        self.assertIsNone(load(NAME))

    def test_faults(self) -> None:
        self.up("--nodes", "0")
        self.kubectl("create", "configmap", "before")
        for process in ("kube-apiserver", "etcd", "kube-controller-manager"):
            self.assertEqual(cluster("stop", process).returncode, 0)
            self.assertIn("ENDED", cluster("status").stdout)
            done = cluster("start", process)
            self.assertEqual(done.returncode, 0, done.stderr)
        wait_until(lambda: cluster("status").returncode == 0, "all run again")
        self.kubectl("get", "configmap", "before")
        version = json.loads(self.kubectl("get", "configmap", "before", "-o", "json"))["metadata"]["resourceVersion"]
        self.kubectl("create", "configmap", "later")
        done = cluster("compact")
        self.assertEqual(done.returncode, 0, done.stderr)
        # A cache in the apiserver may still know what etcd has forgotten.
        self.assertEqual(cluster("stop", "kube-apiserver").returncode, 0)
        self.assertEqual(cluster("start", "kube-apiserver").returncode, 0)
        watch = self.kubectl("get", "--raw", f"/api/v1/configmaps?watch=1&timeoutSeconds=3&resourceVersion={version}")
        self.assertIn('"code":410', watch)
        self.down_leaves_nothing()


class Recorded(unittest.TestCase):
    def test_start_time(self) -> None:
        self.assertTrue(start_time(os.getpid()))
        self.assertEqual(start_time(2**22 + 1), "")
        child = subprocess.Popen(["true"])
        wait_until(lambda: start_time(child.pid) == "", "a corpse does not count")
        child.wait()
        self.assertTrue(boot_id())


if __name__ == "__main__":
    unittest.main(verbosity=2)
