"""What each wrong input gets."""

from __future__ import annotations

import time
from typing import Any

from edpe2e import runs
from edpe2e.kubectl import Object
from edpe2e.scenario import Context, check, check_equal, scenario
from edpe2e.waiting import eventually


def ends_as(context: Context, expected: str, name: str, target: Object, **spec: Any) -> Object:
    context.kubectl.apply(runs.run_of(name, target, **spec))
    run = runs.ended(context.kubectl, name, 90)
    check_equal(runs.outcome(run), expected, f"{name}: {runs.conditions(run)}")
    return run


@scenario()
def invalid_runs_are_refused_by_the_apiserver(context: Context) -> None:
    """By the schema, by CEL, and when the target is changed later."""
    context.edp.ensure()
    kubectl = context.kubectl

    def refused(run: Object, part: str) -> None:
        error = kubectl.refused("apply", "-f", "-", stdin=runs.as_text(run))
        check(part in error, f"{part!r} in: {error}")

    refused(runs.run_of("bad", {"pod": "a"}, duration="soon"), "spec.duration")
    refused(runs.run_of("bad", {"pod": "a"}, gate="LOUD"), "spec.gate")
    refused(runs.run_of("bad", {}), "spec.target")
    refused(runs.run_of("bad", {"pod": "a", "selector": {"matchLabels": {"a": "b"}}}), "spec.target")
    kubectl.apply(runs.run_of("fixed", {"pod": "a"}, suspend=True))
    refused(runs.run_of("fixed", {"pod": "b"}, suspend=True), "cannot be changed")


@scenario()
def wrong_targets_fail_with_a_reason(context: Context) -> None:
    context.edp.ensure()
    kubectl = context.kubectl
    kubectl.apply(runs.workload(context, "plain", "syncmap-write-heavy", labelled=False))
    kubectl.run("rollout", "status", "deployment/plain", "--timeout=60s")
    pod = kubectl.items("pods", "-l", "app=plain")[0]["metadata"]["name"]
    ends_as(context, "Failed/TargetNotEnabled", "unlabelled", {"pod": pod})
    ends_as(context, "Failed/NoPodMatches", "nobody", {"selector": {"matchLabels": {"app": "nobody"}}})
    ends_as(context, "Failed/UnknownProfile", "no-such-profile", {"pod": pod}, profile="no-such-profile")


@scenario()
def a_target_without_pprof_is_unreachable(context: Context) -> None:
    context.edp.ensure()
    kubectl = context.kubectl
    sleeper = {"name": "main", "image": context.images["busybox"], "command": ["sleep", "1000"]}
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "silent", "labels": {"edp-enabled": "true"}},
                   "spec": {"containers": [sleeper], "terminationGracePeriodSeconds": 1}})  # fmt: skip
    kubectl.wait("condition=Ready", "pod/silent")
    kubectl.apply(runs.run_of("silent", {"pod": "silent"}, duration="2s", timeout="20s"))
    run = runs.ended(kubectl, "silent", 240)
    check_equal(runs.outcome(run), "Failed/RetriesExhausted", f"{runs.conditions(run)}")
    message = runs.conditions(run)["Failed"]["message"]
    check("attempt 3 of 3: TargetUnreachable" in message, message)


@scenario(slice=True)
def deleting_a_run_ends_its_job(context: Context) -> str:
    """Within five seconds, and nothing keeps the run from going."""
    context.edp.ensure()
    kubectl = context.kubectl
    kubectl.apply(runs.workload(context, "long", "syncmap-write-heavy"))
    kubectl.run("rollout", "status", "deployment/long", "--timeout=60s")
    kubectl.apply(runs.run_of("long", runs.deployment("long"), duration="60s"))
    run = kubectl.get("drun", "long")
    check(not run["metadata"].get("finalizers"), "runs have no finalizers")
    eventually(lambda: runs.jobs_of(kubectl, run), "the run has a Job", 30)
    began = time.monotonic()
    kubectl.run("delete", "drun", "long", "--timeout=10s")
    eventually(lambda: not live(runs.jobs_of(kubectl, run)), "the Job is deleted", 5, pause=0.1)
    return f"after {time.monotonic() - began:.1f} s"


def live(jobs: list[Object]) -> list[Object]:
    return [job for job in jobs if not job["metadata"].get("deletionTimestamp")]


@scenario()
def cancelling_a_run_ends_its_job(context: Context) -> None:
    context.edp.ensure()
    kubectl = context.kubectl
    kubectl.apply(runs.workload(context, "stop", "syncmap-write-heavy"))
    kubectl.run("rollout", "status", "deployment/stop", "--timeout=60s")
    kubectl.apply(runs.run_of("stop", runs.deployment("stop"), duration="60s"))
    run = kubectl.get("drun", "stop")
    eventually(lambda: runs.jobs_of(kubectl, run), "the run has a Job", 30)
    kubectl.run("patch", "drun", "stop", "--type=merge", "--patch", '{"spec":{"cancel":true}}')
    check_equal(runs.outcome(runs.ended(kubectl, "stop", 20)), "Failed/Cancelled", "outcome")
    eventually(lambda: not live(runs.jobs_of(kubectl, run)), "the Job is deleted", 5)


@scenario()
def a_target_that_dies_midway_is_named(context: Context) -> None:
    context.edp.ensure()
    kubectl = context.kubectl
    kubectl.apply(runs.workload(context, "dying", "syncmap-write-heavy"))
    kubectl.run("rollout", "status", "deployment/dying", "--timeout=60s")
    pod = kubectl.items("pods", "-l", "app=dying")[0]["metadata"]["name"]
    kubectl.apply(runs.run_of("dying", {"pod": pod}, duration="60s"))
    eventually(lambda: runs.conditions(kubectl.get("drun", "dying")).get("Running", {}).get("status") == "True", "it runs", 60)
    kubectl.run("delete", "deployment", "dying")
    run = runs.ended(kubectl, "dying", 120)
    check_equal(runs.outcome(run), "Failed/TargetGone", f"{runs.conditions(run)}")
