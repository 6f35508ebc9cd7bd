"""etcd, kube-apiserver, kube-controller-manager and kube-scheduler: their flags and the order they start in."""

from __future__ import annotations

import os
import urllib.request

from . import pki
from .api import Api
from .processes import Processes
from .settings import HERE, Settings
from .waiting import wait_for

AUDIT_LOG = "audit.log"  # in the state folder


def etcd(settings: Settings) -> list[str]:
    client, peer = f"http://127.0.0.1:{settings.etcd_port}", f"http://127.0.0.1:{settings.etcd_peer_port}"
    return [
        *(str(settings.bin / "etcd"), "--name=default", f"--data-dir={settings.state}/etcd"),
        *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
        *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}"),
        # A test's cluster need not outlive a power cut.
        *("--unsafe-no-fsync", "--quota-backend-bytes=4294967296", "--log-level=warn"),
    ]


def apiserver(settings: Settings) -> list[str]:
    keys = settings.pki
    return [
        str(settings.bin / "kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{settings.etcd_port}",
        f"--bind-address={settings.api_address}",
        f"--advertise-address={settings.api_address}",
        f"--secure-port={settings.api_port}",
        # Loopback cannot be an endpoint of the `kubernetes` Service; without nodes nobody needs it.
        f"--endpoint-reconciler-type={'lease' if settings.nodes else 'none'}",
        f"--service-cluster-ip-range={settings.service_net}.0/24",
        *("--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged"),
        *(f"--client-ca-file={keys}/ca.crt", f"--tls-cert-file={keys}/apiserver.crt"),
        f"--tls-private-key-file={keys}/apiserver.key",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        *(f"--service-account-key-file={keys}/sa.pub", f"--service-account-signing-key-file={keys}/sa.key"),
        f"--kubelet-client-certificate={keys}/apiserver-kubelet.crt",
        f"--kubelet-client-key={keys}/apiserver-kubelet.key",
        *(f"--kubelet-certificate-authority={keys}/ca.crt", "--kubelet-preferred-address-types=InternalIP"),
        *(f"--audit-policy-file={HERE}/audit-policy.yaml", f"--audit-log-path={settings.state}/{AUDIT_LOG}"),
        # Blocking: what a test has seen answered, it finds in the log.
        *("--audit-log-mode=blocking-strict", "--audit-log-maxsize=2000", "--profiling=false", "--event-ttl=1h"),
        *settings.apiserver_flags,
    ]


def manager(settings: Settings) -> list[str]:
    return [
        str(settings.bin / "kube-controller-manager"),
        f"--kubeconfig={pki.kubeconfig_of(settings, 'manager')}",
        *("--bind-address=127.0.0.1", f"--secure-port={settings.manager_port}", "--leader-elect=false"),
        "--use-service-account-credentials",
        f"--service-account-private-key-file={settings.pki}/sa.key",
        f"--root-ca-file={settings.pki}/ca.crt",
        *(f"--cluster-signing-cert-file={settings.pki}/ca.crt", f"--cluster-signing-key-file={settings.pki}/ca.key"),
        *("--kube-api-qps=200", "--kube-api-burst=400"),
        *settings.manager_flags,
    ]


def scheduler(settings: Settings) -> list[str]:
    return [
        str(settings.bin / "kube-scheduler"),
        f"--kubeconfig={pki.kubeconfig_of(settings, 'scheduler')}",
        *("--bind-address=127.0.0.1", f"--secure-port={settings.scheduler_port}", "--leader-elect=false"),
        *("--kube-api-qps=200", "--kube-api-burst=400"),
    ]


def etcd_healthy(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.etcd_port}/health", timeout=2) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def start(settings: Settings, processes: Processes) -> Api:
    """Returns when pods can be created: the apiserver is ready and the default ServiceAccount is there."""
    (settings.state / "etcd").mkdir(mode=0o700)
    processes.start("etcd", etcd(settings))
    pki.make(settings)  # while etcd starts
    wait_for(lambda: etcd_healthy(settings), "etcd", 60, processes)
    processes.start("kube-apiserver", apiserver(settings))
    api = Api(settings)
    wait_for(api.ready, "kube-apiserver", 120, processes)
    processes.start("kube-controller-manager", manager(settings))
    processes.start("kube-scheduler", scheduler(settings))
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    wait_for(lambda: api.exists(account), "controllers", 120, processes)
    return api


def audit_log_owner(settings: Settings) -> None:
    """Under sudo the user who asked for the cluster may read what was written in it."""
    if "SUDO_UID" in os.environ:
        os.chown(settings.state / AUDIT_LOG, int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"]))
