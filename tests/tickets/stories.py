"""What happens to tickets when Jira, the network, people or the operator itself do what they do."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from jira import FakeJira
from world import FINDING, ROOT, WORK, Cluster, Operator, Proxy, ReportPlayer, World, check, wait_for


class Stage:
    """The stand-in for Jira, an operator, a player."""

    def __init__(self, world: World, proxy: Proxy, /, cloud: bool = True, workflow: str = "simple", tls: bool = False, more: dict[str, Any] | None = None, **config: Any) -> None:
        self.world, self.cluster, self.proxy = world, world.cluster, proxy
        self.jira = FakeJira(cloud=cloud, workflow=workflow, tls=tls)
        self.operator = Operator(proxy.url, tickets=world.tickets_config(self.jira, WORK / "jira", **config), **(more or {}))
        self.player = ReportPlayer(self.cluster, [self.operator])

    def __enter__(self) -> Stage:
        self.jira.__enter__()
        self.operator.start()
        self.player.__enter__()
        self.operator.wait_ready()
        wait_for("leading", 20, self.operator.leads)
        return self

    def __exit__(self, *error: object) -> None:
        self.player.__exit__(*error)
        self.operator.kill()
        self.jira.__exit__(*error)

    def restart(self) -> None:
        self.operator.kill()
        self.operator.start()
        self.operator.wait_ready()

    def opened(self, name: str, seconds: float = 20) -> Any:
        return self.world.wait_ticket(name, "an issue", seconds, lambda status: status.get("key"))

    def one_issue(self, name: str) -> dict[str, Any]:
        label = self.world.ticket(name)["status"]["label"]
        issues = self.jira.issues(label)
        check(len(issues) == 1, f"{name}: {len(issues)} issues with label {label}")
        return dict(issues[0])

    def texts(self, key: str) -> list[str]:
        issue = next(one for one in self.jira.issues() if one["key"] == key)
        return [json.dumps(one["body"]) for one in issue["fields"]["comment"]["comments"]]

    def category(self, key: str) -> str:
        issue = next(one for one in self.jira.issues() if one["key"] == key)
        return str(issue["fields"]["status"]["statusCategory"]["key"])

    @staticmethod
    def post_alert(url: str, token: str) -> tuple[int, str]:
        request = urllib.request.Request(url, b'{"version": "4", "alerts": []}', {"Authorization": f"Bearer {token}"} if token else {})
        try:
            with urllib.request.urlopen(request, timeout=5) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def kubectl(self, *arguments: str, cwd: Path = WORK) -> subprocess.CompletedProcess[str]:
        """edp-validate.sh as a person calls it."""
        env = {**os.environ, "EDP_RUNNER": str(ROOT / "build/release/bin/edp-runner")}
        return subprocess.run([str(ROOT / "scripts/edp-validate.sh"), *arguments, "-n", "shop", "--kubeconfig", str(self.operator.kubeconfig)],
                              capture_output=True, text=True, env=env, cwd=cwd, timeout=200)  # fmt: skip


def life(world: World, proxy: Proxy, full: bool) -> str:
    """Found, told, closed by hand and reopened, validated in every way, closed with proof, found again."""
    with Stage(world, proxy) as stage:
        name = "life"
        world.deployment(name)
        world.diagnose("life-1", name)
        ticket = stage.opened(name)
        key = ticket["status"]["key"]
        issue = stage.one_issue(name)
        text = json.dumps(issue["fields"])
        for what in (FINDING["location"]["function"], FINDING["fingerprint"], "Evidence", "Advice"):
            check(what in text, f"the issue does not tell of {what}: {text[:800]}")
        world.diagnose("life-2", name)
        world.wait_ticket(name, "two runs counted", 20, lambda status: status["count"] == 2)
        check(not stage.texts(key), "a second finding within the interval made a comment")

        began = time.monotonic()
        stage.jira.transition(key, "done")
        wait_for("reopened", 60, lambda: stage.category(key) != "done")
        reopened = time.monotonic() - began
        wait_for("a comment that says why", 20, lambda: any("without a validation" in one for one in stage.texts(key)))

        said = stage.kubectl(key)
        check(said.returncode == 2 and "StillThere" in said.stdout, f"still there: {said}")
        stage.player.states[name] = "idle"
        said = stage.kubectl(key)
        check(said.returncode == 3 and "load not comparable" in said.stdout, f"idle: {said}")
        stage.player.states[name] = "unjudged"
        said = stage.kubectl(key)
        check(said.returncode == 3 and "could not tell" in said.stdout, f"unjudged: {said}")
        check(stage.category(key) != "done", "closed without proof")
        stage.player.states[name] = "fixed"
        file = WORK / "life.validation.json"
        said = stage.kubectl(key, "--output", str(file))
        check(said.returncode == 0 and "signed statement" in said.stdout, f"fixed: {said}")
        wait_for("closed", 20, lambda: stage.category(key) == "done")
        status = world.wait_ticket(name, "closed", 20, lambda status: status["state"] == "Closed")["status"]
        check(status["recoverySeconds"] > 0, f"recovery {status}")
        check(stage.operator.metric("edp_ticket_recovery_seconds_count") == 1, "no recovery in the metrics")
        time.sleep(5)
        check(stage.category(key) == "done", "reopened although it was validated")

        # It comes back: the same issue. The statement was used, and another ticket's is none.
        stage.player.states[name] = "broken"
        world.diagnose("life-3", name)
        wait_for("reopened by the finding", 20, lambda: stage.category(key) != "done")
        said = stage.kubectl(key, "--statement", str(file))
        check(said.returncode == 1 and "used before" in said.stderr, f"replayed: {said}")
        world.deployment("other")
        world.diagnose("other-1", "other")
        other = stage.opened("other")["status"]["key"]
        said = stage.kubectl(other, "--statement", str(file))
        check(said.returncode == 1 and "is about ticket" in said.stderr, f"another ticket's: {said}")
        forged = WORK / "forged.json"
        forged.write_text(file.read_text().replace("life", "othr"))
        said = stage.kubectl(other, "--statement", str(forged))
        check(said.returncode == 1 and "does not fit" in said.stderr, f"forged: {said}")
        check(stage.category(other) != "done" and stage.category(key) != "done", "closed on a statement that was refused")
        stage.one_issue(name)
        said = stage.kubectl("OPS-999")
        check(said.returncode == 1 and "OPS-999" in said.stderr, f"unknown ticket: {said}")
    return f"reopened after {reopened:.1f} s; recovery {status['recoverySeconds']} s; 4 statements refused or accepted as they should"


def datacenter(world: World, proxy: Proxy, full: bool) -> str:
    """REST 2, with workflows whose statuses and transitions have other names and ask for a resolution."""
    for workflow in ("classic", "chinese"):
        with Stage(world, proxy, cloud=False, workflow=workflow, apiVersion=2) as stage:
            name = f"dc-{workflow}"
            world.deployment(name)
            world.diagnose(f"{name}-1", name)
            key = stage.opened(name)["status"]["key"]
            stage.jira.transition(key, "done")
            wait_for(f"{workflow}: reopened", 60, lambda: stage.category(key) != "done")
            stage.player.states[name] = "fixed"
            said = stage.kubectl(key, "--output", str(WORK / "dc.json"))
            check(said.returncode == 0, f"{workflow}: {said}")
            wait_for(f"{workflow}: closed", 20, lambda: stage.category(key) == "done")
            stage.one_issue(name)
    return "reopened and closed in 2 workflows"


def outage(world: World, proxy: Proxy, full: bool) -> str:
    """Jira away, lost answers, 429, an index that lags, restarts: one issue a fault."""
    seconds = 60 if full else 8
    faults = 12 if full else 4
    with Stage(world, proxy) as stage:
        for i in range(faults):
            world.deployment(f"out-{i}")
        stage.jira.index_lag(2)
        stage.jira.outage(True)
        for i in range(faults):
            world.diagnose(f"out-{i}-1", f"out-{i}")
        stage.restart()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(1)
        stage.operator.kill()
        stage.jira.outage(False)
        stage.jira.fault("lose_answer", match="POST .*/issue$", times=2)
        stage.jira.fault("rate_limit", match="POST .*/search", times=1, retry_after=3)
        stage.jira.fault("status", match="POST .*/comment$", times=1, status=503)
        stage.operator.start()
        stage.operator.wait_ready()
        for i in range(faults):
            stage.opened(f"out-{i}", 60)
        for i in range(faults):
            stage.one_issue(f"out-{i}")
        created = len([one for one in stage.jira.seen("POST") if one.path.endswith("/issue")])
        errors = stage.operator.metric("edp_ticket_errors_total")
        check(errors > 0, "no error was counted")
        wait_for("an empty outbox", 60, lambda: stage.operator.metric("edp_ticket_outbox") == 0)
    return f"{faults} faults, {seconds} s of outage, 2 lost answers, 1 429: {faults} issues of {created} calls"


def kills(world: World, proxy: Proxy, full: bool) -> str:
    """kill -9 before and after each write to the apiserver from the finding to the issue: one issue, nothing lost."""
    tried = 0
    with Stage(world, proxy) as stage:
        for when in ("before", "after"):
            for nth in range(1, 12 if full else 4):
                name = f"kill-{when}-{nth}"
                world.deployment(name)
                # The run is left to end by itself; what is killed is the writing of the ticket.
                stage.player.playing = False
                world.cluster.run(name, target={"workload": {"kind": "Deployment", "name": name}}, profile="light")
                wait_for("a runner", 20, lambda: stage.cluster.items("/api/v1/namespaces/diagnostic-system/pods?fieldSelector=status.phase%3DPending"))
                proxy.plan(kill={"pid": stage.operator.pid, "nth": nth + 1, "when": when})
                stage.player.playing = True
                wait_for("an issue, or a death", 30, lambda: not stage.operator.alive() or (world.ticket(name) or {}).get("status", {}).get("key"))
                proxy.plan()
                stage.restart()
                stage.cluster.wait_ended(name)
                stage.opened(name, 40)
                stage.one_issue(name)
                tried += 1
    return f"{tried} kill points"


def leaders(world: World, proxy: Proxy, full: bool) -> str:
    """The leader is stopped in the midst of a create; the other takes over; the first wakes up."""
    import signal

    with Stage(world, proxy) as stage:
        second = Operator(proxy.url, identity="op-b", tickets=world.tickets_config(stage.jira, WORK / "jira"))
        with second:
            second.wait_ready()
            stage.player.operators.append(second)
            world.deployment("lead")
            stage.jira.fault("delay", match="POST .*/issue$", times=1, seconds=3)
            world.cluster.run("lead-1", target={"workload": {"kind": "Deployment", "name": "lead"}}, profile="light")
            wait_for("the create under way", 30, lambda: any(one.path.endswith("/issue") for one in stage.jira.seen("POST")))
            stage.operator.signal(signal.SIGSTOP)
            wait_for("the other leads", 30, second.leads)
            stage.opened("lead", 60)
            stage.operator.signal(signal.SIGCONT)
            time.sleep(3)
            stage.one_issue("lead")
            check(stage.operator.alive(), "the first leader died")
    return "one issue"


def refused(world: World, proxy: Proxy, full: bool) -> str:
    """Wrong credentials and an unknown project: said on the ticket, no storm, and right again once it is put right."""
    with Stage(world, proxy) as stage:
        password = WORK / "jira/password"
        password.write_text("wrong")
        world.deployment("creds")
        world.diagnose("creds-1", "creds")
        ticket = world.wait_ticket("creds", "wrong credentials", 20, lambda status: "lastError" in status)
        synced = next(one for one in ticket["status"]["conditions"] if one["type"] == "Synced")
        check(synced["reason"] == "WrongCredentials" and "401" in synced["message"], f"condition {synced}")
        check("wrong" not in stage.operator.ask("/metrics")[1] and "t0ken" not in stage.operator.log_file.read_text(), "a secret is told")
        before = len(stage.jira.seen(""))
        time.sleep(6)
        calls = len(stage.jira.seen("")) - before
        check(calls <= 6, f"{calls} calls in 6 s with wrong credentials")
        password.write_text("t0ken-of-edp")
        stage.opened("creds", 30)
        stage.one_issue("creds")
    with Stage(world, proxy, cloud=False, apiVersion=2, project="NOSUCH") as stage:
        world.deployment("project")
        world.diagnose("project-1", "project")
        ticket = world.wait_ticket("project", "an unknown project", 20, lambda status: "lastError" in status)
        synced = next(one for one in ticket["status"]["conditions"] if one["type"] == "Synced")
        check(synced["reason"] == "Refused" and "NOSUCH" in synced["message"], f"condition {synced}")
        message = synced["message"]
    return f"{calls} calls in 6 s with wrong credentials; unknown project: {message}"


SCENARIOS = [life, outage, refused]
FULL_ONLY = [kills, leaders, datacenter]
