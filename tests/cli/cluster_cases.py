"""What the kubectl plugin and edp-runner in a cluster say and do, against a scripted apiserver (fake_cluster.py)."""

import gzip
import json
import os
import re
import signal
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema
import yaml
from fake_cluster import FakeCluster, digest
from hostile import Server

SCHEMA = Path(__file__).resolve().parents[2] / "docs/report.schema.json"


class Bench:
    """Runs commands, counts what they did."""

    def __init__(self, runner, folder):
        self.runner, self.folder, self.fake = runner, folder, FakeCluster()
        self.plugin = folder / "bin/kubectl-edp"
        self.plugin.parent.mkdir()
        self.plugin.symlink_to(runner)
        self.results = []

    def environment(self, flavour="ok", token="user-token", **more):
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("EDP_", "KUBE"))}
        config = self.fake.kubeconfig(self.folder, flavour, token)
        return {**clean, "KUBECONFIG": config, "HOME": str(self.folder), **more}

    def run(self, *args, program=None, env=None):
        return subprocess.run([program or self.runner, *args], env=env or self.environment(), capture_output=True, text=True,
                              timeout=90, check=False)

    def kubectl(self, *args, **environment):
        return self.run(*args, program=self.plugin, env=self.environment(**environment))

    def expect(self, name, result, code, pattern, *more):
        """`more`: further conditions, each true or a text that says what is wrong."""
        output = result.stdout + result.stderr
        wrong = [] if result.returncode == code else [f"exit {result.returncode}, not {code}"]
        if not re.search(pattern, output, re.S):
            wrong.append(f"nothing like /{pattern}/")
        wrong += [what for what in more if what is not True]
        self.results.append((name, wrong, output))


def check(condition, what):
    return True if condition else what


def plugin(bench):
    kubectl, cluster = bench.kubectl, bench.fake.cluster
    made = kubectl("run", "deploy/warning", "--profile", "light", "--duration", "30", "--timeout", "2m", "--gate", "WARNING",
                   "--priority", "Critical", "--collectors", "cpu,heap", "--port", "8080", "-o", "yaml")
    spec = yaml.safe_load(made.stdout)["spec"] if made.returncode == 0 else {}
    bench.expect("run prints the new run as YAML", made, 0, "kind: DiagnosticRun", check(spec == {
        "target": {"workload": {"kind": "Deployment", "name": "warning"}, "port": 8080}, "profile": "light", "duration": "30s",
        "timeout": "120s", "gate": "WARNING", "priority": "Critical", "collectors": ["cpu", "heap"]}, f"spec {spec}"))
    bench.expect("run by labels", kubectl("run", "-l", "app=web,tier in (a,b),!old", "-o", "json"), 0,
                 r'"matchLabels": \{\s*"app": "web".*"operator": "In".*"operator": "DoesNotExist"')
    bench.expect("a run says who asks for it", kubectl("run", "deploy/warning", "-o", "json"), 0, '"edp.dev/requested-by": "jane"')
    bench.expect("run --wait below the gate", kubectl("run", "sts/fine", "--gate", "WARNING", "--wait"), 2, "gate Failed")
    bench.expect("run --wait, gate passed", kubectl("run", "ds/warning", "--wait"), 0,
                 r"diagnosticrun\.edp\.dev/warning-\w+.*Succeeded, 1 WARNING; gate Passed.*Waiting \(waits for room.*Running 0/1",
                 )
    bench.expect("a target's text can't command the terminal", kubectl("run", "ds/warning", "--wait"), 0, "Stores",
                 check("\x1b" not in kubectl("run", "ds/warning", "--wait").stdout, "an escape got through"))
    for kind, code, pattern in (("nopods", 3, r"Failed \(NoPodMatches\).*no pod of Deployment nopods"),
                                ("unlabelled", 3, r"TargetNotEnabled.*lacks the label"),
                                ("badprofile", 1, r"UnknownProfile.*no DiagnosticProfile nope")):
        bench.expect(f"run --wait: {kind}", kubectl("run", f"deploy/{kind}", "--wait"), code, pattern)
    bench.expect("refused by the CRD", kubectl("run", "deploy/x", "--duration", "15m"), 1, "duration must lie between 1s and 10m")
    bench.expect("no kind", kubectl("run", "foo"), 1, "name the kind too")
    bench.expect("a kind without pods", kubectl("run", "svc/foo"), 1, "'svc' can't be diagnosed")
    bench.expect("an empty selector", kubectl("run", "-l", ""), 1, "name what to diagnose")
    bench.expect("a broken selector", kubectl("run", "-l", "app in web"), 1, "is no term of a label selector")

    kubectl("run", "deploy/slow")
    bench.expect("wait --timeout leaves the run", kubectl("wait", "slow-x7k2p", "--timeout", "2"), 3, r"the time is up; the run goes on",
                 check(not cluster.runs["shop", "slow-x7k2p"]["spec"].get("cancel"), "it was cancelled"))
    bench.expect("wait for none", kubectl("wait", "none"), 1, 'diagnosticruns.edp.dev "none" not found')
    bench.expect("cancel", kubectl("cancel", "slow-x7k2p"), 0, "slow-x7k2p cancelled",
                 check(cluster.runs["shop", "slow-x7k2p"]["spec"].get("cancel"), "spec.cancel is not set"))
    bench.expect("list", kubectl("list"), 0, r"NAME +TARGET .*warning-x7k2p +ds/warning +prod-k8s +Succeeded +1 WARNING +Passed")
    bench.expect("list -A", kubectl("list", "-A"), 0, r"NAMESPACE +NAME.*shop +warning-x7k2p")
    listed = kubectl("list", "-o", "json")
    bench.expect("list -o json", listed, 0, '"kind": "List"', check(len(json.loads(listed.stdout)["items"]) > 5, "too few"))
    bench.expect("top, worst first", kubectl("top"), 0, r"VERDICT.*warning-1 .*1 WARNING.*new-1 .*never judged")
    bench.expect("top -o json", kubectl("top", "-o", "json"), 0, r'"pod": "warning-1".*"warning": 1')


