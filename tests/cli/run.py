#!/usr/bin/env python3
"""What edp-runner says to bad input and bad targets, and how it exits; and the commands that need no target.

usage: tests/cli/run.py PATH-OF-EDP-RUNNER [-v]
"""

import gzip
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from cluster_cases import run_all  # noqa: E402
from hostile import Server  # noqa: E402

LIGHT = ["--profile", "light", "--duration", "1s", "--timeout", "6s"]


def run(runner, args):
    # No cluster at hand: without a target the runner would look for one.
    env = {key: value for key, value in os.environ.items() if not key.startswith("KUBE")} | {"HOME": "/nonexistent"}
    return subprocess.run([runner, *args], capture_output=True, text=True, timeout=60, check=False, env=env)


def certificate(folder):
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=elsewhere.test",
         "-keyout", key, "-out", cert],
        check=True, capture_output=True)
    return cert, key


def bad_files(folder):
    """Writes the bad inputs; returns name -> path."""
    # One sample type, one string table: small, yet a real profile as far as it goes.
    profile = gzip.compress(bytes([0x0A, 0x04, 0x08, 0x01, 0x10, 0x02]) + b"\x32\x00\x32\x03cpu\x32\x0bnanoseconds" * 40)
    files = {
        "truncated.pb.gz": profile[: len(profile) // 2],
        "bomb.pb.gz": gzip.compress(b"\0" * (64 << 20)),
        "page.html": b"<!doctype html><html><body>Sign in</body></html>",
        "program": b"\x7fELF\x02\x01\x01" + b"\0" * 100,
        "empty": b"",
        "profile.yaml": b"name: mine\ncollectors: [cpu]\nduraton: 5s\n",
        "token": b"wrong\n",
        "old.trace": b"go 1.11 trace\0\0\0",
        "future.trace": b"go 1.77 trace\0\0\0",
        "empty.trace": b"go 1.23 trace\0\0\0",
        "cut.trace": b"go 1.23 trace\0\0\0\x01\x01\x00\x01\x7f\x00",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    small = "name: small\ncollectors: [cpu, heap]\nlimits: { max-inflated-bytes: 1MiB }\n"
    (folder / "small.yaml").write_text(small)
    return {name: str(folder / name) for name in files} | {"small.yaml": str(folder / "small.yaml")}


def sample_profile(folder):
    """A cpu profile without a sample: enough for a report."""
    text = b"".join(bytes([0x32, len(word)]) + word for word in (b"", b"samples", b"count", b"cpu", b"nanoseconds"))
    path = folder / "cpu.pb.gz"
    path.write_bytes(gzip.compress(bytes([0x0A, 4, 8, 1, 16, 2, 0x0A, 4, 8, 3, 16, 4]) + text))
    return path


def cases(files, http, https, folder):
    """(name, arguments, exit status, what the output says)"""
    return [
        ("truncated gzip", ["top", files["truncated.pb.gz"]], 1, r"truncated\.pb\.gz: .*byte \d+.*(cut|end|trunc)"),
        ("truncated gzip as a target", ["--target", files["truncated.pb.gz"]], 3, r"truncated\.pb\.gz"),
        ("decompression bomb", ["--profile", files["small.yaml"], "--target", files["bomb.pb.gz"]], 3,
         r"bomb\.pb\.gz.*limit"),
        ("wrong type: a program", ["top", files["program"]], 1, r"program: .*ELF"),
        ("wrong type: a page", ["top", files["page.html"]], 1, r"page\.html: .*HTML"),
        ("empty file", ["top", files["empty"]], 1, r"empty: .*0 bytes"),
        ("HTML instead of a profile", [*LIGHT, "--target", http.url("html")], 3, r"HTML"),
        ("404", [*LIGHT, "--target", http.url("notfound")], 3, r"404"),
        ("hang", [*LIGHT, "--target", http.url("hang")], 3, r"(?i)time"),
        ("reset", [*LIGHT, "--target", http.url("reset")], 3, r"(?i)reset|closed"),
        ("answer shorter than announced", [*LIGHT, "--target", http.url("short")], 3, r"(?i)short|announced|of 1048576"),
        ("nobody listens", [*LIGHT, "--target", "http://127.0.0.1:1"], 3, r"(?i)refused"),
        ("TLS not trusted", [*LIGHT, "--target", https.url("html")], 3, r"(?i)trust|certificate"),
        ("wrong token", [*LIGHT, "--token-file", files["token"], "--target", http.url("auth")], 3, r"401"),
        ("token file missing", [*LIGHT, "--token-file", str(folder / "none"), "--target", http.url("auth")], 3,
         r"none: .*No such file"),
        ("trace of an old Go", ["trace", files["old.trace"]], 1, r'old\.trace: .*"go 1\.11 trace".*Go 1\.19 and later'),
        ("trace of a Go to come", ["trace", files["future.trace"]], 1, r'future\.trace: .*"go 1\.77 trace", which is not known'),
        ("no trace", ["trace", files["page.html"]], 1, r"page\.html: .*HTML"),
        ("trace without an event", ["trace", files["empty.trace"]], 0, r"empty\.trace: a trace in the format of Go 1\.23"),
        ("cut trace", ["trace", files["cut.trace"]], 0, r"cut\.trace: the trace is cut at byte 22, in a batch that begins at byte 16"),
        ("cut trace as JSON", ["trace", "-o", "json", files["cut.trace"]], 0, r'"events": \d+.*"goroutines": 0.*"problems": \['),
        ("trace missing", ["trace", str(folder / "none")], 1, r"none: .*No such file"),
        ("two traces", ["trace", files["empty.trace"], files["empty.trace"]], 1, r"trace takes one FILE"),
        ("trace profile of an unknown kind", ["trace", "--pprof", "cpu", files["empty.trace"]], 1, r"net, sync, syscall and sched"),
        ("trace profile", ["trace", "--pprof", "sync", files["empty.trace"]], 0, r"Type: delay"),
        ("trace with a faulty filter", ["trace", "--filter", "(", files["empty.trace"]], 1, r"parsing filter regexp"),
        ("trace with an unknown goroutine", ["trace", "--goroutine", "7", files["empty.trace"]], 1, r"no goroutine 7"),
        ("trace with an unknown state", ["trace", "--state", "idle", files["empty.trace"]], 1, r"--state idle: there are runnable"),
        ("trace with a faulty time", ["trace", "--time", "5ms", files["empty.trace"]], 1, r"--time takes a range such as"),
        ("trace with a time that ends early", ["trace", "--time", "5ms..1ms", files["empty.trace"]], 1, r"ends before it begins"),
        ("file missing", ["--target", str(folder / "no-such-file")], 1, r"no-such-file"),
        ("unreadable folder in output", [*LIGHT, "--target", http.url("html"), "--output", str(folder / "no/x.json")], 1,
         r"no such folder"),
        ("unknown profile", ["--profile", "prod", "--target", http.url("html")], 1, r"prod: neither a built-in profile"),
        ("unknown profile key", ["--profile", files["profile.yaml"], "--target", http.url("html")], 1,
         r"line 3: unknown key 'duraton', did you mean 'duration'"),
        ("full disk on output", [*LIGHT, "--target", http.url("html"), "--junit", "/dev/full"], 1,
         r"/dev/full: cannot be written: No space left on device"),
        ("no target", [], 1, r"no target"),
        ("unknown option", ["--targt", "x"], 1, r"--targt"),
        ("target of a later version", ["--target", "pid:1"], 1, r"pid:1"),
        ("version", ["--version"], 0, r"edp-runner \d+\.\d+"),
        ("rules", ["rules"], 0, r"GO-SYNCMAP-WRITE-HEAVY .*syncmap\."),
        ("rules as JSON", ["rules", "-o", "json"], 0, r'"rule": "GO-SYNCMAP-WRITE-HEAVY"'),
        ("profiles", ["profile", "list"], 0, r"light\nlocal\nprod-k8s\n"),
        ("a built-in profile", ["profile", "show", "prod-k8s"], 0, r"name: prod-k8s"),
        ("an own profile", ["profile", "show", files["small.yaml"]], 0, r"name: small"),
        ("a faulty own profile", ["profile", "show", files["profile.yaml"]], 1, r"line 3: unknown key"),
        ("completion for zsh", ["completion", "zsh"], 0, r"#compdef edp-runner"),
        ("completion for fish", ["completion", "fish"], 0, r"complete -c edp-runner"),
        ("completion for no shell", ["completion", "tcsh"], 1, r"unknown shell 'tcsh'"),
        ("man page", ["man"], 0, r"\.TH EDP.*\.SS top"),
    ]


def unreadable(runner, folder):
    """Root reads everything unless it gives that right away."""
    path = folder / "secret.pb.gz"
    path.write_bytes(b"x")
    path.chmod(0)
    drop = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.getuid() == 0 else []
    command = [*drop, runner, "top", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def bash_completion(runner):
    """Lets bash complete a flag of `top`."""
    script = """
        source <("$0" completion bash)
        COMP_WORDS=(edp-runner top --sam) COMP_CWORD=2
        _edp_runner
        echo "${COMPREPLY[@]}"
    """
    return subprocess.run(["bash", "-c", script, runner], capture_output=True, text=True, timeout=60, check=False)


def main():
    runner = str(Path(sys.argv[1]).resolve())
    verbose = "-v" in sys.argv
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        http, https = Server(), Server(certificate(folder))
        results = [(case[0], case[2], case[3], run(runner, case[1])) for case in cases(bad_files(folder), http, https, folder)]
        results.append(("unreadable file", 1, r"secret\.pb\.gz: .*Permission denied", unreadable(runner, folder)))
        results.append(("completion in bash", 0, r"^--sample_index", bash_completion(runner)))
        for server in (http, https):
            server.stop()
        in_cluster = run_all(runner, folder, sample_profile(folder))
    for name, status, pattern, result in results:
        output = result.stdout + result.stderr
        good = result.returncode == status and re.search(pattern, output, re.S)
        passed, failed = passed + bool(good), failed + (not good)
        if not good or verbose:
            print(f"{'ok' if good else 'WRONG'}: {name}: exit {result.returncode} (expected {status}), expected /{pattern}/")
            print("    " + output.strip().replace("\n", "\n    "))
    for name, wrong, output in in_cluster:
        passed, failed = passed + (not wrong), failed + bool(wrong)
        if wrong or verbose:
            print(f"{'WRONG' if wrong else 'ok'}: {name}: {'; '.join(map(str, wrong))}")
            print("    " + output.strip().replace("\n", "\n    ")[:3000])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
