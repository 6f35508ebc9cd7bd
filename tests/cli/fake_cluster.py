"""A kube-apiserver and EDP's report service as far as the plugin needs them, from a script.

Each first part of the path is a cluster of its own that differs in one thing: /ok, /nocrd, /forbidden, /unauthorized,
/noproxy, /busy. The name of a run's target says what becomes of the run: see `advance`.
"""

import gzip
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RUNS = "/apis/edp.dev/v1alpha1/namespaces/{ns}/diagnosticruns"
SAMPLE = Path(__file__).resolve().parents[2] / "runner/report/testdata/sample.json"


def status(code, reason, message):
    return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def report(pod, severity="CRITICAL"):
    """The sample report as if it were of this pod, with the first finding only."""
    sample = json.loads(SAMPLE.read_text())
    name = f"pod:shop/{pod}"
    sample["targets"][0]["name"] = name
    for part in ("findings", "rules", "collectors", "artefacts"):
        for item in sample[part]:
            item["target"] = name
    sample["findings"] = sample["findings"][:1]
    sample["findings"][0]["severity"] = severity
    sample["verdict"].update(worst=severity, critical=int(severity == "CRITICAL"), warning=int(severity == "WARNING"), info=0)
    return json.dumps(sample).encode()


class Cluster:
    def __init__(self):
        self.lock = threading.Lock()
        self.runs = {}  # (ns, name) -> object
        self.looks = {}  # how often each was read
        self.reports = {}  # path below the service -> bytes
        self.uploads = []  # (path, headers, body)
        self.requests = []
        self.absent = 0  # so many downloads get 503
        self.upload_answers = []  # statuses before uploads are taken

    def create(self, ns, given):
        name = given["metadata"].get("name") or given["metadata"]["generateName"] + "x7k2p"
        uid = f"00000000-0000-4000-8000-{len(self.runs):012d}"
        run = {**given, "metadata": {**given["metadata"], "name": name, "namespace": ns, "uid": uid, "generation": 1,
                                     "creationTimestamp": "2026-05-04T03:12:00Z"}}
        run["spec"].setdefault("profile", "prod-k8s")
        self.runs[ns, name] = run
        self.looks[ns, name] = 0
        return run

    @staticmethod
    def kind_of(run):
        target = run["spec"]["target"]
        if "workload" in target:
            return target["workload"]["name"]
        return target.get("pod") or "all"

    def advance(self, ns, name):
        """What an operator would have done by this look."""
        run = self.runs[ns, name]
        self.looks[ns, name] += 1
        kind, look = self.kind_of(run), self.looks[ns, name]
        condition = lambda type_, value, reason, message="": {"type": type_, "status": value, "reason": reason, "message": message}
        if run["spec"].get("cancel"):
            run["status"] = {"conditions": [condition("Failed", "True", "Cancelled", "cancelled by spec.cancel")]}
            return run
        conditions = [condition("Accepted", "True", "Valid")]
        if look == 1:
            conditions.append(condition("Admitted", "False", "QuotaExhausted", "waits for room in the quota"))
            run["status"] = {"conditions": conditions, "targetCounts": {"matched": 1, "waiting": 1}}
        elif kind in ("nopods", "unlabelled", "badprofile"):
            reason, message = {"nopods": ("NoPodMatches", "no pod of Deployment nopods is there"),
                               "unlabelled": ("TargetNotEnabled", "pod unlabelled lacks the label edp-enabled=true"),
                               "badprofile": ("UnknownProfile", "there is no DiagnosticProfile nope")}[kind]
            run["status"] = {"conditions": conditions + [condition("Failed", "True", reason, message)]}
        elif look == 2 or kind == "slow":
            run["status"] = {"conditions": conditions + [condition("Running", "True", "JobRunning")],
                             "targetCounts": {"matched": 1, "running": 1}}
        else:
            self.finish(run, kind, conditions, condition)
        return run

    def finish(self, run, kind, conditions, condition):
        ns, name, uid = (run["metadata"][key] for key in ("namespace", "name", "uid"))
        pods = {"two": ["two-1", "two-2"], "all": ["web-1", "web-2"]}.get(kind, [f"{kind}-1"])
        severity = "WARNING" if kind in ("warning", "two") else "CRITICAL"
        targets = []
        for number, pod in enumerate(pods):
            severity_here = "CRITICAL" if number else severity
            data = report(pod, severity_here)
            pod_uid = f"10000000-0000-4000-8000-{number:012d}"
            base = f"/api/v1/runs/{ns}/{name}/{uid}/targets/{pod_uid}"
            self.reports[f"{base}/report.json"] = data
            self.reports[f"{base}/report.html"] = b"<!doctype html><title>stored page</title>"
            counts = {"critical": int(severity_here == "CRITICAL"), "warning": int(severity_here == "WARNING"), "info": 0}
            shown = digest(b"other") if kind == "tampered" else digest(data)
            targets.append({"pod": pod, "uid": pod_uid, "phase": "Succeeded", "findings": counts, "digest": shown})
        critical = sum(target["findings"]["critical"] for target in targets)
        warning = sum(target["findings"]["warning"] for target in targets)
        verdict = ", ".join(f"{n} {word}" for n, word in ((critical, "CRITICAL"), (warning, "WARNING")) if n)
        failed = critical or (warning and run["spec"].get("gate") == "WARNING")
        host = "evil.attacker.svc" if kind == "elsewhere" else "edp-reports.edp.svc"
        run["status"] = {"conditions": conditions + [condition("Succeeded", "True", "Diagnosed")],
                         "targetCounts": {"matched": len(pods), "succeeded": len(pods)},
                         "findings": {"critical": critical, "warning": warning, "info": 0},
                         "verdict": verdict, "gate": "Failed" if failed else "Passed",
                         "worst": [{"rule": "GO-SYNCMAP-WRITE-HEAVY", "severity": severity, "title": "\x1b[31mStores\x1b[0m go first",
                                    "location": "main.Put cache.go:42", "pod": pods[0]}],
                         "targets": targets, "report": {"url": f"https://{host}:8443/api/v1/runs/{ns}/{name}"},
                         "startTime": "2026-05-04T03:12:01Z", "completionTime": "2026-05-04T03:13:00Z"}


