"""A server that answers as broken targets do: one path, one fault."""

import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

INDEX = b"""<html><head><title>/debug/pprof/</title></head><body>/debug/pprof/<br>
<p>Types of profiles available:</p><table><tr><td>1</td><td><a href='heap?debug=1'>heap</a></td></tr></table>
<a href="goroutine?debug=2">full goroutine stack dump</a></body></html>"""


class Handler(BaseHTTPRequestHandler):
    """The first part of the path names the fault; below it lies a pprof server that has it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body, content_type="application/octet-stream", length=None):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        fault = path.strip("/").split("/")[0]
        if fault == "auth" and self.headers.get("Authorization") != "Bearer right":
            return self.answer(401, b"Unauthorized\n", "text/plain")
        if path.rstrip("/").endswith("/debug/pprof") and fault != "notfound":
            return self.answer(200, INDEX, "text/html; charset=utf-8")
        getattr(self, "fault_" + fault, self.fault_notfound)()
        return None

    def fault_notfound(self):
        self.answer(404, b"404 page not found\n", "text/plain")

    def fault_html(self):
        self.answer(200, b"<!doctype html><html><body>Please log in</body></html>", "text/html")

    def fault_reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close_connection = True
        self.connection.close()

    def fault_hang(self):
        self.server.stopping.wait(60)
        self.close_connection = True

    def fault_short(self):
        self.answer(200, b"\x1f\x8b\x08\0", length=1 << 20)
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.stopping = threading.Event()
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.scheme = "https" if certificate else "http"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass

    def url(self, fault):
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}/{fault}"

    def stop(self):
        self.stopping.set()
        self.shutdown()
        self.server_close()
