#!/usr/bin/env python3
"""Is tests/support/jira like Jira? Its own behaviour, real clients, and (with --full) Atlassian's description of the API, through a proxy
that refuses what is not as described. Closes with 'N passed, N failed'.

usage: tests/jira/run.py [--full] [WORD]      only checks whose name contains WORD
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import described  # noqa: E402
import packages  # noqa: E402
from jira import FakeJira, Project  # noqa: E402
from jira.message import Answer  # noqa: E402

USER, SECRET = "edp@example.com", "t0ken-of-edp"
BASIC = "Basic " + base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
CLIENTS = ("jira==3.10.5", "atlassian-python-api==5.0.5")


def check(condition: object, what: object) -> None:
    if not condition:
        raise AssertionError(what)


def call(
    url: str, method: str, path: str, body: Any = None, authorization: str = BASIC, version: str = "3", timeout: float = 30
) -> tuple[int, Any, Any]:
    headers = {"Content-Type": "application/json", **({"Authorization": authorization} if authorization else {})}
    request = urllib.request.Request(f"{url}/rest/api/{version}{path}", None if body is None else json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None, answer.headers
    except urllib.error.HTTPError as error:
        text = error.read()
        try:
            return error.code, json.loads(text), error.headers
        except ValueError:
            return error.code, text.decode(), error.headers


def fields(**more: Any) -> dict[str, Any]:
    return {"fields": {"project": {"key": "OPS"}, "issuetype": {"name": "Bug"}, "summary": "EDP CRITICAL", **more}}


def document(text: str) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]}


def find(jira: FakeJira, jql: str, **more: Any) -> list[str]:
    status, body, _ = call(jira.url, "POST", "/search/jql", {"jql": jql, "fields": ["status"], **more})
    check(status == 200, body)
    return [issue["key"] for issue in body["issues"]]


def queries() -> None:
    with FakeJira() as jira:
        for index, labels in enumerate((["a"], ["a", "b"], ["c"], [])):
            call(jira.url, "POST", "/issue", fields(labels=labels, summary=f"Number {index}"))
        jira.transition("OPS-2", "done")
        for jql, wanted in (
            ("labels = a", ["OPS-2", "OPS-1"]),
            ("labels = A ORDER BY key ASC", ["OPS-1", "OPS-2"]),
            ('labels in ("b", c)', ["OPS-3", "OPS-2"]),
            ("labels != a", ["OPS-3"]),  # what has none is not found
            ("labels is EMPTY", ["OPS-4"]),
            ("labels = a AND statusCategory != Done", ["OPS-1"]),
            ("status = Done OR (labels = c and not labels = a)", ["OPS-3", "OPS-2"]),
            ("project = OPS and key in (OPS-1, OPS-4)", ["OPS-4", "OPS-1"]),
            ("key > OPS-3", ["OPS-4"]),
            ('summary ~ "number 3"', ["OPS-4"]),
            ("updated >= -5m and created < -1h", []),
            ('updated >= "2020-01-01 10:00" and labels = c', ["OPS-3"]),
        ):
            found = find(jira, jql)
            check(found == wanted, f"{jql}: {found}, not {wanted}")
        for jql, words in (
            ("", "Unbounded JQL"),
            ("ORDER BY created", "Unbounded JQL"),
            ("colour = red", "Field 'colour' does not exist"),
            ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
            ("key = OPS-9", "An issue with key 'OPS-9' does not exist for field 'key'."),
            ("labels = edp.x", "reserved JQL character"),
            ('labels = "edp', "has not been completed"),
            ("labels ~ a", "operator '~' is not supported"),
            ("labels = a labels = b", "Expecting either 'OR' or 'AND' but got 'labels'"),
            ("updated > tomorrow", "Date value 'tomorrow'"),
        ):
            status, body, _ = call(jira.url, "POST", "/search/jql", {"jql": jql})
            check(status == 400 and words in body["errorMessages"][0], f"{jql}: {status} {body}")
        check(call(jira.url, "GET", "/search?jql=labels=a")[0] == 410, "Cloud has no /search")
        check(call(jira.url, "POST", "/search/jql", {"jql": "labels = a"})[1]["issues"][0].keys() == {"id"}, "without fields there is the id alone")


def refusals() -> None:
    with FakeJira(projects=[Project("OPS", "1", "Operations"), Project("BARE", "2", "Bare", hidden=frozenset({"priority"}))]) as jira:
        for body, named in (
            ({"fields": {"project": {"key": "NOPE"}}}, "project"),
            (fields(summary=""), "summary"),
            (fields(summary="x" * 256), "summary"),
            (fields(summary="a\nb"), "summary"),
            (fields(issuetype={"name": "Fault"}), "issuetype"),
            (fields(labels=["a b"]), "labels"),
            (fields(priority={"name": "Blocker"}), "priority"),
            (fields(project={"key": "BARE"}, priority={"name": "High"}), "priority"),
            (fields(customfield_10001="x"), "customfield_10001"),
            (fields(description="plain"), "description"),
        ):
            status, answer, _ = call(jira.url, "POST", "/issue", body)
            check(status == 400 and list(answer["errors"]) == [named], (body, answer))
        empty = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": ""}]}]}
        check(call(jira.url, "POST", "/issue", fields(description=empty))[1]["errorMessages"] == ["INVALID_INPUT"], "a text without characters")
        check(call(jira.url, "POST", "/issue", fields(description=document("x")), version="2")[0] == 400, "REST 2 takes text")
        wrong = "Basic " + base64.b64encode(f"{USER}:wrong".encode()).decode()
        check(call(jira.url, "GET", "/myself", authorization=wrong)[0] == 401, "wrong credentials")
        check(call(jira.url, "GET", "/myself", authorization="")[0] == 401, "no credentials")
        check(call(jira.url, "GET", "/myself", authorization=f"Bearer {SECRET}")[0] == 403, "Cloud takes no bearer token of a person")
        check(not jira.issues(), "nothing was made")
    with FakeJira(cloud=False) as jira:
        check(call(jira.url, "GET", "/myself", authorization=f"Bearer {SECRET}", version="2")[1]["name"] == "edp", "Data Center takes one")
        status, body, _ = call(jira.url, "GET", "/myself", authorization=wrong, version="2")
        check(status == 401 and body.startswith("<html>"), "and refuses with a page")
        check(call(jira.url, "GET", "/myself")[0] == 404, "and has no REST 3")


def workflows() -> None:
    for workflow in ("simple", "chinese", "classic"):
        with FakeJira(workflow=workflow) as jira:
            key = call(jira.url, "POST", "/issue", fields())[1]["key"]
            jira.transition(key, "done")
            (issue,) = jira.issues()
            check(issue["category"] == "done" and issue["fields"]["resolution"], issue)
            check(issue["changelog"]["histories"][0]["author"]["displayName"] == "Ann Person", "who closed it is told")
            moves = call(jira.url, "GET", f"/issue/{key}/transitions")[1]["transitions"]
            back = next(move["id"] for move in moves if move["to"]["statusCategory"]["key"] == "new")
            check(call(jira.url, "POST", f"/issue/{key}/transitions", {"transition": {"id": back}})[0] == 204, moves)
            (issue,) = jira.issues()
            check(issue["category"] == "new" and issue["fields"]["resolution"] is None and issue["fields"]["resolutiondate"] is None, issue)


def faults() -> None:
    with FakeJira() as jira:
        jira.fault("lose_answer", match="POST .*/issue$", times=1)
        try:
            call(jira.url, "POST", "/issue", fields(labels=["lost"]))
            raise AssertionError("an answer came")
        except OSError:
            check(len(jira.issues("lost")) == 1, "carried out though nobody was told")
        jira.fault("drop", times=1)
        try:
            call(jira.url, "POST", "/issue", fields(labels=["dropped"]))
            raise AssertionError("an answer came")
        except OSError:
            check(not jira.issues("dropped"), "not carried out")
        jira.fault("rate_limit", times=1, retry_after=7)
        status, _, headers = call(jira.url, "GET", "/myself")
        check((status, headers["Retry-After"]) == (429, "7"), headers)
        jira.fault("status", status=503, times=1)
        check(call(jira.url, "GET", "/myself")[0] == 503, "unavailable")
        jira.fault("hang", times=1)
        try:
            call(jira.url, "GET", "/myself", timeout=0.5)
            raise AssertionError("an answer came")
        except OSError:
            pass
        jira.index_lag(0.4)
        key = call(jira.url, "POST", "/issue", fields(labels=["late"]))[1]
        check(find(jira, "labels = late") == [], "search does not know it yet")
        check(find(jira, "labels = late", reconcileIssues=[int(key["id"])]) == [key["key"]], "but for who asks for it by number")
        time.sleep(0.5)
        check(find(jira, "labels = late") == [key["key"]], "now it does")
        jira.outage(True)
        try:
            call(jira.url, "GET", "/myself")
            raise AssertionError("an answer came")
        except urllib.error.URLError as error:
            check(isinstance(error.reason, ConnectionRefusedError), error)
        jira.recover()
        check(call(jira.url, "GET", "/myself")[0] == 200, "the same port serves again")
        check(jira.seen("POST /rest/api/3/issue")[0].fault == "lose_answer", "the record tells")


def program() -> None:
    """Another process rules it through its control port; TLS with an authority of its own."""
    with subprocess.Popen([sys.executable, str(HERE.parent / "support/jira"), "--tls"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            told = json.loads(process.stdout.readline())
            done = subprocess.run(
                ["curl", "-sS", "--cacert", told["ca"], "-u", f"{told['user']}:{told['secret']}", "-H", "Content-Type: application/json",
                 "-d", json.dumps(fields()), told["url"] + "/rest/api/3/issue"], capture_output=True, text=True,
            )  # fmt: skip
            check(done.returncode == 0 and json.loads(done.stdout)["key"] == "OPS-1", done.stderr + done.stdout)

            def control(method: str, path: str, body: Any = None) -> Any:
                request = urllib.request.Request(told["control"] + path, None if body is None else json.dumps(body).encode(), method=method)
                return json.load(urllib.request.urlopen(request, timeout=10))

            control("POST", "/issues/OPS-1/transition", {"category": "done"})
            check([issue["category"] for issue in control("GET", "/issues")] == ["done"], "closed by hand")
            check(len(control("GET", "/requests?match=POST")) == 1, "one request")
            control("POST", "/outage", {"on": True})
            gone = subprocess.run(["curl", "-sS", "--cacert", told["ca"], told["url"]], capture_output=True, text=True)
            check(gone.returncode == 7, gone.stderr)
            control("POST", "/recover")
        finally:
            process.terminate()


def client(script: str, *arguments: str) -> None:
    command = ["node", HERE / script] if script.endswith("cjs") else [packages.python(*CLIENTS), HERE / script]
    done = subprocess.run([*map(str, command), *arguments, USER, SECRET], capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, done.stdout + done.stderr)


def python_client(script: str) -> None:
    with FakeJira() as jira:
        for version in ("2", "3"):
            client(script, jira.url, "cloud", version)
    with FakeJira(cloud=False, workflow="classic") as jira:
        client(script, jira.url, "datacenter", "2")


def client_pyjira() -> None:
    python_client("client_pyjira.py")


def client_atlassian_python_api() -> None:
    python_client("client_atlassian.py")


def client_jirajs() -> None:
    modules = str(packages.node("jira.js@5.4.0"))
    with FakeJira() as jira:
        for version in ("2", "3"):
            client("client_jirajs.cjs", modules, jira.url, version)


def as_described() -> None:
    """Every call, right and wrong, through the proxy; and that the proxy does find what is not as described."""
    for version in ("3", "2"):
        with FakeJira(legacy_search=True) as jira, tempfile.TemporaryDirectory() as folder, described.proxy(jira.url, version, Path(folder)) as url:
            text: Any = document("found") if version == "3" else "found"

            def told(status: int, method: str, path: str, body: Any = None, authorization: str = BASIC, at: str = url, version: str = version) -> Any:
                got, answer, _ = call(at, method, path, body, authorization, version)
                check(got == status, f"{method} {path}: {got} {json.dumps(answer)[:1500]}")
                return answer

            for path in ("/serverInfo", "/myself", "/field", "/priority", "/issuetype", "/project/OPS", "/project/OPS/statuses"):
                told(200, "GET", path)
            key = told(201, "POST", "/issue", fields(labels=["edp"], priority={"name": "High"}, description=text))["key"]
            told(200, "GET", f"/issue/{key}")
            told(200, "GET", f"/issue/{key}?fields=status,labels&expand=changelog")
            told(204, "PUT", f"/issue/{key}", {"fields": {"summary": "again"}, "update": {"labels": [{"add": "more"}]}})
            comment = told(201, "POST", f"/issue/{key}/comment", {"body": text})["id"]
            told(200, "PUT", f"/issue/{key}/comment/{comment}", {"body": text})
            told(200, "GET", f"/issue/{key}/comment")
            told(201, "POST", f"/issue/{key}/remotelink", {"globalId": "edp:1", "object": {"url": "https://edp.example.com/1", "title": "Report"}})
            told(200, "GET", f"/issue/{key}/remotelink")
            told(201, "PUT", f"/issue/{key}/properties/edp", {"fingerprint": "f1"})
            told(200, "GET", f"/issue/{key}/properties/edp")
            told(200, "GET", f"/issue/{key}/properties")
            told(200, "GET", f"/issue/{key}/transitions")
            told(204, "POST", f"/issue/{key}/transitions", {"transition": {"id": "31"}})
            told(200, "GET", f"/issue/{key}/changelog")
            told(200, "POST", "/search", {"jql": "labels = edp", "maxResults": 10})
            told(200, "GET", "/search?jql=labels%20%3D%20edp")
            told(400, "POST", "/issue", {"fields": {"project": {"key": "NOPE"}}})
            told(404, "GET", "/issue/OPS-9")
            told(400, "POST", f"/issue/{key}/transitions", {"transition": {"id": "99"}})
            told(401, "GET", "/myself", authorization="Basic d3Jvbmc6d3Jvbmc=")
            jira.api.server_info = lambda: Answer(200, {"versionNumbers": "one"})  # type: ignore[method-assign]
            check(call(url, "GET", "/serverInfo", version=version)[0] == 500, "the proxy lets anything pass")


CHECKS: tuple[Callable[[], None], ...] = (queries, refusals, workflows, faults, program, client_pyjira, client_atlassian_python_api, client_jirajs)


def main() -> int:
    words = [word for word in sys.argv[1:] if word != "--full"]
    chosen = [*CHECKS, *([as_described] if "--full" in sys.argv or words else [])]
    passed = failed = 0
    for step in chosen:
        if words and words[0] not in step.__name__:
            continue
        began = time.monotonic()
        try:
            step()
            passed += 1
            print(f"ok      {step.__name__} ({time.monotonic() - began:.1f} s)")
        except Exception:
            failed += 1
            print(f"FAILED  {step.__name__}\n{traceback.format_exc()}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