def reports(bench):
    kubectl = bench.kubectl
    kubectl("run", "deploy/two", "--wait")
    bench.expect("report", kubectl("report", "warning-x7k2p"), 0, r"pod:shop/warning-1.*1 warning.*PriceCache.*→ Replace")
    bench.fake.cluster.absent = 1
    bench.expect("report, while the service has no leader", kubectl("report", "warning-x7k2p"), 0, "PriceCache",
                 check(bench.fake.cluster.absent == 0, "not asked"))
    bench.expect("report -o html is the stored page", kubectl("report", "warning-x7k2p", "-o", "html"), 0, "stored page")
    both = kubectl("report", "two-x7k2p", "-o", "json")
    merged = json.loads(both.stdout)
    jsonschema.validate(merged, json.loads(SCHEMA.read_text()))
    bench.expect("report of two pods is one, worst first", both, 0, "edp.report/v1",
                 check([t["name"] for t in merged["targets"]] == ["pod:shop/two-1", "pod:shop/two-2"], "targets"),
                 check([f["severity"] for f in merged["findings"]] == ["CRITICAL", "WARNING"], "order"))
    bench.expect("findings of several pods name theirs", kubectl("report", "two-x7k2p"), 0,
                 r"CRITICAL.*in pod:shop/two-2.*WARNING.*in pod:shop/two-1")
    bench.expect("report --pod", kubectl("report", "two-x7k2p", "--pod", "two-2"), 0, r"target +pod:shop/two-2 \(")
    bench.expect("report of a pod that is not in it", kubectl("report", "two-x7k2p", "--pod", "x"), 1, "no report of pod x")
    page = bench.folder / "page.html"
    bench.expect("report --output", kubectl("report", "two-x7k2p", "-o", "html", "--output", str(page)), 0, "",
                 check("two-2" in page.read_text() and "<script" in page.read_text(), "no page"))
    bench.expect("no right to the proxy", kubectl("report", "two-x7k2p", flavour="noproxy"), 1, r"services/proxy.*--url")
    token = bench.folder / "token"
    token.write_text("wrong\n")
    bench.expect("the service refuses the token", kubectl("report", "two-x7k2p", "--token-file", str(token)), 1,
                 "does not accept this token: no valid token")
    token.write_text("other-token\n")
    bench.expect("a token of one's own", kubectl("report", "two-x7k2p", "--token-file", str(token)), 0, "two-1")
    kubectl("run", "deploy/tampered", "--wait")
    bench.expect("a report that was changed", kubectl("report", "tampered-x7k2p"), 1, "digest is another")
    kubectl("run", "deploy/elsewhere", "--wait")
    before = len(bench.fake.cluster.requests)
    bench.expect("a status that points elsewhere gets no token", kubectl("report", "elsewhere-x7k2p"), 1,
                 r"not the service edp-reports of namespace edp.*--url",
                 check(not any("X-EDP-Token" in headers for _, _, headers in bench.fake.cluster.requests[before:]), "token sent"))


def trouble(bench):
    for flavour, pattern in (("nocrd", "EDP is not installed"), ("forbidden", r"you may not do that.*namespace \"shop\""),
                             ("unauthorized", r"does not know you \(401\)")):
        bench.expect(f"{flavour}: run", bench.kubectl("run", "deploy/x", flavour=flavour), 1, pattern)
        bench.expect(f"{flavour}: edp-runner", bench.run("--target", "deploy:shop/x", env=bench.environment(flavour)), 1, pattern)
    nobody = bench.environment(KUBECONFIG=str(bench.folder / "missing"))
    bench.expect("no kubeconfig", bench.run("list", program=bench.plugin, env=nobody), 1, "missing.*No such file")


