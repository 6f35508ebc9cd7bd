#!/usr/bin/env python3
"""The operator on a real control plane, with faults: kill -9 at every write, lost answers, dropped watches, an apiserver
that goes away, a leader that is stopped.

    tests/faults/run.py [--full] [--name CLUSTER] [SCENARIO...]
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback

import scenarios
from harness import ROOT, WORK, Cluster, Failure, Proxy


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="longer outages, more runs, all scenarios")
    parser.add_argument("--name", default="faults", help="of the cluster; one of that name is ended first (default: faults)")
    parser.add_argument("names", nargs="*", metavar="SCENARIO")
    options = parser.parse_args()
    every = scenarios.SCENARIOS + (scenarios.FULL_ONLY if options.full or options.names else [])
    chosen = [scenario for scenario in every if not options.names or scenario.__name__ in options.names]
    if not chosen:
        parser.error(f"scenarios are {', '.join(s.__name__ for s in every)}")
    WORK.mkdir(parents=True, exist_ok=True)
    if not (ROOT / "build/release/bin/edp-operator").exists():
        print("build/release/bin/edp-operator is missing: run ./edp build", file=sys.stderr)
        return 1
    passed = failed = 0
    began = time.monotonic()
    with Cluster(options.name) as cluster, Proxy(cluster) as proxy:
        for i in range(40):
            cluster.target(f"checkout-{i}")
        for scenario in chosen:
            at = time.monotonic()
            try:
                result = scenario(cluster, proxy, options.full)
                passed += 1
                print(f"ok    {scenario.__name__} ({time.monotonic() - at:.0f} s): {result}", flush=True)
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
