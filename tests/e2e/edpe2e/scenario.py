"""A scenario is a function that takes a Context and raises when something is not as it should be.

To add one: write it in a file of scenarios/, with @scenario above it. Its name is the function's, with spaces; its
docstring says what is shown. It returns a few words with the figures worth printing, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .kubectl import Kubectl

if TYPE_CHECKING:
    from .install import Installation

ROOT = Path(__file__).resolve().parents[3]


class Failure(AssertionError):
    """What was expected, what was found."""


def check(condition: object, message: str) -> None:
    if not condition:
        raise Failure(message)


def check_equal(found: object, expected: object, what: str) -> None:
    check(found == expected, f"{what}: expected {expected!r}, found {found!r}")


@dataclass
class Context:
    """What a scenario is given. `kubectl` works in `namespace`, which is its own and goes away with it."""

    kubectl: Kubectl
    namespace: str
    images: dict[str, str]  # "edp", "workloads", "busybox" -> name in the cluster
    state: Path  # the cluster's folder (logs, audit.log); only where the cluster is our own
    edp: Installation  # `ensure()` installs EDP unless a scenario before has done so
    work: Path  # a folder for files, kept for whoever looks into a failure
    cleanups: list[Callable[[], object]] = field(default_factory=list)

    def cleanup(self, action: Callable[[], object]) -> None:
        """Runs at the scenario's end, the latest first."""
        self.cleanups.append(action)


@dataclass(frozen=True)
class Scenario:
    name: str
    run: Callable[[Context], str | None]
    slice: bool  # part of `./edp test`
    own_cluster: bool  # needs a cluster of ours: local images, or its files


SCENARIOS: list[Scenario] = []


def scenario(*, slice: bool = False, own_cluster: bool = False) -> Callable[[Any], Any]:
    def register(function: Callable[[Context], str | None]) -> Callable[[Context], str | None]:
        SCENARIOS.append(Scenario(function.__name__.replace("_", " "), function, slice, own_cluster))
        return function

    return register
