"""A real Prometheus and Alertmanager on the loopback, for tests: scrape, rules, and the webhook out.

    with Alerting(rules={"groups": [...]}, targets=["127.0.0.1:8080"], webhook="http://127.0.0.1:9000/alerts", token="t") as alerting:
        alert = alerting.wait_for("EDPCriticalFinding", 30)     # as Alertmanager's API shows it
        alert["fingerprint"]                                    # what the webhook's body and a ticket must carry

`targets` are scraped at /metrics each second: `Metrics` serves what a test sets, or name the operator's own address. `webhook` is where
Alertmanager sends alerts (the operator's /alerts with its token, or a `Receiver`, which keeps what came in). The two programs end with
the `with`, or when this process dies. Both are Debian packages: apt-get install --no-install-recommends prometheus prometheus-alertmanager
"""

from __future__ import annotations

import ctypes
import json
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

INSTALL = "apt-get install --no-install-recommends prometheus prometheus-alertmanager"


def _program(*names: str) -> str:
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise RuntimeError(f"{names[0]} is missing: {INSTALL}")


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ends_with_its_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class _Served:
    """An HTTP server on the loopback, in a thread."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Metrics(_Served):
    """A target to scrape: `metrics.text = 'edp_findings_total{rule="x"} 1\\n'`."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(owner.text.encode())

        super().__init__(Handler)


class Receiver(_Served):
    """Takes Alertmanager's webhooks; `bodies` are as they came, the newest last, `headers` beside them."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                owner.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                owner.headers.append(dict(self.headers))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

        super().__init__(Handler)
        self.url = f"http://{self.address}/"

    def alerts(self, name: str, status: str = "firing") -> list[dict[str, Any]]:
        return [alert for body in list(self.bodies) for alert in body["alerts"] if alert["labels"]["alertname"] == name and alert["status"] == status]


class Alerting:
    """`rules`: the content of a rules file (groups). `ca`: to trust, where the webhook is https. Grouping is by alertname."""

    def __init__(self, *, rules: dict[str, Any], targets: list[str], webhook: str, token: str = "", ca: str | Path | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="alerting-"))
        self.prometheus, self.alertmanager = f"http://127.0.0.1:{_port()}", f"http://127.0.0.1:{_port()}"
        hook: dict[str, Any] = {"url": webhook, "send_resolved": True, "http_config": {}}
        if token:
            hook["http_config"]["authorization"] = {"type": "Bearer", "credentials": token}
        if ca:
            hook["http_config"]["tls_config"] = {"ca_file": str(ca)}
        # JSON is YAML.
        self._write("rules.yml", rules)
        self._write("alertmanager.yml", {
            "route": {"receiver": "hook", "group_by": ["alertname"], "group_wait": "1s", "group_interval": "2s", "repeat_interval": "1h"},
            "receivers": [{"name": "hook", "webhook_configs": [hook]}],
        })  # fmt: skip
        self._write("prometheus.yml", {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [self.alertmanager.removeprefix("http://")]}]}]},
            "scrape_configs": [{"job_name": "edp", "static_configs": [{"targets": targets}]}],
        })  # fmt: skip
        self._processes: list[subprocess.Popen[bytes]] = []

    def _write(self, name: str, content: dict[str, Any]) -> None:
        (self._folder / name).write_text(json.dumps(content, indent=1))

    def _start(self, name: str, *command: str) -> None:
        with open(self._folder / f"{name}.log", "wb") as log:
            self._processes.append(
                subprocess.Popen(command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_ends_with_its_parent)
            )

    def __enter__(self) -> Alerting:
        try:
            self._start(
                "alertmanager", _program("prometheus-alertmanager", "alertmanager"), "--config.file=alertmanager.yml", "--storage.path=alerts",
                f"--web.listen-address={self.alertmanager.removeprefix('http://')}", "--cluster.listen-address=",
            )  # fmt: skip
            self._start(
                "prometheus", _program("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                f"--web.listen-address={self.prometheus.removeprefix('http://')}",
            )  # fmt: skip
            for name, url in (("alertmanager", self.alertmanager), ("prometheus", self.prometheus)):
                self._ready(name, f"{url}/-/ready")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _ready(self, name: str, url: str) -> None:
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(url, timeout=5).close()
                return
            except OSError:
                if time.monotonic() > end or any(process.poll() is not None for process in self._processes):
                    raise RuntimeError(f"{name} does not serve:\n{(self._folder / f'{name}.log').read_text()[-3000:]}") from None
                time.sleep(0.1)

    def alerts(self) -> list[dict[str, Any]]:
        """All that Alertmanager's API shows (/api/v2/alerts)."""
        with urllib.request.urlopen(f"{self.alertmanager}/api/v2/alerts", timeout=10) as answer:
            return list(json.load(answer))

    def wait_for(self, name: str, seconds: float) -> dict[str, Any]:
        """The alert of that name, once Alertmanager has it."""
        end = time.monotonic() + seconds
        while True:
            found = [alert for alert in self.alerts() if alert["labels"]["alertname"] == name]
            if found:
                return found[0]
            if time.monotonic() > end:
                raise RuntimeError(f"{name} did not fire within {seconds:g} s; Prometheus says {self.query('ALERTS')}")
            time.sleep(0.2)

    def query(self, promql: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": promql}), timeout=10) as answer:
            return list(json.load(answer)["data"]["result"])
