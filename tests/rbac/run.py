#!/usr/bin/env python3
"""Installs the chart on the cluster of $KUBECONFIG (no node is needed), and checks rights, admission and the three kinds
on the real apiserver. Closes with 'N passed, N failed'. What was not there before is removed again.
usage: run.py [--update] [WORD]     --update writes golden.txt anew; WORD: only checks whose name contains it"""

import os
import sys

import admission
import golden
import kinds
from kube import ROOT, Failure, Kubectl
from release import REACH, Release


def all_checks(kubectl, release, update):
    rights = []
    yield "kinds: established", lambda: kinds.established(kubectl)
    for path in sorted((ROOT / "crds/examples").glob("*.yaml")):
        yield f"kinds: example {path.stem}", lambda path=path: kinds.accepted(kubectl, path)
    for path in sorted((ROOT / "tests/chart/invalid").glob("*.yaml")):
        yield f"kinds: refused {path.stem}", lambda path=path: kinds.refused(kubectl, path)
    for check in (kinds.defaults, kinds.target_is_immutable, kinds.cancel_is_for_good, kinds.columns, kinds.status_is_apart, kinds.explains):
        yield f"kinds: {check.__name__.replace('_', ' ')}", lambda check=check: check(kubectl)
    for check in (admission.runner_job_is_admitted, admission.limits_are_forced, admission.quota_holds, admission.operator_pods_are_restricted):
        yield f"admission: {check.__name__.replace('_', ' ')}", lambda check=check: check(kubectl)
    for what, change in admission.LOOSE.items():
        yield f"admission: refuses {what}", lambda change=change: admission.restricted(kubectl, change)
    for check in (admission.requester_is_the_user, admission.requester_stays, admission.operator_names_policies):
        yield f"admission: {check.__name__.replace('_', ' ')}", lambda check=check: check(kubectl)
    yield "rights: any ServiceAccount's are harmless", lambda: golden.baseline_is_harmless(kubectl)
    for account, verb, what, namespace, may in golden.QUESTIONS:
        name = f"rights: {account[1]} {'may' if may else 'may not'} {verb} {what} in {namespace or 'any namespace'}"
        yield name, lambda q=(account, verb, what, namespace, may): golden.question(kubectl, *q)
    yield "rights: people", lambda: golden.people(kubectl)

    def all_rights():
        rights.append(golden.text(kubectl, ""))
        release.apply(*REACH)
        rights.append(golden.text(kubectl, "reach on"))
        release.apply()
        if update:
            golden.GOLDEN.write_text("".join(rights))
        golden.compare("".join(rights))

    yield "rights: all of them, as in golden.txt", all_rights
    for check in (release.notes_warn, release.certificate_is_kept, release.changed_configuration_rolls, release.crds_are_upgraded, release.uninstall_keeps_runs):
        yield f"chart: {check.__name__.replace('_', ' ')}", check


def main():
    args = sys.argv[1:]
    update = "--update" in args
    word = next((a for a in args if not a.startswith("--")), "")
    if not os.environ.get("KUBECONFIG"):
        sys.exit("KUBECONFIG must name a cluster: ./edp cluster up --nodes 0")
    kubectl = Kubectl(os.environ["KUBECONFIG"])
    release = Release(kubectl)
    if release.exists():
        sys.exit("this cluster has a release edp already: the test would change it")
    made_shop = kubectl.tries("get", "ns", "shop")[0] != 0
    if made_shop:
        kubectl("create", "ns", "shop")
    passed = failed = 0
    try:
        release.apply()
        for name, check in all_checks(kubectl, release, update):
            if word not in name:
                continue
            try:
                check()
                passed += 1
                print(f"ok      {name}", flush=True)
            except Failure as failure:
                failed += 1
                print(f"FAILED  {name}: {failure}", flush=True)
    finally:
        release.uninstall()
        kubectl("delete", "crd", "diagnosticruns.edp.dev", "diagnosticprofiles.edp.dev", "diagnosticpolicies.edp.dev", "diagnostictickets.edp.dev")
        kubectl("delete", "ns", "edp", *(["shop"] if made_shop else []))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
