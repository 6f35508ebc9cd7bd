"""usage: python3 tests/support/jira [--deployment cloud|datacenter] [--port N] [--control-port N] [--bind ADDRESS] [--tls] [--name NAME]...
                                  [--user NAME] [--secret SECRET] [--workflow simple|chinese|classic]

Prints one line of JSON when it serves: {"url", "control", "ca", "user", "secret"}; ends on SIGTERM."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jira import WORKFLOWS, Control, FakeJira  # noqa: E402


def main() -> int:
    options = argparse.ArgumentParser(description="A stand-in for Jira")
    options.add_argument("--deployment", choices=["cloud", "datacenter"], default="cloud")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--control-port", type=int, default=0)
    options.add_argument("--bind", default="127.0.0.1", help="the loopback, or the address that a test cluster's pods reach")
    options.add_argument("--tls", action="store_true")
    options.add_argument("--name", action="append", default=[], help="another name in the certificate")
    options.add_argument("--user", default="edp@example.com")
    options.add_argument("--secret", default="t0ken-of-edp")
    options.add_argument("--workflow", choices=sorted(WORKFLOWS), default="simple")
    options.add_argument("--legacy-search", action="store_true", help="Cloud as it was: with /search")
    given = options.parse_args()
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    with FakeJira(
        cloud=given.deployment == "cloud", tls=given.tls, host=given.bind, port=given.port, user=given.user, secret=given.secret,
        workflow=given.workflow, legacy_search=given.legacy_search, names=tuple(given.name),
    ) as jira:  # fmt: skip
        control = Control(jira, given.bind, given.control_port)
        ca = str(jira.ca) if jira.ca else None
        print(json.dumps({"url": jira.url, "control": control.url, "ca": ca, "user": given.user, "secret": given.secret}), flush=True)
        end.wait()
        control.close()
    return 0


sys.exit(main())
