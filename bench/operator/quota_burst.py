"""A thousand DiagnosticRuns at once under the chart's quota, with the real scheduler and controllers; kwok plays the nodes."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

import yaml
from edpcluster import build
from edpcluster.processes import Processes
from harness import RUNS, wait_for
from stand import ROOT, WORK, Bare, Operator, Sampler, judge, quiet, spread, table

NODES, TARGETS = 20, 200  # two runs at a time for a node's targets, so that the quota is what bounds
RUNNERS = "node-role.kubernetes.io/diagnostic"
# The chart's quota fits 20 runners of this size, by CPU as by their number.
PROFILE = {
    "apiVersion": "edp.dev/v1alpha1", "kind": "DiagnosticProfile", "metadata": {"name": "burst"},
    "spec": {"diagnostic": {"duration": "5s", "timeout": "60s", "collectors": ["cpu"]},
             "resources": {"requests": {"cpu": "100m", "memory": "200Mi"}, "limits": {"cpu": "100m", "memory": "200Mi"}}},
}  # fmt: skip


class WithNodes(Bare):
    """With kwok's nodes, the chart's namespace for runners, and targets that run."""

    def prepare(self) -> None:
        super().prepare()
        self.play_nodes()
        for document in yaml.safe_load_all((ROOT / "deploy/edp.yaml").read_text()):
            metadata = document["metadata"]
            inside = f"/api/v1/namespaces/diagnostic-system/{document['kind'].lower()}s"
            if document["kind"] == "Namespace" and metadata["name"] == "diagnostic-system":
                self.create("/api/v1/namespaces", document)
            elif metadata.get("namespace") == "diagnostic-system" and document["kind"] in ("ResourceQuota", "LimitRange", "ServiceAccount"):
                self.create(inside, document)
        self.create("/api/v1/namespaces", {"metadata": {"name": "shop"}})
        account = "/api/v1/namespaces/shop/serviceaccounts/default"
        wait_for("accounts and kinds", 60, lambda: self.api.exists(account) and self.api.exists(RUNS))
        self.create("/apis/edp.dev/v1alpha1/diagnosticprofiles", PROFILE)
        for i in range(TARGETS):
            self.create("/api/v1/namespaces/shop/pods", {
                "metadata": {"name": f"checkout-{i}", "labels": {"app": "checkout", "edp-enabled": "true"}},
                "spec": {"nodeName": f"node-{i % NODES}",
                         "containers": [{"name": "app", "image": "app", "ports": [{"containerPort": 6060, "name": "pprof"}]}]}})  # fmt: skip
        running = "/api/v1/namespaces/shop/pods?fieldSelector=status.phase%3DRunning"
        wait_for("running targets", 240, lambda: len(self.items(running)) == TARGETS)

    def play_nodes(self) -> None:
        program, stages = build.kwok()
        kept = [text for text in stages.read_text().split("---\n") if "name: pod-complete" not in text]
        config = WORK / "stages.yaml"
        config.write_text("---\n".join([*kept, (ROOT / "bench/operator/runner-stage.yaml").read_text()]))
        Processes(self.settings).start("kwok", [str(program), f"--kubeconfig={self.settings.kubeconfig}", f"--config={config}",
                                                "--manage-all-nodes=false", f"--cidr={self.settings.kwok_net}.0.1/16",
                                                "--node-ip=127.0.0.1", f"--server-address=127.0.0.1:{self.settings.kwok_port}",
                                                "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake"])  # fmt: skip
        for i in range(NODES + 2):
            runners = i >= NODES
            self.create("/api/v1/nodes", {
                "metadata": {"name": f"node-{i}", "annotations": {"kwok.x-k8s.io/node": "fake"},
                             "labels": {RUNNERS: "true"} if runners else {}},
                "spec": {"taints": [{"key": RUNNERS, "value": "true", "effect": "NoSchedule"}] if runners else []}})  # fmt: skip

    def refused_pods(self) -> int:
        """Pods that the apiserver refused in the runners' namespace, as its audit log has it."""
        refused = 0
        for line in (self.settings.state / "audit.log").read_text().splitlines():
            event = json.loads(line)
            of = event.get("objectRef", {})
            if event.get("verb") == "create" and (of.get("resource"), of.get("namespace")) == ("pods", "diagnostic-system"):
                refused += event.get("responseStatus", {}).get("code") == 403
        return refused


