#!/usr/bin/env python3
"""Tickets: the operator on a real control plane, with a stand-in for Jira.

    tests/tickets/run.py [--full] [--name CLUSTER] [SCENARIO...]
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback

import world  # noqa: F401  (sets the path)
from alerts import alert_id
from by_proxy import by_proxy
from harness import WORK, Cluster, Failure, Proxy
from stories import FULL_ONLY, SCENARIOS
from world import ROOT, World


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="longer outages, all scenarios")
    parser.add_argument("--name", default="tickets", help="of the cluster; one of that name is ended first (default: tickets)")
    parser.add_argument("names", nargs="*", metavar="SCENARIO")
    options = parser.parse_args()
    every = SCENARIOS + ([alert_id, by_proxy, *FULL_ONLY] if options.full or options.names else [])
    chosen = [scenario for scenario in every if not options.names or scenario.__name__ in options.names]
    if not chosen:
        parser.error(f"scenarios are {', '.join(one.__name__ for one in every)}")
    WORK.mkdir(parents=True, exist_ok=True)
    for program in ("edp-operator", "edp-runner"):
        if not (ROOT / "build/release/bin" / program).exists():
            print(f"build/release/bin/{program} is missing: run ./edp build", file=sys.stderr)
            return 1
    passed = failed = 0
    began = time.monotonic()
    with Cluster(options.name) as cluster, Proxy(cluster) as proxy:
        stage = World(cluster)
        for scenario in chosen:
            at = time.monotonic()
            try:
                result = scenario(stage, proxy, options.full)
                print(f"ok    {scenario.__name__} ({time.monotonic() - at:.0f} s): {result}", flush=True)
                passed += 1
            except (Failure, OSError, KeyError, IndexError) as error:
                failed += 1
                print(f"FAIL  {scenario.__name__}: {error}", flush=True)
                if not isinstance(error, Failure):
                    traceback.print_exc()
            finally:
                proxy.plan()
                proxy.refuse(False)
    print(f"({time.monotonic() - began:.0f} s)")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
