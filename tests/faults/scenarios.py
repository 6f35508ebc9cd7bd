"""What happens to the operator when things go wrong around it. Each scenario gets a cluster and a proxy of its own
making of trouble; what it prints goes into the closing table."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

from harness import JOBS, ROOT, RUNS, SUMMARY, WORK, Cluster, Operator, Player, Proxy, check, stopped, wait_for


def jobs_by_run(cluster: Cluster) -> Counter[str]:
    return Counter(job["metadata"]["annotations"]["edp.dev/run-name"] for job in cluster.items(JOBS))


def one_job_each(cluster: Cluster, names: list[str]) -> None:
    counts = jobs_by_run(cluster)
    check(all(counts[name] == 1 for name in names), f"Jobs by run: {dict(counts)}")


def clear(cluster: Cluster) -> None:
    for run in cluster.items(RUNS):
        cluster.delete(f"{RUNS}/{run['metadata']['name']}")
    for job in cluster.items(JOBS):
        cluster.delete(f"{JOBS}/{job['metadata']['name']}")
    wait_for("an empty cluster", 30, lambda: not cluster.items(JOBS) and not cluster.items(RUNS))


def plain_run(cluster: Cluster, proxy: Proxy, full: bool) -> str:
    """From apply to verdict, without trouble."""
    with Operator(proxy.url) as operator, Player(cluster):
        operator.wait_ready()
        cluster.run("plain", target={"pod": "checkout-0"}, profile="light")
        end = cluster.wait_ended("plain")
        check(end["type"] == "Succeeded", f"ended with {end}")
        status = cluster.run_status("plain")
        check(status["verdict"] == "1 CRITICAL" and status["gate"] == "Failed", f"status {status}")
        check(status["worst"][0]["rule"] == "GO-SYNCMAP-WRITE-HEAVY", f"worst {status['worst']}")
        one_job_each(cluster, ["plain"])
        seconds = operator.terminate()
        check(seconds < 10, f"shutdown took {seconds:.1f} s")
        check("writes" not in operator.log_file.read_text(), "")
    return f"Succeeded, verdict {status['verdict']}; shutdown in {seconds:.1f} s"


def kill_points(cluster: Cluster, proxy: Proxy, full: bool) -> str:
    """kill -9 before and after each write of a run's life, then a restart: no run lost, one Job, no slot leaked."""
    tried = 0
    with Player(cluster), Operator(proxy.url) as operator:
        for when in ("before", "after"):
            nth = 0
            while True:
                nth += 1
                name = f"kill-{when}-{nth}"
                operator.kill()
                operator.start()
                operator.wait_ready()
                wait_for("leading", 20, operator.leads)
                proxy.plan(kill={"pid": operator.pid, "nth": nth, "when": when})
                cluster.run(name, target={"pod": "checkout-0"}, profile="light")
                wait_for("an end of the run or of the operator", 40,
                         lambda: not operator.alive() or cluster.ended(name))  # fmt: skip
                # Events may come after the end of the run.
                time.sleep(0.3)
                if operator.alive():
                    proxy.plan()
                    break  # fewer than `nth` writes in a whole life
                operator.kill()
                proxy.plan()
                operator.start()
                end = cluster.wait_ended(name)
                check(end["type"] == "Succeeded", f"killed {when} write {nth}: {end}")
                one_job_each(cluster, [name])
                tried += 1
        # A cancelled run and a deleted one, killed in the same way at each of their writes.
        for how in ("cancel", "delete"):
            for nth in (1, 2, 3):
                tried += kill_while(cluster, proxy, operator, how, nth)
        # Nothing holds a slot: the whole quota can be used again.
        clear(cluster)
        operator.kill()
        operator.start()
        operator.wait_ready()
        for i in range(8):
            cluster.run(f"again-{i}", target={"pod": f"checkout-{i}"}, profile="light")
        for i in range(8):
            check(cluster.wait_ended(f"again-{i}")["type"] == "Succeeded", f"again-{i}")
    return f"{tried} kill points"


