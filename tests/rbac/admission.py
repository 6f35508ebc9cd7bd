"""diagnostic-system as it is enforced: Pod Security, quota, defaults."""

import json
import pathlib

from kube import Failure

JOB = (pathlib.Path(__file__).resolve().parent / "runner-job.json").read_text()


def _job(name, change=None):
    job = json.loads(JOB)
    job["metadata"]["name"] = name
    if change:
        change(job["spec"]["template"]["spec"])
    return json.dumps(job)


def runner_job_is_admitted(kubectl):
    """The operator's ServiceAccount creates a Job as the operator makes them: no warning, and its pod comes."""
    operator = kubectl.as_service_account("edp", "edp-operator")
    out = operator("create", "-f", "-", text=_job("edp-admission-test"))
    try:
        if "arning" in out:
            raise Failure(out)
        pods = ("get", "pods", "-n", "diagnostic-system", "-l", "job-name=edp-admission-test", "-o", "name")
        kubectl.eventually("the Job's pod exists", lambda: "pod/" in kubectl(*pods))
        used = lambda: json.loads(kubectl("get", "quota", "edp-diagnostics", "-n", "diagnostic-system", "-o", "json"))["status"]["used"]  # noqa: E731
        kubectl.eventually("the quota counts it", lambda: used().get("limits.cpu") == "500m" and used().get("count/jobs.batch") == "1")
    finally:
        operator("delete", "job", "edp-admission-test", "-n", "diagnostic-system")
        operator.close()
    kubectl.eventually("its pod is gone", lambda: "pod/" not in kubectl(*pods))


LOOSE = {
    "a root user": lambda pod: pod.update(securityContext={}) or pod["containers"][0]["securityContext"].pop("runAsNonRoot", None),
    "a privileged container": lambda pod: pod["containers"][0]["securityContext"].update(privileged=True, allowPrivilegeEscalation=True),
    "the host's network": lambda pod: pod.update(hostNetwork=True),
    "the host's processes": lambda pod: pod.update(hostPID=True),
    "a hostPath": lambda pod: pod["volumes"].append({"name": "host", "hostPath": {"path": "/"}}),
    "a capability": lambda pod: pod["containers"][0]["securityContext"].update(capabilities={"add": ["SYS_PTRACE"], "drop": ["ALL"]}),
}


def restricted(kubectl, change):
    pod = json.loads(_job("x", change))["spec"]["template"]
    pod.update(apiVersion="v1", kind="Pod", metadata={"name": "loose", "namespace": "diagnostic-system"})
    kubectl.refuses('violates PodSecurity "restricted:latest"', "create", "--dry-run=server", "-f", "-", text=json.dumps(pod))