def once(name: str, runs: int) -> dict[str, Any]:
    chart = next(yaml.safe_load(d["data"]["operator.yaml"]) for d in yaml.safe_load_all((ROOT / "deploy/edp.yaml").read_text())
                 if d["kind"] == "ConfigMap" and d["metadata"]["name"] == "edp-operator")  # fmt: skip
    with WithNodes(name) as cluster, Operator(cluster.settings.kubeconfig, leader=chart["leader"], runner=chart["runner"]) as operator:
        operator.wait_ready(60)
        wait_for("leading", 60, operator.leads)
        time.sleep(3)
        idle, load_before = operator.memory(), quiet()
        with Sampler(operator.pid) as sampler:
            result = dict(cluster.load("burst", "-count", str(runs), "-targets", str(TARGETS), "-profile", "burst"))
        result |= {"idle": idle, "most_rss": sampler.most, "cpu": sampler.cpu, "refused": cluster.refused_pods(),
                   "admitted": operator.metric("edp_admitted_total"), "load": f"{load_before} to {quiet()}"}  # fmt: skip
    return result


def bench(name: str, runs: int, repeat: int) -> bool:
    results = []
    for i in range(repeat):
        results.append(once(name, runs))
        print(f"  run {i + 1} of {repeat}: {results[-1]['seconds']:.0f} s (load of the machine {results[-1]['load']})", flush=True)
    (WORK / "quota.json").write_text(json.dumps(results, indent=1))

    def over(*path: str, digits: int = 1, scale: float = 1) -> str:
        values = []
        for result in results:
            value: Any = result
            for key in path:
                value = value[key]
            values.append(float(value) * scale)
        return spread(values, digits)

    fit, bound = results[0]["fit"], statistics.median(r["fit"] / r["held_s"] for r in results)
    print(f"\n{runs} DiagnosticRuns at once; the quota of the chart fits {fit} of these runners at a time")
    table(("", "median"), [
        ("runs that Succeeded", over("succeeded", digits=0)),
        ("Jobs made", over("jobs", digits=0)),
        ("failed Jobs; `exceeded quota` events; pods refused", "; ".join(over(key, digits=0) for key in ("failed_jobs", "exceeded_quota", "refused"))),
        ("runners' pods at once, at most", over("most_pods", digits=0, scale=0.001)),
        ("all runs applied after, s", over("applied_s")),
        ("first Job after, s", over("first_job_s", digits=2)),
        ("all runs ended after, s", over("seconds")),
        ("admitted a second, mean; most in 10 s", over("admitted_per_s") + "; " + over("peak_per_s")),
        ("a pod holds its place, s, mean", over("held_s", digits=2)),
        ("  so at most admitted a second", f"{bound:.1f}"),
        ("places in use, mean", over("busy")),
        ("Job done to next Job, ms, p50; p99", over("job_to_job", "p50_ms", digits=0) + "; " + over("job_to_job", "p99_ms", digits=0)),
        ("pod ended to next Job, ms, p50; p99", over("pod_to_job", "p50_ms", digits=0) + "; " + over("pod_to_job", "p99_ms", digits=0)),
        ("operator's RSS, MiB, before; most", over("idle") + "; " + over("most_rss")),
        ("operator's CPU, s; ms a run", over("cpu") + "; " + over("cpu", scale=1000 / runs)),
    ])  # fmt: skip
    print("  The pods' time bounds the rate, and then the Job controller's, which calls a Job done a second after its pod.")
    for result in results:
        for line in result["over"] or []:
            print(f"  beyond the quota: {line}")
        for reason, count in result["failed"].items():
            print(f"  failed: {count} x {reason}")
    return judge([
        (f"all {runs} runs Succeeded", all(r["succeeded"] == runs for r in results)),
        ("one Job a run", all(r["jobs"] == runs for r in results)),
        ("never more than fits: at every version of every pod, and of the quota's status", not any(r["over"] for r in results)),
        ("no failed Job", not any(r["failed_jobs"] for r in results)),
        ("no `exceeded quota`: no event, and no pod refused", not any(r["exceeded_quota"] or r["refused"] for r in results)),
    ])  # fmt: skip
