"""Waiting for a condition, with the last thing seen in the error."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], what: str, seconds: float = 60, pause: float = 0.3) -> T:
    """The first true value that look returns. What it raises counts as not yet."""
    began = time.monotonic()
    while True:
        seen: object
        try:
            value = look()
            if value:
                return value
            seen = value
        except Exception as error:
            seen = error
        if time.monotonic() - began > seconds:
            raise AssertionError(f"{what}: not within {seconds:.0f} s; last seen: {seen!r}")
        time.sleep(pause)