def limits_are_forced(kubectl):
    """A container that asks for nothing gets the LimitRange's figures; one that asks for too much is refused."""
    pod = json.loads(_job("x"))["spec"]["template"]
    pod.update(apiVersion="v1", kind="Pod", metadata={"name": "bare", "namespace": "diagnostic-system"})
    del pod["spec"]["containers"][0]["resources"]
    got = kubectl.json("create", "--dry-run=server", "-f", "-", text=json.dumps(pod))["spec"]["containers"][0]["resources"]
    if got != {"limits": {"cpu": "500m", "memory": "512Mi"}, "requests": {"cpu": "250m", "memory": "256Mi"}}:
        raise Failure(f"defaults are {got}")
    pod["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "3", "memory": "1Gi"}}
    kubectl.refuses("maximum cpu usage per Container is 2", "create", "--dry-run=server", "-f", "-", text=json.dumps(pod))


def quota_holds(kubectl):
    """2 CPU and 4Gi, for requests and for limits."""
    hard = kubectl.json("get", "quota", "edp-diagnostics", "-n", "diagnostic-system")["spec"]["hard"]
    for key, value in {"requests.cpu": "2", "limits.cpu": "2", "requests.memory": "4Gi", "limits.memory": "4Gi"}.items():
        if hard.get(key) != value:
            raise Failure(f"{key} is {hard.get(key)}")
    made = []
    try:
        for index in range(5):  # four of 500m fit
            pod = json.loads(_job("x"))["spec"]["template"]
            pod.update(apiVersion="v1", kind="Pod", metadata={"name": f"quota-{index}", "namespace": "diagnostic-system"})
            status, out = kubectl.tries("create", "-f", "-", text=json.dumps(pod))
            if status == 0:
                made.append(f"quota-{index}")
            elif index != 4 or "exceeded quota: edp-diagnostics" not in out:
                raise Failure(f"pod {index}: {out}")
        if len(made) != 4:
            raise Failure(f"{len(made)} pods of 500m were let in")
    finally:
        kubectl("delete", "pod", "-n", "diagnostic-system", "--force", "--grace-period=0", *made)


def operator_pods_are_restricted(kubectl):
    """The operator's own pods pass "restricted" where the release's namespace enforces it."""
    template = kubectl.json("get", "deployment", "edp-operator", "-n", "edp")["spec"]["template"]
    template.update(apiVersion="v1", kind="Pod")
    template["metadata"] = {"name": "edp-operator-test", "namespace": "edp"}
    kubectl("label", "ns", "edp", "pod-security.kubernetes.io/enforce=restricted", "--overwrite")
    out = kubectl("create", "--dry-run=server", "-f", "-", text=json.dumps(template))
    if "arning" in out:
        raise Failure(out)


RUN = "apiVersion: edp.dev/v1alpha1\nkind: DiagnosticRun\nmetadata: {name: %s, namespace: shop%s}\nspec: {target: {pod: a}}\n"


def _run(name, requester=None):
    return RUN % (name, f", annotations: {{edp.dev/requested-by: '{requester}'}}" if requester else "")


def requester_is_the_user(kubectl):
    """Who makes a run may say so, or say nothing, but can't say that it was somebody else."""
    me = kubectl.json("auth", "whoami")["status"]["userInfo"]["username"]
    kubectl("create", "--dry-run=server", "-f", "-", text=_run("asked", me))
    kubectl.refuses(f"the annotation edp.dev/requested-by says mallory, but you are {me}", "create", "--dry-run=server", "-f", "-", text=_run("asked", "mallory"))
    kubectl.refuses("says policy/nightly, but you are", "create", "--dry-run=server", "-f", "-", text=_run("asked", "policy/nightly"))
    made = json.loads(kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", text=_run("asked")))["metadata"].get("annotations", {})
    serves = "mutatingadmissionpolicies" in kubectl("api-resources", "--api-group=admissionregistration.k8s.io", "-o", "name")
    if made.get("edp.dev/requested-by") != (me if serves else None):
        raise Failure(f"who says nothing: {made}, and mutating policies are {'served' if serves else 'not served'}")


def requester_stays(kubectl):
    """Neither changed nor added nor removed afterwards; all else of a run may be."""
    me = kubectl.json("auth", "whoami")["status"]["userInfo"]["username"]
    kubectl("create", "-f", "-", text=_run("asked", me))
    try:
        refused = "the annotation edp.dev/requested-by can't be changed"
        kubectl.refuses(refused, "annotate", "drun", "asked", "-n", "shop", "--overwrite", "edp.dev/requested-by=mallory")
        kubectl.refuses(refused, "annotate", "drun", "asked", "-n", "shop", "edp.dev/requested-by-")
        kubectl("annotate", "drun", "asked", "-n", "shop", "example.com/note=x")
        kubectl("patch", "drun", "asked", "-n", "shop", "--type=merge", "-p", '{"spec":{"cancel":true}}')
    finally:
        kubectl("delete", "drun", "asked", "-n", "shop")


def operator_names_policies(kubectl):
    """The operator makes runs for policies, and says so."""
    operator = kubectl.as_service_account("edp", "edp-operator")
    try:
        operator("create", "--dry-run=server", "-f", "-", text=_run("asked", "policy/nightly"))
    finally:
        operator.close()