def pod(name, uid, restarts=0):
    return {"metadata": {"name": name, "namespace": "shop", "uid": uid, "labels": {"edp-enabled": "true"}},
            "spec": {"nodeName": "node-1"},
            "status": {"conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [{"restartCount": restarts}]}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, code, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        cluster = self.server.cluster
        with cluster.lock:
            cluster.requests.append((self.command, self.path, dict(self.headers)))
            self.answer(*self.route(cluster, body))

    do_GET = do_POST = do_PATCH = do_PUT = serve

    def route(self, cluster, body):
        flavour, _, rest = self.path.lstrip("/").partition("/")
        path, _, query = ("/" + rest).partition("?")
        if flavour == "upload":
            return self.take_upload(cluster, path, body)
        if flavour == "unauthorized":
            return status(401, "Unauthorized", "Unauthorized")
        if self.headers.get("Authorization") != "Bearer user-token":
            return status(401, "Unauthorized", "Unauthorized")
        proxy = "/api/v1/namespaces/edp/services/https:edp-reports:8443/proxy"
        if path.startswith(proxy):
            return self.report_service(cluster, flavour, path[len(proxy):])
        if path.endswith("/pods"):
            items = [pod("warning-1", "10000000-0000-4000-8000-000000000000"), pod("new-1", "f", restarts=3)]
            return 200, {"kind": "PodList", "metadata": {}, "items": items if "edp-enabled" in query else []}
        if flavour == "nocrd":
            return status(404, "NotFound", "the server could not find the requested resource")
        if flavour == "forbidden":
            return status(403, "Forbidden", 'diagnosticruns.edp.dev is forbidden: User "jane" cannot do that in the namespace "shop"')
        if path == "/apis/authentication.k8s.io/v1/selfsubjectreviews":
            return 201, {"kind": "SelfSubjectReview", "status": {"userInfo": {"username": "jane"}}}
        match = re.fullmatch(r"/apis/edp.dev/v1alpha1/namespaces/([^/]+)/diagnosticruns(?:/([^/]+))?", path)
        if path == "/apis/edp.dev/v1alpha1/diagnosticruns":
            return 200, {"kind": "DiagnosticRunList", "metadata": {}, "items": list(cluster.runs.values())}
        if not match:
            return status(404, "NotFound", "the server could not find the requested resource")
        return self.runs(cluster, *match.groups(), body)

    def runs(self, cluster, ns, name, body):
        if self.command == "POST":
            given = json.loads(body)
            if given["spec"].get("duration") == "900s":
                return status(422, "Invalid", 'DiagnosticRun.edp.dev "x" is invalid: spec.duration: duration must lie between 1s and 10m')
            return 201, cluster.create(ns, given)
        if name is None:
            items = [run for (where, _), run in cluster.runs.items() if where == ns]
            return 200, {"kind": "DiagnosticRunList", "metadata": {}, "items": items}
        if (ns, name) not in cluster.runs:
            return status(404, "NotFound", f'diagnosticruns.edp.dev "{name}" not found')
        if self.command == "PATCH":
            if self.headers["Content-Type"] != "application/merge-patch+json":
                return status(415, "UnsupportedMediaType", "not a merge patch")
            cluster.runs[ns, name]["spec"].update(json.loads(body)["spec"])
            return 200, cluster.runs[ns, name]
        return 200, cluster.advance(ns, name)

    def report_service(self, cluster, flavour, path):
        """Behind the apiserver's proxy, which has taken the Authorization header out."""
        if flavour == "noproxy":
            return status(403, "Forbidden", 'services "https:edp-reports:8443" is forbidden: User "jane" cannot get resource "services/proxy"')
        if self.headers.get("X-EDP-Token") not in ("user-token", "other-token"):
            return 401, {"error": "no valid token", "reason": "Unauthenticated"}
        if cluster.absent:
            cluster.absent -= 1
            return 503, {"error": "the leader is not known; try again", "reason": "NoLeader"}
        if path not in cluster.reports:
            return 404, {"error": "no such report", "reason": "NotFound"}
        return 200, cluster.reports[path]

    def take_upload(self, cluster, path, body):
        cluster.uploads.append((path, dict(self.headers), body))
        if cluster.upload_answers:
            code = cluster.upload_answers.pop(0)
            return code, {"error": "not now" if code >= 500 else "not your run", "reason": "X"}
        data = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        return 201, {"digest": digest(data), "bytes": len(data)}


class FakeCluster(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.cluster = Cluster()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, flavour):
        return f"http://127.0.0.1:{self.server_address[1]}/{flavour}"

    def kubeconfig(self, folder, flavour="ok", token="user-token"):
        """Writes a kubeconfig for this flavour; returns its path."""
        path = folder / f"kubeconfig-{flavour}-{bool(token)}"
        user = {"token": token} if token else {"username": "jane", "password": "x"}
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": self.url(flavour)}}],
            "users": [{"name": "jane", "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "jane", "namespace": "shop"}}]}))
        return str(path)

    def stop(self):
        self.shutdown()
        self.server_close()
