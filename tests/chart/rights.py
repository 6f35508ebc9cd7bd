"""What the rendered roles may never hold, whatever the values are. tests/rbac asks a real apiserver."""

from tools import Failure

READ = {"get", "list", "watch"}
# What may be written cluster-wide: EDP's own objects, Events, and questions to the apiserver.
WRITES = {
    ("edp.dev", "diagnostictickets"): {"create"},
    ("edp.dev", "diagnostictickets/status"): {"patch"},
    ("edp.dev", "diagnosticruns"): {"create", "delete"},
    ("edp.dev", "diagnosticruns/status"): {"patch"},
    ("edp.dev", "diagnosticprofiles/status"): {"patch"},
    ("edp.dev", "diagnosticpolicies/status"): {"patch"},
    ("events.k8s.io", "events"): {"create", "patch"},
    ("authentication.k8s.io", "tokenreviews"): {"create"},
    ("authorization.k8s.io", "subjectaccessreviews"): {"create"},
}


def least(objects):
    for role in objects:
        if role["kind"] not in ("Role", "ClusterRole"):
            continue
        name = f"{role['kind']} {role['metadata']['name']}"
        for rule in role["rules"]:
            if "nonResourceURLs" in rule:
                raise Failure(f"{name} names URLs")
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    _judge(name, role, group, resource, set(rule["verbs"]))


def _judge(name, role, group, resource, verbs):
    if "*" in (group, resource) or "*" in verbs:
        raise Failure(f"{name} has a wildcard")
    if resource.split("/")[0] in ("secrets", "serviceaccounts", "configmaps") or group == "rbac.authorization.k8s.io":
        raise Failure(f"{name} reaches {resource}")
    if role["metadata"]["name"] == "edp-operator" and role["kind"] == "ClusterRole":
        more = verbs - READ - WRITES.get((group, resource), set())
        if more:
            raise Failure(f"{name} may {', '.join(sorted(more))} {group}/{resource} cluster-wide")
    if role["metadata"]["name"] == "edp-runner" and ((group, resource) not in (("", "pods/log"), ("", "nodes/metrics")) or verbs - READ):
        raise Failure(f"{name} may {', '.join(sorted(verbs))} {group}/{resource}")
