"""The few calls that the cluster's own set-up makes: kubectl costs a tenth of a second each, these do not."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any

from .settings import ClusterError, Settings


class Api:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tls = ssl.create_default_context(cafile=str(settings.pki / "ca.crt"))
        self._tls.load_cert_chain(settings.pki / "admin.crt", settings.pki / "admin.key")

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and decoded body; status 0 where the apiserver does not answer."""
        connection = http.client.HTTPSConnection(
            self._settings.api_address, self._settings.api_port, context=self._tls, timeout=5
        )
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            content = reply.read()
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)
        finally:
            connection.close()
        try:
            return reply.status, json.loads(content)
        except ValueError:
            return reply.status, content.decode(errors="replace")

    def create(self, path: str, body: Any) -> None:
        status, answer = self.call("POST", path, body)
        if status not in (201, 409):
            raise ClusterError(f"POST {path}: {status} {answer}")

    def ready(self) -> bool:
        return self.call("GET", "/readyz")[0] == 200

    def exists(self, path: str) -> bool:
        return self.call("GET", path)[0] == 200

    def node_ready(self, node: int) -> bool:
        status, answer = self.call("GET", f"/api/v1/nodes/node{node}")
        if status != 200:
            return False
        conditions = answer.get("status", {}).get("conditions", [])
        ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
        # The controller takes the taint away a moment after the condition turns; only then can pods be placed.
        tainted = any(t["key"] == "node.kubernetes.io/not-ready" for t in answer["spec"].get("taints", []))
        return ready and not tainted
