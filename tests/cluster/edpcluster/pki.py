"""A certificate authority and the certificates of one cluster, made with openssl (EC P-256)."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

from .settings import Settings

DAYS = "3650"
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def _openssl(*args: str | Path, stdin: str = "") -> None:
    subprocess.run(["openssl", *map(str, args)], input=stdin.encode(), check=True, capture_output=True)


class Authority:
    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        _openssl("req", "-x509", *NEW_KEY, "-days", DAYS, "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key",
                 "-out", folder / f"{name}.crt")  # fmt: skip

    def issue(self, leaf: str, subject: str, usage: str, names: str = "") -> None:
        """Leaves leaf.key and leaf.crt; names is openssl's subjectAltName, such as DNS:localhost,IP:127.0.0.1."""
        extensions = self.folder / f"{leaf}.ext"
        extensions.write_text(
            "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n"
            + f"extendedKeyUsage={usage}\n"
            + (f"subjectAltName={names}\n" if names else "")
        )
        request, key = self.folder / f"{leaf}.csr", self.folder / f"{leaf}.key"
        _openssl("req", *NEW_KEY, "-subj", subject, "-keyout", key, "-out", request)
        ca = self.folder / self.name
        _openssl("x509", "-req", "-in", request, "-CA", f"{ca}.crt", "-CAkey", f"{ca}.key", "-CAcreateserial",
                 "-days", DAYS, "-extfile", extensions, "-out", self.folder / f"{leaf}.crt")  # fmt: skip
        request.unlink()
        extensions.unlink()


def make(settings: Settings) -> None:
    pki = settings.pki
    pki.mkdir(parents=True, mode=0o700)
    previous = os.umask(0o077)
    try:
        ca = Authority(pki, "ca")
        _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", pki / "sa.key")
        _openssl("ec", "-in", pki / "sa.key", "-pubout", "-out", pki / "sa.pub")
        service = [f"kubernetes{tail}" for tail in ("", ".default", ".default.svc", ".default.svc.cluster.local")]
        addresses = dict.fromkeys(["127.0.0.1", settings.api_address, f"{settings.service_net}.1"])
        names = [f"DNS:{name}" for name in ["localhost", *service]] + [f"IP:{address}" for address in addresses]
        ca.issue("apiserver", "/CN=kube-apiserver", "serverAuth", ",".join(names))
        ca.issue("apiserver-kubelet", "/O=system:masters/CN=kube-apiserver-kubelet-client", "clientAuth")
        ca.issue("admin", "/O=system:masters/CN=admin", "clientAuth")
        ca.issue("manager", "/CN=system:kube-controller-manager", "clientAuth")
        ca.issue("scheduler", "/CN=system:kube-scheduler", "clientAuth")
        ca.issue("proxy", "/CN=system:kube-proxy", "clientAuth")
        for node in range(1, settings.nodes + 1):
            ca.issue(f"node{node}", f"/O=system:nodes/CN=system:node:node{node}", "serverAuth,clientAuth",
                     f"DNS:node{node},IP:{settings.node_address(node)}")  # fmt: skip
    finally:
        os.umask(previous)
    for user in ("admin", "manager", "scheduler", "proxy", *(f"node{n}" for n in range(1, settings.nodes + 1))):
        write_kubeconfig(settings, user)
    settings.kubeconfig.unlink(missing_ok=True)
    settings.kubeconfig.write_text(kubeconfig_of(settings, "admin").read_text())
    settings.kubeconfig.chmod(0o600)
    give_to_invoker(settings)


def give_to_invoker(settings: Settings) -> None:
    """Under sudo the user who asked for the cluster gets its kubeconfig."""
    if "SUDO_UID" in os.environ:
        os.chown(settings.kubeconfig, int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"]))


def kubeconfig_of(settings: Settings, user: str) -> Path:
    return settings.pki / f"{user}.kubeconfig"


def write_kubeconfig(settings: Settings, user: str) -> None:
    def inline(file: str) -> str:
        return base64.b64encode((settings.pki / file).read_bytes()).decode()

    path = kubeconfig_of(settings, user)
    path.touch(mode=0o600)
    path.write_text(f"""apiVersion: v1
kind: Config
clusters:
- name: edp-{settings.name}
  cluster:
    server: {settings.api_url}
    certificate-authority-data: {inline("ca.crt")}
users:
- name: {user}
  user:
    client-certificate-data: {inline(user + ".crt")}
    client-key-data: {inline(user + ".key")}
contexts:
- name: edp-{settings.name}
  context: {{cluster: edp-{settings.name}, user: {user}}}
current-context: edp-{settings.name}
""")
