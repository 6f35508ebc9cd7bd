"""Waiting for a thing to come up, and noticing at once when what should bring it up has died."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from .settings import ClusterError

if TYPE_CHECKING:
    from .processes import Processes


def wait_for(done: Callable[[], bool], what: str, seconds: float, processes: Processes) -> None:
    began = time.monotonic()
    while not done():
        processes.check()
        if time.monotonic() - began > seconds:
            raise ClusterError(f"{what}: not ready within {seconds:.0f} s; logs are in {processes.log(what).parent}")
        time.sleep(0.1)
    print(f"  {what} ready after {time.monotonic() - began:.1f} s", flush=True)
