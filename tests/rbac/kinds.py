"""The CustomResourceDefinitions on a real apiserver."""

import json
import re

import yaml

from kube import ROOT, Failure

NS = "shop"


def run_text(name, spec):
    return json.dumps({"apiVersion": "edp.dev/v1alpha1", "kind": "DiagnosticRun", "metadata": {"name": name, "namespace": NS}, "spec": spec})


def established(kubectl):
    """No complaint about the schemas, and names as documented."""
    for name, short in (("diagnosticruns", "drun"), ("diagnosticprofiles", "dprof"), ("diagnosticpolicies", "dpol"), ("diagnostictickets", "dtk")):
        crd = kubectl.json("get", "crd", f"{name}.edp.dev")
        conditions = {c["type"]: c for c in crd["status"]["conditions"]}
        for kind, good in (("Established", "True"), ("NamesAccepted", "True")):
            if conditions[kind]["status"] != good:
                raise Failure(f"{name}: {conditions[kind]}")
        if conditions.get("NonStructuralSchema", {}).get("status") == "True":
            raise Failure(f"{name}: {conditions['NonStructuralSchema']}")
        kubectl("get", short, "--all-namespaces")
    kubectl("get", "edp", "--all-namespaces")
    # The apiserver's admission policies learn a new kind some seconds after it can be served.
    text = run_text("early", {"target": {"pod": "a"}})
    kubectl.eventually("runs pass the admission policies", lambda: kubectl.tries("create", "--dry-run=server", "-f", "-", text=text)[0] == 0)


def accepted(kubectl, path):
    out = kubectl("create", "--dry-run=server", "-f", str(path))
    if "arning" in out:
        raise Failure(out)


def refused(kubectl, path):
    expected = path.read_text().splitlines()[0].removeprefix("# expect: ")
    kubectl.refuses(expected, "create", "--dry-run=server", "-f", str(path))


def defaults(kubectl):
    spec = kubectl.json("create", "--dry-run=server", "-f", "-", text=run_text("defaults", {"target": {"pod": "a"}}))["spec"]
    if spec != {"target": {"pod": "a"}, "profile": "prod-k8s", "suspend": False, "cancel": False, "maxParallel": 1, "priority": "Manual"}:
        raise Failure(f"a run's defaults: {spec}")
    profile = "apiVersion: edp.dev/v1alpha1\nkind: DiagnosticProfile\nmetadata: {name: defaults}\nspec: {diagnostic: {collectors: [cpu], new-key: {a: 1}}}\n"
    spec = kubectl.json("create", "--dry-run=server", "-f", "-", text=profile)["spec"]
    wanted = {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"cpu": "500m", "memory": "512Mi"}}
    if (spec["resources"], spec["reach"], spec["maxAttempts"]) != (wanted, "Network", 3) or spec["diagnostic"] != {"collectors": ["cpu"], "new-key": {"a": 1}}:
        raise Failure(f"a profile's defaults: {spec}")
    policy = "apiVersion: edp.dev/v1alpha1\nkind: DiagnosticPolicy\nmetadata: {name: defaults}\nspec: {schedule: {cron: '@daily'}}\n"
    spec = kubectl.json("create", "--dry-run=server", "-f", "-", text=policy)["spec"]
    wanted = {
        "profile": "prod-k8s", "cooldown": "1h", "schedule": {"cron": "@daily", "timeZone": "UTC"}, "maxPerNode": 1, "maxTargets": 3,
        "triggers": {"rollout": False, "restart": False, "oomKilled": False, "breach": False, "alert": False}, "canary": False,
        "probe": {"enabled": True, "interval": "15s", "latencyMs": 1000, "failures": 3}, "keepRuns": "24h", "suspend": False,
    }
    if spec != wanted:
        raise Failure(f"a policy's defaults: {spec}")


def _with_run(kubectl, name, spec, check):
    kubectl("create", "-f", "-", text=run_text(name, spec))
    try:
        check(("drun", name, "-n", NS, "--type=merge", "-p"))
    finally:
        kubectl("delete", "drun", name, "-n", NS)


def target_is_immutable(kubectl):
    def check(run):
        message = "the target cannot be changed: create a new DiagnosticRun instead"
        kubectl.refuses(message, "patch", *run, '{"spec":{"target":{"pod":"b"}}}')
        kubectl.refuses(message, "patch", *run, '{"spec":{"target":{"port":6061}}}')
        kubectl.refuses(message, "patch", *run, '{"spec":{"target":{"pod":null,"selector":{"matchLabels":{"a":"b"}}}}}')
        kubectl("patch", *run, '{"spec":{"suspend":true,"maxParallel":4}}')

    _with_run(kubectl, "immutable", {"target": {"pod": "a"}}, check)


def cancel_is_for_good(kubectl):
    def check(run):
        kubectl("patch", *run, '{"spec":{"cancel":true}}')
        message = "a cancelled run stays cancelled: create a new DiagnosticRun instead"
        kubectl.refuses(message, "patch", *run, '{"spec":{"cancel":false}}')
        kubectl.refuses(message, "patch", *run, '{"spec":{"cancel":null}}')

    _with_run(kubectl, "cancelled", {"target": {"pod": "a"}}, check)


