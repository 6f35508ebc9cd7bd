"""Checks of alerts, dashboard and runbooks."""

import json
import pathlib
import re
import tempfile

import yaml

from tools import ROOT, Failure, run, tool

RUNBOOKS = ROOT / "docs/runbooks"
METRIC = re.compile(r"\b(?:edp|workqueue|leader_election|process)_[a-z0-9_]+")


def _of_kind(objects, kind):
    found = [o for o in objects if o["kind"] == kind]
    if not found:
        raise Failure(f"no {kind} was rendered")
    return found[0]


def _code():
    """The operator's code that registers metrics and gives labels their values."""
    code = "".join(path.read_text() for path in sorted((ROOT / "operator/publish").glob("*metrics*.cc")) if not path.name.endswith("_test.cc"))
    if not METRIC.search(code):
        raise Failure("operator/publish registers no metrics")
    return code


def _ask_for_known_things(expressions):
    code = _code()
    known = set(METRIC.findall(code))
    unknown = set()
    for expression in expressions:
        plain = re.sub(r'"[^"]*"', '""', expression)
        for name in METRIC.findall(plain):
            if name not in known and re.sub(r"_(bucket|sum|count)$", "", name) not in known:
                unknown.add(f"metric {name}")
        for label, value in re.findall(r'(result|severity|condition|priority)!?="([^"]*)"', expression):
            if f'"{value}"' not in code:
                unknown.add(f'{label} "{value}"')
    if unknown:
        raise Failure(f"the operator knows no {', '.join(sorted(unknown))}")


def _rules(objects):
    return [rule for group in _of_kind(objects, "PrometheusRule")["spec"]["groups"] for rule in group["rules"]]


def _panels(objects):
    dashboard = json.loads(_of_kind([o for o in objects if o["metadata"]["name"] == "edp-dashboard"], "ConfigMap")["data"]["edp.json"])
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def alerts_fire(objects):
    """promtool's unit tests of the rules as the chart renders them."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "rules.yaml").write_text(yaml.safe_dump(_of_kind(objects, "PrometheusRule")["spec"]))
        run(tool("promtool"), "check", "rules", folder / "rules.yaml")
        cases = (ROOT / "tests/chart/rules_test.yaml").read_text()
        (folder / "test.yaml").write_text(cases)
        run(tool("promtool"), "test", "rules", folder / "test.yaml")
    untested = [rule["alert"] for rule in _rules(objects) if f"alertname: {rule['alert']}\n" not in cases]
    if untested:
        raise Failure(f"rules_test.yaml does not mention {', '.join(untested)}")


def alerts_use_known_metrics(objects):
    _ask_for_known_things(rule["expr"] for rule in _rules(objects))


def runbooks_exist(objects):
    index = (RUNBOOKS / "README.md").read_text()
    named = set()
    for rule in _rules(objects):
        url = rule["annotations"]["runbook_url"]
        path = ROOT / url[url.index("docs/runbooks/"):]
        if not path.is_file():
            raise Failure(f"{rule['alert']}: there is no {url}")
        if not path.read_text().startswith(f"# {rule['alert']}\n"):
            raise Failure(f"{path.name} is not about {rule['alert']}")
        if f"| {rule['alert']} | [{path.stem}]({path.name}) |" not in index:
            raise Failure(f"docs/runbooks/README.md does not list {rule['alert']}")
        named.add(path.name)
    idle = {path.name for path in RUNBOOKS.glob("*.md")} - named - {"README.md"}
    if idle:
        raise Failure(f"no alert leads to {', '.join(sorted(idle))}")
    for path in RUNBOOKS.glob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            if not (path.parent / link).exists():
                raise Failure(f"{path.name}: broken link {link}")


def dashboard_queries(objects):
    """PromQL that promtool accepts, on metrics that there are."""
    expressions = [target["expr"] for panel in _panels(objects) for target in panel["targets"]]
    _ask_for_known_things(expressions)
    rules = [{"record": f"panel:{i}", "expr": e.replace("$__rate_interval", "5m")} for i, e in enumerate(expressions)]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}, file)
        file.flush()
        run(tool("promtool"), "check", "rules", file.name)


def dashboard_layout(objects):
    """Panels within the grid, none upon another, each with a title and an id of its own."""
    taken, ids = {}, set()
    for panel in _panels(objects):
        grid = panel["gridPos"]
        if grid["x"] + grid["w"] > 24:
            raise Failure(f"{panel['title']} is beyond the grid")
        if panel["id"] in ids or not panel["title"]:
            raise Failure(f"panel {panel['id']} is there twice or has no title")
        ids.add(panel["id"])
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                if (x, y) in taken:
                    raise Failure(f"{panel['title']} lies upon {taken[x, y]}")
                taken[x, y] = panel["title"]


def document_is_true(objects):
    """docs/operator.md: its metrics exist, its links lead somewhere, and what it says of values is so."""
    path = ROOT / "docs/operator.md"
    text = path.read_text()
    _ask_for_known_things(name for name in METRIC.findall(text) if not name.endswith("_"))
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        if not (path.parent / link).exists():
            raise Failure(f"broken link {link}")
    values = yaml.safe_load((ROOT / "charts/edp/values.yaml").read_text())
    named = set(re.findall(r"`((?:image|diagnostics|runner|reach|reports|tls|alerts|networkPolicy|monitoring|rbac)(?:\.[A-Za-z]+)+)", text))
    for name in sorted(named):
        node = values
        for part in name.split("."):
            if not isinstance(node, dict) or part not in node:
                raise Failure(f"there is no value {name}")
            node = node[part]
    if len(named) < 10:
        raise Failure(f"only {len(named)} values are named")