def kill_while(cluster: Cluster, proxy: Proxy, operator: Operator, how: str, nth: int) -> int:
    name = f"{how}-{nth}"
    operator.kill()
    proxy.plan()
    operator.start()
    operator.wait_ready()
    with_quiet_player = {"pod": "checkout-1"}
    cluster.run(name, target=with_quiet_player, profile="light", suspend=True)
    wait_for("the run is seen", 20, lambda: cluster.run_status(name).get("conditions"))
    proxy.plan(kill={"pid": operator.pid, "nth": nth, "when": "after"})
    if how == "cancel":
        cluster.patch(f"{RUNS}/{name}", {"spec": {"cancel": True}})
    else:
        cluster.patch(f"{RUNS}/{name}", {"spec": {"suspend": False}})
        wait_for("a Job", 20, lambda: jobs_by_run(cluster)[name] or not operator.alive())
        cluster.delete(f"{RUNS}/{name}")
    wait_for("a kill or quiet", 6, lambda: not operator.alive()) if how == "delete" else time.sleep(2)
    killed = not operator.alive()
    operator.kill()
    proxy.plan()
    operator.start()
    if how == "cancel":
        end = cluster.wait_ended(name)
        check(end["reason"] == "Cancelled", f"cancelled: {end}")
    else:
        active = lambda: [j for j in cluster.items(JOBS)  # noqa: E731
                          if j["metadata"]["annotations"]["edp.dev/run-name"] == name and not j["status"].get("succeeded")]  # fmt: skip
        wait_for("its Job gone or done", 20, lambda: not active())
    return 1 if killed else 0


def lost_answers(cluster: Cluster, proxy: Proxy, full: bool) -> str:
    """The write is carried out, its answer is lost."""
    tried = 0
    with Player(cluster), Operator(proxy.url) as operator:
        operator.wait_ready()
        wait_for("leading", 20, operator.leads)
        for nth in range(1, 9):
            proxy.plan(lose={"nth": nth})
            cluster.run(f"lost-{nth}", target={"pod": "checkout-0"}, profile="light")
            check(cluster.wait_ended(f"lost-{nth}")["type"] == "Succeeded", f"lost answer {nth}")
            one_job_each(cluster, [f"lost-{nth}"])
            tried += 1
        proxy.plan(status={"code": 429, "count": 20})
        cluster.run("throttled", target={"pod": "checkout-0"}, profile="light")
        check(cluster.wait_ended("throttled")["type"] == "Succeeded", "throttled")
        proxy.plan(status={"code": 503, "count": 20})
        cluster.run("unavailable", target={"pod": "checkout-0"}, profile="light")
        check(cluster.wait_ended("unavailable")["type"] == "Succeeded", "unavailable")
    return f"{tried} lost answers, 20 x 429, 20 x 503"


def watch_drops(cluster: Cluster, proxy: Proxy, full: bool) -> str:
    """100 drops of all watches in a row: nothing missed, no list made anew."""
    with Player(cluster), Operator(proxy.url) as operator:
        operator.wait_ready()
        wait_for("leading", 20, operator.leads)
        dropped = 0
        for _ in range(100):
            dropped += proxy.drop()
            time.sleep(0.02)
        cluster.target("late")
        cluster.run("late", target={"pod": "late"}, profile="light")
        began = time.monotonic()
        check(cluster.wait_ended("late")["type"] == "Succeeded", "the run after the drops")
        seconds = time.monotonic() - began
        check(operator.metric("edp_watch_restarts_total") == 0, "a watch was listed anew")
        check(operator.alive(), "the operator ended")
    return f"{dropped} watches dropped, 0 lists anew; the next run took {seconds:.1f} s"


# The Job controller's own watches try again up to a minute apart (client-go: 30 s, doubled by jitter), list and watch in turn.
CONTROLLER_BACK = 180


