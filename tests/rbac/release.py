"""The chart on a real apiserver: install, upgrade, uninstall."""

import pathlib
import shutil
import subprocess
import tempfile

from kube import ROOT, Failure, program
from tools import run

CHART = ROOT / "charts/edp"
REACH = ["--set", "reach.node.enabled=true,reach.ephemeralContainer.enabled=true,reach.ephemeralContainer.namespaces={shop}"]


class Release:
    def __init__(self, kubectl):
        self.kubectl = kubectl
        self.helm = [program("helm"), "--kubeconfig", kubectl.kubeconfig, "--namespace", "edp"]

    def exists(self):
        return subprocess.run([*self.helm, "status", "edp"], capture_output=True, check=False).returncode == 0

    def apply(self, *more, chart=CHART):
        """Install or upgrade; the NOTES."""
        return run(*self.helm, "upgrade", "--install", "edp", chart, "--create-namespace", "--reset-values", *more)

    def uninstall(self):
        run(*self.helm, "uninstall", "edp", "--wait")

    # --- checks ---

    def notes_warn(self):
        out = self.apply()
        if "REPORTS ARE NOT KEPT" not in out or "kubectl label node NAME node-role.kubernetes.io/diagnostic=true" not in out:
            raise Failure(f"NOTES lack the warning about the emptyDir, or the label of nodes:\n{out}")
        out = self.apply("--dry-run=server", "--set", "replicas=1,reports.store.volume.kind=persistentVolumeClaim", "--set", "reports.store.volume.accessModes={ReadWriteOnce}")
        if "REPORTS ARE NOT KEPT" in out:
            raise Failure("NOTES warn of an emptyDir where there is a claim")

    def _authority(self):
        return self.kubectl("get", "secret", "edp-reports-tls", "-n", "edp", "-o", r"jsonpath={.data.ca\.crt}")

    def certificate_is_kept(self):
        before, template = self._authority(), self._template()
        self.apply()
        if self._authority() != before:
            raise Failure("an upgrade made a new certificate")
        self.apply("--set", "tls.generation=2")
        renewed = self._authority()
        if renewed == before:
            raise Failure("another generation made no new certificate")
        if self._template() == template:
            raise Failure("a new authority starts no new pods: it is read at the start")
        self.apply("--set", "tls.generation=2", "--set", "log.level=debug")
        if self._authority() != renewed:
            raise Failure("the same generation made another certificate")
        self.apply()

    def _template(self):
        return self.kubectl("get", "deployment", "edp-operator", "-n", "edp", "-o", "jsonpath={.spec.template.metadata.annotations}")

    def changed_configuration_rolls(self):
        before = self._template()
        self.apply()
        if self._template() != before:
            raise Failure("an upgrade that changes nothing starts new pods")
        self.apply("--set", "log.level=debug")
        if self._template() == before:
            raise Failure("a changed configuration starts no new pods")
        self.apply()

    def crds_are_upgraded(self):
        """A chart with one more printer column brings it to the cluster, and the old chart takes it away."""

        def columns():
            return self.kubectl("get", "crd", "diagnosticruns.edp.dev", "-o", "jsonpath={.spec.versions[0].additionalPrinterColumns[*].name}").split()

        with tempfile.TemporaryDirectory() as folder:
            newer = pathlib.Path(folder) / "edp"
            shutil.copytree(CHART, newer)
            crd = newer / "files/crds/diagnosticruns.yaml"
            text = crd.read_text()
            crd.write_text(text.replace("      additionalPrinterColumns:\n", "      additionalPrinterColumns:\n        - {name: Newest, type: string, jsonPath: .spec.gate}\n"))
            self.apply(chart=newer)
            if "Newest" not in columns():
                raise Failure("an upgrade did not upgrade the CRD")
        self.apply()
        if "Newest" in columns():
            raise Failure("a second upgrade did not upgrade the CRD")

    def uninstall_keeps_runs(self):
        """CRDs and runs stay, nothing hangs, a new install takes them over."""
        run_name = "uninstall-test"
        self.kubectl("apply", "-f", "-", text=f"apiVersion: edp.dev/v1alpha1\nkind: DiagnosticRun\nmetadata: {{name: {run_name}, namespace: shop}}\nspec: {{target: {{pod: a}}}}\n")
        self.uninstall()
        self.kubectl("get", "drun", run_name, "-n", "shop")
        self.kubectl.eventually("diagnostic-system is gone", lambda: self.kubectl.tries("get", "ns", "diagnostic-system")[0] != 0, 60)
        if "edp-" in self.kubectl("get", "clusterrole,clusterrolebinding", "-o", "name"):
            raise Failure("rights stayed behind")
        self.kubectl("delete", "drun", run_name, "-n", "shop", "--timeout=5s")
        self.apply()
