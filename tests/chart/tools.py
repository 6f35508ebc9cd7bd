"""Where the checks' tools are, and how to get those that are missing."""

import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "edp-cluster"
TOOLS = CACHE / "tools"
KUBERNETES = "1.37.2"
PROMETHEUS_OPERATOR = "v0.80.1"
GO_INSTALL = f"CGO_ENABLED=0 GOBIN={TOOLS} go install "
HOW = {
    "helm": GO_INSTALL + "helm.sh/helm/v3/cmd/helm@v3.22.0",
    "kubeconform": GO_INSTALL + "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0",
    "promtool": "apt-get install --no-install-recommends prometheus",
    "go": "./edp setup",
    "openssl": "apt-get install openssl",
}


class Failure(Exception):
    """A check's verdict, for people."""


def tool(name):
    """The program's path: $NAME in capitals, the tools' folder, then PATH."""
    chosen = os.environ.get(name.upper())
    if chosen:
        return chosen
    if (TOOLS / name).exists():
        return str(TOOLS / name)
    found = shutil.which(name)
    if not found:
        raise Failure(f"{name} is missing: {HOW[name]}")
    return found


def run(*command, text=None, ok=True):
    """Standard output; with ok=False standard output and error of a command that must fail."""
    done = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True, timeout=300)
    if ok and done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    if not ok and done.returncode == 0:
        raise Failure(f"{' '.join(map(str, command))}: was expected to fail")
    return done.stdout if ok else done.stdout + done.stderr


def module(path, version):
    """The folder of a Go module, fetched where it is missing."""
    import json

    return pathlib.Path(json.loads(run(tool("go"), "mod", "download", "-json", f"{path}@{version}"))["Dir"])
