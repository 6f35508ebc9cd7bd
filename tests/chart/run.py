#!/usr/bin/env python3
"""Checks charts/edp, deploy/ and crds/ without a cluster. Closes with 'N passed, N failed'.
usage: run.py [WORD]      only checks whose name contains WORD
HELM=PATH takes another helm, such as version 4."""

import pathlib
import subprocess
import sys
import tempfile

import yaml

import monitoring
import rights
import schemas
from tools import KUBERNETES, ROOT, Failure, run, tool

HERE = pathlib.Path(__file__).resolve().parent
CHART = ROOT / "charts/edp"


def render(*values, ok=True, namespace="edp"):
    files = [part for path in values for part in ("--values", path)]
    return run(tool("helm"), "template", "edp", CHART, "--namespace", namespace, "--kube-version", KUBERNETES, *files, ok=ok)


def objects(text):
    return [node for node in yaml.safe_load_all(text) if node]


def value_files():
    return [None, *sorted((HERE / "values").glob("*.yaml"))]


def lint():
    for path in value_files():
        run(tool("helm"), "lint", "--strict", "--namespace", "edp", CHART, *(["--values", path] if path else []))


def same_twice():
    """But for a generated certificate, which only an existing Secret can keep."""
    if render(ROOT / "deploy/values.yaml") != render(ROOT / "deploy/values.yaml"):
        raise Failure("two renderings differ")


def crds_are_copies():
    ours = {path.name: path.read_text() for path in (ROOT / "crds").glob("*.yaml")}
    charts = {path.name: path.read_text() for path in (CHART / "files/crds").glob("*.yaml")}
    if ours != charts:
        raise Failure("charts/edp/files/crds differs: cp crds/*.yaml charts/edp/files/crds/")
    rendered = {o["metadata"]["name"]: o["spec"] for o in objects(render()) if o["kind"] == "CustomResourceDefinition"}
    for text in ours.values():
        crd = yaml.safe_load(text)
        if rendered.get(crd["metadata"]["name"]) != crd["spec"]:
            raise Failure(f"{crd['metadata']['name']} is not rendered as it is written")


def deploy_is_current():
    with tempfile.NamedTemporaryFile("r") as file:
        run(ROOT / "deploy/generate.sh", file.name)
        if pathlib.Path(file.name).read_text() != (ROOT / "deploy/edp.yaml").read_text():
            raise Failure("deploy/edp.yaml is out of date: deploy/generate.sh")


def plain_rules_are_current():
    """deploy/prometheus/rules.yaml holds the chart's alerts, as promtool reads them."""
    text = (ROOT / "deploy/prometheus/rules.yaml").read_text()
    chart = objects(render(HERE / "values/claim.yaml"))
    rule = next(o for o in chart if o["kind"] == "PrometheusRule")
    if yaml.safe_load(text)["groups"] != rule["spec"]["groups"]:
        raise Failure("deploy/prometheus/rules.yaml is out of date: deploy/generate.sh")
    run(tool("promtool"), "check", "rules", ROOT / "deploy/prometheus/rules.yaml")


def dashboard_is_generated():
    if run(ROOT / "deploy/grafana/generate.py", "-") != (CHART / "files/dashboard.json").read_text():
        raise Failure("charts/edp/files/dashboard.json is not what deploy/grafana/generate.py makes")


def deploy_equals_the_chart():
    """Object by object, but for Helm's marks; and the namespace, which Helm makes by itself."""

    def plain(node):
        meta = node["metadata"]
        for mark in ("helm.sh/chart", "app.kubernetes.io/managed-by"):
            meta.get("labels", {}).pop(mark, None)
        if meta.get("annotations", {}).pop("helm.sh/resource-policy", None) and not meta["annotations"]:
            del meta["annotations"]
        return (node["kind"], meta.get("namespace"), meta["name"]), node

    chart = dict(plain(o) for o in objects(render(ROOT / "deploy/values.yaml")) if "helm.sh/hook" not in o["metadata"].get("annotations", {}))
    files = dict(plain(o) for o in objects((ROOT / "deploy/edp.yaml").read_text()))
    files.pop(("Namespace", None, "edp"))
    for key in chart.keys() | files.keys():
        if chart.get(key) != files.get(key):
            raise Failure(f"{key} differs")


def tls_script():
    """The Secret of make-tls-secret.sh holds a certificate that verifies for both services' names."""
    import base64

    data = yaml.safe_load(run(ROOT / "deploy/make-tls-secret.sh", "edp"))["data"]
    _verify({key: base64.b64decode(value).decode() for key, value in data.items()}, ["edp-reports.edp.svc", "edp-operator.edp.svc"])


def tls_of_the_chart():
    import base64

    for path, names in ((None, []), (HERE / "values/claim.yaml", ["edp.example.com"])):
        secret = next(o for o in objects(render(*([path] if path else []))) if o["kind"] == "Secret" and o["metadata"]["name"] == "edp-reports-tls")
        _verify({key: base64.b64decode(value).decode() for key, value in secret["data"].items()}, ["edp-reports.edp.svc", "edp-operator.edp.svc", *names])


def audit_keys():
    """The chart's and the script's are Ed25519 keys, and made anew each time."""
    import base64

    seen = set()
    for text in (render(), render(), run(ROOT / "deploy/make-audit-key.sh")):
        secret = next(o for o in objects(text) if o["kind"] == "Secret" and o["metadata"]["name"] == "edp-audit-key")
        pem = base64.b64decode(secret["data"]["key"]).decode()
        if "ED25519" not in run(tool("openssl"), "pkey", "-noout", "-text", text=pem).upper():
            raise Failure("no Ed25519 key")
        seen.add(pem)
    if len(seen) != 3:
        raise Failure("the same key twice")


