"""Builds and runs the Go workloads, and collects their profiles without edp-runner."""

import atexit
import json
import os
import pathlib
import re
import subprocess
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests/workloads/go"
BUILD = ROOT / "build/workloads"

_running = set()
_running_lock = threading.Lock()


def kill_all():
    """Ends what this process started, and nothing else."""
    with _running_lock:
        for process in _running:
            if process.poll() is None:
                process.kill()


atexit.register(kill_all)


def started(process):
    with _running_lock:
        _running.add(process)
    return process


def end(process):
    if process.poll() is None:
        process.kill()
    process.wait()
    with _running_lock:
        _running.discard(process)


def binary_of(toolchain):
    return BUILD / toolchain.replace(",", "-") / "workloads"


def build(name):
    """Builds the workloads for "go1.21.13", or "go1.24.9+EXPERIMENT,..." with that GOEXPERIMENT. go itself decides
    whether the binary is up to date."""
    toolchain, _, experiment = name.partition("+")
    binary = binary_of(name)
    binary.parent.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ, GOTOOLCHAIN=toolchain, GOEXPERIMENT=experiment, CGO_ENABLED="0", GOFLAGS="-mod=mod")
    try:
        subprocess.run(["go", "build", "-buildvcs=false", "-o", str(binary), "."], cwd=SOURCES, env=env, check=True)
    except FileNotFoundError:
        raise SystemExit("no 'go' on the PATH; './edp setup' installs it")
    except subprocess.CalledProcessError:
        raise SystemExit(f"building the workloads with {toolchain} failed; it has to be reachable through GOPROXY")


class Workload:
    """A running workload; `with` ends it."""

    def __init__(self, binary, name, seconds, arguments=()):
        command = [str(binary), "-workload", name, "-for", str(seconds), *arguments]
        # The workload ends by itself when the pipe to its standard input closes, however this process ends.
        self.process = started(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                stderr=subprocess.PIPE))
        self.url = self.process.stdout.readline().decode().strip()
        if not self.url.startswith("http://127.0.0.1:"):
            message = self.process.stderr.read().decode()
            end(self.process)
            raise RuntimeError(f"{name} did not start: {message or self.url}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)


def crash_output(binary, name, seconds=30):
    """Standard error and exit status of a workload that dies."""
    command = [str(binary), "-workload", name, "-for", str(seconds)]
    process = started(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE))
    text = process.stderr.read()
    status = process.wait()
    end(process)
    return text, status


def registered_in(path):
    return re.findall(r'register\("([a-z-]+)"', path.read_text())


def marks(workload):
    """{(file, line): (function, {rule, ...})} from the `edp:culprit` comments of the workload's file."""
    found = {}
    for path in sorted(SOURCES.glob("*.go")):
        if workload not in registered_in(path):
            continue
        text = path.read_text()
        function = ""
        for number, line in enumerate(text.splitlines(), 1):
            head = re.match(r"func (?:\(\w+ (\*?)(\w+)\) )?(\w+)", line)
            if head:
                pointer, receiver, name = head.groups()
                receiver = f"(*{receiver})." if pointer else f"{receiver}." if receiver else ""
                function = f"main.{receiver}{name}"
            mark = re.search(r"// edp:culprit ((?:GO-[A-Z-]+ ?)+)$", line)
            if mark:
                found[(path.name, number)] = (function, set(mark.group(1).split()))
    return found


def file_of(workload):
    for path in sorted(SOURCES.glob("*.go")):
        if workload in registered_in(path):
            return path.name
    raise SystemExit(f"matrix.tsv names a workload that is not there: {workload}")


def save_profiles(url, seconds, directory):
    """Collects what edp-runner collects, with file names that it understands as a directory target."""
    directory.mkdir(parents=True, exist_ok=True)

    def fetch(path, name):
        with urllib.request.urlopen(url + path, timeout=seconds + 60) as answer:
            (directory / name).write_bytes(answer.read())

    windows = [("profile", "cpu")] + [(kind, kind + ".delta") for kind in
                                      ("heap", "allocs", "mutex", "block", "goroutine")]
    threads = [threading.Thread(target=fetch, args=(f"/debug/pprof/{path}?seconds={seconds}", f"{name}.pb.gz"))
               for path, name in windows]
    began = time.monotonic()
    for step in range(5):
        time.sleep(max(0, began + seconds * step / 4 - time.monotonic()))
        fetch("/debug/pprof/heap?debug=1", f"memstats.{step + 1}.txt")
        fetch("/debug/vars", f"vars.{step + 1}.json")
        if step % 2 == 0:
            fetch("/debug/pprof/goroutine", f"goroutine.{step // 2 + 1}.pb.gz")
        if step in (0, 4):
            fetch("/debug/pprof/heap", f"heap.{step // 4 + 1}.pb.gz")
            fetch("/debug/pprof/goroutine?debug=2", f"goroutine.debug2.{step // 4 + 1}.txt")
        if step == 0:
            for thread in threads:
                thread.start()
    for thread in threads:
        thread.join()
    for kind in ("allocs", "mutex", "block", "threadcreate"):
        fetch(f"/debug/pprof/{kind}", f"{kind}.pb.gz")
    fetch("/debug/pprof/mutex?debug=1", "mutex.rate.txt")


def load_report(path):
    return json.loads(path.read_text())
