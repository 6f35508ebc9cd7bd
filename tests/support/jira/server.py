"""The stand-in as tests hold it: serving, faults, a record of every request."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import select
import socket
import ssl
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any

from .api import Api
from .faults import Fault, Faults
from .listener import Handler, Server, certify
from .message import Answer, Request
from .store import WORKFLOWS, Issue, Project, Store, User
from .views import Views


@dataclasses.dataclass
class Seen:
    """One request as it came in. `status` 0: no answer was given."""

    at: float
    method: str
    path: str
    query: dict[str, str]
    body: Any
    user: str
    agent: str
    status: int = 0
    fault: str = ""


class FakeJira:
    """A Jira on the loopback. `with FakeJira() as jira:` serves `jira.url`; methods may be called from any thread.

    cloud: the behaviour of Jira Cloud (REST 3 and 2, Basic with e-mail and token, no /search) or of Data Center (REST 2, Basic or Bearer).
    tls: serves https; `jira.ca` is the file with the authority to trust."""

    def __init__(
        self, *, cloud: bool = True, tls: bool = False, host: str = "127.0.0.1", port: int = 0, projects: list[Project] | None = None,
        user: str = "edp@example.com", secret: str = "t0ken-of-edp", workflow: str = "simple", legacy_search: bool = False, names: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.robot = User("5b10ac8d82e05b22cc7d4ef5" if cloud else "edp", "EDP", "edp@example.com")
        self.person = User("5b10a2844c20165700ede21g" if cloud else "ann", "Ann Person", "ann@example.com")
        self.store = Store(
            projects or [Project("OPS", "10000", "Operations", workflow), Project("DEV", "10010", "Development", workflow)], [self.robot, self.person]
        )
        self.faults = Faults()
        self.requests: list[Seen] = []
        self.latency = 0.0
        self._lock = threading.RLock()
        self._folder = tempfile.TemporaryDirectory(prefix="fake-jira-") if tls else None
        self._tls = certify(Path(self._folder.name), (host, *names)) if self._folder else None
        self.ca = Path(self._folder.name) / "ca.crt" if self._folder else None
        self._host, self._stopping = host, threading.Event()
        self._server: Server | None = None
        self._start(port)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://{host}:{self.port}"
        # Basic on both kinds, a personal access token on Data Center.
        self.credentials = {f"{user}:{secret}": self.robot, secret: self.robot}
        self.api = Api(self.store, self.url, cloud, self.credentials, legacy_search)

    def __enter__(self) -> FakeJira:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stopping.set()
        self._stop()
        if self._folder:
            self._folder.cleanup()

    # -- what a test does to it

    def outage(self, on: bool) -> None:
        """On: connections are refused and those that are open end; off: served again on the same port."""
        if on:
            self._stop()
        elif not self._server:
            self._start(self.port)

    def fault(self, kind: str, **how: Any) -> Fault:
        """See faults.KINDS; e.g. fault("lose_answer", match="POST .*/issue$", times=1)."""
        return self.faults.add(Fault(kind, **how))

    def recover(self) -> None:
        """No outage, no faults, no latency, an index without lag."""
        self.faults.clear()
        self.latency = self.store.index_lag = 0.0
        self.outage(False)

    def index_lag(self, seconds: float) -> None:
        """Search learns of changes from now on only so much later."""
        self.store.index_lag = seconds

    def transition(self, key: str, category: str, by: User | None = None) -> None:
        """As a person does it by hand: to the first status of the category (new, indeterminate, done), along whatever moves there are."""
        with self._lock:
            issue = self._issue(key)
            statuses = WORKFLOWS[issue.project.workflow].statuses
            targets = [move[2] for move in issue.moves().values() if statuses[move[2]][1] == category]
            if not targets:
                raise LookupError(f"no transition leads from {issue.fields['status']} to a status of category {category}")
            self.store.move(issue, by or self.person, targets[0])

    def comment(self, key: str, text: str, by: User | None = None) -> None:
        with self._lock:
            self.api.add_comment(self._issue(key), by or self.person, text)

    def delete(self, key: str) -> None:
        with self._lock:
            self.store.delete(self._issue(key))

    def reset(self) -> None:
        """Forgets issues and requests; faults stay."""
        with self._lock:
            self.store.reset()
            self.requests.clear()

    # -- what a test asks it

    def issues(self, label: str = "") -> list[dict[str, Any]]:
        """All issues (with a label) as REST 2 shows them, with history, links and properties; the index has no say in it."""
        view = Views(self.url, self.api.cloud, "2")
        with self._lock:
            return [
                {
                    **view.issue(issue, None, "changelog"),
                    "remotelinks": [view.link(issue, link) for link in issue.links],
                    "properties": dict(issue.properties),
                    "category": issue.category,
                }
                for issue in self.store.issues.values()
                if not label or label in issue.fields["labels"]
            ]

    def seen(self, match: str = "") -> list[Seen]:
        """The requests whose "METHOD /path" contains `match`."""
        return [entry for entry in list(self.requests) if match in f"{entry.method} {entry.path}"]

    def _issue(self, key: str) -> Issue:
        issue = self.store.issue(key)
        if not issue:
            raise LookupError(f"no issue {key}")
        return issue

    # -- serving

    def _start(self, port: int) -> None:
        owner = self

        class Serving(Handler):
            def serve(self) -> None:
                raw = self.body()
                if raw is not None:
                    owner._serve(self, raw)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = serve

        self._server = Server((self._host, port), Serving, self._tls)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def _stop(self) -> None:
        server, self._server = self._server, None
        if server:
            server.shutdown()
            server.server_close()
            server.cut()

    def _serve(self, handler: Handler, raw: bytes) -> None:
        url = urllib.parse.urlsplit(handler.path)
        path, query = urllib.parse.unquote(url.path), dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        agent, authorization = handler.headers.get("User-Agent", ""), handler.headers.get("Authorization", "")
        seen = Seen(time.time(), handler.command, path, query, _readable(raw), authorization.partition(" ")[0], agent)
        fault = self.faults.take(f"{handler.command} {path}")
        seen.fault = fault.kind if fault else ""
        with self._lock:
            self.requests.append(seen)
        self._wait(handler, self.latency + (fault.seconds if fault and fault.kind == "delay" else 0))
        if fault and fault.kind in ("drop", "hang"):
            if fault.kind == "hang":
                self._wait(handler, 3600)
            return self._hang_up(handler)
        answer = _instead(fault)
        if answer is None:
            with self._lock:
                answer = (
                    self.api.handle(Request(handler.command, path, query, raw), authorization)
                    if not _forged(handler)
                    else Answer(403, "XSRF check failed")
                )
        if fault and fault.kind == "lose_answer":
            return self._hang_up(handler)
        seen.status = answer.status
        with contextlib.suppress(OSError):
            handler.send(answer)
        return None

    def _wait(self, handler: Handler, seconds: float) -> None:
        """Until then, or until the client has gone or the stand-in ends."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._stopping.is_set():
            readable = select.select([handler.connection], [], [], min(left, 0.2))[0]
            if readable and not isinstance(handler.connection, ssl.SSLSocket):
                with contextlib.suppress(OSError):
                    if not handler.connection.recv(1, socket.MSG_PEEK):
                        return
                time.sleep(min(left, 0.05))

    @staticmethod
    def _hang_up(handler: Handler) -> None:
        handler.close_connection = True
        with contextlib.suppress(OSError):
            handler.connection.shutdown(socket.SHUT_RDWR)


def _forged(handler: Handler) -> bool:
    """Jira takes a browser's writes only with a token of its own pages."""
    writes = handler.command in ("POST", "PUT", "DELETE")
    return writes and "Mozilla" in handler.headers.get("User-Agent", "") and handler.headers.get("X-Atlassian-Token") != "no-check"


def _instead(fault: Fault | None) -> Answer | None:
    """The answer that stands for the request's own."""
    if fault is None or fault.kind not in ("status", "rate_limit", "garbage"):
        return None
    if fault.kind == "garbage":
        return Answer(200, "<!DOCTYPE html><html><head><title>Log in</title></head><body>Single sign-on</body></html>")
    if fault.kind == "rate_limit":
        headers = {
            "X-RateLimit-NearLimit": "true",
            "RateLimit-Reason": "jira-burst-based",
            "Retry-After": str(1 if fault.retry_after is None else fault.retry_after),
        }
        return Answer(429, {"errorMessages": ["Rate limit exceeded."], "errors": {}}, headers)
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return Answer(fault.status, f"<html><head><title>{fault.status}</title></head><body><h1>Jira is unavailable</h1></body></html>", headers)


def _readable(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")