def requester_is_guarded():
    """Always by a ValidatingAdmissionPolicy; set by a MutatingAdmissionPolicy where the cluster serves that."""


    def kinds(text):
        found = {o["kind"]: o for o in objects(text)}
        return found | {key: value for o in objects(text) if o["kind"] == "ConfigMap" for key, value in o["data"].items()}

    plain = kinds(render())
    if "ValidatingAdmissionPolicyBinding" not in plain or "MutatingAdmissionPolicy" in plain:
        raise Failure(f"{sorted(plain)}")
    for version in ("v1", "v1beta1"):
        serving = kinds(run(tool("helm"), "template", "edp", CHART, "--namespace", "edp", "--kube-version", KUBERNETES, "--api-versions", f"admissionregistration.k8s.io/{version}/MutatingAdmissionPolicy"))
        if serving.get("MutatingAdmissionPolicyBinding", {}).get("apiVersion") != f"admissionregistration.k8s.io/{version}":
            raise Failure(f"{version} is served, and not used")
    for node in (plain, kinds(render(HERE / "values/least.yaml"))):
        config = yaml.safe_load(node["operator.yaml"])
        if config.get("audit", {}).get("requesterChecked", False) != ("ValidatingAdmissionPolicy" in node):
            raise Failure("the operator is told another thing than what is in force")


def _verify(secret, names):
    with tempfile.TemporaryDirectory() as folder:
        for key, value in secret.items():
            (pathlib.Path(folder) / key).write_text(value)
        for name in names:
            run(tool("openssl"), "verify", "-CAfile", f"{folder}/ca.crt", "-verify_hostname", name, f"{folder}/tls.crt")
        of_key = run(tool("openssl"), "pkey", "-in", f"{folder}/tls.key", "-pubout")
        if of_key != run(tool("openssl"), "x509", "-in", f"{folder}/tls.crt", "-noout", "-pubkey"):
            raise Failure("key and certificate do not belong together")


def conforms(text):
    out = run(tool("kubeconform"), "-strict", "-summary", "-schema-location", schemas.make(), text=text)
    if "Skipped: 0" not in out:
        raise Failure(out)


def conform_refuses():
    """The schemas are strict: a misspelt key is found."""
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {port: []}\n"
    done = subprocess.run([tool("kubeconform"), "-strict", "-schema-location", schemas.make()], input=text, capture_output=True, text=True)
    if done.returncode == 0:
        raise Failure("a misspelt key got through")


def configuration_is_known(text):
    """The operator knows every key of the configuration that the chart renders: an unknown one ends it at its start."""
    code = (ROOT / "operator/control/config.cc").read_text()
    config = next(o for o in objects(text) if o["kind"] == "ConfigMap" and o["metadata"]["name"] == "edp-operator")

    def walk(node, path):
        for key, value in node.items():
            if f'{{"{key}",' not in code:
                raise Failure(f"operator.yaml: {path}{key} is unknown to operator/control/config.cc")
            if isinstance(value, dict) and key not in ("nodeSelector", "priorities"):
                walk(value, f"{path}{key}.")

    walk(yaml.safe_load(config["data"]["operator.yaml"]), "")


def refused(path):
    expected = path.read_text().splitlines()[0].removeprefix("# expect: ")
    out = render(path, ok=False)
    if expected not in out:
        raise Failure(f"was refused, but not with '{expected}':\n{out}")


def all_checks():
    yield "lint", lint
    yield "rendering: the same twice", same_twice
    yield "CRDs: the chart's are copies", crds_are_copies
    yield "deploy: up to date", deploy_is_current
    yield "deploy: equal to the chart", deploy_equals_the_chart
    yield "monitoring: plain rules are the chart's", plain_rules_are_current
    yield "monitoring: the dashboard is generated", dashboard_is_generated
    yield "deploy: TLS script", tls_script
    yield "TLS: the chart's certificates verify", tls_of_the_chart
    yield "audit: keys", audit_keys
    yield "audit: who asked is guarded", requester_is_guarded
    yield "kubeconform: finds a misspelt key", conform_refuses
    for path in value_files():
        name = path.stem if path else "defaults"
        yield f"kubeconform: {name}", lambda path=path: conforms(render(*([path] if path else [])))
        yield f"configuration: {name}", lambda path=path: configuration_is_known(render(*([path] if path else [])))
        yield f"least rights: {name}", lambda path=path: rights.least(objects(render(*([path] if path else []))))
    yield "kubeconform: deploy", lambda: conforms((ROOT / "deploy/edp.yaml").read_text())
    for path in sorted((ROOT / "crds/examples").glob("*.yaml")):
        yield f"kubeconform: example {path.stem}", lambda path=path: conforms(path.read_text())
    for path in sorted((HERE / "refused").glob("*.yaml")):
        yield f"values refused: {path.stem}", lambda path=path: refused(path)
    claim = HERE / "values/claim.yaml"
    for check in (monitoring.alerts_fire, monitoring.alerts_use_known_metrics, monitoring.runbooks_exist, monitoring.dashboard_queries, monitoring.dashboard_layout, monitoring.document_is_true):
        yield f"monitoring: {check.__name__.replace('_', ' ')}", lambda check=check: check(objects(render(claim)))


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    passed = failed = 0
    for name, check in all_checks():
        if word not in name:
            continue
        try:
            check()
            passed += 1
            print(f"ok      {name}")
        except Failure as failure:
            failed += 1
            print(f"FAILED  {name}: {failure}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
