"""The PyPI package `jira` against a Jira: arguments are its URL, cloud or datacenter, the version of the API, user and secret."""

import sys

import requests
from jira import JIRA
from jira.exceptions import JIRAError

url, deployment, version, user, secret = sys.argv[1:]
cloud = deployment == "cloud"


def connect(given: str) -> JIRA:
    auth = {"basic_auth": (user, given)} if cloud else {"token_auth": given}
    return JIRA(url, options={"rest_api_version": version}, max_retries=0, **auth)


def rich(text: str) -> object:
    return text if version == "2" else {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]}


jira = connect(secret)
assert jira.myself()["active"] and jira.deploymentType == ("Cloud" if cloud else "Server")
assert jira.project("OPS").key == "OPS" and "summary" in [field["id"] for field in jira.fields()]
label = f"edp-pyjira-{version}"
issue = jira.create_issue(
    project="OPS", issuetype="Bug", summary="EDP CRITICAL", labels=["edp", label], priority={"name": "Highest"}, description=rich("What was found")
)
assert issue.fields.status.statusCategory.key == "new" and issue.fields.priority.name == "Highest", issue.raw
(found,) = jira.search_issues(f'project = OPS AND labels = "{label}" AND statusCategory != Done ORDER BY created DESC')
assert found.key == issue.key and found.fields.labels == ["edp", label], found.raw
issue.update(fields={"summary": "EDP CRITICAL again", "labels": ["edp", label, "more"]})
comment = jira.add_comment(issue, rich("seen again"))
assert [entry.id for entry in jira.comments(issue)] == [comment.id]
link = jira.add_simple_link(issue, {"url": "https://edp.example.com/report/1", "title": "Report"})
assert jira.remote_links(issue)[0].object.title == "Report" and link.id
jira.add_issue_property(issue, "edp", {"fingerprint": "f1"})
assert jira.issue_property(issue, "edp").value.fingerprint == "f1"
done = next(move["id"] for move in jira.transitions(issue) if move["to"]["statusCategory"]["key"] == "done")
jira.transition_issue(issue, done, comment=rich("validated"))
issue = jira.issue(issue.key, expand="changelog")
assert issue.fields.status.statusCategory.key == "done" and issue.fields.resolution and issue.fields.summary == "EDP CRITICAL again"
assert any(item.field == "status" for entry in issue.changelog.histories for item in entry.items)
assert not jira.search_issues(f'labels = "{label}" AND statusCategory != Done')


def refused(status: int, words: str, call: object, *given: object, **named: object) -> None:
    try:
        call(*given, **named)
    except JIRAError as error:
        assert error.status_code == status and words in error.text, (error.status_code, error.text)
    else:
        raise AssertionError(f"nothing was refused, {status} {words} was expected")


refused(400, "project", jira.create_issue, fields={"project": {"key": "NOPE"}, "issuetype": {"name": "Bug"}, "summary": "x"})
refused(400, "summary", jira.create_issue, fields={"project": {"key": "OPS"}, "issuetype": {"name": "Bug"}})
refused(400, "label", jira.create_issue, project="OPS", issuetype="Bug", summary="x", labels=["a b"])
refused(404, "", jira.issue, "OPS-999999")
refused(400, "does not exist", jira.search_issues, "key = OPS-999999")
refused(400, "JQL", jira.search_issues, "labels = = x")
refused(400, "Transition", jira.transition_issue, issue, "999")
try:
    connect("wrong").myself()
except (JIRAError, requests.RequestException) as error:
    assert "401" in str(error), error
else:
    raise AssertionError("wrong credentials were taken")
