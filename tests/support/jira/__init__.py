"""A stand-in for Jira, for tests: `from jira import FakeJira` with tests/support in the path, or `python3 tests/support/jira`.

It remembers issues, comments, transitions, links and properties, searches them by JQL through an index that may lag, refuses what Jira
refuses in Jira's words, and fails as services do when a test asks for it. `tests/jira/run.py` holds it against Atlassian's description
of the API and against clients that people use."""

from .control import Control
from .faults import KINDS, Fault
from .server import FakeJira, Seen
from .store import WORKFLOWS, Project, User

__all__ = ["KINDS", "WORKFLOWS", "Control", "FakeJira", "Fault", "Project", "Seen", "User"]
