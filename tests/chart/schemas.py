"""JSON schemas for kubeconform: from the apiserver's own OpenAPI document, our CRDs and the Prometheus operator's."""

import json
import os

import yaml

from tools import CACHE, KUBERNETES, PROMETHEUS_OPERATOR, ROOT, module

OPEN = "x-kubernetes-preserve-unknown-fields"


def _strict(node):
    """Without descriptions; objects with properties take no others, as `kubectl --validate=strict` has it."""
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("x-kubernetes-int-or-string") or node.get("format") == "int-or-string":
        return {"type": ["string", "integer"]}
    made = {}
    for key, value in node.items():
        if key == "properties":  # names chosen freely, such as "format": no schema itself
            made[key] = {name: _strict(schema) for name, schema in value.items()}
        elif key != "description":
            made[key] = _strict(value)
    if "properties" in made and "additionalProperties" not in made and not made.get(OPEN):
        made["additionalProperties"] = False
    return made


def _needed(definitions, name):
    """The definition and all that it refers to."""
    todo, found = [name], {}
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found[name] = definitions[name]
        stack = [definitions[name]]
        while stack:
            node = stack.pop()
            if isinstance(node, dict):
                if isinstance(node.get("$ref"), str):
                    todo.append(node["$ref"].rsplit("/", 1)[1])
                stack.extend(node.values())
            elif isinstance(node, list):
                stack.extend(node)
    return found


def _file(folder, kind, group, version):
    return folder / ("-".join(part for part in (kind.lower(), group.split(".")[0], version) if part) + ".json")


def _kubernetes(folder):
    swagger = module("k8s.io/kubernetes", f"v{KUBERNETES}") / "api/openapi-spec/swagger.json"
    raw = json.loads(swagger.read_text())["definitions"]
    definitions = {name: _strict(node) for name, node in raw.items()}
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"type": ["string", "number"]}
    for name, node in raw.items():
        kinds = node.get("x-kubernetes-group-version-kind", [])
        if len(kinds) != 1:  # DeleteOptions, WatchEvent: of every group
            continue
        schema = {"$ref": f"#/definitions/{name}", "definitions": _needed(definitions, name)}
        _file(folder, kinds[0]["kind"], kinds[0]["group"], kinds[0]["version"]).write_text(json.dumps(schema))


def _crd(folder, path):
    spec = yaml.safe_load(path.read_text())["spec"]
    for version in spec["versions"]:
        schema = _strict(version["schema"]["openAPIV3Schema"])
        # The apiserver's own part.
        schema["properties"].update(apiVersion={"type": "string"}, kind={"type": "string"}, metadata={"type": "object"})
        _file(folder, spec["names"]["kind"], spec["group"], version["name"]).write_text(json.dumps(schema))


def make():
    """The folder of schemas. Kubernetes' own are kept between runs, CRDs' are made anew."""
    folder = CACHE / f"schemas-{KUBERNETES}"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "complete").exists():
        _kubernetes(folder)
        (folder / "complete").touch()
    peers = module("github.com/prometheus-operator/prometheus-operator", PROMETHEUS_OPERATOR)
    for kind in ("servicemonitors", "prometheusrules"):
        _crd(folder, peers / f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml")
    for path in sorted((ROOT / "crds").glob("*.yaml")):
        _crd(folder, path)
    return os.fspath(folder) + "/{{.ResourceKind}}{{.KindSuffix}}.json"
