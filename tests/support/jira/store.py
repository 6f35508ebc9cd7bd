"""What a Jira remembers: projects, workflows, issues with their history, and a search index that lags behind."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import re
import time
from typing import Any

from . import adf

CATEGORIES = {"new": (2, "blue-gray", "To Do"), "indeterminate": (4, "yellow", "In Progress"), "done": (3, "green", "Done")}
PRIORITIES = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}
TYPES = {"10001": "Bug", "10002": "Task", "10003": "Story", "10004": "Incident"}


@dataclasses.dataclass(frozen=True)
class Workflow:
    """`statuses`: name -> (id, category); the first is where issues start. `moves`: id -> (name, from (None: anywhere), to)."""

    statuses: dict[str, tuple[str, str]]
    moves: dict[str, tuple[str, frozenset[str] | None, str]]


WORKFLOWS = {
    # Jira Cloud's own: from anywhere to anywhere.
    "simple": Workflow(
        {"To Do": ("10000", "new"), "In Progress": ("10001", "indeterminate"), "Done": ("10002", "done")},
        {"11": ("To Do", None, "To Do"), "21": ("In Progress", None, "In Progress"), "31": ("Done", None, "Done")},
    ),
    # The same, as an administrator who speaks Chinese has it: names tell nothing, categories all.
    "chinese": Workflow(
        {"待办": ("10100", "new"), "处理中": ("10101", "indeterminate"), "完成": ("10102", "done")},
        {"111": ("待办", None, "待办"), "121": ("开始处理", None, "处理中"), "131": ("关闭", None, "完成")},
    ),
    # Jira's classic default: which moves there are depends on the status.
    "classic": Workflow(
        {"Open": ("1", "new"), "In Progress": ("3", "indeterminate"), "Reopened": ("4", "new"), "Resolved": ("5", "done"), "Closed": ("6", "done")},
        {
            "4": ("Start Progress", frozenset({"Open", "Reopened"}), "In Progress"),
            "301": ("Stop Progress", frozenset({"In Progress"}), "Open"),
            "5": ("Resolve Issue", frozenset({"Open", "In Progress", "Reopened"}), "Resolved"),
            "2": ("Close Issue", frozenset({"Open", "In Progress", "Reopened"}), "Closed"),
            "701": ("Close Issue", frozenset({"Resolved"}), "Closed"),
            "3": ("Reopen Issue", frozenset({"Resolved", "Closed"}), "Reopened"),
        },
    ),
}


@dataclasses.dataclass
class Project:
    key: str
    id: str
    name: str
    workflow: str = "simple"
    hidden: frozenset[str] = frozenset()  # fields that are on no screen: setting them is refused


@dataclasses.dataclass
class User:
    id: str
    name: str
    email: str


@dataclasses.dataclass
class Issue:
    id: str
    key: str
    project: Project
    creator: User
    fields: dict[str, Any]  # summary, description (text or ADF), labels, priority (id), issuetype (id), status, resolution, assignee
    created: datetime.datetime
    updated: datetime.datetime
    resolved: datetime.datetime | None = None
    comments: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    links: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    properties: dict[str, Any] = dataclasses.field(default_factory=dict)
    history: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    @property
    def number(self) -> int:
        return int(self.key.rsplit("-", 1)[1])

    @property
    def category(self) -> str:
        return WORKFLOWS[self.project.workflow].statuses[self.fields["status"]][1]

    def moves(self) -> dict[str, tuple[str, frozenset[str] | None, str]]:
        every = WORKFLOWS[self.project.workflow].moves
        return {key: move for key, move in every.items() if move[1] is None or self.fields["status"] in move[1]}

    # What queries ask.
    def values(self, field: str) -> set[str]:
        status, category = self.fields["status"], self.category
        found: list[Any] = {
            "project": [self.project.key, self.project.id, self.project.name],
            "labels": self.fields["labels"],
            "status": [status, WORKFLOWS[self.project.workflow].statuses[status][0]],
            "statuscategory": [category, str(CATEGORIES[category][0]), CATEGORIES[category][2]],
            "priority": [self.fields["priority"], PRIORITIES.get(self.fields["priority"])],
            "resolution": [self.fields["resolution"]],
            "assignee": [self.fields["assignee"]],
            "reporter": [self.creator.id, self.creator.name],
            "creator": [self.creator.id, self.creator.name],
        }.get(
            field, [self.key, self.id] if field in ("key", "issuekey", "id", "issue") else [self.fields["issuetype"], TYPES[self.fields["issuetype"]]]
        )
        return {value.lower() for value in found if value}

    def words(self, field: str) -> set[str]:
        texts = {
            "summary": self.fields["summary"],
            "description": adf.plain(self.fields["description"]),
            "comment": " ".join(adf.plain(c["body"]) for c in self.comments),
        }
        return set(re.findall(r"[\w-]+|\w+", (texts.get(field) or " ".join(map(str, texts.values()))).lower()))

    def date(self, field: str) -> datetime.datetime | None:
        return {"created": self.created, "updated": self.updated}.get(field, self.resolved)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def stamp(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


class Store:
    """Not locked: the server lets in one request at a time."""

    def __init__(self, projects: list[Project], users: list[User]) -> None:
        self.projects = {project.key: project for project in projects}
        self.users = users
        self.index_lag = 0.0
        self.reset()

    def reset(self) -> None:
        self.issues: dict[str, Issue] = {}
        self.last = {key: 0 for key in self.projects}
        self._serial = 10000
        self._index: dict[str, Issue | None] = {}
        self._pending: list[tuple[float, str, Issue | None]] = []

    def serial(self) -> str:
        self._serial += 1
        return str(self._serial)

    def project(self, name: str) -> Project | None:
        return next((p for p in self.projects.values() if name.upper() in (p.key, p.id)), None)

    def issue(self, name: str) -> Issue | None:
        return next((i for i in self.issues.values() if name.upper() in (i.key, i.id)), None)

    def create(self, project: Project, creator: User, fields: dict[str, Any]) -> Issue:
        self.last[project.key] += 1
        first = next(iter(WORKFLOWS[project.workflow].statuses))
        moment = now()
        fields = {"description": None, "labels": [], "priority": "3", "assignee": None, "resolution": None, **fields, "status": first}
        issue = Issue(self.serial(), f"{project.key}-{self.last[project.key]}", project, creator, fields, moment, moment)
        self.issues[issue.key] = issue
        self.changed(issue)
        return issue

    def delete(self, issue: Issue) -> None:
        del self.issues[issue.key]
        self._pending.append((time.monotonic() + self.index_lag, issue.key, None))

    def changed(self, issue: Issue) -> None:
        """To be called after every change: search learns of it later."""
        issue.updated = max(now(), issue.created)
        self._pending.append((time.monotonic() + self.index_lag, issue.key, copy.deepcopy(issue)))

    def set(self, issue: Issue, by: User, values: dict[str, Any]) -> None:
        """Changes fields and writes the history."""
        items = []
        for field, value in values.items():
            before = issue.fields[field]
            if before != value:
                issue.fields[field] = value
                numbers = {name: number for name, (number, _) in WORKFLOWS[issue.project.workflow].statuses.items()} if field == "status" else {}
                sides = {"from": numbers.get(str(before)), "fromString": _text(before), "to": numbers.get(str(value)), "toString": _text(value)}
                items.append({"field": field, "fieldtype": "jira", "fieldId": field, **sides})
        if items:
            issue.history.append({"id": self.serial(), "author": by, "created": now(), "items": items})
        self.changed(issue)

    def move(self, issue: Issue, by: User, status: str, resolution: str | None = None) -> None:
        done = WORKFLOWS[issue.project.workflow].statuses[status][1] == "done"
        issue.resolved = (issue.resolved or now()) if done else None
        self.set(issue, by, {"status": status, "resolution": (resolution or issue.fields["resolution"] or "Done") if done else None})

    def searchable(self) -> list[Issue]:
        """The issues as the index knows them now, newest first."""
        due = time.monotonic()
        for _, key, issue in [entry for entry in self._pending if entry[0] <= due]:
            self._index[key] = issue
        self._pending = [entry for entry in self._pending if entry[0] > due]
        return sorted((issue for issue in self._index.values() if issue), key=lambda issue: -int(issue.id))


def _text(value: Any) -> str | None:
    return " ".join(value) if isinstance(value, list) else adf.plain(value) if isinstance(value, dict) else value