def pipeline(bench):
    folder, run = bench.folder, bench.run
    out, junit, sarif = folder / "edp-report.json", folder / "edp.xml", folder / "edp.sarif"
    call = run("--profile=prod-k8s", "--timeout=180", f"--output={out}", f"--junit={junit}", f"--sarif={sarif}")
    made = json.loads(out.read_text()) if out.exists() else {"targets": []}
    spec = bench.fake.cluster.runs["shop", "pods-x7k2p"]["spec"]
    bench.expect("the Jenkins call", call, 2, r"pod:shop/web-1.*DiagnosticRun shop/pods-x7k2p diagnoses all pods.*Running 0/1",
                 check(len(made["targets"]) == 2 and made["run"]["exit_status"] == 2, "the JSON"),
                 check("web-2" in (folder / "edp-report.html").read_text(), "the page beside it"),
                 check(len(ElementTree.parse(junit).getroot().findall("testsuite")) == 2, "JUnit"),
                 check(len(json.loads(sarif.read_text())["runs"][0]["results"]) == 2, "SARIF"),
                 check(spec == {"target": {"selector": {"matchLabels": {"edp-enabled": "true"}}}, "profile": "prod-k8s",
                                "timeout": "144s", "ttlAfterFinished": "24h", "maxParallel": 4}, f"spec {spec}"))
    bench.expect("EDP_NAMESPACE", run("--timeout", "60", env=bench.environment(EDP_NAMESPACE="other")), 2, "DiagnosticRun other/pods")
    bench.expect("a passing pod", run("--target", "pod:shop/warning"), 0, "1 warning")
    bench.expect("--exit-zero", run("--target", "pod:shop/bad", "--exit-zero"), 0, "1 critical")
    bench.expect("two targets, two runs", run("--target", "pod:shop/warning", "--target", "sts:other/bad"), 2,
                 r"warning-1.*bad-1.*other/bad-x7k2p")
    nothing = run("--target", "deploy:shop/nopods")
    bench.expect("nothing to diagnose", nothing, 3, r"NoPodMatches.*no pod of Deployment",
                 check("report" not in nothing.stderr, "talks of a report that nobody asked for"))
    bench.expect("nothing to diagnose, yet a report asked for", run("--target", "deploy:shop/nopods", "--output", str(out)), 3,
                 "no report was written: no target was diagnosed")
    bench.expect("unknown profile", run("--target", "deploy:shop/badprofile", "--profile", "nope"), 1, "UnknownProfile")
    bench.expect("a pod and a URL", run("--target", "pod:shop/x", "--target", "http://127.0.0.1:1"), 1, "can't be diagnosed in one run")
    bench.expect("a profile's file", run("--target", "pod:shop/x", "--profile", "env:X"), 1, "DiagnosticProfile")
    bench.expect("no namespace", run("--target", "deploy:checkout"), 1, "deploy:NAMESPACE/NAME")
    bench.expect("an option without meaning", run("--target", "pod:shop/x", "--upload", "http://x"), 1, "--upload has no meaning")
    slow = lambda: bench.fake.cluster.runs["shop", "slow-x7k2p"]["spec"]
    bench.expect("time is up: cancelled", run("--target", "deploy:shop/slow", "--timeout", "10"), 3, r"the time is up.*cancelled shop/slow",
                 check(slow().get("cancel"), "not cancelled"))
    process = subprocess.Popen([bench.runner, "--target", "deploy:shop/slow"], env=bench.environment(), stderr=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    while "Running" not in process.stderr.readline() and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    bench.expect("Ctrl-C: cancelled", subprocess.CompletedProcess([], process.returncode, stdout, stderr), 3, "interrupted; cancelled",
                 check(slow().get("cancel"), "not cancelled"))
    no_token = bench.environment(token=None)
    result = run("--target", "pod:shop/warning", env=no_token)
    bench.expect("basic auth is refused by this apiserver", result, 1, "does not know you")


def upload(bench, profile):
    folder, cluster = bench.folder, bench.fake.cluster
    token, summary = folder / "upload-token", folder / "termination-log"
    token.write_text("runner-token\n")
    url = bench.fake.url("upload") + "/api/v1/runs/shop/x/u/targets/t"
    common = ["--target", str(profile), "--target-name", "pod:shop/web-1", "--upload", url, "--upload-token-file", str(token),
              "--summary", str(summary)]

    def go(*more, answers=(), env=None):
        cluster.uploads.clear()
        cluster.upload_answers[:] = answers
        result = bench.run(*common, *more, env=env)
        return result, json.loads(summary.read_text())

    result, said = go("--profile", "env:P", "--gate", "INFO", "--exit-zero", answers=[503, 401],
                      env=bench.environment(P="name: mine\ncollectors: [cpu]\n"))
    stored = {path.rsplit("/", 1)[1]: (headers, gzip.decompress(body)) for path, headers, body in cluster.uploads[2:]}
    headers, data = stored.get("report.json", ({}, b"{}"))
    made = json.loads(data)
    bench.expect("upload, tried again", result, 0, "pod:shop/web-1",
                 check(len(cluster.uploads) == 4 and set(stored) == {"report.json", "report.html"}, "what was put"),
                 check(headers.get("Authorization") == "Bearer runner-token", "the token"),
                 check(headers.get("X-EDP-Digest") == digest(data) == said["digest"], "the digest"),
                 check(made.get("targets", [{}])[0].get("name") == "pod:shop/web-1", "the target's name"),
                 check(made.get("profile") == {"name": "mine"}, "the profile"),
                 check(said["uploaded"] and said["schema"] == "edp.summary/v1" and said["error"] == "", f"summary {said}"))
    result, said = go(answers=[403])
    bench.expect("upload refused", result, 1, "report.json: was refused: HTTP 403",
                 check(not said["uploaded"] and "403" in said["error"] and said["exit_status"] == 1, f"summary {said}"),
                 check(len(cluster.uploads) == 1, "tried again"))
    result, said = go("--profile", "nope")
    bench.expect("a run that can't begin says so in the summary", result, 1, "neither a built-in",
                 check("neither a built-in" in said["error"], f"summary {said}"))
    result, said = go("--upload-ca", "env:NONE")
    bench.expect("no CA", result, 1, "NONE: this environment variable is not set", check("NONE" in said["error"], f"summary {said}"))
    unreachable = ["--target", "http://127.0.0.1:1", "--summary", str(summary), "--exit-zero", "--timeout", "5"]
    result = bench.run(*unreachable)
    said = json.loads(summary.read_text())
    bench.expect("--exit-zero does not hide that nothing was judged", result, 3, "refused",
                 check(said["exit_status"] == 3 and "refused" in said["error"], f"summary {said}"))

    # A pod is deleted: what is there by then is still delivered.
    cluster.uploads.clear()
    cluster.upload_answers.clear()
    slow = Server()
    process = subprocess.Popen([bench.runner, "--target", slow.url("hang"), *common[2:]], env=bench.environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1.5)
    first = json.loads(summary.read_text())
    process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=25)
    slow.stop()
    said = json.loads(summary.read_text())
    data = next((gzip.decompress(body) for path, _, body in cluster.uploads if path.endswith(".json")), b"{}")
    bench.expect("SIGTERM: the partial report is uploaded", subprocess.CompletedProcess([], process.returncode, stdout, stderr), 3, "",
                 check(first["error"] == "edp-runner ended before it had a verdict", f"first summary {first}"),
                 check(json.loads(data).get("run", {}).get("cancelled") is True, "no partial report"),
                 check(said["uploaded"] and said["digest"] == digest(data), f"summary {said}"))


