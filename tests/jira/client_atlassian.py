"""The PyPI package `atlassian-python-api` against a Jira: arguments are its URL, cloud or datacenter, the version of the API, user and secret."""

import sys

import requests
from atlassian import Jira
from atlassian.errors import ApiError

url, deployment, version, user, secret = sys.argv[1:]
cloud = deployment == "cloud"


def connect(given: str) -> Jira:
    return Jira(url, username=user, password=given, cloud=True, api_version=version) if cloud else Jira(url, token=given, api_version=version)


def search(jql: str) -> list:
    return (jira.enhanced_jql(jql, fields=["status", "labels"]) if cloud else jira.jql(jql))["issues"]


jira = connect(secret)
assert jira.myself()["active"]
label = f"edp-apa-{version}"
rich = "text" if version == "2" else {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "text"}]}]}
key = jira.issue_create({"project": {"key": "OPS"}, "issuetype": {"name": "Bug"}, "summary": "EDP CRITICAL", "labels": [label], "description": rich})[
    "key"
]
assert [issue["key"] for issue in search(f'labels = "{label}"')] == [key]
jira.update_issue_field(key, {"summary": "again"})
jira.issue_add_comment(key, rich)
jira.create_or_update_issue_remote_links(key, "https://edp.example.com/report/1", "Report", global_id="edp:1")
jira.create_or_update_issue_remote_links(key, "https://edp.example.com/report/2", "Report", global_id="edp:1")
(link,) = jira.get_issue_remote_links(key)
assert link["object"]["url"].endswith("/2"), link
jira.set_issue_status(key, "Done" if cloud else "Resolved")
assert jira.get_issue_status(key) == ("Done" if cloud else "Resolved")
assert not search(f'labels = "{label}" and status = "{"To Do" if cloud else "Open"}"')
for call, given in (
    (connect("wrong").myself, ()),
    (jira.issue, ("OPS-999999",)),
    (jira.issue_create, ({"project": {"key": "NOPE"}, "summary": "x"},)),
):
    try:
        call(*given)
    except (requests.HTTPError, ApiError):
        continue
    raise AssertionError(f"{call.__name__}{given} was not refused")
