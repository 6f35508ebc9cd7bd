"""The other ways to reach a target: inside its pod, and on its node. Off until the values and the profile say so."""

from __future__ import annotations

from edpe2e import runs
from edpe2e.kubectl import Object
from edpe2e.scenario import Context, check, check_equal, scenario

RULE = "GO-SYNCMAP-WRITE-HEAVY"


def profile(context: Context, name: str, reach: str) -> str:
    """A DiagnosticProfile for this scenario alone; they have no namespace."""
    full = f"{context.namespace}-{name}"
    item: Object = {
        "apiVersion": "edp.dev/v1alpha1",
        "kind": "DiagnosticProfile",
        "metadata": {"name": full},
        "spec": {"reach": reach, "diagnostic": {"collectors": ["cpu", "mutex", "goroutine"], "duration": "10s"}},
    }
    context.kubectl.apply(item)
    context.cleanup(lambda: context.kubectl.run("delete", "diagnosticprofile", full))
    return full


def target(context: Context) -> None:
    context.edp.ensure()
    context.kubectl.apply(runs.workload(context, "checkout", "syncmap-write-heavy"))
    context.kubectl.run("rollout", "status", "deployment/checkout", "--timeout=60s")


def verdict(context: Context, name: str, of: str) -> Object:
    context.kubectl.apply(runs.run_of(name, runs.deployment("checkout"), profile=of))
    run = runs.ended(context.kubectl, name)
    check_equal(runs.outcome(run), "Succeeded", "outcome")
    check_equal(run["status"]["worst"][0]["rule"], RULE, "the worst finding")
    return run


@scenario()
def other_ways_of_reach_are_off(context: Context) -> None:
    target(context)
    for reach in ("EphemeralContainer", "Node"):
        name = reach.lower()
        context.kubectl.apply(runs.run_of(name, runs.deployment("checkout"), profile=profile(context, name, reach)))
        check_equal(runs.outcome(runs.ended(context.kubectl, name)), "Failed/ReachNotAllowed", reach)


@scenario(own_cluster=True)
def a_runner_inside_the_targets_pod(context: Context) -> str:
    target(context)
    context.edp.set({"reach.ephemeralContainer": {"enabled": True, "namespaces": [context.namespace]}})
    context.cleanup(lambda: context.edp.set({"reach.ephemeralContainer": {"enabled": False, "namespaces": []}}))
    run = verdict(context, "inside", profile(context, "side", "EphemeralContainer"))
    check_equal(runs.jobs_of(context.kubectl, run), [], "Jobs")
    pod = context.kubectl.get("pod", run["status"]["targets"][0]["pod"])
    added = pod["spec"]["ephemeralContainers"]
    check_equal(len(added), 1, "containers added")
    check_equal(pod["status"]["containerStatuses"][0]["restartCount"], 0, "restarts of the target")
    reason = runs.conditions(run)["Succeeded"]["reason"]
    check_equal(reason, "ReportNotStored", "such a runner can mount no token")
    return f"{run['status']['verdict']} by container {added[0]['name']}"


@scenario(own_cluster=True)
def a_runner_on_the_targets_node(context: Context) -> str:
    target(context)
    context.edp.set({"reach.node.enabled": True})
    context.cleanup(lambda: context.edp.set({"reach.node.enabled": False}))
    run = verdict(context, "beside", profile(context, "node", "Node"))
    jobs = context.kubectl.within("diagnostic-node").items("jobs", "-l", f"edp.dev/run-uid={run['metadata']['uid']}")
    check_equal(len(jobs), 1, "Jobs in diagnostic-node")
    pods = context.kubectl.within("diagnostic-node").items("pods", "-l", f"job-name={jobs[0]['metadata']['name']}")
    of_target = context.kubectl.get("pod", run["status"]["targets"][0]["pod"])
    check_equal(pods[0]["spec"]["nodeName"], of_target["spec"]["nodeName"], "node")
    check(run["status"]["targets"][0].get("digest"), "the report is stored")
    return f"{run['status']['verdict']} on node {of_target['spec']['nodeName']}"
