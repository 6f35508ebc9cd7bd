#!/usr/bin/env python3
"""Makes charts/edp/files/dashboard.json of deploy/grafana/dashboard.yaml; with an argument, into that file ("-": to standard output)."""

import json
import pathlib
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
HEAD = {
    "uid": "edp", "title": "EDP", "tags": ["edp"], "schemaVersion": 39, "version": 1, "editable": True, "timezone": "browser", "refresh": "1m",
    "time": {"from": "now-6h", "to": "now"}, "annotations": {"list": []}, "links": [],
    "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source", "current": {}, "hide": 0}]},
}  # fmt: skip
FIGURE = {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area"}
CURVE = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
KEYS = {"title", "description", "unit", "width", "colors", "stacked", "queries"}


def panel(number, kind, told, x, y, width, height):
    if set(told) - KEYS:
        raise SystemExit(f"dashboard.yaml: {told.get('title')}: no key {', '.join(sorted(set(told) - KEYS))}")
    queries = [
        {"refId": chr(ord("A") + at), "datasource": SOURCE, "expr": query, "legendFormat": legend} for at, (legend, query) in enumerate(told["queries"].items())
    ]
    shown = {"unit": told.get("unit", "short")}
    if "colors" in told:
        steps = [{"color": color, "value": value if at else None} for at, (color, value) in enumerate(told["colors"])]
        shown["thresholds"] = {"mode": "absolute", "steps": steps}
    if kind == "timeseries":
        stacking = {"mode": "normal" if told.get("stacked") else "none"}
        shown |= {"custom": {"fillOpacity": 10, "showPoints": "never", "stacking": stacking}, "min": 0}
    made = {"id": number, "type": kind, "title": told["title"], "datasource": SOURCE, "gridPos": {"x": x, "y": y, "w": width, "h": height}}
    made |= {"targets": queries, "fieldConfig": {"defaults": shown, "overrides": []}}
    if "description" in told:
        made["description"] = told["description"]
    return made | {"options": FIGURE if kind == "stat" else CURVE}


def dashboard(told):
    panels = [panel(at + 1, "stat", figure, at * 4, 0, 4, 4) for at, figure in enumerate(told["figures"])]
    y = 4
    for row in told["rows"]:
        panels.append({"id": len(panels) + 1, "type": "row", "title": row["row"], "collapsed": False, "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}, "panels": []})
        y, x = y + 1, 0
        for one in row["panels"]:
            width = one.get("width", 8)
            if x + width > 24:
                x, y = 0, y + 8
            panels.append(panel(len(panels) + 1, "timeseries", one, x, y, width, 8))
            x += width
        y += 8
    return HEAD | {"panels": panels}


def main():
    text = json.dumps(dashboard(yaml.safe_load((HERE / "dashboard.yaml").read_text())), indent=1, ensure_ascii=False) + "\n"
    into = sys.argv[1] if len(sys.argv) > 1 else HERE.parents[1] / "charts/edp/files/dashboard.json"
    if into == "-":
        sys.stdout.write(text)
    else:
        pathlib.Path(into).write_text(text)


if __name__ == "__main__":
    main()
