"""kubectl against $KUBECONFIG, as the administrator or as a ServiceAccount."""

import base64
import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/chart"))

from tools import CACHE, HOW, TOOLS, Failure  # noqa: E402


def program(name):
    """The program's path: $NAME in capitals, PATH, the tools' folder, what `./edp cluster build` left (the newest)."""
    built = sorted((CACHE / "bin").glob(f"*/{name}"), key=lambda path: [int(part) for part in re.findall(r"\d+", path.parent.name)])
    chosen = os.environ.get(name.upper()) or shutil.which(name)
    for path in (TOOLS / name, *reversed(built)):
        if not chosen and path.exists():
            chosen = str(path)
    if not chosen:
        raise Failure(f"{name} is missing: {'./edp cluster build' if name == 'kubectl' else HOW[name]}")
    return chosen


class Kubectl:
    def __init__(self, kubeconfig):
        self.kubeconfig = kubeconfig
        self.command = [program("kubectl"), "--kubeconfig", kubeconfig]

    def tries(self, *args, text=None):
        """(exit status, output and errors)."""
        done = subprocess.run([*self.command, *args], input=text, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def __call__(self, *args, text=None):
        status, out = self.tries(*args, text=text)
        if status != 0:
            raise Failure(f"kubectl {' '.join(args)}: {out}")
        return out

    def json(self, *args, text=None):
        done = subprocess.run([*self.command, *args, "-o", "json"], input=text, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Failure(f"kubectl {' '.join(args)}: {done.stderr}")
        return json.loads(done.stdout)

    def refuses(self, expected, *args, text=None):
        status, out = self.tries(*args, text=text)
        if status == 0:
            raise Failure(f"kubectl {' '.join(args)} went through: {out}")
        if expected not in out:
            raise Failure(f"kubectl {' '.join(args)}: not '{expected}' but: {out}")

    def eventually(self, what, check, seconds=30):
        end = time.monotonic() + seconds
        while not check():
            if time.monotonic() > end:
                raise Failure(f"not within {seconds} s: {what}")
            time.sleep(0.3)

    def as_service_account(self, namespace, name):
        """Another Kubectl, with a token of that ServiceAccount and nothing else."""
        token = self("create", "token", name, "-n", namespace).strip()
        config = json.loads(self("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
        user = {"name": "sa", "user": {"token": token}}
        cluster = config["clusters"][0]
        made = {
            "apiVersion": "v1", "kind": "Config", "clusters": [cluster], "users": [user], "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": cluster["name"], "user": "sa"}}],
        }
        file = tempfile.NamedTemporaryFile("w", suffix=".kubeconfig", delete=False)
        json.dump(made, file)
        file.close()
        other = Kubectl(file.name)
        other.token, other.server = token, cluster["cluster"]
        who = other.json("auth", "whoami")["status"]["userInfo"]["username"]
        if who != f"system:serviceaccount:{namespace}:{name}":
            raise Failure(f"the token of {namespace}/{name} is {who}'s")
        return other

    def patch(self, path, body):
        """(HTTP status, answer) of a merge patch as the operator makes it: kubectl would ask for the object first."""
        request = urllib.request.Request(
            self.server["server"] + path, json.dumps(body).encode(), method="PATCH",
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/merge-patch+json"})
        trust = ssl.create_default_context(cadata=base64.b64decode(self.server["certificate-authority-data"]).decode())
        try:
            with urllib.request.urlopen(request, context=trust, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def close(self):
        os.unlink(self.kubeconfig)