def outage(cluster: Cluster, proxy: Proxy, full: bool) -> str:
    """The apiserver is away for a minute, comes back with its history compacted, and goes again."""
    away = 60 if full else 10
    with Player(cluster), Operator(proxy.url) as operator:
        operator.wait_ready()
        pid = operator.pid
        cluster.tool("stop", "kube-apiserver")
        time.sleep(away)
        check(operator.alive(), "the operator ended during the outage")
        cluster.tool("start", "kube-apiserver")
        cluster.target("after-outage")
        began = time.monotonic()
        cluster.run("after-outage", target={"pod": "after-outage"}, profile="light")
        first = job_after(cluster, "after-outage", began)
        check(cluster.wait_ended("after-outage", CONTROLLER_BACK)["type"] == "Succeeded", "the run after the outage")

        # Away again; a pod comes and another goes meanwhile, unseen, and the versions that the watches know are forgotten.
        proxy.refuse(True)
        cluster.target("unseen")
        cluster.target("brief")
        cluster.delete("/api/v1/namespaces/shop/pods/brief?gracePeriodSeconds=0")
        cluster.tool("compact")
        cluster.tool("stop", "kube-apiserver")
        cluster.tool("start", "kube-apiserver")
        proxy.refuse(False)
        began = time.monotonic()
        cluster.run("unseen", target={"pod": "unseen"}, profile="light")
        second = job_after(cluster, "unseen", began)
        check(cluster.wait_ended("unseen", CONTROLLER_BACK)["type"] == "Succeeded", "the run on a pod that came unseen")
        check(operator.alive() and operator.pid == pid, "the operator was restarted")
        pods = len(cluster.items("/api/v1/pods"))
        known = operator.metric("edp_objects")
        wait_for(f"all {pods} pods known ({known} objects)", 20, lambda: pods_known(operator) == len(
            cluster.items("/api/v1/pods")))  # fmt: skip
    return f"away {away} s: next Job after {first:.1f} s; history compacted: next Job after {second:.1f} s; no restart"


def job_after(cluster: Cluster, name: str, began: float) -> float:
    """Seconds from `began` to the run's Job. What comes after is the Job controller's, whose own watches may return later."""
    wait_for(f"the Job of {name}", 15, lambda: jobs_by_run(cluster)[name])
    return time.monotonic() - began


def pods_known(operator: Operator) -> int:
    for line in operator.ask("/metrics")[1].splitlines():
        if line.startswith('edp_objects{kind="pods"}'):
            return int(float(line.split()[-1]))
    return -1


def two_replicas(cluster: Cluster, proxy: Proxy, full: bool) -> str:
    """The leader is stopped, the other takes over; continued, the first does not write."""
    pause = 30 if full else 8
    with Player(cluster), Operator(proxy.url, "op-a") as first:
        first.wait_ready()
        wait_for("op-a leads", 20, first.leads)
        with Operator(proxy.url, "op-b") as second:
            second.wait_ready()
            check(not second.leads(), "two leaders")
            began = time.monotonic()
            with stopped(first):
                wait_for("op-b leads", 20, second.leads)
                failover = time.monotonic() - began
                took_over = time.time()
                for i in range(5):
                    cluster.run(f"failover-{i}", target={"pod": f"checkout-{i}"}, profile="light")
                for i in range(5):
                    check(cluster.wait_ended(f"failover-{i}")["type"] == "Succeeded", f"failover-{i}")
                time.sleep(max(0, pause - (time.monotonic() - began)))
            for i in range(5):
                cluster.run(f"continued-{i}", target={"pod": f"checkout-{i}"}, profile="light")
            for i in range(5):
                check(cluster.wait_ended(f"continued-{i}")["type"] == "Succeeded", f"continued-{i}")
            time.sleep(2)
            late = [w for w in proxy.writes() if "op-a" in w["agent"] and seconds_of(w) > took_over]
            check(not late, f"op-a wrote after it had lost the lease: {late}")
            one_job_each(cluster, [f"failover-{i}" for i in range(5)] + [f"continued-{i}" for i in range(5)])
            # A clean end hands over at once.
            began = time.monotonic()
            second.terminate()
            wait_for("op-a leads again", 20, first.leads)
            handover = time.monotonic() - began
    return f"stopped {pause} s: failover {failover:.1f} s (lease 4 s), 0 late writes; handover on SIGTERM {handover:.1f} s"


