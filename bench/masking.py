#!/usr/bin/env python3
"""`edp-runner mask` beside perl and GNU sed with the same patterns, on the same texts, in one run.

    bench/masking.py [--bin build/release/bin] [--gigabytes 1] [--peer-megabytes 32]

Texts: a service's log with private data in about one line of eight; the same without any; numbers without end (worst case: every
digit may begin a card). Throughput of the whole input is `edp-runner mask`'s; the peers, which check neither check digits nor
borders of words by code, get the first part of it. Peak memory at 10 MB and at the whole input must be the same: a difference
of more than a tenth fails.
"""

import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/masking"))
import run as corpus  # noqa: E402

BLOCK = 4 << 20
# What docs/masking.md lists, as one would write it for a stream editor.
EXTENDED = [
    (r"\b([0-9]{6})[0-9]{8}([0-9]{3}[0-9Xx])\b", r"\1********\2"), (r"\b([0-9]{6})[0-9]{3,9}([0-9]{4})\b", r"\1********\2"),
    (r"\b([0-9]{4})[ -][0-9]{4}[ -][0-9]{4}[ -]([0-9]{4})\b", r"\1 **** **** \2"), (r"(\+?86[ -]?)?\b(1[3-9][0-9])[0-9]{4}([0-9]{4})\b", r"\2****\3"),
    (r"\b([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9-]+\.[A-Za-z0-9.-]+)", r"\1***@\2"), (r"([Bb]earer) +[A-Za-z0-9._~+/-]{16,}=*", r"\1 ***"),
    (r"\beyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", r"eyJ***"), (r"\b(AKIA|LTAI|AKID|ghp_|glpat-|xox[bp]-|sk_live_)[A-Za-z0-9_-]{12,}", r"\1***"),
    (r"(://[^:/@ ]+:)[^@/ ]+@", r"\1***@"), (r"([A-Za-z_-]*([Pp]assw(or)?d|PASSWD|[Ss]ecret|[Tt]oken|api_key)\"?[=:] ?\"?)[^ \";&,]+", r"\1***"),
]  # fmt: skip


def log_line(rng, private):
    moment = f"2026-11-25T{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}.{rng.randrange(10**6):06d}Z"
    line = (
        f"{moment} INFO  [http-{rng.randrange(64)}] c.e.shop.{corpus.word(rng).title()}Service: request {rng.randrange(16**12):012x} took {rng.random() * 300:.3f} ms, "
        f"{rng.randrange(10**6)} bytes at 0x{rng.randrange(16**12):016x}, id={rng.randrange(10**8)} path=/v1/{corpus.word(rng)}/{rng.randrange(10**5)} "
    )
    if private and rng.randrange(8) == 0:
        line += rng.choice(corpus.positives(rng))[0]
    return line + "\n"


def block(kind):
    """Four megabytes of text; the input repeats it."""
    rng = random.Random(7)
    if kind == "numbers":
        digits = "".join(str(rng.randrange(10)) + (" " if rng.randrange(19) == 0 else "") for _ in range(BLOCK // 2))
        return (digits + "\n" + digits)[: BLOCK - 1].encode() + b"\n"
    lines, size = [], 0
    while size < BLOCK:
        lines.append(log_line(rng, kind == "private"))
        size += len(lines[-1].encode())
    return "".join(lines).encode()


def measure(command, text, megabytes):
    """(MB/s, MB a CPU second, peak MB) over `megabytes` of the repeated text. The kernel's ru_maxrss would count this process's own memory,
    from before the exec: the peak is read where it stands, when all but the pipe's content was taken."""
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    repeats = max(1, round(megabytes * 1e6 / len(text)))

    peak = []

    def feed():
        for _ in range(repeats):
            process.stdin.write(text)
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        peak.append(int(status.split("VmHWM:")[1].split()[0]) / 1024)
        process.stdin.close()

    began = time.monotonic()
    feeder = threading.Thread(target=feed)
    feeder.start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    feeder.join()
    if status != 0:
        raise SystemExit(f"{command[0]} ended with {status}")
    cpu = usage.ru_utime + usage.ru_stime
    return repeats * len(text) / 1e6 / seconds, repeats * len(text) / 1e6 / cpu, peak[0]


def perl():
    """One substitution a pattern on each line, compiled once."""
    steps = [
        f"s#{pattern.replace('@', chr(92) + '@')}#{becomes.replace(chr(92), '$').replace('@', chr(92) + '@')}#g;" for pattern, becomes in EXTENDED
    ]
    return ["perl", "-ne", "no warnings; " + " ".join(steps) + " print;"]


def sed():
    return ["sed", "-E", *(part for pattern, becomes in EXTENDED for part in ("-e", f"s#{pattern}#{becomes}#g"))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("build/release/bin"))
    parser.add_argument("--gigabytes", type=float, default=1)
    parser.add_argument("--peer-megabytes", type=float, default=32)
    arguments = parser.parse_args()
    ours = [arguments.bin / "edp-runner", "mask"]
    peers = {name: command for name, command in (("perl", perl()), ("sed -E", sed())) if shutil.which(command[0])}
    print(
        f"{'text':8} {'MB/s':>7} {'MB/CPU s':>9} {'peak at 10 MB':>14} {'at the whole':>13} | "
        + " | ".join(f"{name + ' MB/CPU s':>15} {'ratio':>6}" for name in peers)
    )
    wrong = []
    for kind in ("private", "plain", "numbers"):
        text = block(kind)
        _, _, small = measure(ours, text, 10)
        wall, cpu, whole = measure(ours, text, arguments.gigabytes * 1e3)
        line = f"{kind:8} {wall:7.0f} {cpu:9.0f} {small:11.1f} MB {whole:10.1f} MB | "
        beside = []
        for command in peers.values():
            _, theirs, _ = measure(command, text, arguments.peer_megabytes)
            beside.append(f"{theirs:15.1f} {cpu / theirs:5.1f}x")
        print(line + " | ".join(beside), flush=True)
        if whole > small * 1.1:
            wrong.append(f"{kind}: {small:.1f} MB at 10 MB, {whole:.1f} MB at {arguments.gigabytes:g} GB")
    for line in wrong:
        print(f"memory is not constant: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
