"""Search by JQL: of Data Center (and of Cloud as it was) with totals, and of Cloud with tokens for the next page."""

from __future__ import annotations

import base64
from typing import Any

from . import jql
from .message import Answer, Request, refused
from .store import PRIORITIES, TYPES, WORKFLOWS, Issue, Store, User, now
from .views import Views

GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at "
    "https://developer.atlassian.com/changelog/#CHANGE-2046"
)


class Search:
    store: Store
    base: str
    cloud: bool
    legacy_search: bool

    def asked(self, request: Request) -> dict[str, Any]:
        if request.method == "POST":
            return request.json()
        asked: dict[str, Any] = dict(request.query)
        for name in ("fields", "reconcileIssues"):
            if name in asked:
                asked[name] = asked[name].split(",")
        return asked

    def matching(self, asked: dict[str, Any], bounded: bool) -> list[Issue]:
        try:
            test, order = jql.parse(str(asked.get("jql") or ""), self.known, now())
        except jql.JqlError as error:
            raise refused(400, str(error)) from None
        if bounded and test is None:
            raise refused(400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
        found = self.store.searchable()
        for number in asked.get("reconcileIssues") or []:  # these are as they are, whatever the index knows
            fresh = self.store.issue(str(number))
            found = [issue for issue in found if issue.id != str(number)] + ([fresh] if fresh else [])
        found = [issue for issue in found if test is None or test(issue)]
        for field, descending in reversed(order):
            found.sort(key=lambda issue: _rank(issue, field), reverse=descending)
        # What matched comes from the index, what is shown from the database.
        return [self.store.issues.get(issue.key, issue) for issue in found]

    def known(self, field: str, value: str) -> bool:
        if field == "project":
            return self.store.project(value) is not None or value.lower() in (p.name.lower() for p in self.store.projects.values())
        if field in ("status", "statuscategory", "priority", "issuetype", "type"):
            words: dict[str, set[str]] = {
                "status": {word.lower() for flow in WORKFLOWS.values() for name, (number, _) in flow.statuses.items() for word in (name, number)},
                "statuscategory": {"2", "3", "4", "new", "indeterminate", "done", "to do", "in progress"},
                "priority": {word.lower() for pair in PRIORITIES.items() for word in pair},
            }
            return value.lower() in words.get(field, {word.lower() for pair in TYPES.items() for word in pair})
        if field in ("key", "issuekey", "id", "issue"):
            return self.store.issue(value) is not None
        return True

    def search(self, request: Request, view: Views, _user: User) -> Answer:
        if self.cloud and not self.legacy_search:
            raise refused(410, GONE)
        asked = self.asked(request)
        found = self.matching(asked, bounded=False)
        start, size = int(asked.get("startAt") or 0), min(int(asked.get("maxResults") or 50), 1000)
        shown = [view.issue(issue, asked.get("fields"), str(asked.get("expand", ""))) for issue in found[start : start + size]]
        return Answer(200, {"expand": "schema,names", "startAt": start, "maxResults": size, "total": len(found), "issues": shown})

    def enhanced_search(self, request: Request, view: Views, _user: User) -> Answer:
        if not self.cloud:
            raise Answer(404, {"message": f"null for uri: {self.base}{request.path}", "status-code": 404})
        asked = self.asked(request)
        found = self.matching(asked, bounded=True)
        size = min(int(asked.get("maxResults") or 50), 5000)
        try:
            start = int(base64.b64decode(str(asked.get("nextPageToken") or "").removeprefix("Ch"), validate=True) or b"0")
        except ValueError:
            raise refused(400, "The provided next page token is invalid or expired.") from None
        wanted = asked.get("fields") or ["id"]  # without a list there is nothing but the number
        shown = [
            {"id": issue.id} if wanted == ["id"] else view.issue(issue, wanted, str(asked.get("expand", ""))) for issue in found[start : start + size]
        ]
        more = start + size < len(found)
        return Answer(
            200,
            {
                "issues": shown,
                "isLast": not more,
                **({"nextPageToken": "Ch" + base64.b64encode(str(start + size).encode()).decode()} if more else {}),
            },
        )


def _rank(issue: Issue, field: str) -> Any:
    if field in ("created", "updated"):
        return issue.date(field)
    if field in ("key", "issuekey", "id"):
        return (issue.project.key, issue.number)
    return sorted(issue.values(field)) if field in jql.OPERATORS else issue.number