def seconds_of(write: Any) -> float:
    from datetime import datetime

    text = write["time"][:26].rstrip("Z").split("+")[0]
    return datetime.fromisoformat(text + "+00:00").timestamp()


def black_hole(cluster: Cluster, proxy: Proxy, full: bool) -> str:
    """Packets vanish: connections neither end nor answer."""
    import os
    import subprocess

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    # The operator in a network namespace of its own; its only way out is a pair of links.
    name = f"edpfault{os.getpid() % 10000}"
    subprocess.run(["ip", "netns", "del", name], capture_output=True)
    ip("netns", "add", name)
    try:
        ip("link", "add", "edpf0", "type", "veth", "peer", "name", "edpf1", "netns", name)
        ip("addr", "add", "10.203.250.1/30", "dev", "edpf0")
        ip("link", "set", "edpf0", "up")
        for words in (["addr", "add", "10.203.250.2/30", "dev", "edpf1"], ["link", "set", "edpf1", "up"], ["link", "set", "lo", "up"]):
            ip("-n", name, *words)
        relay = subprocess.Popen(["socat", "TCP-LISTEN:18080,bind=10.203.250.1,fork,reuseaddr", "TCP:" + proxy.url.removeprefix("http://")])
        try:
            return in_black_hole(cluster, name, ip)
        finally:
            relay.kill()
            relay.wait()
    finally:
        subprocess.run(["ip", "link", "del", "edpf0"], capture_output=True)
        subprocess.run(["ip", "netns", "del", name], capture_output=True)


class InNamespace(Operator):
    def __init__(self, namespace: str, server: str) -> None:
        super().__init__(server, "op-hole")
        self.namespace = namespace

    def start(self) -> None:
        import os
        import subprocess

        program = str(__import__("harness").ROOT / "build/release/bin/edp-operator")
        self.process = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{self.namespace}", program, "--config", str(self.config), "--kubeconfig", str(self.kubeconfig)],
            stderr=self.log_file.open("a"), env={**os.environ, "POD_NAME": self.identity, "POD_IP": "127.0.0.1"})  # fmt: skip


def in_black_hole(cluster: Cluster, namespace: str, ip: Any) -> str:
    seconds = 45
    with Player(cluster), InNamespace(namespace, "http://10.203.250.1:18080") as operator:
        cluster.run("before-hole", target={"pod": "checkout-0"}, profile="light")
        check(cluster.wait_ended("before-hole")["type"] == "Succeeded", "before the hole")
        ip("-n", namespace, "link", "set", "edpf1", "down")
        cluster.target("during-hole")
        cluster.run("during-hole", target={"pod": "during-hole"}, profile="light")
        time.sleep(seconds)
        ip("-n", namespace, "link", "set", "edpf1", "up")
        began = time.monotonic()
        check(cluster.wait_ended("during-hole", 60)["type"] == "Succeeded", "after the hole")
        took = time.monotonic() - began
        check(operator.alive(), "the operator ended")
    return f"{seconds} s without a packet: the waiting run ended {took:.1f} s after; no restart"


