#!/usr/bin/env python3
"""The operator on a real control plane, with faults: kill -9 at every write, lost answers, dropped watches, an apiserver
that goes away, a leader that is stopped.

    tests/faults/run.py [--full] [--name CLUSTER] [SCENARIO...]
"""

from __future__ import annotations

import sys

import command
import scenarios
from harness import Cluster


def begin(cluster: Cluster) -> Cluster:
    for i in range(40):
        cluster.target(f"checkout-{i}")
    return cluster


if __name__ == "__main__":
    sys.exit(command.run(__doc__, "faults", ["edp-operator"], begin, scenarios.SCENARIOS, scenarios.FULL_ONLY))
