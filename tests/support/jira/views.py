"""Issues, users, statuses as JSON, in the shapes of Jira Cloud and of Jira Data Center."""

from __future__ import annotations

from typing import Any

from . import adf
from .store import CATEGORIES, PRIORITIES, TYPES, WORKFLOWS, Issue, Project, User, stamp

FIELDS = {
    "summary": ("Summary", "string"), "description": ("Description", "string"), "issuetype": ("Issue Type", "issuetype"), "project": ("Project", "project"),
    "status": ("Status", "status"), "priority": ("Priority", "priority"), "labels": ("Labels", "array"), "resolution": ("Resolution", "resolution"),
    "resolutiondate": ("Resolved", "datetime"), "created": ("Created", "datetime"), "updated": ("Updated", "datetime"), "creator": ("Creator", "user"),
    "reporter": ("Reporter", "user"), "assignee": ("Assignee", "user"), "comment": ("Comment", "comments-page"),
}  # fmt: skip


class Views:
    def __init__(self, base: str, cloud: bool, version: str) -> None:
        self.base, self.cloud = base, cloud
        self.rest = f"{base}/rest/api/{version}"
        self.rich = version == "3"

    def text(self, body: Any) -> Any:
        if body is None:
            return None
        return (adf.of(body) if isinstance(body, str) else body) if self.rich else adf.plain(body).rstrip("\n")

    def user(self, user: User | None) -> dict[str, Any] | None:
        if user is None:
            return None
        icons = {f"{size}x{size}": f"{self.base}/avatar/{user.id}?size={size}" for size in (16, 24, 32, 48)}
        shown = {"emailAddress": user.email, "displayName": user.name, "active": True, "timeZone": "Etc/UTC", "avatarUrls": icons}
        if self.cloud:
            return {"self": f"{self.rest}/user?accountId={user.id}", "accountId": user.id, "accountType": "atlassian", **shown}
        return {"self": f"{self.rest}/user?username={user.id}", "key": f"JIRAUSER{10000 + len(user.id)}", "name": user.id, **shown}

    def project(self, project: Project) -> dict[str, Any]:
        icons = {f"{size}x{size}": f"{self.base}/projectavatar?size={size}" for size in (16, 24, 32, 48)}
        shown = {
            "self": f"{self.rest}/project/{project.id}",
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "avatarUrls": icons,
        }
        return {**shown, "simplified": False} if self.cloud else shown

    def type(self, number: str) -> dict[str, Any]:
        shown = {
            "self": f"{self.rest}/issuetype/{number}",
            "id": number,
            "description": "",
            "iconUrl": f"{self.base}/type.svg",
            "name": TYPES[number],
            "subtask": False,
        }
        return {**shown, "hierarchyLevel": 0} if self.cloud else shown

    def priority(self, number: str | None) -> dict[str, Any] | None:
        if not number:
            return None
        return {"self": f"{self.rest}/priority/{number}", "iconUrl": f"{self.base}/priority.svg", "name": PRIORITIES[number], "id": number}

    def category(self, key: str) -> dict[str, Any]:
        number, color, name = CATEGORIES[key]
        return {"self": f"{self.rest}/statuscategory/{number}", "id": number, "key": key, "colorName": color, "name": name}

    def status(self, project: Project, name: str) -> dict[str, Any]:
        number, category = WORKFLOWS[project.workflow].statuses[name]
        return {
            "self": f"{self.rest}/status/{number}",
            "description": "",
            "iconUrl": f"{self.base}/",
            "name": name,
            "id": number,
            "statusCategory": self.category(category),
        }

    def comment(self, issue: Issue, comment: dict[str, Any]) -> dict[str, Any]:
        author = self.user(comment["author"])
        return {
            "self": f"{self.rest}/issue/{issue.id}/comment/{comment['id']}", "id": comment["id"], "author": author, "body": self.text(comment["body"]),
            "updateAuthor": author, "created": stamp(comment["created"]), "updated": stamp(comment["updated"]), **({"jsdPublic": True} if self.cloud else {}),
        }  # fmt: skip

    def comments(self, issue: Issue, start: int = 0, size: int = 5000) -> dict[str, Any]:
        page = [self.comment(issue, comment) for comment in issue.comments[start : start + size]]
        return {"comments": page, "maxResults": size, "total": len(issue.comments), "startAt": start}

    def moves(self, issue: Issue) -> dict[str, Any]:
        shown = []
        for number, (name, sources, to) in issue.moves().items():
            flags = {
                "hasScreen": False,
                "isGlobal": sources is None,
                "isInitial": False,
                "isConditional": False,
                "isLooped": False,
                "isAvailable": True,
            }
            shown.append({"id": number, "name": name, "to": self.status(issue.project, to), **(flags if self.cloud else {})})
        return {"expand": "transitions", "transitions": shown}

    def history(self, issue: Issue) -> list[dict[str, Any]]:
        return [
            {"id": entry["id"], "author": self.user(entry["author"]), "created": stamp(entry["created"]), "items": entry["items"]}
            for entry in issue.history
        ]

    def link(self, issue: Issue, link: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": link["id"],
            "self": f"{self.rest}/issue/{issue.key}/remotelink/{link['id']}",
            **{key: link[key] for key in ("globalId", "application", "relationship", "object") if key in link},
        }

    def issue(self, issue: Issue, wanted: list[str] | None, expand: str = "") -> dict[str, Any]:
        """`wanted`: names of fields, `*all`, `-name`; None: all."""
        fields, resolution = issue.fields, issue.fields["resolution"]
        done: dict[str, Any] = {
            "summary": fields["summary"], "description": self.text(fields["description"]), "issuetype": self.type(fields["issuetype"]),
            "project": self.project(issue.project), "status": self.status(issue.project, fields["status"]), "priority": self.priority(fields["priority"]),
            "labels": list(fields["labels"]),
            "resolution": resolution and {"self": f"{self.rest}/resolution/10000", "id": "10000", "description": "", "name": resolution},
            "resolutiondate": issue.resolved and stamp(issue.resolved), "created": stamp(issue.created), "updated": stamp(issue.updated),
            "creator": self.user(issue.creator), "reporter": self.user(issue.creator), "assignee": None, "comment": self.comments(issue),
        }  # fmt: skip
        shown: dict[str, Any] = {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog",
            "id": issue.id,
            "self": f"{self.rest}/issue/{issue.id}",
            "key": issue.key,
        }
        hidden = {name[1:] for name in wanted or [] if name.startswith("-")}
        named = {name for name in wanted or [] if not name.startswith("-")}
        if not named or named & {"*all", "*navigable"}:
            named = set(done)
        shown["fields"] = {name: value for name, value in done.items() if name in named - hidden}
        if "changelog" in expand:
            entries = self.history(issue)
            shown["changelog"] = {"startAt": 0, "maxResults": len(entries), "total": len(entries), "histories": entries}
        return shown

    def fields(self) -> list[dict[str, Any]]:
        return [
            {
                "id": key,
                "key": key,
                "name": name,
                "custom": False,
                "orderable": True,
                "navigable": True,
                "searchable": True,
                "clauseNames": [key],
                "schema": {"type": kind, "system": key},
            }
            for key, (name, kind) in FIELDS.items()
        ]