def deleted_run(cluster: Cluster, proxy: Proxy, full: bool) -> str:
    """Deleting a run cancels its Job within 5 s; without an operator nothing holds the run back."""
    with Player(cluster) as player, Operator(proxy.url) as operator:
        player.playing = False
        operator.wait_ready()
        cluster.run("doomed", target={"pod": "checkout-0"}, profile="light")
        wait_for("its Job", 20, lambda: jobs_by_run(cluster)["doomed"])
        cluster.delete(f"{RUNS}/doomed")
        began = time.monotonic()
        wait_for("the Job gone", 5, lambda: not jobs_by_run(cluster)["doomed"])
        seconds = time.monotonic() - began
        cluster.run("orphan", target={"pod": "checkout-0"}, profile="light")
        wait_for("its Job", 20, lambda: jobs_by_run(cluster)["orphan"])
        operator.kill()
        cluster.delete(f"{RUNS}/orphan")
        wait_for("the run gone without an operator", 5, lambda: not cluster.api.exists(f"{RUNS}/orphan"))
        operator.start()
        wait_for("its Job swept after the restart", 20, lambda: not jobs_by_run(cluster)["orphan"])
    return f"Job gone {seconds:.1f} s after its run; no finalizer; orphan swept"


def many_runs(cluster: Cluster, proxy: Proxy, full: bool) -> str:
    """Many runs at once under the quota: never more than fits, no failed Job, no `exceeded quota`."""
    count = 300 if full else 60
    clear(cluster)
    with Player(cluster, seconds=0.2) as player, Operator(proxy.url) as operator:
        operator.wait_ready()
        began = time.monotonic()
        for i in range(count):
            cluster.run(f"many-{i}", target={"pod": f"checkout-{i % 40}"}, profile="light", ttlAfterFinished="1h")
        done = lambda: sum(1 for run in cluster.items(RUNS)  # noqa: E731
                           if any(c["type"] == "Succeeded" and c["status"] == "True" for c in run.get("status", {}).get("conditions", [])))  # fmt: skip
        wait_for(f"{count} runs", 60 + count, lambda: done() == count or (time.sleep(1) or False))
        seconds = time.monotonic() - began
        failed = [j["metadata"]["name"] for j in cluster.items(JOBS) if j["status"].get("failed")]
        check(not failed, f"failed Jobs: {failed}")
        exceeded = [e for e in cluster.items("/api/v1/namespaces/diagnostic-system/events") if "exceeded quota" in e.get("message", "")]
        check(not exceeded, f"events: {exceeded[:2]}")
        check(player.most <= 8, f"{player.most} pods at once where 8 fit")
        admitted = operator.metric("edp_admitted_total")
    return f"{count} runs in {seconds:.0f} s, {admitted / seconds:.1f} admitted a second, at most {player.most} at once, 0 failed, 0 exceeded quota"


def wrong_inputs(cluster: Cluster, proxy: Proxy, full: bool) -> str:
    """What each wrong input gets."""
    said: list[str] = []

    def refused(name: str, text: str, **spec: Any) -> None:
        status, answer = cluster.api.call("POST", RUNS, {
            "apiVersion": "edp.dev/v1alpha1", "kind": "DiagnosticRun", "metadata": {"name": name}, "spec": spec})  # fmt: skip
        check(status == 422 and text in answer["message"], f"{name}: {status} {str(answer)[:400]}")
        said.append(f"{name}: 422 {text}")

    def fails(name: str, reason: str, **spec: Any) -> None:
        cluster.run(name, **spec)
        end = cluster.wait_ended(name, 90)
        check(end["type"] == "Failed" and end["reason"] == reason, f"{name}: {end}")
        said.append(f"{name}: {reason}: {end['message']}")

    refused("no-target", "exactly one of", target={})
    refused("bad-gate", "Unsupported value", target={"pod": "checkout-0"}, gate="LOUD")
    with Player(cluster) as player, Operator(proxy.url) as operator:
        operator.wait_ready()
        cluster.target("plain-pod", {"edp-enabled": "no"})
        fails("not-enabled", "TargetNotEnabled", target={"pod": "plain-pod"})
        fails("unknown-profile", "UnknownProfile", target={"pod": "checkout-0"}, profile="no-such")
        fails("no-pod", "NoPodMatches", target={"selector": {"matchLabels": {"app": "nobody"}}})
        player.message = None
        fails("no-summary", "ReportMissing", target={"pod": "checkout-0"})
        import json

        player.message = json.dumps(SUMMARY)
        player.playing = False
        cluster.target("brief")
        cluster.run("target-dies", target={"pod": "brief"})
        wait_for("its Job", 20, lambda: jobs_by_run(cluster)["target-dies"])
        cluster.delete("/api/v1/namespaces/shop/pods/brief?gracePeriodSeconds=0")
        end = cluster.wait_ended("target-dies", 60)
        check(end["reason"] == "TargetGone", f"target dies: {end}")
        said.append(f"target-dies: {end['reason']}: {end['message']}")
        player.playing = True
        cluster.quota({"requests.cpu": "10m", "requests.memory": "4Gi"})
        fails("small-quota", "QuotaTooSmall", target={"pod": "checkout-0"})
        cluster.quota({"requests.cpu": "2", "requests.memory": "4Gi", "limits.cpu": "4", "limits.memory": "8Gi"})
    return "; ".join(said)


