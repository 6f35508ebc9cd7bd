"""The whole way: a labelled pod, a DiagnosticRun, a verdict in its status, the report behind it."""

from __future__ import annotations

import hashlib
import json
import time

from edpe2e import reports, runs
from edpe2e.install import RUNNERS
from edpe2e.kubectl import Object
from edpe2e.scenario import ROOT, Context, check, check_equal, scenario
from edpe2e.waiting import eventually

RULE = "GO-SYNCMAP-WRITE-HEAVY"
CULPRIT = "syncmap_write_heavy.go"


def culprit_lines() -> list[int]:
    """The lines that the workload's source marks as at fault."""
    source = (ROOT / "tests/workloads/go" / CULPRIT).read_text().splitlines()
    return [number for number, line in enumerate(source, 1) if f"edp:culprit {RULE}" in line]


def runner_pod_is_as_promised(context: Context, run: Object) -> None:
    jobs = runs.jobs_of(context.kubectl, run)
    check_equal(len(jobs), 1, "Jobs of the run")
    labels = f"job-name={jobs[0]['metadata']['name']}"
    pods = context.kubectl.within(RUNNERS).items("pods", "-l", labels)
    check_equal(len(pods), 1, "pods of the Job")
    spec = pods[0]["spec"]
    node = context.kubectl.get("node", spec["nodeName"])
    check_equal(node["metadata"]["labels"].get("node-role.kubernetes.io/diagnostic"), "true", "label of the runner's node")
    check(spec["automountServiceAccountToken"] is False, "the runner gets no token of the API")
    security = spec["containers"][0]["securityContext"]
    check(security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"], f"{security}")


@scenario(slice=True)
def a_labelled_workload_is_diagnosed(context: Context) -> str:
    """kubectl apply, kubectl wait, the right finding at the right line, the report downloaded and unchanged."""
    context.edp.ensure()
    kubectl = context.kubectl
    kubectl.apply(runs.workload(context, "checkout", "syncmap-write-heavy"))
    kubectl.run("rollout", "status", "deployment/checkout", "--timeout=60s")
    began = time.monotonic()
    kubectl.apply(runs.run_of("why-slow", runs.deployment("checkout")))
    eventually(lambda: runs.conditions(kubectl.get("drun", "why-slow")).get("Accepted"), "the run is accepted", 10)
    kubectl.wait("condition=Succeeded", "drun/why-slow", seconds=240)
    took = time.monotonic() - began

    run = kubectl.get("drun", "why-slow")
    status = run["status"]
    # The pod has no CPU limit of its own and leaves some idle: a warning at least, a critical where CPU is short.
    check(status["findings"]["critical"] + status["findings"]["warning"] >= 1, f"findings: {status['findings']}")
    check_equal(status["targetCounts"]["succeeded"], 1, "targets that succeeded")
    worst = status["worst"][0]
    check_equal(worst["rule"], RULE, "the worst finding")
    check(any(f"{CULPRIT}:{line}" in worst["location"] for line in culprit_lines()), f"its line: {worst['location']}")
    check(runs.size_of_status(run) <= 8192, f"the status has {runs.size_of_status(run)} bytes")
    runner_pod_is_as_promised(context, run)

    token = reports.token_of_reader(kubectl, "reader", allowed=True)
    other = reports.token_of_reader(kubectl, "stranger", allowed=False)
    index = f"/api/v1/runs/{context.namespace}/why-slow"
    target = status["targets"][0]
    path = f"{index}/{run['metadata']['uid']}/targets/{target['uid']}/report"
    with reports.forwarded(kubectl) as service:
        code, body = service.get(f"{path}.json", token)
        check_equal(code, 200, "download")
        (context.work / "report.json").write_bytes(body)
        check_equal("sha256:" + hashlib.sha256(body).hexdigest(), target["digest"], "digest of the report")
        rules = [finding["rule"] for finding in json.loads(body)["findings"]]
        check(RULE in rules, f"rules in the report: {rules}")
        code, html = service.get(f"{path}.html", token)
        check(code == 200 and b"<html" in html, f"the page: {code}")
        check_equal(service.get(index, token)[0], 200, "index")
        check_equal(service.get(f"{path}.json")[0], 401, "download without a token")
        check_equal(service.get(f"{path}.json", other)[0], 403, "download by one who may not see the run")
    return f"Succeeded {took:.1f} s after apply; {status['verdict']}; {worst['rule']} at {worst['location']}"


@scenario()
def an_innocent_workload_gets_no_finding(context: Context) -> None:
    context.edp.ensure()
    kubectl = context.kubectl
    kubectl.apply(runs.workload(context, "innocent", "syncmap-read-mostly"))
    kubectl.run("rollout", "status", "deployment/innocent", "--timeout=60s")
    kubectl.apply(runs.run_of("healthy", runs.deployment("innocent"), gate="WARNING"))
    run = runs.ended(kubectl, "healthy")
    check_equal(runs.outcome(run), "Succeeded", "outcome")
    check_equal(run["status"]["gate"], "Passed", "gate")
    check_equal(run["status"]["findings"].get("critical", 0), 0, "critical findings")


@scenario()
def two_pods_are_diagnosed_one_after_the_other(context: Context) -> None:
    """maxParallel 1, a selector, two targets, two Jobs, one verdict."""
    context.edp.ensure()
    kubectl = context.kubectl
    kubectl.apply(runs.workload(context, "pair", "syncmap-write-heavy", replicas=2))
    kubectl.run("rollout", "status", "deployment/pair", "--timeout=60s")
    target = {"selector": {"matchLabels": {"app": "pair"}}}
    kubectl.apply(runs.run_of("pair", target, duration="5s", maxParallel=1))
    run = runs.ended(kubectl, "pair", 300)
    check_equal(runs.outcome(run), "Succeeded", "outcome")
    check_equal(run["status"]["targetCounts"]["succeeded"], 2, "targets that succeeded")
    jobs = runs.jobs_of(kubectl, run)
    check_equal(len(jobs), 2, "Jobs")
    spans = sorted((job["status"]["startTime"], job["status"]["completionTime"]) for job in jobs)
    check(spans[0][1] <= spans[1][0], f"one after the other: {spans}")
