"""A control plane without nodes, the operator behind a proxy that misbehaves, and a player that ends runners' pods."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/cluster"))

from edpcluster.api import Api  # noqa: E402
from edpcluster.settings import load  # noqa: E402

WORK = ROOT / "build/faults"
JOBS = "/apis/batch/v1/namespaces/diagnostic-system/jobs"
RUNNER_PODS = "/api/v1/namespaces/diagnostic-system/pods"
RUNS = "/apis/edp.dev/v1alpha1/namespaces/shop/diagnosticruns"
SUMMARY = {
    "schema": "edp.summary/v1", "exit_status": 2, "critical": 1, "warning": 0, "info": 0, "digest": "sha256:" + "ab" * 32,
    "uploaded": True, "error": "",
    "worst": [{"rule": "GO-SYNCMAP-WRITE-HEAVY", "severity": "CRITICAL", "title": "t", "location": "cache.go:7", "fingerprint": "f1"}],
}  # fmt: skip


class Failure(Exception):
    """What a scenario expected and did not find."""


def check(condition: object, what: str) -> None:
    if not condition:
        raise Failure(what)


def wait_for(what: str, seconds: float, probe: Callable[[], Any]) -> Any:
    """The first true value of `probe`."""
    end = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    def __init__(self, name: str, *options: str) -> None:
        self.name = name
        self.options = options

    def __enter__(self) -> Cluster:
        self.tool("down")
        self.tool("up", "--nodes", "0", *self.options)
        settings = load(self.name)
        assert settings
        self.settings = settings
        self.api = Api(settings)
        self.prepare()
        return self

    def __exit__(self, *_: object) -> None:
        self.tool("down")

    def tool(self, command: str, *arguments: str) -> str:
        done = subprocess.run([str(ROOT / "tests/cluster/cluster.py"), command, "--name", self.name, *arguments],
                              capture_output=True, text=True)  # fmt: skip
        if done.returncode and command != "down":
            raise Failure(f"cluster {command}: {done.stdout[-500:]} {done.stderr[-2000:]}")
        return done.stdout

    def get(self, path: str) -> Any:
        status, answer = self.api.call("GET", path)
        check(status == 200, f"GET {path}: {status} {str(answer)[:300]}")
        return answer

    def items(self, path: str) -> list[Any]:
        return list(self.get(path)["items"])

    def create(self, path: str, body: Any) -> Any:
        status, answer = self.api.call("POST", path, body)
        check(status == 201, f"POST {path}: {status} {str(answer)[:500]}")
        return answer

    def delete(self, path: str) -> None:
        self.api.call("DELETE", path, {"propagationPolicy": "Background"})

    def patch(self, path: str, body: Any) -> tuple[int, Any]:
        """A merge patch."""
        import http.client
        import ssl

        tls = ssl.create_default_context(cafile=str(self.settings.pki / "ca.crt"))
        tls.load_cert_chain(self.settings.pki / "admin.crt", self.settings.pki / "admin.key")
        connection = http.client.HTTPSConnection(self.settings.api_address, self.settings.api_port, context=tls, timeout=10)
        try:
            connection.request("PATCH", path, json.dumps(body), {"Content-Type": "application/merge-patch+json"})
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            connection.close()

    def prepare(self) -> None:
        for file in sorted((ROOT / "crds").glob("*.yaml")):
            self.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", yaml.safe_load(file.read_text()))
        for namespace in ("diagnostic-system", "shop"):
            self.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
        self.create("/api/v1/namespaces/diagnostic-system/serviceaccounts", {"metadata": {"name": "edp-runner"}})
        self.quota({"requests.cpu": "2", "requests.memory": "4Gi", "limits.cpu": "4", "limits.memory": "8Gi"})
        wait_for("CRDs and accounts", 30, lambda: self.api.exists(RUNS) and self.api.exists(
            "/api/v1/namespaces/shop/serviceaccounts/default"))  # fmt: skip

    def quota(self, hard: dict[str, str]) -> None:
        path = "/api/v1/namespaces/diagnostic-system/resourcequotas"
        self.delete(path + "/edp")
        self.create(path, {"metadata": {"name": "edp"}, "spec": {"hard": hard}})
        wait_for("the quota's status", 30, lambda: self.get(path + "/edp").get("status", {}).get("hard"))

    def target(self, name: str, labels: dict[str, str] | None = None, namespace: str = "shop") -> Any:
        """A pod that runs as far as the apiserver knows."""
        body = {
            "metadata": {"name": name, "labels": {"edp-enabled": "true", "app": "shop", **(labels or {})}},
            "spec": {"schedulerName": "none", "containers": [{"name": "app", "image": "app", "ports": [{"containerPort": 6060, "name": "pprof"}]}]},
        }  # fmt: skip
        self.create(f"/api/v1/namespaces/{namespace}/pods", body)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        status = {"phase": "Running", "podIP": "10.255.0.1", "podIPs": [{"ip": "10.255.0.1"}], "startTime": now,
                  "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}],
                  "containerStatuses": [self.container("app", {"running": {"startedAt": now}}, True)]}  # fmt: skip
        code, pod = self.patch(f"/api/v1/namespaces/{namespace}/pods/{name}/status", {"status": status})
        check(code == 200, f"status of {name}: {pod}")
        return pod

    @staticmethod
    def container(name: str, state: Any, ready: bool = False, restarts: int = 0) -> Any:
        return {"name": name, "image": "x", "imageID": "x", "ready": ready, "restartCount": restarts, "state": state}

    def run(self, name: str, **spec: Any) -> Any:
        body = {"apiVersion": "edp.dev/v1alpha1", "kind": "DiagnosticRun", "metadata": {"name": name}, "spec": spec}
        return self.create(RUNS, body)

    def run_status(self, name: str) -> Any:
        return self.get(f"{RUNS}/{name}").get("status", {})

    def ended(self, name: str) -> dict[str, Any] | None:
        """The condition with which the run ended."""
        for condition in self.run_status(name).get("conditions", []):
            if condition["type"] in ("Succeeded", "Failed") and condition["status"] == "True":
                return dict(condition)
        return None

    def wait_ended(self, name: str, seconds: float = 40) -> dict[str, Any]:
        try:
            return dict(wait_for(f"the end of run {name}", seconds, lambda: self.ended(name)))
        except Failure as failure:
            jobs = [job for job in self.items(JOBS) if job["metadata"]["annotations"]["edp.dev/run-name"] == name]
            raise Failure(f"{failure}; status {self.run_status(name)}; Jobs {[(j['metadata']['name'], j['status']) for j in jobs]}") from None


class Player:
    """Ends runners' pods as a node would: the control plane here has none."""

    def __init__(self, cluster: Cluster, seconds: float = 0.0) -> None:
        self.cluster, self.seconds = cluster, seconds
        self.message: str | None = json.dumps(SUMMARY)
        self.exit_code = 0
        self.playing = True
        self.most = 0  # pods unfinished at the same time
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True)

    def __enter__(self) -> Player:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _play(self) -> None:
        seen: dict[str, float] = {}
        while not self._stop.wait(0.05):
            status, answer = self.cluster.api.call("GET", RUNNER_PODS + "?fieldSelector=status.phase%3DPending")
            if status != 200:
                continue
            self.most = max(self.most, len(answer["items"]))
            for pod in answer["items"]:
                first = seen.setdefault(pod["metadata"]["uid"], time.monotonic())
                if self.playing and time.monotonic() - first >= self.seconds:
                    self._end(pod)

    def _end(self, pod: Any) -> None:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        end = {"exitCode": self.exit_code, "reason": "Completed" if self.exit_code == 0 else "Error", "startedAt": now, "finishedAt": now}
        if self.message is not None:
            end["message"] = self.message
        name = pod["spec"]["containers"][0]["name"]
        phase = "Succeeded" if self.exit_code == 0 else "Failed"
        with contextlib.suppress(OSError, ValueError):
            self.cluster.patch(f"{RUNNER_PODS}/{pod['metadata']['name']}/status",
                               {"status": {"phase": phase, "containerStatuses": [Cluster.container(name, {"terminated": end})]}})  # fmt: skip


