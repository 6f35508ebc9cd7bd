#!/usr/bin/env python3
"""The audit on its way to a SOC: what the receiver has equals what was written, also after it was down.
usage: deliver.py BIN [--full]

BIN holds edp-runner and edp-audit-load. Receivers are the real ones; Fluent Bit, which does this in a cluster, is not among the
programs that can be had here, so others that speak its protocols ship the lines.
  syslog    rsyslog (imfile, which waits while the receiver is down) -> RFC 5424 over TCP -> rsyslog, which is down for 3 s (--full: 60 s)
  forward   Fluent's client for Python -> Fluent's forward protocol with acknowledgements -> the OpenTelemetry Collector (--full
            only: it is built first), which is down for 60 s
  config    deploy/fluent-bit/fluent-bit.yaml: its grammar and its keys
"""

import hashlib
import http.server
import json
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print(f"FAILED: {what}")


def program(name, how):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if not found:
        raise SystemExit(f"{name} is missing: {how}")
    return found


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def eventually(what, good, seconds):
    end = time.monotonic() + seconds
    while not good():
        if time.monotonic() > end:
            check(False, f"not within {seconds} s: {what}")
            return False
        time.sleep(0.1)
    return True


class Delivery:
    def __init__(self, binaries, full):
        self.runner, self.load = str(binaries / "edp-runner"), str(binaries / "edp-audit-load")
        self.down = 60 if full else 3
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="edp-deliver-"))
        self.key = self.folder / "key"
        subprocess.run([self.runner, "audit", "keygen", self.key], check=True, stdout=subprocess.DEVNULL)
        self.running = []

    def start(self, *command):
        process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=(self.folder / "errors").open("a"))
        self.running.append(process)
        return process

    @staticmethod
    def stop(process):
        process.terminate()
        process.wait(timeout=30)

    def write(self, log, begin, end):
        """Acts, their intentions and outcomes, spread over several files by a small limit."""
        subprocess.run([self.load, log, "/dev/null", str(begin), str(end), "2", self.key, "60000"], check=True, stdout=subprocess.DEVNULL)

    def written(self, log):
        closed = sorted(log.parent.glob(log.name + ".0*"))
        return b"".join(path.read_bytes() for path in [*closed, log]).splitlines()

    def compare(self, name, log, received, began):
        written = self.written(log)
        eventually(f"{name}: all {len(written)} lines are there", lambda: received.exists() and set(received.read_bytes().splitlines()) >= set(written), 60)
        time.sleep(0.5)  # for what should not come
        every = received.read_bytes().splitlines()
        # What was not acknowledged when the receiver went is sent again: a number (stream, seq) tells a receiver what it has.
        got = list(dict.fromkeys(every))
        check(got == written, f"{name}: {len(written)} written, {len(got)} received, {len(set(written) - set(got))} lost, {len(set(got) - set(written))} altered")
        received.write_bytes(b"".join(line + b"\n" for line in got))
        done = subprocess.run([self.runner, "audit", "verify", received, "--key", f"{self.key}.pub"], capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"{name}: what was received is not whole: {done.stdout}")
        print(f"{name}: {len(written)} lines written, {len(got)} received, the same and in order ({len(every) - len(got)} of them twice), the receiver being down for {self.down} s; {time.monotonic() - began:.0f} s in all")

    # --- syslog ---

    def rsyslog(self, name, config):
        path = self.folder / f"{name}.conf"
        work = self.folder / f"{name}.work"
        work.mkdir(exist_ok=True)
        path.write_text(f'global(workDirectory="{work}" maxMessageSize="64k")\n{config}')
        rsyslogd = program("rsyslogd", "apt-get install --no-install-recommends rsyslog")
        return self.start(rsyslogd, "-n", "-f", path, "-i", self.folder / f"{name}.pid")

    def syslog(self):
        began = time.monotonic()
        port, where, received = free_port(), self.folder / "syslog", self.folder / "soc.log"
        where.mkdir()
        log = where / "audit.jsonl"
        soc = f'''module(load="imtcp" maxSessions="10")
input(type="imtcp" address="127.0.0.1" port="{port}")
template(name="line" type="string" string="%msg:::drop-last-lf%\\n")
action(type="omfile" file="{received}" template="line")
'''
        ship = f'''module(load="imfile" mode="inotify")
input(type="imfile" file="{log}" tag="edp-audit" severity="notice" facility="authpriv" escapeLF="off" ruleset="ship")
template(name="rfc5424" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% - - - %msg%\\n")
ruleset(name="ship" queue.type="LinkedList" queue.workerThreads="1") {{ action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" template="rfc5424"
  queue.type="Direct" action.resumeRetryCount="-1" action.resumeInterval="1") }}
'''
        receiver = self.rsyslog("soc", soc)
        self.rsyslog("ship", ship)
        self.outlive(log, received, receiver, lambda: self.rsyslog("soc", soc))
        self.compare("syslog", log, received, began)

    def outlive(self, log, received, receiver, again):
        """Writes before, while, and after the receiver is down; `again` starts it anew."""
        self.write(log, 0, 50)
        eventually("the first lines arrive", lambda: received.exists() and received.read_bytes().count(b"\n") >= 100, 30)
        self.stop(receiver)
        stopped = time.monotonic()
        while time.monotonic() - stopped < self.down - 0.5:
            self.write(log, 50, 70)
            time.sleep(min(1, self.down / 6))
        again()
        self.write(log, 70, 90)

    # --- forward ---

    def forward(self):
        began = time.monotonic()
        port, where, received = free_port(), self.folder / "forward", self.folder / "forward.log"
        where.mkdir()
        log = where / "audit.jsonl"
        collector = subprocess.run([HERE / "collector.sh"], check=True, capture_output=True, text=True).stdout.strip()
        config = self.folder / "collector.yaml"
        backend = Backend(received)
        config.write_text(f"""receivers: {{fluentforward: {{endpoint: "127.0.0.1:{port}"}}}}
exporters: {{otlphttp: {{endpoint: "http://127.0.0.1:{backend.port}", encoding: json, compression: none, sending_queue: {{enabled: false}}}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{logs: {{receivers: [fluentforward], exporters: [otlphttp]}}}}
""")
        receiver = self.start(collector, "--config", config)
        done = threading.Event()
        shipper = threading.Thread(target=ForwardShipper(log, port).run, args=(done,))
        shipper.start()
        try:
            self.outlive(log, received, receiver, lambda: self.start(collector, "--config", config))
            self.compare("forward", log, received, began)
        finally:
            done.set()
            shipper.join()
            backend.stop()

    # --- the configuration ---

    def config(self):
        """What Fluent Bit's manual knows of each plugin that the file uses."""
        text = (ROOT / "deploy/fluent-bit/fluent-bit.yaml").read_text()
        tree = yaml.safe_load(text)
        known = json.loads((HERE / "fluent-bit-keys.json").read_text())
        check(set(tree) <= {"service", "parsers", "pipeline"}, f"config: sections {set(tree)}")
        check(set(tree["pipeline"]) <= {"inputs", "filters", "outputs"}, "config: pipeline")

        def keys(kind, node):
            unknown = set(map(str.lower, node)) - set(known[kind])
            check(not unknown, f"config: {kind} does not know {sorted(unknown)}")

        keys("service", tree["service"])
        for parser in tree["parsers"]:
            keys("parser", parser)
        for node in tree["pipeline"]["inputs"]:
            keys("input:" + node["name"], node)
            check(node["storage.type"] == "filesystem", "config: the buffer is in memory")
        for node in tree["pipeline"]["outputs"]:
            keys("output:" + node["name"], node)
            check(node["retry_limit"] == "no_limits" and node["match"] == "edp.audit", f"config: {node['name']} gives up, or matches something else")
        check({node["name"] for node in tree["pipeline"]["outputs"]} == {"forward", "syslog", "http"}, "config: outputs")
        print("config: grammar and keys of deploy/fluent-bit/fluent-bit.yaml (Fluent Bit itself was not run)")

    def run(self, parts):
        try:
            for part in parts:
                getattr(self, part)()
        finally:
            for process in self.running:
                if process.poll() is None:
                    self.stop(process)
            shutil.rmtree(self.folder)


