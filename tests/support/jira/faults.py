"""What a test may do to the stand-in: let it fail as services do."""

from __future__ import annotations

import dataclasses
import re
import threading

KINDS = {
    "status": "answers `status` without carrying the request out, with Retry-After when `retry_after` is set; what 502, 503 and 504 look like",
    "rate_limit": "answers 429 with Retry-After",
    "drop": "closes the connection without carrying the request out",
    "lose_answer": "carries the request out and closes the connection without an answer",
    "delay": "carries the request out `seconds` later",
    "hang": "takes the request and never answers",
    "garbage": "answers 200 with a page that is not JSON, as a proxy's login page does",
}


@dataclasses.dataclass
class Fault:
    kind: str
    match: str = ""  # a regular expression over "METHOD /path"; all without it
    times: int | None = None  # how often; None: until cleared
    status: int = 503
    retry_after: float | str | None = None  # seconds, or a date as HTTP has it
    seconds: float = 1.0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(KINDS)}")
        re.compile(self.match)


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, request: str) -> Fault | None:
        """The first fault that applies to the request; it counts as used."""
        with self._lock:
            for fault in self._faults:
                if (fault.times is None or fault.hits < fault.times) and re.search(fault.match, request):
                    fault.hits += 1
                    return fault
        return None
