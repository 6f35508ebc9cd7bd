"""EDP in the scenarios' cluster, once for all of them: by the chart, or by the plain manifests where there is no helm."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .environment import Environment
from .kubectl import as_yaml
from .scenario import ROOT

NAMESPACE = "edp"
RUNNERS = "diagnostic-system"


@dataclass
class Installation:
    environment: Environment
    helm: Path | None  # None: the plain manifests
    done: bool = False

    def ensure(self) -> None:
        if self.done:
            return
        if self.helm:
            self._by_helm(self.helm)
        else:
            self._by_manifests()
        kubectl = self.environment.kubectl.within(NAMESPACE)
        kubectl.run("rollout", "status", "deployment/edp-operator", "--timeout=120s")
        self.done = True

    def _helm(self, helm: Path, *args: str) -> str:
        kubeconfig = f"--kubeconfig={self.environment.kubectl.kubeconfig}"
        done = subprocess.run([helm, kubeconfig, f"--namespace={NAMESPACE}", *args], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"helm {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def _by_helm(self, helm: Path) -> None:
        repository, _, tag = self.environment.images["edp"].rpartition(":")
        values = {"image": {"repository": repository, "tag": tag}}
        file = ROOT / "build/e2e/values.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(values))
        self._helm(helm, "install", "edp", str(ROOT / "charts/edp"), "--create-namespace", "--wait", "--timeout=3m",
                   f"--values={file}")  # fmt: skip

    def set(self, values: dict[str, Any]) -> None:
        """Upgrades the release; what was set before and is not named stays. Only where EDP was installed by helm."""
        assert self.helm
        self._helm(self.helm, "upgrade", "edp", str(ROOT / "charts/edp"), "--reuse-values", "--wait", "--timeout=3m",
                   *(f"--set-json={key}={json.dumps(value)}" for key, value in values.items()))  # fmt: skip
        self.environment.kubectl.within(NAMESPACE).run("rollout", "status", "deployment/edp-operator", "--timeout=120s")

    def test(self) -> str:
        """`helm test`; empty where EDP was not installed by helm."""
        return self._helm(self.helm, "test", "edp", "--timeout=2m") if self.helm else ""

    def _by_manifests(self) -> None:
        text = (ROOT / "deploy/edp.yaml").read_text()
        objects = [item for item in yaml.safe_load_all(text) if item]
        for item in objects:
            if item["kind"] == "Deployment":
                item["spec"]["template"]["spec"]["containers"][0]["image"] = self.environment.images["edp"]
            if item["kind"] == "ConfigMap" and "operator.yaml" in item.get("data", {}):
                config = yaml.safe_load(item["data"]["operator.yaml"])
                config["runner"]["image"] = self.environment.images["edp"]
                item["data"]["operator.yaml"] = yaml.safe_dump(config)
        kubectl = self.environment.kubectl.within("")
        # Namespaces and kinds first: what needs them comes in the same breath.
        kubectl.run("apply", "--server-side", "--filename=-", stdin=as_yaml(*objects))
        for script in ("make-tls-secret.sh", "make-audit-key.sh"):
            secret = subprocess.run([ROOT / "deploy" / script, NAMESPACE], capture_output=True, text=True, check=True)
            kubectl.apply(secret.stdout)

    def remove(self) -> None:
        """On somebody's cluster nothing is left behind."""
        if not self.done or self.environment.own:
            return
        if self.helm:
            self._helm(self.helm, "uninstall", "edp", "--wait")
        else:
            self.environment.kubectl.within("").run("delete", "--ignore-not-found", f"--filename={ROOT}/deploy/edp.yaml")
