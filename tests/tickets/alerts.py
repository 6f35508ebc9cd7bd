"""A real Prometheus and a real Alertmanager: the alert's id is the same from Alertmanager through the run to the issue."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from harness import free_port
from stories import Stage
from world import RUNS, WORK, Proxy, World, check, wait_for

TOKEN = "alert-token-of-the-test"


@contextlib.contextmanager
def monitoring(hook: str, labels: dict[str, str]) -> Iterator[str]:
    """Alertmanager's address; an alert with these labels fires all the time, and goes to `hook`."""
    for program in ("prometheus", "prometheus-alertmanager"):
        check(shutil.which(program), f"{program} is missing: apt-get install -y prometheus prometheus-alertmanager")
    manager, prometheus = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {
            "rules.yml": {"groups": [{"name": "shop", "interval": "1s", "rules": [
                {"alert": "Slow", "expr": "vector(1)", "labels": {"severity": "critical", **labels}, "annotations": {"summary": "slow"}}]}]},
            "prometheus.yml": {"global": {"evaluation_interval": "1s", "external_labels": {"replica": "a"}}, "rule_files": ["rules.yml"],
                               "alerting": {"alertmanagers": [{"static_configs": [{"targets": [manager]}]}]}},
            "alertmanager.yml": {
                "route": {"receiver": "edp", "group_wait": "1s", "group_interval": "1s", "repeat_interval": "5s"},
                "receivers": [{"name": "edp", "webhook_configs": [{"url": hook, "http_config": {"authorization": {"credentials": TOKEN}}}]}]},
        }  # fmt: skip
        for file, content in files.items():
            (folder / file).write_text(yaml.safe_dump(content))
        with (WORK / "monitoring.log").open("w") as log:
            # Prometheus finds Alertmanager only after the rule's first firing, which it then repeats.
            processes = [
                subprocess.Popen(["prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/am",
                                  f"--web.listen-address={manager}", "--cluster.listen-address="], stderr=log),
                subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/p",
                                  f"--web.listen-address={prometheus}", "--rules.alert.resend-delay=2s"], stderr=log),
            ]  # fmt: skip
            try:
                yield manager
            finally:
                for process in processes:
                    process.terminate()
                for process in processes:
                    process.wait()


def alert_id(world: World, proxy: Proxy, full: bool) -> str:
    """From Prometheus' rule to the issue's label: one id."""
    token = WORK / "alert-token"
    token.write_text(TOKEN)
    world.deployment("alerted")
    policy = {"apiVersion": "edp.dev/v1alpha1", "kind": "DiagnosticPolicy", "metadata": {"name": "alerts"},
              "spec": {"namespaces": ["shop"], "profile": "light", "triggers": {"alert": True}, "probe": {"enabled": False}}}  # fmt: skip
    policies = "/apis/edp.dev/v1alpha1/diagnosticpolicies"
    world.cluster.create(policies, policy)
    try:
        with Stage(world, proxy, more={"alerts": {"tokenFile": str(token)}}) as stage:
            hook = f"http://127.0.0.1:{stage.operator.reports}/api/v1/alerts"
            with monitoring(hook, {"namespace": "shop", "deployment": "alerted"}) as manager:

                def theirs() -> Any:
                    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{manager}/api/v2/alerts", timeout=5) as reply:
                        return json.load(reply)

                alert = wait_for("an alert", 60, theirs)[0]["fingerprint"]
                stage.opened("alerted", 60)
            ticket = world.ticket("alerted")
            run = world.cluster.get(f"{RUNS}/{ticket['status']['lastRun']['name']}")
            ids = [run["metadata"]["annotations"]["edp.dev/alert-fingerprint"], *ticket["status"]["alerts"]]
            check(set(ids) == {alert}, f"Alertmanager says {alert}, run and ticket {ids}")
            issue = stage.one_issue("alerted")
            check(f"alert-{alert}" in issue["fields"]["labels"], f"labels {issue['fields']['labels']}")
            check(alert in json.dumps(issue["fields"]["description"]), "the issue does not tell of the alert")
            code, _ = stage.post_alert(hook, "")
            check(code == 401, f"a webhook without a token got {code}")
    finally:
        world.cluster.delete(f"{policies}/alerts")
    return f"fingerprint {alert} in Alertmanager, run, ticket and issue {issue['key']}"