class Backend:
    """What is behind the Collector: OTLP over HTTP in JSON; each record's body becomes a line of a file."""

    def __init__(self, path):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                records = [record for resource in told["resourceLogs"] for scope in resource["scopeLogs"] for record in scope["logRecords"]]
                with path.open("a") as out:
                    out.writelines(record["body"]["stringValue"] + "\n" for record in records)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class ForwardShipper:
    """Tails the stream, closed segments too, and sends each line in Fluent's forward protocol (msgpack by the library of Fluent's
    own Python client), one chunk at a time, which is sent again until the receiver has acknowledged it."""

    def __init__(self, log, port):
        self.log, self.port, self.sent, self.socket = log, port, 0, None

    def lines(self):
        closed = sorted(self.log.parent.glob(self.log.name + ".0*"))
        data = b"".join(path.read_bytes() for path in [*closed, *([self.log] if self.log.exists() else [])])
        return data[: data.rfind(b"\n") + 1].splitlines()

    def run(self, done):
        while not done.is_set():
            try:
                new = self.lines()[self.sent :]
            except FileNotFoundError:  # renamed meanwhile
                continue
            if new and self.send(new[:100]):
                self.sent += len(new[:100])
            else:
                time.sleep(0.2)

    def send(self, lines):
        import msgpack
        from fluent.sender import EventTime

        chunk = hashlib.sha256(b"".join(lines)).hexdigest()[:22]
        message = msgpack.packb(["edp.audit", [[EventTime(time.time()), {"log": line.decode()}] for line in lines], {"chunk": chunk}])
        try:
            if self.socket is None:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=5)
            self.socket.sendall(message)
            answer = msgpack.unpackb(self.socket.recv(4096))
            if answer.get("ack") == chunk:
                return True
        except (OSError, ValueError, struct.error):
            pass
        if self.socket is not None:
            self.socket.close()
        self.socket = None
        return False


def main():
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    full = "--full" in sys.argv
    if not arguments:
        raise SystemExit(__doc__)
    parts = arguments[1:] or ["config", "syslog", *(["forward"] if full else [])]
    if "forward" in parts:
        try:
            import fluent.sender  # noqa: F401
        except ImportError:
            raise SystemExit("Fluent's client is missing: pip install fluent-logger==0.11.1") from None
    Delivery(pathlib.Path(arguments[0]).resolve(), full).run(parts)
    print(f"deliver: {len(failures)} failure(s)")
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    main()
