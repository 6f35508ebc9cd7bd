"""What comes in and what goes out."""

from __future__ import annotations

import json
from typing import Any


class Answer(Exception):
    """A body other than JSON is text as it stands."""

    def __init__(self, status: int, body: Any = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers or {}


def refused(status: int, *messages: str, **errors: str) -> Answer:
    return Answer(status, {"errorMessages": list(messages), "errors": errors})


NO_ISSUE = "Issue does not exist or you do not have permission to see it."


class Request:
    def __init__(self, method: str, path: str, query: dict[str, str], raw: bytes) -> None:
        self.method, self.path, self.query, self.raw = method, path, query, raw

    def json(self) -> dict[str, Any]:
        try:
            body = json.loads(self.raw)
        except ValueError:
            raise refused(400, "There was an error parsing JSON. Check that your request body is valid.") from None
        if not isinstance(body, dict):
            raise refused(400, "Invalid request payload. Refer to the REST API documentation and try again.")
        return body

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.query.get(name, default))
        except ValueError:
            raise Answer(404, "") from None