def audit_disk_full(cluster: Cluster, proxy: Proxy, full: bool) -> str:
    """No act without a line: while the audit's disk is full no Job is made, and the run says why; with room again all goes on,
    through a kill -9 as well."""
    clear(cluster)
    folder = WORK / "audit"
    folder.mkdir(exist_ok=True)
    runner = ROOT / "build/release/bin/edp-runner"
    key = WORK / "audit.key"
    for old in (key, Path(f"{key}.pub")):
        old.unlink(missing_ok=True)
    subprocess.run([runner, "audit", "keygen", key], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], check=True)
    try:
        with Player(cluster), Operator(proxy.url, audit={"folder": str(folder), "keyFile": str(key), "requesterChecked": True}) as operator:
            operator.wait_ready()
            cluster.run("audit-0", target={"pod": "checkout-0"}, profile="light")
            check(cluster.wait_ended("audit-0")["type"] == "Succeeded", "audit-0")
            ballast = folder / "ballast"
            with contextlib.suppress(OSError):
                ballast.write_bytes(bytes(1 << 20))

            def told(name: str) -> list[str]:
                events = cluster.items("/apis/events.k8s.io/v1/namespaces/shop/events")
                return [e["note"] for e in events if e["reason"] == "AuditFailed" and e["regarding"]["name"] == name]

            # The file's last block has room for some more lines.
            for number in range(1, 12):
                name = f"audit-{number}"
                cluster.run(name, target={"pod": f"checkout-{number}"}, profile="light")
                wait_for(f"{name}'s end, or an Event AuditFailed", 30, lambda name=name: cluster.ended(name) or told(name))
                if told(name):
                    break
            note = told(name)[0]
            check("No space left on device" in note and "can't be audited" in note, f"the Event says {note}")
            check(jobs_by_run(cluster)[name] == 0, "a Job was made that nobody has written down")
            check(operator.metric("edp_audit_failures_total") > 0, "edp_audit_failures_total")
            ballast.unlink()
            check(cluster.wait_ended(name)["type"] == "Succeeded", name)
            operator.kill()
            operator.start()
            operator.wait_ready()
            cluster.run("audit-last", target={"pod": "checkout-20"}, profile="light")
            check(cluster.wait_ended("audit-last")["type"] == "Succeeded", "audit-last")
            names = [run["metadata"]["name"] for run in cluster.items(RUNS)]
            one_job_each(cluster, names)
            operator.terminate()
        done = subprocess.run([runner, "audit", "verify", folder, "--key", f"{key}.pub"], capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"audit verify: {done.stdout}")
        lines = [json.loads(line) for line in (folder / "op-a.jsonl").read_text().splitlines()]
        for name in names:
            acts = [line["outcome"] for line in lines if line["act"] == "job.create" and line["why"]["run"] == f"shop/{name}"]
            check(acts[-2:] == ["intended", "done"], f"{name}: {acts}")
        return f"{len(lines)} lines, whole; while full: {note}"
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


SCENARIOS = [plain_run, deleted_run, kill_points, lost_answers, watch_drops, outage, two_replicas, many_runs, wrong_inputs, audit_disk_full]
FULL_ONLY = [black_hole]
_ = signal
