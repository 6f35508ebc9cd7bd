#!/usr/bin/env python3
"""Tickets: the operator on a real control plane, with a stand-in for Jira.

    tests/tickets/run.py [--full] [--name CLUSTER] [SCENARIO...]
"""

from __future__ import annotations

import sys

import world  # sets the path
import command
from alerts import alert_id
from by_proxy import by_proxy
from stories import FULL_ONLY, SCENARIOS

if __name__ == "__main__":
    full_only = [alert_id, by_proxy, *FULL_ONLY]
    sys.exit(command.run(__doc__, "tickets", ["edp-operator", "edp-runner"], world.World, SCENARIOS, full_only))