class Proxy:
    def __init__(self, cluster: Cluster) -> None:
        keys = cluster.settings.pki
        binary = WORK / "faultproxy"
        subprocess.run(["go", "build", "-buildvcs=false", "-o", str(binary), "."], cwd=ROOT / "tests/faults/proxy", check=True)
        self._process = subprocess.Popen(
            [str(binary), "-server", cluster.settings.api_url, "-ca", f"{keys}/ca.crt", "-cert", f"{keys}/admin.crt", "-key", f"{keys}/admin.key"],
            stdout=subprocess.PIPE, stderr=(WORK / "proxy.log").open("w"), text=True)  # fmt: skip
        assert self._process.stdout
        self.url = self._process.stdout.readline().strip()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def _post(self, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)

    def plan(self, **what: Any) -> None:
        self._post("/-/plan", what)

    def drop(self) -> int:
        return int(self._post("/-/drop")["dropped"])

    def refuse(self, on: bool) -> None:
        self._post(f"/-/refuse?on={'true' if on else 'false'}")

    def writes(self) -> list[Any]:
        with urllib.request.urlopen(self.url + "/-/writes", timeout=10) as reply:
            return list(json.load(reply) or [])


class Operator:
    """`server` is an address that asks for no certificate, or a kubeconfig."""

    def __init__(self, server: str | Path, identity: str = "op-a", **config: Any) -> None:
        self.identity = identity
        self.ops = free_port()
        self.reports = free_port()
        folder = WORK / identity
        folder.mkdir(parents=True, exist_ok=True)
        self.log_file = folder / "operator.log"
        settings = {
            "http": {"listen": f"127.0.0.1:{self.ops}"},
            "leader": {"leaseDuration": "4s", "renewDeadline": "3s", "retryPeriod": "500ms"},
            "runner": {"image": "localhost/edp:test", "nodeSelector": {}},
            "reports": {"listen": f"127.0.0.1:{self.reports}", "url": f"https://127.0.0.1:{self.reports}",
                        "spoolDir": str(folder / "spool"), "store": {"type": "volume", "path": str(folder / "reports")}},
            **config,
        }  # fmt: skip
        self.config = folder / "operator.yaml"
        self.config.write_text(yaml.safe_dump(settings))
        self.process: subprocess.Popen[bytes] | None = None
        if isinstance(server, Path):
            self.kubeconfig = server
            return
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": server}}], "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}))  # fmt: skip

    def __enter__(self) -> Operator:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        program = os.environ.get("EDP_OPERATOR", str(ROOT / "build/release/bin/edp-operator"))
        self.process = subprocess.Popen(
            [program, "--config", str(self.config), "--kubeconfig", str(self.kubeconfig)],
            stderr=self.log_file.open("a"), env={**os.environ, "POD_NAME": self.identity, "POD_IP": "127.0.0.1"})  # fmt: skip

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def terminate(self) -> float:
        """Seconds until it had ended."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        assert self.process
        self.process.wait(timeout=30)
        return time.monotonic() - began

    def ask(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ops}{path}", timeout=5) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def wait_ready(self, seconds: float = 30) -> None:
        wait_for(f"{self.identity} ready", seconds, lambda: self.ask("/readyz")[0] == 200)

    def metric(self, name: str) -> float:
        """The sum over all series of that name."""
        text = self.ask("/metrics")[1]
        lines = [line for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def leads(self) -> bool:
        return self.metric("leader_election_master_status") == 1

    def memory(self, what: str = "VmRSS") -> float:
        """MiB: VmRSS now, VmHWM at most."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1]) / 1024
        return 0.0


@contextlib.contextmanager
def stopped(operator: Operator) -> Iterator[None]:
    operator.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        operator.signal(signal.SIGCONT)
