#!/usr/bin/env python3
"""The operator under load, on a real control plane (tests/cluster). Each benchmark prints a table and its goals; the exit
status is 1 where one was missed. Figures of a busy machine are worse than the operator is: look at the load printed.

    quota   a thousand DiagnosticRuns at once under the chart's quota: never more than fits, none fails (kwok's nodes)
    pods    ten thousand labelled pods: memory, and the time from apply to Job, beside controller-runtime
"""

from __future__ import annotations

import argparse
import sys

import many_pods
import quota_burst
from stand import ROOT, Failure, build_tools


def main() -> int:
    parser = argparse.ArgumentParser(prog="./edp bench operator", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="BENCHMARK", help="quota, pods (default: both)")
    parser.add_argument("--repeat", type=int, default=1, help="medians of so many (default: 1)")
    parser.add_argument("--runs", type=int, default=0, help="DiagnosticRuns (default: 1000 for quota, 500 for pods)")
    parser.add_argument("--pods", type=int, default=10_000, help="labelled pods (default: 10000)")
    parser.add_argument("--name", default="bench", help="of the cluster; one of that name is ended first (default: bench)")
    options = parser.parse_args()
    names = options.names or ["quota", "pods"]
    if unknown := [name for name in names if name not in ("quota", "pods")]:
        parser.error(f"there is no benchmark {unknown[0]}; there are quota and pods")
    if not (ROOT / "build/release/bin/edp-operator").exists():
        print("build/release/bin/edp-operator is missing: run ./edp build", file=sys.stderr)
        return 1
    met = True
    try:
        build_tools()
        for name in names:
            print(f"-- {name}", flush=True)
            if name == "quota":
                met = quota_burst.bench(options.name, options.runs or 1000, options.repeat) and met
            else:
                met = many_pods.bench(options.name, options.pods, options.runs or 500, options.repeat) and met
    except Failure as failure:
        print(f"edp bench operator: {failure}", file=sys.stderr)
        return 1
    print("\npass" if met else "\nfail: a goal was missed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