def completion(bench):
    bench.expect("version of the plugin", bench.kubectl("--version"), 0, r"kubectl-edp \d")
    helper = bench.folder / "bin/kubectl_complete-edp"
    helper.symlink_to(bench.runner)
    bench.expect("kubectl completes commands", bench.run("re", program=helper), 0, r"^report\t.*\n:4\n$")
    bench.expect("kubectl completes kinds", bench.run("run", "de", program=helper), 0, r"^deploy/\t\n:6\n$")
    bench.expect("kubectl completes options", bench.run("run", "--prof", program=helper), 0, r"^--profile\t.*:4")
    bench.expect("man page", bench.run("man"), 0, r"\.SS kubectl run KIND/NAME")
    script = """
        source <("$0" completion bash)
        COMP_WORDS=(edp-runner kubectl repo) COMP_CWORD=2
        _edp_runner
        COMP_WORDS=(edp-runner kubectl report --po) COMP_CWORD=3
        echo "${COMPREPLY[@]}"
        _edp_runner
        echo "${COMPREPLY[@]}"
    """
    bench.expect("bash completes the plugin", bench.run("-c", script, str(bench.runner), program="bash"), 0, r"^report\n--pod\n")


def run_all(runner, folder, profile):
    """[(name, what is wrong, output)]"""
    bench = Bench(runner, folder)
    try:
        plugin(bench)
        reports(bench)
        trouble(bench)
        pipeline(bench)
        upload(bench, profile)
        completion(bench)
    finally:
        bench.fake.stop()
    return bench.results
