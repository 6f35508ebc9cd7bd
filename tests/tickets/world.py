"""A control plane without nodes, deployments whose pods run as far as the apiserver knows, and a player that brings
runners' reports to the operator as a runner does: with a token bound to its pod."""

from __future__ import annotations

import copy
import hashlib
import http.client
import json
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/faults"), str(ROOT / "tests/support")]

import harness  # noqa: E402
from harness import RUNNER_PODS, RUNS, WORK, Cluster, Operator, Player, Proxy, check, wait_for  # noqa: E402

TICKETS = "/apis/edp.dev/v1alpha1/namespaces/shop/diagnostictickets"
SAMPLE = json.loads((ROOT / "runner/report/testdata/sample.json").read_text())
FINDING = next(one for one in SAMPLE["findings"] if one["severity"] == "CRITICAL")


def report(state: str = "broken", fingerprint: str = "") -> dict[str, Any]:
    """broken: with the fault; fixed: without, under the same load; idle: without, and nobody asks it anything;
    unjudged: the rule could not tell."""
    made: dict[str, Any] = copy.deepcopy(SAMPLE)
    made["findings"] = [one for one in made["findings"] if one["rule"] == FINDING["rule"]][:1] if state == "broken" else []
    for one in made["findings"]:
        one["fingerprint"] = fingerprint or one["fingerprint"]
    for rule in made["rules"]:
        if rule["rule"] == FINDING["rule"]:
            rule["status"] = {"broken": "fired", "unjudged": "cannot_tell"}.get(state, "clean")
            rule["reason"] = "no CPU profile" if state == "unjudged" else ""
    if state == "idle":
        for profile in made["targets"][0]["profiles"]:
            for kind in profile["sample_types"]:
                kind["total"] //= 50
            for row in profile["functions"]:
                row["cum"] = [value // 50 for value in row["cum"]]
    return made


class ReportPlayer(Player):
    """What it brings is decided by deployment: `states[name]`, a state or a (state, fingerprint)."""

    def __init__(self, cluster: Cluster, operators: list[Operator], seconds: float = 0.0) -> None:
        super().__init__(cluster, seconds)
        self.operators = operators
        self.states: dict[str, Any] = {}

    def _end(self, pod: Any) -> None:
        job = pod["metadata"]["labels"].get("batch.kubernetes.io/job-name", "")
        annotations = self.cluster.get(f"{harness.JOBS}/{job}")["metadata"]["annotations"]
        target = annotations["edp.dev/target-pod"].split("/")[1]
        state = next((state for name, state in self.states.items() if target.startswith(name + "-")), "broken")
        made = report(*state) if isinstance(state, tuple) else report(state)
        body = json.dumps(made).encode()
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        uploaded = self.bring(pod, annotations, body)
        critical = [one for one in made["findings"] if one["severity"] == "CRITICAL"]
        self.message = json.dumps({
            "schema": "edp.summary/v1", "exit_status": 2 if critical else 0, "critical": len(critical), "warning": 0, "info": 0,
            "digest": digest if uploaded else "", "uploaded": uploaded, "error": "",
            "worst": [{"rule": one["rule"], "severity": one["severity"], "title": one["title"][:100], "location": one["location"]["function"],
                       "fingerprint": one["fingerprint"]} for one in critical]})  # fmt: skip
        super()._end(pod)

    def bring(self, pod: Any, annotations: dict[str, str], body: bytes) -> bool:
        name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
        status, answer = self.cluster.api.call(
            "POST", "/api/v1/namespaces/diagnostic-system/serviceaccounts/edp-runner/token",
            {"spec": {"audiences": ["edp-reports"], "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid}}})  # fmt: skip
        if status != 201:
            return False
        run = annotations["edp.dev/run-namespace"] + "/" + annotations["edp.dev/run-name"]
        labels = pod["metadata"]["labels"]
        path = f"/api/v1/runs/{run}/{labels['edp.dev/run-uid']}/targets/{labels['edp.dev/target-uid']}/report.json"
        for _ in range(100):
            for operator in self.operators:
                if not operator.alive():
                    continue
                connection = http.client.HTTPConnection("127.0.0.1", operator.reports, timeout=5)
                try:
                    connection.request("PUT", path, body, {"Authorization": f"Bearer {answer['status']['token']}", "Content-Type": "application/json"})
                    if connection.getresponse().status in (200, 201):
                        return True
                except OSError:
                    pass
                finally:
                    connection.close()
            time.sleep(0.1)
        return False


class World:
    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.key = WORK / "signing.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(self.key)], check=True, capture_output=True)

    def deployment(self, name: str) -> None:
        labels = {"app": name, "edp-enabled": "true"}
        spec = {"schedulerName": "none", "containers": [{"name": "app", "image": "app", "ports": [{"containerPort": 6060, "name": "pprof"}]}]}
        self.cluster.create("/apis/apps/v1/namespaces/shop/deployments", {
            "metadata": {"name": name}, "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}}})  # fmt: skip
        query = "/api/v1/namespaces/shop/pods?labelSelector=" + urllib.parse.quote(f"app={name}")
        pod = wait_for(f"the pod of {name}", 30, lambda: self.cluster.items(query))[0]["metadata"]["name"]
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        status = {"phase": "Running", "podIP": "10.255.0.1", "podIPs": [{"ip": "10.255.0.1"}], "startTime": now,
                  "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}],
                  "containerStatuses": [Cluster.container("app", {"running": {"startedAt": now}}, True)]}  # fmt: skip
        code, answer = self.cluster.patch(f"/api/v1/namespaces/shop/pods/{pod}/status", {"status": status})
        check(code == 200, f"status of {pod}: {answer}")

    def diagnose(self, run: str, deployment: str, **spec: Any) -> None:
        self.cluster.run(run, target={"workload": {"kind": "Deployment", "name": deployment}}, profile="light", **spec)
        self.cluster.wait_ended(run)

    def ticket(self, deployment: str) -> Any:
        found = [one for one in self.cluster.items(TICKETS) if one["spec"]["target"]["name"] == deployment]
        check(len(found) <= 1, f"{deployment} has {len(found)} tickets")
        return found[0] if found else None

    def wait_ticket(self, deployment: str, what: str, seconds: float, probe: Any) -> Any:
        def look() -> Any:
            ticket = self.ticket(deployment)
            return ticket if ticket and probe(ticket.get("status", {})) else None

        try:
            return wait_for(f"{deployment}: {what}", seconds, look)
        except harness.Failure as failure:
            ticket = self.ticket(deployment)
            raise harness.Failure(f"{failure}; ticket {json.dumps(ticket and ticket.get('status'))[:1500]}") from None

    def tickets_config(self, jira: Any, folder: Path, **more: Any) -> dict[str, Any]:
        folder.mkdir(parents=True, exist_ok=True)
        user, password = folder / "user", folder / "password"
        user.write_text("edp@example.com")
        password.write_text("t0ken-of-edp")
        if jira.ca:
            more["caFile"] = str(jira.ca)
        return {"kind": "jira", "url": jira.url, "userFile": str(user), "passwordFile": str(password), "project": "OPS", "apiVersion": 3,
                "signingKeyFile": str(self.key), "pollInterval": "2s", "searchSettle": "4s", "updateInterval": "1h", "credentialsRetry": "2s",
                "cluster": "test", **more}  # fmt: skip


__all__ = ["FINDING", "ROOT", "RUNNER_PODS", "RUNS", "TICKETS", "WORK", "Cluster", "Operator", "Player", "Proxy", "ReportPlayer", "World",
           "check", "report", "wait_for"]  # fmt: skip
