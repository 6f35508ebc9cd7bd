"""DiagnosticRuns and the workloads that they are pointed at."""

from __future__ import annotations

import json
from typing import Any

import yaml

from .kubectl import Kubectl, Object
from .scenario import Context
from .waiting import eventually


def workload(context: Context, name: str, kind: str, *, labelled: bool = True, replicas: int = 1) -> Object:
    """A Deployment of tests/workloads/go that runs the workload so named, with pprof on the port that EDP looks for."""
    labels = {"app": name} | ({"edp-enabled": "true"} if labelled else {})
    container = {
        "name": "main",
        "image": context.images["workloads"],
        "args": ["-workload", kind, "-in-pod", "-listen", ":6060", "-for", "3600"],
        "ports": [{"name": "pprof", "containerPort": 6060}],
        "readinessProbe": {"tcpSocket": {"port": "pprof"}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
            },
        },
    }


def run_of(name: str, target: Object, **spec: Any) -> Object:
    return {
        "apiVersion": "edp.dev/v1alpha1",
        "kind": "DiagnosticRun",
        "metadata": {"name": name},
        "spec": {"target": target, "profile": "prod-k8s", "duration": "10s", **spec},
    }


def deployment(name: str) -> Object:
    return {"workload": {"kind": "Deployment", "name": name}}


def conditions(run: Object) -> dict[str, Object]:
    return {condition["type"]: condition for condition in run.get("status", {}).get("conditions", [])}


def ended(kubectl: Kubectl, name: str, seconds: float = 240) -> Object:
    """The run once it has Succeeded or Failed, whichever it is."""

    def look() -> Object | None:
        run = kubectl.get("diagnosticrun", name)
        closed = [c for c in conditions(run).values() if c["type"] in ("Succeeded", "Failed") and c["status"] == "True"]
        return run if closed else None

    found = eventually(look, f"run {name} ends", seconds)
    assert found is not None
    return found


def outcome(run: Object) -> str:
    """Succeeded, or Failed with its reason, such as Failed/NoPodMatches."""
    found = conditions(run)
    if found.get("Succeeded", {}).get("status") == "True":
        return "Succeeded"
    return f"Failed/{found['Failed']['reason']}"


def jobs_of(kubectl: Kubectl, run: Object) -> list[Object]:
    return kubectl.within("diagnostic-system").items("jobs", "-l", f"edp.dev/run-uid={run['metadata']['uid']}")


def size_of_status(run: Object) -> int:
    return len(json.dumps(run.get("status", {})))


def as_text(run: Object) -> str:
    return yaml.safe_dump(run)
