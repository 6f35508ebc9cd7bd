"""HTTP over TCP or TLS."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .message import Answer

LARGEST = 4 << 20


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.open: set[socket.socket] = set()
        super().__init__(address, handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's own thread, so that a slow handshake holds up nobody."""
        if self.tls:
            request.settimeout(10)
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except (OSError, ssl.SSLError):
                return
            request.settimeout(None)
        self.open.add(request)
        try:
            super().finish_request(request, client_address)
        except OSError:
            pass
        finally:
            self.open.discard(request)
            with contextlib.suppress(OSError):
                request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def cut(self) -> None:
        """Resets all connections that are open."""
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "AtlassianEdge", ""

    def log_message(self, *_: Any) -> None:
        pass

    def body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding"):
            self.send(Answer(411, "Length Required"))
            return None
        size = int(self.headers.get("Content-Length") or 0)
        if size > LARGEST:
            self.close_connection = True
            self.send(Answer(413, "Request Entity Too Large"))
            return None
        return self.rfile.read(size)

    def send(self, answer: Answer) -> None:
        text = isinstance(answer.body, str)
        content = b"" if answer.body is None else answer.body.encode() if text else json.dumps(answer.body, ensure_ascii=False).encode()
        self.send_response(answer.status)
        headers = {"Content-Type": "text/html;charset=UTF-8" if text else "application/json;charset=UTF-8", **answer.headers}
        if answer.status != 204:
            headers["Content-Length"] = str(len(content))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def certify(folder: Path, names: tuple[str, ...]) -> ssl.SSLContext:
    """An authority, left in `folder`/ca.crt, and a certificate of its for the loopback and `names`."""
    alternatives = ["DNS:localhost", "IP:127.0.0.1", *(f"{'IP' if name.replace('.', '').isdigit() else 'DNS'}:{name}" for name in names)]
    (folder / "extensions").write_text(f"subjectAltName={','.join(dict.fromkeys(alternatives))}\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for command in (
        [
            "req",
            "-x509",
            *key,
            "-keyout",
            "ca.key",
            "-out",
            "ca.crt",
            "-days",
            "2",
            "-subj",
            "/CN=Stand-in for Jira",
            "-addext",
            "keyUsage=critical,keyCertSign",
        ],
        ["req", "-new", *key, "-keyout", "tls.key", "-out", "tls.csr", "-subj", "/CN=jira"],
        [
            "x509",
            "-req",
            "-in",
            "tls.csr",
            "-CA",
            "ca.crt",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-out",
            "tls.crt",
            "-days",
            "2",
            "-extfile",
            "extensions",
        ],
    ):
        subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return context
