"""The calls of Jira's REST API that EDP's tickets need, and what Jira says to a wrong one."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from .fields import checked, rich
from .message import NO_ISSUE, Answer, Request, refused
from .search import Search
from .store import PRIORITIES, TYPES, WORKFLOWS, Issue, Store, User, now
from .views import Views


class Api(Search):
    def __init__(self, store: Store, base: str, cloud: bool, credentials: dict[str, User], legacy_search: bool = False) -> None:
        """`credentials`: "name:secret" for Basic, "secret" for Bearer."""
        self.store, self.base, self.cloud, self.credentials, self.legacy_search = store, base, cloud, credentials, legacy_search

    # -- who asks

    def user(self, authorization: str) -> User | None:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                pair = base64.b64decode(secret, validate=True).decode()
            except ValueError:
                pair = ""
            found = self.credentials.get(pair)
            if not found or ":" not in pair:
                raise self.denied()
            return found
        if scheme.lower() == "bearer":
            if self.cloud:  # tokens of a person go with Basic there
                raise Answer(403, {"error": "Failed to parse Connect Session Auth Token"})
            found = self.credentials.get(secret)
            if not found or ":" in secret:
                raise self.denied()
            return found
        return None

    def denied(self) -> Answer:
        headers = {
            "X-Seraph-LoginReason": "AUTHENTICATED_FAILED",
            "WWW-Authenticate": f'OAuth realm="{self.base}"',
            "Content-Type": "text/html;charset=UTF-8",
        }
        if self.cloud:
            return Answer(401, "Client must be authenticated to access this resource.", headers)
        title = "Unauthorized (401)"
        return Answer(
            401,
            f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>Basic Authentication Failure - Reason : AUTHENTICATED_FAILED</p></body></html>",
            headers,
        )

    # -- the calls

    def handle(self, request: Request, authorization: str) -> Answer:
        try:
            return self.route(request, authorization)
        except Answer as answer:
            return answer

    def route(self, request: Request, authorization: str) -> Answer:
        found = re.fullmatch(r"/rest/api/(2|3|latest)(/.*)", request.path)
        if not found or (found[1] == "3" and not self.cloud):
            return (
                refused(404, f"null for uri: {self.base}{request.path}")
                if self.cloud
                else Answer(404, {"message": f"null for uri: {self.base}{request.path}", "status-code": 404})
            )
        version = "2" if found[1] == "latest" else found[1]
        view = Views(self.base, self.cloud, version)
        user = self.user(authorization)
        path = found[2].rstrip("/")
        if path == "/serverInfo":
            return self.server_info()
        if user is None:
            hidden = refused(404, NO_ISSUE) if re.match(r"/issue/[^/]+", path) and request.method == "GET" else None
            raise hidden or refused(401, "You are not authenticated. Authentication required to perform this operation.")
        for method, pattern, call in self.ROUTES:
            parts = re.fullmatch(pattern, path)
            if parts and method == request.method:
                return call(self, request, view, user, *parts.groups())
        if any(re.fullmatch(pattern, path) for _, pattern, _ in self.ROUTES):
            return Answer(405, "", {"Allow": ", ".join(sorted({method for method, pattern, _ in self.ROUTES if re.fullmatch(pattern, path)}))})
        return refused(404, f"null for uri: {self.base}{request.path}")

    def server_info(self) -> Answer:
        version, numbers = ("1001.0.0-SNAPSHOT", [1001, 0, 0]) if self.cloud else ("9.12.15", [9, 12, 15])
        return Answer(200, {
            "baseUrl": self.base, "version": version, "versionNumbers": numbers, "deploymentType": "Cloud" if self.cloud else "Server", "buildNumber": 100285,
            "buildDate": "2026-10-01T00:00:00.000+0000", "serverTime": now().strftime("%Y-%m-%dT%H:%M:%S.000+0000"), "scmInfo": "0" * 40, "serverTitle": "Jira",
        })  # fmt: skip

    def myself(self, _request: Request, view: Views, user: User) -> Answer:
        return Answer(200, view.user(user))

    def fields(self, _request: Request, view: Views, _user: User) -> Answer:
        return Answer(200, view.fields())

    def priorities(self, _request: Request, view: Views, _user: User) -> Answer:
        return Answer(200, [view.priority(number) for number in PRIORITIES])

    def types(self, _request: Request, view: Views, _user: User) -> Answer:
        return Answer(200, [view.type(number) for number in TYPES])

    def project(self, _request: Request, view: Views, user: User, name: str) -> Answer:
        project = self.store.project(name)
        if not project:
            raise refused(404, f"No project could be found with key '{name}'.")
        return Answer(
            200,
            {
                "expand": "description,lead,issueTypes,url,projectKeys",
                **view.project(project),
                "lead": view.user(user),
                "issueTypes": [view.type(number) for number in TYPES],
            },
        )

    def project_statuses(self, _request: Request, view: Views, _user: User, name: str) -> Answer:
        project = self.store.project(name)
        if not project:
            raise refused(404, f"No project could be found with key '{name}'.")
        statuses = [view.status(project, status) for status in WORKFLOWS[project.workflow].statuses]
        return Answer(200, [{"self": f"{view.rest}/issuetype/{n}", "id": n, "name": TYPES[n], "subtask": False, "statuses": statuses} for n in TYPES])

    def create_meta(self, request: Request, view: Views, _user: User, name: str) -> Answer:
        if not self.store.project(name):
            raise refused(404, f"No project could be found with key '{name}'.")
        types = [view.type(number) for number in TYPES]
        return Answer(
            200,
            {"startAt": 0, "maxResults": request.number("maxResults", 50), "total": len(types), ("issueTypes" if self.cloud else "values"): types},
        )

    def find(self, name: str) -> Issue:
        issue = self.store.issue(name)
        if not issue:
            raise refused(404, NO_ISSUE if self.cloud else "Issue Does Not Exist")
        return issue

    def create(self, request: Request, view: Views, user: User) -> Answer:
        body = request.json()
        given = body.get("fields")
        given = dict(given) if isinstance(given, dict) else {}
        errors: dict[str, str] = {}
        wanted = given.pop("project", None)
        wanted = wanted if isinstance(wanted, dict) else {}
        project = self.store.project(str(wanted.get("key") or wanted.get("id") or ""))
        if not project:
            raise refused(
                400, project="Specify a valid project ID or key" if self.cloud else ("valid project is required" if wanted else "project is required")
            )
        kind = given.pop("issuetype", None)
        number = next(
            (n for n, name in TYPES.items() if isinstance(kind, dict) and (kind.get("id") == n or kind.get("name", "").lower() == name.lower())), None
        )
        if not number:
            errors["issuetype"] = "Specify an issue type" if self.cloud else "valid issue type is required"
        if not given.get("summary"):
            errors["summary"] = "You must specify a summary of the issue."
            given.pop("summary", None)
        fields = checked(given, view, project.hidden, errors)
        if errors:
            raise refused(400, **errors)
        issue = self.store.create(project, user, {**fields, "issuetype": number})
        for entry in body.get("properties") or []:
            issue.properties[entry["key"]] = entry.get("value")
        return Answer(201, {"id": issue.id, "key": issue.key, "self": f"{view.rest}/issue/{issue.id}"})

    def get(self, request: Request, view: Views, _user: User, name: str) -> Answer:
        wanted = request.query.get("fields")
        return Answer(200, view.issue(self.find(name), wanted.split(",") if wanted else None, request.query.get("expand", "")))

    def edit(self, request: Request, view: Views, user: User, name: str) -> Answer:
        issue, body = self.find(name), request.json()
        comments, fields = self.updates(issue, body, view)
        self.store.set(issue, user, fields)
        for text in comments:
            self.add_comment(issue, user, text)
        if self.cloud and request.query.get("returnIssue") == "true":
            return Answer(200, view.issue(issue, None))
        return Answer(204)

    def updates(self, issue: Issue, body: dict[str, Any], view: Views) -> tuple[list[Any], dict[str, Any]]:
        """The comments to add and the fields to set, of an edit or a transition."""
        given = dict(body.get("fields") or {})
        errors: dict[str, str] = {}
        comments = []
        for field, operations in (body.get("update") or {}).items():
            if field in given:
                raise refused(400, **{field: f"Field '{field}' cannot be set. It is present in both 'fields' and 'update'."})
            for operation in operations:
                ((verb, value),) = operation.items()
                if field == "comment" and verb == "add":
                    rich(value.get("body"), view, "comment", errors)
                    comments.append(value.get("body"))
                elif field == "labels" and verb in ("add", "remove"):
                    labels = set(given.get("labels", issue.fields["labels"]))
                    given["labels"] = sorted(labels | {value} if verb == "add" else labels - {value})
                elif verb == "set":
                    given[field] = value
                else:
                    errors[field] = f"The operation '{verb}' is not supported for field '{field}'."
        fields = checked(given, view, issue.project.hidden, errors)
        if errors:
            raise refused(400, **errors)
        return comments, fields

    def delete(self, _request: Request, _view: Views, _user: User, name: str) -> Answer:
        self.store.delete(self.find(name))
        return Answer(204)

    def moves(self, _request: Request, view: Views, _user: User, name: str) -> Answer:
        return Answer(200, view.moves(self.find(name)))

    def move(self, request: Request, view: Views, user: User, name: str) -> Answer:
        issue, body = self.find(name), request.json()
        chosen = body.get("transition") if isinstance(body.get("transition"), dict) else {}
        assert isinstance(chosen, dict)
        if "id" not in chosen:
            raise refused(400, "Missing 'transition' identifier")
        number = str(chosen["id"])
        if number not in issue.moves():
            raise refused(400, f"Transition id '{number}' is not valid for this issue.")
        given = dict(body.get("fields") or {})
        resolution = given.pop("resolution", None)
        comments, fields = self.updates(issue, {**body, "fields": given}, view)
        if fields:
            self.store.set(issue, user, fields)
        self.store.move(issue, user, issue.moves()[number][2], resolution and resolution.get("name"))
        for text in comments:
            self.add_comment(issue, user, text)
        return Answer(204)

    def add_comment(self, issue: Issue, user: User, text: Any) -> dict[str, Any]:
        comment = {"id": self.store.serial(), "author": user, "body": text, "created": now(), "updated": now()}
        issue.comments.append(comment)
        self.store.changed(issue)
        return comment

    def comments(self, request: Request, view: Views, _user: User, name: str) -> Answer:
        return Answer(200, view.comments(self.find(name), request.number("startAt", 0), request.number("maxResults", 50)))

    def comment(self, request: Request, view: Views, user: User, name: str) -> Answer:
        issue = self.find(name)
        text = self.comment_body(request, view)
        return Answer(201, view.comment(issue, self.add_comment(issue, user, text)))

    def edit_comment(self, request: Request, view: Views, _user: User, name: str, number: str) -> Answer:
        issue = self.find(name)
        comment = next((c for c in issue.comments if c["id"] == number), None)
        if not comment:
            raise refused(404, f"Can not find a comment for the id: {number}.")
        if request.method == "PUT":
            comment.update(body=self.comment_body(request, view), updated=now())
            self.store.changed(issue)
        return Answer(200, view.comment(issue, comment))

    def comment_body(self, request: Request, view: Views) -> Any:
        body, errors = request.json().get("body"), dict[str, str]()
        if not body:
            raise refused(400, comment="Comment body can not be empty!")
        rich(body, view, "comment", errors)
        if errors:
            raise refused(400, **errors)
        return body

    def history(self, _request: Request, view: Views, _user: User, name: str) -> Answer:
        entries = view.history(self.find(name))
        return Answer(
            200,
            {
                "self": f"{view.rest}/issue/{name}/changelog",
                "maxResults": 100,
                "startAt": 0,
                "total": len(entries),
                "isLast": True,
                "values": entries,
            },
        )

    def links(self, request: Request, view: Views, _user: User, name: str) -> Answer:
        issue = self.find(name)
        wanted = request.query.get("globalId")
        return Answer(200, [view.link(issue, link) for link in issue.links if wanted in (None, link.get("globalId"))])

    def link(self, request: Request, view: Views, _user: User, name: str) -> Answer:
        issue, body = self.find(name), request.json()
        target = body.get("object") if isinstance(body.get("object"), dict) else {}
        assert isinstance(target, dict)
        errors = {key: f"'{key}' is required." for key in ("url", "title") if not target.get(key)}
        if errors:
            raise refused(400, **errors)
        known = next((link for link in issue.links if body.get("globalId") and link.get("globalId") == body["globalId"]), None)
        link = known if known is not None else {"id": int(self.store.serial())}
        link.update(body)
        if known is None:
            issue.links.append(link)
        self.store.changed(issue)
        return Answer(200 if known else 201, {"id": link["id"], "self": f"{view.rest}/issue/{issue.key}/remotelink/{link['id']}"})

    def properties(self, _request: Request, view: Views, _user: User, name: str) -> Answer:
        issue = self.find(name)
        return Answer(200, {"keys": [{"self": f"{view.rest}/issue/{issue.id}/properties/{key}", "key": key} for key in issue.properties]})

    def property(self, request: Request, _view: Views, _user: User, name: str, key: str) -> Answer:
        issue = self.find(name)
        if request.method == "PUT":
            try:
                value = json.loads(request.raw)
            except ValueError:
                raise refused(400, "Request body must be a valid JSON value.") from None
            if len(request.raw) > 32768:
                raise refused(400, "The property value cannot be longer than 32768 characters.")
            fresh = key not in issue.properties
            issue.properties[key] = value
            return Answer(201 if fresh else 200, {})
        if key not in issue.properties:
            raise refused(404, f"The property '{key}' does not exist." if self.cloud else f"Property with key '{key}' not found.")
        if request.method == "DELETE":
            del issue.properties[key]
            return Answer(204)
        return Answer(200, {"key": key, "value": issue.properties[key]})

    ROUTES = (
        ("GET", "/myself", myself), ("GET", "/field", fields), ("GET", "/priority", priorities), ("GET", "/issuetype", types),
        ("GET", "/project/([^/]+)", project), ("GET", "/project/([^/]+)/statuses", project_statuses), ("GET", "/issue/createmeta/([^/]+)/issuetypes", create_meta),
        ("POST", "/issue", create), ("GET", "/issue/([^/]+)", get), ("PUT", "/issue/([^/]+)", edit), ("DELETE", "/issue/([^/]+)", delete),
        ("GET", "/issue/([^/]+)/transitions", moves), ("POST", "/issue/([^/]+)/transitions", move),
        ("GET", "/issue/([^/]+)/comment", comments), ("POST", "/issue/([^/]+)/comment", comment),
        ("GET", "/issue/([^/]+)/comment/([^/]+)", edit_comment), ("PUT", "/issue/([^/]+)/comment/([^/]+)", edit_comment),
        ("GET", "/issue/([^/]+)/changelog", history), ("GET", "/issue/([^/]+)/remotelink", links), ("POST", "/issue/([^/]+)/remotelink", link),
        ("GET", "/issue/([^/]+)/properties", properties), ("GET", "/issue/([^/]+)/properties/([^/]+)", property),
        ("PUT", "/issue/([^/]+)/properties/([^/]+)", property), ("DELETE", "/issue/([^/]+)/properties/([^/]+)", property),
        ("GET", "/search", Search.search), ("POST", "/search", Search.search),
        ("GET", "/search/jql", Search.enhanced_search), ("POST", "/search/jql", Search.enhanced_search),
    )  # fmt: skip
