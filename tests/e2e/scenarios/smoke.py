"""The cluster itself: what every other scenario takes for granted."""

from __future__ import annotations

from functools import partial

from edpe2e.kubectl import Object
from edpe2e.scenario import Context, check, check_equal, scenario
from edpe2e.waiting import eventually


def pod(context: Context, name: str, *command: str, **spec: object) -> Object:
    container = {"name": "main", "image": context.images["busybox"], "command": list(command)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1, **spec},
    }


@scenario(slice=True)
def a_job_runs_to_its_end(context: Context) -> None:
    """A Job is placed, completes, and its pod's log is there."""
    template = pod(context, "hello", "sh", "-c", "echo hello; sleep 1; echo done", restartPolicy="Never")
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "hello"},
        "spec": {"backoffLimit": 0, "template": {"spec": template["spec"]}},
    }
    context.kubectl.apply(job)
    context.kubectl.wait("condition=Complete", "job/hello")
    check_equal(context.kubectl.logs("job/hello").split(), ["hello", "done"], "log")


@scenario()
def only_tolerant_pods_reach_the_diagnostic_node(context: Context) -> None:
    """The runner's node takes pods that tolerate its taint, and no others."""
    kubectl = context.kubectl
    selector = {"node-role.kubernetes.io/diagnostic": "true"}
    toleration = {"key": "node-role.kubernetes.io/diagnostic", "operator": "Exists", "effect": "NoSchedule"}
    kubectl.apply(
        pod(context, "tolerant", "sleep", "1000", nodeSelector=selector, tolerations=[toleration]),
        pod(context, "plain", "sleep", "1000", nodeSelector=selector),
        pod(context, "anywhere", "sleep", "1000"),
    )
    kubectl.wait("condition=Ready", "pod/tolerant", "pod/anywhere")
    nodes = {node["metadata"]["name"] for node in kubectl.items("nodes", "-l", "node-role.kubernetes.io/diagnostic=true")}
    check(kubectl.get("pod", "tolerant")["spec"]["nodeName"] in nodes, "the tolerant pod is on a diagnostic node")
    check(kubectl.get("pod", "anywhere")["spec"]["nodeName"] not in nodes, "the other pod is not")
    condition = kubectl.get("pod", "plain")["status"]["conditions"][0]
    check("untolerated taint" in condition["message"], f"the plain pod is refused for the taint: {condition}")


@scenario(slice=True)
def pods_reach_each_other_across_nodes(context: Context) -> None:
    """By address, by Service, and by the Service's name; on one node and from one node to another."""
    kubectl = context.kubectl
    serve = "mkdir -p /tmp/www; echo it works > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www"
    toleration = {"operator": "Exists"}
    diagnostic = {"node-role.kubernetes.io/diagnostic": "true"}
    kubectl.apply(
        pod(context, "web", "sh", "-c", serve),
        pod(context, "far", "sleep", "1000", nodeSelector=diagnostic, tolerations=[toleration]),
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
         "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}},
    )  # fmt: skip
    kubectl.wait("condition=Ready", "pod", "--all")
    node = kubectl.get("pod", "web")["spec"]["nodeName"]
    kubectl.apply(pod(context, "near", "sleep", "1000", nodeName=node))
    kubectl.wait("condition=Ready", "pod/near")
    address = kubectl.get("pod", "web")["status"]["podIP"]
    service = kubectl.get("service", "web")["spec"]["clusterIP"]
    for source in ("near", "far", "web"):
        for host, port in ((address, 8080), (service, 80), (f"web.{context.namespace}.svc", 80)):
            ask = f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 {host} {port}"
            answer = eventually(partial(kubectl.execute, source, "sh", "-c", ask), f"{source} asks {host}", 20)
            check(answer.endswith("it works\n"), f"{source} asks {host}:{port}: {answer!r}")


@scenario(slice=True)
def a_quota_refuses_what_does_not_fit(context: Context) -> None:
    """The words are those that EDP's admission must never cause."""
    kubectl = context.kubectl
    kubectl.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "two"}, "spec": {"hard": {"pods": "2"}}})
    eventually(lambda: kubectl.get("quota", "two").get("status", {}).get("used"), "the quota's status")
    kubectl.apply(pod(context, "one", "sleep", "1000"), pod(context, "two", "sleep", "1000"))
    error = kubectl.refused("run", "three", f"--image={context.images['busybox']}")
    check("exceeded quota: two, requested: pods=1, used: pods=2, limited: pods=2" in error, error)


@scenario(slice=True)
def pod_security_is_enforced(context: Context) -> None:
    """A namespace labelled "restricted" refuses a pod that is not, and says why."""
    kubectl = context.kubectl
    kubectl.run("label", "namespace", context.namespace, "pod-security.kubernetes.io/enforce=restricted")
    error = kubectl.refused("run", "loose", f"--image={context.images['busybox']}")
    check('violates PodSecurity "restricted' in error and "runAsNonRoot" in error, error)


@scenario(own_cluster=True)
def the_audit_log_names_who_wrote(context: Context) -> None:
    """Writes are in the cluster's audit log with user and outcome; reads are not."""
    kubectl = context.kubectl
    kubectl.run("create", "configmap", "written")
    kubectl.get("configmap", "written")
    refused = kubectl.refused("--as=system:serviceaccount:default:nobody", "create", "configmap", "forbidden")
    check("cannot create resource" in refused, refused)
    lines = [line for line in (context.state / "audit.log").read_text().splitlines() if context.namespace in line]
    written = [line for line in lines if '"name":"written"' in line]
    check(len(written) == 1 and '"username":"admin"' in written[0] and '"verb":"create"' in written[0], f"{written}")
    check(any('"username":"system:serviceaccount:default:nobody"' in li and '"code":403' in li for li in lines), "403 is logged")
