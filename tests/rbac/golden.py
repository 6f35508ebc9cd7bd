"""Every right of each ServiceAccount, as the apiserver itself tells it (SelfSubjectRulesReview), against golden.txt."""

import difflib
import json
import pathlib

from kube import Failure

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden.txt"
ACCOUNTS = {
    "": [("edp", "edp-operator"), ("diagnostic-system", "edp-runner"), ("edp", "default"), ("diagnostic-system", "default")],
    "reach on": [("edp", "edp-operator"), ("diagnostic-system", "edp-runner"), ("diagnostic-node", "edp-runner-node")],
}
NAMESPACES = {"": ["edp", "diagnostic-system", "shop"], "reach on": ["diagnostic-system", "diagnostic-node", "shop", "default"]}


def _rules(kubectl, namespace):
    """{(resource, names): verbs}"""
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}}
    status = kubectl.json("create", "--validate=false", "-f", "-", text=json.dumps(review))["status"]
    if status["incomplete"]:
        raise Failure(f"the apiserver's answer is incomplete: {status}")
    found = {}
    for rule in status["resourceRules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                names = ",".join(sorted(rule.get("resourceNames", [])))
                found.setdefault((f"{group or 'core'}/{resource}", names), set()).update(rule["verbs"])
    for rule in status["nonResourceRules"]:
        for url in rule["nonResourceURLs"]:
            found.setdefault((url, ""), set()).update(rule["verbs"])
    return found


def baseline_is_harmless(kubectl):
    """What any ServiceAccount may do, and is left out of the golden file: ask about itself, discover the API, read public
    certificates."""
    for (what, _), verbs in _rules(kubectl.as_service_account("shop", "default"), "shop").items():
        asks = what.startswith("authorization.k8s.io/selfsubject") or what == "authentication.k8s.io/selfsubjectreviews"
        public = what.startswith("/") and verbs == {"get"} or what == "certificates.k8s.io/clustertrustbundles" and verbs <= {"get", "list", "watch"}
        if not public and not (asks and verbs == {"create"}):
            raise Failure(f"every ServiceAccount of this cluster may {sorted(verbs)} {what}")


def text(kubectl, variant):
    lines = []
    anybody = {ns: _rules(kubectl.as_service_account("shop", "default"), ns) for ns in NAMESPACES[variant]}
    for home, name in ACCOUNTS[variant]:
        account = kubectl.as_service_account(home, name)
        for namespace in NAMESPACES[variant]:
            lines.append(f"== {home}/{name} in {namespace}{f' ({variant})' if variant else ''}")
            own = []
            for (what, names), verbs in _rules(account, namespace).items():
                more = verbs - anybody[namespace].get((what, names), set())
                if more:
                    own.append(f"{what}{f' named {names}' if names else ''}: {' '.join(sorted(more))}")
            lines.extend(sorted(own) or ["nothing"])
        account.close()
    return "\n".join(lines) + "\n"


def compare(made):
    expected = GOLDEN.read_text() if GOLDEN.exists() else ""
    if made != expected:
        diff = difflib.unified_diff(expected.splitlines(), made.splitlines(), "golden.txt", "the apiserver", lineterm="")
        raise Failure("run.py --update writes golden.txt anew\n" + "\n".join(diff))


# Questions with names and namespaces that a list of rules does not show at a glance: (account, verb, what, namespace or
# "" for all, may).
OPERATOR, RUNNER = ("edp", "edp-operator"), ("diagnostic-system", "edp-runner")
QUESTIONS = [
    (OPERATOR, "list", "pods", "", True),
    (OPERATOR, "create", "pods", "shop", False),
    (OPERATOR, "delete", "pods", "shop", False),
    (OPERATOR, "delete", "pods", "diagnostic-system", False),
    (OPERATOR, "patch", "pods", "shop", False),
    (OPERATOR, "create", "pods/exec", "shop", False),
    (OPERATOR, "patch", "pods/ephemeralcontainers", "shop", False),
    (OPERATOR, "get", "pods/log", "shop", False),
    (OPERATOR, "get", "secrets", "shop", False),
    (OPERATOR, "get", "secrets", "edp", False),
    (OPERATOR, "list", "secrets", "diagnostic-system", False),
    (OPERATOR, "get", "configmaps", "kube-system", False),
    (OPERATOR, "create", "serviceaccounts/token", "diagnostic-system", False),
    (OPERATOR, "create", "jobs.batch", "diagnostic-system", True),
    (OPERATOR, "delete", "jobs.batch", "diagnostic-system", True),
    (OPERATOR, "patch", "jobs.batch", "diagnostic-system", False),
    (OPERATOR, "create", "jobs.batch", "shop", False),
    (OPERATOR, "get", "deployments.apps", "shop", False),
    (OPERATOR, "patch", "deployments.apps", "shop", False),
    (OPERATOR, "update", "leases.coordination.k8s.io/edp-operator", "diagnostic-system", True),
    (OPERATOR, "update", "leases.coordination.k8s.io/another", "diagnostic-system", False),
    (OPERATOR, "update", "leases.coordination.k8s.io/edp-operator", "kube-system", False),
    (OPERATOR, "create", "diagnosticruns.edp.dev", "shop", True),
    (OPERATOR, "update", "diagnosticruns.edp.dev", "shop", False),
    (OPERATOR, "patch", "diagnosticruns.edp.dev/status", "shop", True),
    (OPERATOR, "delete", "diagnosticprofiles.edp.dev", "", False),
    (OPERATOR, "patch", "resourcequotas", "diagnostic-system", False),
    (OPERATOR, "create", "clusterrolebindings.rbac.authorization.k8s.io", "", False),
    (OPERATOR, "impersonate", "users", "", False),
    (RUNNER, "get", "pods/log", "shop", True),
    (RUNNER, "get", "nodes/metrics", "", True),
    (RUNNER, "get", "nodes/proxy", "", False),
    (RUNNER, "get", "pods", "shop", False),
    (RUNNER, "list", "pods", "diagnostic-system", False),
    (RUNNER, "get", "secrets", "diagnostic-system", False),
    (RUNNER, "create", "jobs.batch", "diagnostic-system", False),
    (RUNNER, "get", "diagnosticruns.edp.dev", "shop", False),
    (RUNNER, "patch", "diagnosticruns.edp.dev/status", "shop", False),
]


def question(kubectl, account, verb, what, namespace, may):
    resource, _, rest = what.partition("/")
    # kubectl takes TYPE/NAME and --subresource.
    named = resource == "leases.coordination.k8s.io"
    args = ["auth", "can-i", verb, what if named else resource]
    if rest and not named:
        args += ["--subresource", rest]
    args += ["-n", namespace] if namespace else ["--all-namespaces"]
    actor = kubectl.as_service_account(*account)
    answer = actor.tries(*args)[1]
    actor.close()
    if answer.strip().splitlines()[-1].startswith("yes") != may:
        raise Failure(f"answer: {answer.strip()}")


def people(kubectl):
    """Who may view a namespace may view its runs, who may edit it may make them; the others see nothing."""
    for role, may in (("view", ["get"]), ("edit", ["get", "create", "delete"]), ("admin", ["get", "create", "delete"])):
        kubectl("create", "rolebinding", f"edp-test-{role}", f"--clusterrole={role}", f"--user={role}er", "-n", "shop")
        try:
            for verb in ("get", "create", "delete"):
                expected = "yes" if verb in may else "no"
                kubectl.eventually(
                    f"{role} may {verb} diagnosticruns: {expected}",
                    lambda: kubectl.tries("auth", "can-i", verb, "diagnosticruns.edp.dev", "-n", "shop", f"--as={role}er")[1].strip() == expected, 10)
            if kubectl.tries("auth", "can-i", "get", "diagnosticruns.edp.dev", "-n", "default", f"--as={role}er")[1].strip() != "no":
                raise Failure(f"{role} of one namespace sees the runs of another")
        finally:
            kubectl("delete", "rolebinding", f"edp-test-{role}", "-n", "shop")
