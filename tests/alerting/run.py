#!/usr/bin/env python3
"""deploy/prometheus/rules.yaml in a real Prometheus, with a real Alertmanager behind it: a CRITICAL finding's alert fires, its webhook
carries the fingerprint that Alertmanager's API shows, and it is resolved under the same one. Closes with 'N passed, N failed'."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

from prometheus import Alerting, Metrics, Receiver  # noqa: E402


def until(what: str, seconds: float, probe):
    end = time.monotonic() + seconds
    while not (value := probe()):
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
        time.sleep(0.2)
    return value


def main() -> int:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules.yaml").read_text())
    for group in rules["groups"]:  # minutes are too long to wait for
        for rule in group["rules"]:
            rule["expr"] = rule["expr"].replace("[15m]", "[5s]").replace("offset 15m", "offset 5s")
    metrics, receiver = Metrics("# nothing yet\n"), Receiver()
    line = 'edp_findings_total{rule="GO-SYNCMAP-WRITE-HEAVY",severity="%s"} %d\n'
    metrics.text = line % ("WARNING", 5)
    with Alerting(rules=rules, targets=[metrics.address], webhook=receiver.url, token="of-the-test") as alerting:
        until("a scrape", 60, lambda: alerting.query('edp_findings_total{severity="WARNING"}'))
        time.sleep(3)
        assert not alerting.alerts() or all(alert["labels"]["alertname"] != "EDPCriticalFinding" for alert in alerting.alerts()), (
            "a warning is no alert"
        )
        metrics.text = line % ("WARNING", 5) + line % ("CRITICAL", 1)
        shown = alerting.wait_for("EDPCriticalFinding", 60)
        (sent,) = until("the webhook", 60, lambda: receiver.alerts("EDPCriticalFinding"))[:1]
        assert sent["fingerprint"] == shown["fingerprint"], f"{sent['fingerprint']} in the webhook, {shown['fingerprint']} in the API"
        assert sent["labels"]["rule"] == "GO-SYNCMAP-WRITE-HEAVY" and sent["annotations"]["runbook_url"] == "docs/runbooks/critical-finding.md"
        assert receiver.headers[0]["Authorization"] == "Bearer of-the-test"
        (resolved,) = until("the resolved webhook", 90, lambda: receiver.alerts("EDPCriticalFinding", "resolved"))[:1]
        assert resolved["fingerprint"] == sent["fingerprint"]
    print(f"ok      fired and resolved as {sent['fingerprint']}, in the webhook and in Alertmanager's API\n1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
