"""The command line of scenarios on a real control plane: PROGRAM [--full] [--name CLUSTER] [SCENARIO...]."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import TypeVar

from harness import ROOT, WORK, Cluster, Failure, Proxy

World = TypeVar("World")
Scenario = Callable[[World, Proxy, bool], str]


def run(
    doc: str | None, name: str, programs: Sequence[str], begin: Callable[[Cluster], World], scenarios: list[Scenario[World]], full_only: list[Scenario[World]]
) -> int:
    """The exit status. `begin` makes of the cluster what each scenario gets; `full_only` run with --full or by name."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--full", action="store_true", help="longer outages, more runs, all scenarios")
    parser.add_argument("--name", default=name, help=f"of the cluster; one of that name is ended first (default: {name})")
    parser.add_argument("names", nargs="*", metavar="SCENARIO")
    options = parser.parse_args()
    every = scenarios + (full_only if options.full or options.names else [])
    chosen = [scenario for scenario in every if not options.names or scenario.__name__ in options.names]
    if not chosen:
        parser.error(f"scenarios are {', '.join(one.__name__ for one in every)}")
    WORK.mkdir(parents=True, exist_ok=True)
    for program in programs:
        if not (ROOT / "build/release/bin" / program).exists():
            print(f"build/release/bin/{program} is missing: run ./edp build", file=sys.stderr)
            return 1
    passed = failed = 0
    began = time.monotonic()
    with Cluster(options.name) as cluster, Proxy(cluster) as proxy:
        world = begin(cluster)
        for scenario in chosen:
            at = time.monotonic()
            try:
                result = scenario(world, proxy, options.full)
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
