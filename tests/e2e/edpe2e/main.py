"""Chooses scenarios, brings up the cluster, runs each in a namespace of its own, closes with 'N passed, N failed'."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import sys
import tarfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from edpcluster import build as tools

from .environment import Environment, foreign, own
from .install import Installation
from .kubectl import KubectlError
from .scenario import ROOT, SCENARIOS, Context, Scenario

# In the order in which they run: what later ones rest on comes first.
FILES = ("smoke", "image", "diagnose", "refusals", "reach")


def chosen(args: argparse.Namespace) -> list[Scenario]:
    sys.path.insert(0, str(ROOT / "tests/e2e"))
    for name in FILES:
        importlib.import_module(f"scenarios.{name}")
    picked = [s for s in SCENARIOS if s.slice or not args.slice]
    if args.names:
        picked = [s for s in picked if any(part in s.name for part in args.names)]
    if not picked:
        raise SystemExit("no scenario has such a name; --list shows them")
    return picked


@contextlib.contextmanager
def environment(args: argparse.Namespace) -> Iterator[Environment]:
    if os.environ.get("KUBECONFIG") and not args.own:
        yield foreign()
        return
    with tarfile.open(args.image) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        image = json.load(manifest)[0]["RepoTags"][0]
    with own(args.cluster, args.kube, args.image, image, keep=args.keep) as environment:
        yield environment


def run_one(scenario: Scenario, edp: Installation, number: int) -> bool:
    namespace = f"e2e-{number}-{os.getpid()}"
    work = ROOT / "build/e2e" / scenario.name.replace(" ", "-")
    work.mkdir(parents=True, exist_ok=True)
    environment = edp.environment
    kubectl = environment.kubectl.within(namespace)
    context = Context(kubectl, namespace, environment.images, environment.state, edp, work)
    began = time.monotonic()
    passed, words = True, ""
    try:
        kubectl.run("create", "namespace", namespace)
        context.cleanup(lambda: kubectl.run("delete", "namespace", namespace, "--wait=false"))
        words = scenario.run(context) or ""
    except Exception as error:
        passed, words = False, f"{type(error).__name__}: {error}"
        (work / "failure.txt").write_text(traceback.format_exc() + "\n" + snapshot(context))
    for action in reversed(context.cleanups):
        try:
            action()
        except Exception as error:
            passed, words = False, f"{words} cleanup: {error}".strip()
    verdict = "ok  " if passed else "FAIL"
    print(f"{verdict} {scenario.name} ({time.monotonic() - began:.1f} s){': ' + words if words else ''}", flush=True)
    if not passed:
        print(f"     more in {work.relative_to(ROOT)}/failure.txt", flush=True)
    return passed


def snapshot(context: Context) -> str:
    """What the cluster looked like when a scenario failed."""
    parts = []
    for args in (("get", "pods,jobs", "-A", "-o", "wide"), ("get", "diagnosticruns", "-A", "-o", "yaml"),
                 ("logs", "-n", "edp", "-l", "app.kubernetes.io/name=edp-operator", "--prefix", "--tail=200"),
                 ("logs", "-n", "diagnostic-system", "-l", "app.kubernetes.io/name=edp-runner", "--prefix", "--tail=50"),
                 ("get", "events", "-A", "--sort-by=.lastTimestamp")):  # fmt: skip
        try:
            parts.append(f"$ kubectl {' '.join(args)}\n{context.kubectl.run(*args)}")
        except KubectlError as error:
            parts.append(str(error))
    return "\n".join(parts)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./edp e2e", description=__doc__)
    parser.add_argument("names", nargs="*", help="run those whose name contains one of these")
    parser.add_argument("--slice", action="store_true", help="the part that `./edp test` runs")
    parser.add_argument("--list", action="store_true", help="print the scenarios' names")
    parser.add_argument("--kube", default="1.37", help="Kubernetes version of our own cluster (default: 1.37)")
    parser.add_argument("--image", type=Path, default=ROOT / "build/image/edp.tar", help="EDP's image (docker-archive)")
    parser.add_argument("--cluster", default="e2e", help="name of our own cluster (default: e2e)")
    parser.add_argument("--own", action="store_true", help="a cluster of our own although KUBECONFIG names one")
    parser.add_argument("--keep", action="store_true", help="leave our own cluster running")
    args = parser.parse_args(argv)
    scenarios = chosen(args)
    if args.list:
        print("\n".join(s.name for s in scenarios))
        return 0
    with environment(args) as cluster:
        left_out = [s.name for s in scenarios if s.own_cluster and not cluster.own]
        if left_out:
            print(f"not on somebody's cluster: {', '.join(left_out)}")
        runnable = [s for s in scenarios if s.name not in left_out]
        # Building helm costs minutes: `./edp test` goes by the plain manifests, which are rendered from the chart.
        edp = Installation(cluster, None if args.slice else tools.helm())
        failed = sum(not run_one(s, edp, number) for number, s in enumerate(runnable, 1))
        edp.remove()
    print(f"{len(runnable) - failed} passed, {failed} failed")
    return 1 if failed else 0
