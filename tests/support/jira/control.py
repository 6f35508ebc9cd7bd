"""The port by which tests in another process rule the stand-in."""

from __future__ import annotations

import dataclasses
import datetime
import json
import threading
import urllib.parse
from typing import Any

from .listener import Handler as Listener
from .listener import Server
from .message import Answer
from .server import FakeJira
from .store import stamp


class Control:
    """The same as methods of FakeJira, over HTTP, for tests in another process; it is there during an outage too.

    GET /issues[?label=L], GET /requests[?match=M], POST /outage {"on": bool}, POST /faults {"kind", ...}, DELETE /faults, POST /recover, POST /reset,
    POST /settings {"latency": s, "index_lag": s}, POST /issues/KEY/transition {"category"}, POST /issues/KEY/comment {"text"}, DELETE /issues/KEY"""

    def __init__(self, jira: FakeJira, host: str = "127.0.0.1", port: int = 0) -> None:
        owner = self

        class Handler(Listener):
            def serve(self) -> None:
                raw = self.body()
                if raw is not None:
                    try:
                        self.send(Answer(200, owner.carry_out(self.command, urllib.parse.urlsplit(self.path), json.loads(raw or b"{}"))))
                    except (LookupError, ValueError, TypeError, AttributeError) as error:
                        self.send(Answer(400, {"error": f"{type(error).__name__}: {error}"}))

            do_GET = do_POST = do_DELETE = serve

        self.jira = jira
        self._server = Server((host, port), Handler)
        self.url = f"http://{host}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def carry_out(self, method: str, url: urllib.parse.SplitResult, body: dict[str, Any]) -> Any:
        jira, query = self.jira, dict(urllib.parse.parse_qsl(url.query))
        match [method, *url.path.strip("/").split("/")]:
            case ["GET", "issues"]:
                return jira.issues(query.get("label", ""))
            case ["GET", "requests"]:
                return [
                    {**dataclasses.asdict(entry), "at": stamp(datetime.datetime.fromtimestamp(entry.at, datetime.UTC))}
                    for entry in jira.seen(query.get("match", ""))
                ]
            case ["POST", "outage"]:
                jira.outage(bool(body["on"]))
            case ["POST", "faults"]:
                jira.fault(**body)
            case ["DELETE", "faults"]:
                jira.faults.clear()
            case ["POST", "recover"]:
                jira.recover()
            case ["POST", "reset"]:
                jira.reset()
            case ["POST", "settings"]:
                jira.latency = float(body.get("latency", jira.latency))
                jira.index_lag(float(body.get("index_lag", jira.store.index_lag)))
            case ["POST", "issues", key, "transition"]:
                jira.transition(key, body["category"])
            case ["POST", "issues", key, "comment"]:
                jira.comment(key, body["text"])
            case ["DELETE", "issues", key]:
                jira.delete(key)
            case _:
                raise LookupError(f"{method} {url.path}")
        return {}
