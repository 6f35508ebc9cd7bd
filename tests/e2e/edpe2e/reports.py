"""Fetching reports as a user does: through a port-forward, with a bearer token, trusting EDP's own authority."""

from __future__ import annotations

import base64
import http.client
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .install import NAMESPACE
from .kubectl import Kubectl


@dataclass(frozen=True)
class ReportService:
    port: int
    tls: ssl.SSLContext

    def get(self, path: str, token: str = "") -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.tls, timeout=30)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()


@contextmanager
def forwarded(kubectl: Kubectl) -> Iterator[ReportService]:
    """The report service while the block runs."""
    edp = kubectl.within(NAMESPACE)
    secret = edp.get("secret", "edp-reports-tls")
    tls = ssl.create_default_context(cadata=base64.b64decode(secret["data"]["ca.crt"]).decode())
    words = edp.words("port-forward", "--address=127.0.0.1", "service/edp-reports", ":8443")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"127\.0\.0\.1:(\d+) ->", line)
            if not found:
                raise AssertionError(f"port-forward: {line}{process.stdout.read()}")
            yield ReportService(int(found.group(1)), tls)
        finally:
            process.terminate()


def token_of_reader(kubectl: Kubectl, name: str, *, allowed: bool) -> str:
    """A token of a ServiceAccount in kubectl's namespace that may, or may not, see DiagnosticRuns there."""
    kubectl.run("create", "serviceaccount", name)
    if allowed:
        kubectl.run("create", "role", name, "--verb=get", "--resource=diagnosticruns.edp.dev")
        kubectl.run("create", "rolebinding", name, f"--role={name}", f"--serviceaccount={kubectl.namespace}:{name}")
    return kubectl.run("create", "token", name).strip()