STATUS = {
    "observedGeneration": 1,
    "conditions": [
        {"type": "Accepted", "status": "True", "reason": "Valid", "message": "1 target", "lastTransitionTime": "2026-01-02T03:04:05Z", "observedGeneration": 1},
        {"type": "Succeeded", "status": "True", "reason": "Diagnosed", "message": "", "lastTransitionTime": "2026-01-02T03:05:05Z", "observedGeneration": 1},
    ],
    "targetCounts": {"matched": 1, "waiting": 0, "running": 0, "succeeded": 1, "failed": 0},
    "findings": {"critical": 2, "warning": 1, "info": 0},
    "verdict": "2 CRITICAL, 1 WARNING",
    "gate": "Failed",
    "worst": [{"rule": "GO-SYNCMAP-WRITE-HEAVY", "severity": "CRITICAL", "title": "t", "location": "main.go:7", "pod": "a", "fingerprint": "f"}],
    "targets": [{"pod": "a", "uid": "u", "phase": "Succeeded", "attempt": 1, "findings": {"critical": 2, "warning": 1}, "exitStatus": 2, "digest": "sha256:0"}],
    "report": {"url": "https://edp-reports.edp.svc:8443/api/v1/runs/shop/columns", "digest": "sha256:0"},
    "startTime": "2026-01-02T03:04:05Z", "completionTime": "2026-01-02T03:05:05Z",
}
FAILED = {"conditions": [{"type": "Failed", "status": "True", "reason": "NoPodMatches", "message": "no pod", "lastTransitionTime": "2026-01-02T03:05:05Z"}], "gate": ""}


def columns(kubectl):
    """What people see: kubectl get drun."""

    def row(expected, *wide):
        out = kubectl("get", "drun", "columns", "-n", NS, *wide).splitlines()
        got = re.sub(r"  +", "|", out[1])
        if not re.fullmatch(expected, got):
            raise Failure(f"{out[0]}\n{out[1]}\nis not {expected}")

    def status(value):
        kubectl("patch", "drun", "columns", "-n", NS, "--subresource=status", "--type=merge", "-p", json.dumps({"status": value}))

    age = r"\d+m?s"
    workload = {"target": {"workload": {"kind": "Deployment", "name": "checkout"}}, "profile": "light"}
    kubectl("create", "-f", "-", text=run_text("columns", workload))
    try:
        row(rf"columns\|checkout\|light\|{age}")
        status(STATUS)
        row(rf"columns\|checkout\|light\|2 CRITICAL, 1 WARNING\|Failed\|True\|{age}")
        row(rf"columns\|checkout\|light\|2 CRITICAL, 1 WARNING\|Failed\|True\|{age}\|Deployment\|Manual\|1\|0\|\w+\|https://edp-reports.*", "-o", "wide")
    finally:
        kubectl("delete", "drun", "columns", "-n", NS)
    for target, shown in (({"pod": "a"}, "a"), ({"selector": {"matchLabels": {"app": "x"}}}, r'\{"app":"x"\}')):
        kubectl("create", "-f", "-", text=run_text("columns", {"target": target}))
        try:
            status(FAILED)
            row(rf"columns\|{shown}\|prod-k8s\|NoPodMatches\|{age}")
        finally:
            kubectl("delete", "drun", "columns", "-n", NS)


def status_is_apart(kubectl):
    """Users' writes don't touch the status, the operator's don't touch the spec, and what is too long is refused."""

    def check(run):
        operator = kubectl.as_service_account("edp", "edp-operator")
        path = f"/apis/edp.dev/v1alpha1/namespaces/{NS}/diagnosticruns/status-test"

        def answers(code, words, body, at="/status"):
            got, text = operator.patch(path + at, body)
            if got != code or words not in text:
                raise Failure(f"{body}: {got} {text}")

        kubectl("patch", *run, '{"status":{"verdict":"forged"}}')
        answers(200, "GO-SYNCMAP-WRITE-HEAVY", {"spec": {"suspend": True}, "status": STATUS})
        made = kubectl.json("get", "drun", "status-test", "-n", NS)
        if made["spec"]["suspend"] or made["status"]["verdict"] != STATUS["verdict"] or made["metadata"]["generation"] != 1:
            raise Failure(f"spec and status mix: {made}")
        answers(422, "must have at most 24 items", {"status": {"targets": [{"pod": "a"}] * 25}})
        answers(422, "must have at most 5 items", {"status": {"worst": [{"rule": "A"}] * 6}})
        answers(409, "the object has been modified", {"metadata": {"resourceVersion": "1"}, "status": {"verdict": "late"}})
        answers(403, "cannot patch resource", {"spec": {"suspend": True}}, at="")
        operator.close()

    _with_run(kubectl, "status-test", {"target": {"pod": "a"}}, check)


def _described(schema, path):
    for name, child in schema.get("properties", {}).items():
        where = f"{path}.{name}"
        # Counters speak for themselves.
        if not child.get("description") and name not in ("apiVersion", "kind", "metadata", "critical", "warning", "info", "type", "status"):
            raise Failure(f"{where} has no description")
        _described(child, where)
        _described(child.get("items", {}), where)


def explains(kubectl):
    for path in sorted((ROOT / "crds").glob("*.yaml")):
        crd = yaml.safe_load(path.read_text())
        _described(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"], crd["spec"]["names"]["kind"])
    for path, words in {
        "drun": "DiagnosticRun is one diagnosis of a running service",
        "drun.spec.target": "exactly one of pod, workload and selector",
        "drun.spec.cancel": "Cannot be taken back",
        "drun.status.conditions": "exactly one of Succeeded",
        "dprof.spec.reach": "How a runner reaches its target",
        "dprof.spec.diagnostic.collectors": "heap.delta",
        "dpol.spec.triggers.oomKilled": "OOMKilled",
        "dpol.spec.schedule.cron": "day of week",
    }.items():
        out = re.sub(r"\s+", " ", kubectl("explain", path))
        if words not in out:
            raise Failure(f"kubectl explain {path}: {out}")
