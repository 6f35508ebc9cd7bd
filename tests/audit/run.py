#!/usr/bin/env python3
"""The audit, put to the test: tests/audit/run.py BIN [--full]

BIN holds edp-runner and edp-audit-load. Without --full the same in small: what `./edp test` has time for.
  kills      acts with kill -9 of the writer in between: the chain is unbroken, no act was carried out without a line
  tampering  each of eight kinds at random places: found, by its kind, and named by its number
  full disk  a small volume: refused with the reason, never unrecorded, and going on when there is room again
  two        two processes that write one stream
  figures    acts a second, each with its fsync before and after
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

KINDS = ("missing", "changed", "swapped", "added", "duplicated", "truncated-tail", "forged-head", "spliced")
failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print(f"FAILED: {what}")


class Bench:
    def __init__(self, binaries, full):
        self.runner = str(binaries / "edp-runner")
        self.load = str(binaries / "edp-audit-load")
        self.full = full
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="edp-audit-"))
        self.random = random.Random(6)
        self.key = self.folder / "key"
        subprocess.run([self.runner, "audit", "keygen", self.key], check=True, stdout=subprocess.DEVNULL)

    def start(self, log, acts, begin, end, threads, max_bytes=64 << 20, **more):
        return subprocess.Popen([self.load, log, acts, str(begin), str(end), str(threads), self.key, str(max_bytes)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)

    def verify(self, path, *more):
        done = subprocess.run([self.runner, "audit", "verify", path, "--key", f"{self.key}.pub", "-o", "json", *more],
                              capture_output=True, text=True, check=False)
        if not done.stdout:
            raise SystemExit(f"audit verify {path}: status {done.returncode}: {done.stderr}")
        return done.returncode, json.loads(done.stdout)

    # --- kills ---

    def kills(self):
        wanted = 10_000 if self.full else 1_000
        where = self.folder / "kills"
        where.mkdir()
        log, acts = where / "audit.jsonl", self.folder / "kills.acts"
        number, kills = 0, 0
        while number < wanted:
            # Small segments, so that kills also meet rotations.
            process = self.start(log, acts, number, wanted, 8, max_bytes=200_000)
            size = acts.stat().st_size if acts.exists() else 0
            enough = size + self.random.randint(1, 400)  # bytes: up to a hundred acts
            while process.poll() is None and (not acts.exists() or acts.stat().st_size < enough):
                time.sleep(0.001)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
            process.communicate()
            if acts.exists():
                carried_out = [int(line) for line in acts.read_text().split("\n")[:-1]]
                number = max(carried_out, default=-1) + 1
        status, verdict = self.verify(where)
        check(status == 0, f"kills: the chain is not whole: {verdict['problems'][:3]}")
        lines = [json.loads(line) for path in sorted(where.glob("audit.jsonl.0*")) + [log] for line in path.read_text().splitlines()]
        intended = {line["target"]["url"].rsplit("/")[-1] for line in lines if line["outcome"] == "intended"}
        done = {line["target"]["url"].rsplit("/")[-1] for line in lines if line["act"] == "collect" and line["outcome"] == "done"}
        out = [line for line in acts.read_text().split("\n")[:-1]]
        check(set(out) <= intended, f"kills: acts without a line: {sorted(set(out) - intended)[:5]}")
        check(len(out) >= wanted * 0.99, f"kills: only {len(out)} acts were carried out")
        check(kills >= (50 if self.full else 5), f"kills: only {kills}")
        torn = sum("torn" in line for line in lines)
        print(f"kills: {len(out)} acts, {kills} kills, {len(lines)} lines in {len(list(where.glob('audit.jsonl.0*'))) + 1} segments, {torn} torn tail(s) recorded, "
              f"{len(set(intended) - done)} intentions left without an outcome, 0 acts without a line, chain unbroken")

    # A kill seldom meets a write in its middle: so it is done by hand.
    def torn(self):
        where = self.folder / "torn"
        where.mkdir()
        log = where / "audit.jsonl"
        self.start(log, os.devnull, 0, 20, 1).communicate()
        whole = log.read_bytes()
        for length in (1, 17, 300):
            log.write_bytes(whole + whole.splitlines()[3][:length])
            status, verdict = self.verify(where)
            check(status == 2 and verdict["problems"][0]["kind"] == "truncated-tail", f"torn: {length} bytes are not seen: {verdict['problems']}")
            self.start(log, os.devnull, 20, 22, 1).communicate()
            status, verdict = self.verify(where)
            check(status == 0, f"torn: not taken up behind the last whole line: {verdict['problems']}")
            line = json.loads(log.read_bytes()[len(whole):].splitlines()[0])
            check(line.get("torn", {}).get("bytes") == length, f"torn: {length} bytes are not recorded: {line}")
            whole = log.read_bytes()
        print("torn: a line cut in its middle is seen, cut off by the next writer, and recorded by it")

    # --- tampering ---

    def stream(self, name, acts=300):
        where = self.folder / name
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir()
        for part in range(3):
            _, error = self.start(where / "audit.jsonl", os.devnull, part * acts // 3, (part + 1) * acts // 3, 4).communicate()
            check(not error, f"{name}: {error}")
        return where / "audit.jsonl"

    def tampering(self):
        rounds = 60 if self.full else 8
        lines = self.stream("true").read_bytes().splitlines(keepends=True)
        head = (self.folder / "true/audit.jsonl.head").read_bytes()
        foreign = self.stream("foreign").read_bytes().splitlines(keepends=True)
        other_key = Bench.__new__(Bench)
        other_key.__dict__.update(self.__dict__)
        other_key.key = self.folder / "other-key"
        subprocess.run([self.runner, "audit", "keygen", other_key.key], check=True, stdout=subprocess.DEVNULL)
        forger = Forger(self, other_key)
        where = self.folder / "tampered"
        where.mkdir()
        found = {}
        for kind in KINDS:
            for _ in range(rounds):
                now, seq, now_head = forger.forge(kind, list(lines), foreign, head, self.random)
                (where / "audit.jsonl").write_bytes(b"".join(now))
                (where / "audit.jsonl.head").write_bytes(now_head)
                status, verdict = self.verify(where)
                named = [(problem["kind"], problem["seq"]) for problem in verdict["problems"]]
                good = status == 2 and (kind, seq) in named
                found[kind] = found.get(kind, 0) + good
                # Where one thing was done, one thing (two lines were swapped; a changed head is also forged) is found.
                quiet = len(named) <= 2 or kind == "forged-head"
                check(good and quiet, f"{kind} at {seq}: status {status}, found {named[:6]}")
        status, _ = self.verify(self.folder / "true")
        check(status == 0, "the true stream is not whole")
        print("tampering: " + ", ".join(f"{kind} {count}/{rounds}" for kind, count in found.items()))
        self.heads_elsewhere(lines, head)

    # The end cut off together with the head beside it: only who kept a head elsewhere can tell.
    def heads_elsewhere(self, lines, head):
        where = self.folder / "elsewhere"
        where.mkdir()
        log = where / "audit.jsonl"
        log.write_bytes(b"".join(lines[:-40]))
        kept = self.folder / "kept.head"
        kept.write_bytes(head)
        check(self.verify(where)[0] == 0, "a stream without its head file is not whole in itself")
        status, verdict = self.verify(where, "--head", kept)
        check(status == 2 and verdict["problems"][0]["kind"] == "truncated-tail", f"--head: {verdict['problems']}")
        kept.write_bytes(head.replace(b'"seq":', b'"seq":1'))  # signed is another number
        status, verdict = self.verify(where, "--head", kept)
        check(status == 2 and verdict["problems"][0]["kind"] == "forged-head", f"a forged --head: {status} {verdict['problems']}")
        kept.write_bytes(b"".join(lines))  # shipped lines hold heads as well
        check(self.verify(where, "--head", kept)[0] == 2, "--head with shipped lines")
        # The writer goes on behind a cut end, and says what it found.
        log.write_bytes(b"".join(lines[:-40]))
        (where / "audit.jsonl.head").write_bytes(head)
        self.start(log, os.devnull, 900, 901, 1).communicate()
        status, verdict = self.verify(where)
        check(status == 2 and ("truncated-tail", len(lines) - 39) in [(p["kind"], p["seq"]) for p in verdict["problems"]],
              f"a writer behind a cut end: {verdict['problems']}")
        print("heads: an end that was cut off is found by the head beside, by --head, and in what the next writer says")

    # --- a full disk ---

    def full_disk(self):
        """In a mount namespace of its own with a small tmpfs."""
        script = f"""
set -e
mount -t tmpfs -o size=256k,mode=0700 tmpfs {self.folder}/small
cd {self.folder}/small
{self.load} audit.jsonl {self.folder}/small.acts 0 100 2 {self.key} > /dev/null
head -c 1M /dev/zero > ballast 2> /dev/null || true
set +e
{self.load} audit.jsonl {self.folder}/small.acts 100 400 2 {self.key}
echo "status $?"
rm ballast
set -e
{self.load} audit.jsonl {self.folder}/small.acts 400 420 2 {self.key}
cp audit.jsonl audit.jsonl.head {self.folder}/kept/
"""
        (self.folder / "small").mkdir()
        (self.folder / "kept").mkdir()
        done = subprocess.run(["unshare", "--mount", "--propagation", "private", *([] if os.geteuid() == 0 else ["--map-root-user"]), "bash", "-c", script],
                              capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"full disk: the scene broke down: {done.stderr}")
        if done.returncode != 0:
            return
        check("No space left on device" in done.stderr and "audit.jsonl: cannot be written" in done.stderr, f"full disk: the reason is not said: {done.stderr}")
        check("status 3" in done.stdout, f"full disk: nothing was refused: {done.stdout}")
        status, verdict = self.verify(self.folder / "kept")
        check(status == 0, f"full disk: {verdict['problems']}")
        self.no_act_without_line("full disk", self.folder / "kept/audit.jsonl", self.folder / "small.acts", range(400, 420))
        print(f"full disk: {done.stderr.strip()}; {done.stdout.splitlines()[0]}; going on with room: {done.stdout.splitlines()[-1]}")

    def file_limit(self):
        """RLIMIT_FSIZE: the write that passes the limit is cut in two by the kernel, in the midst of a line."""
        log, acts = self.folder / "limit.jsonl", self.folder / "limit.acts"
        limited = subprocess.run(["bash", "-c", f"trap '' XFSZ; ulimit -f 20; exec {self.load} {log} {acts} 0 200 2 {self.key}"],
                                 capture_output=True, text=True, check=False)
        check(limited.returncode == 3 and "File too large" in limited.stderr, f"limit: {limited}")
        process = self.start(log, acts, 200, 220, 2)
        process.communicate()
        check(process.returncode == 0, "limit: not going on without it")
        status, verdict = self.verify(log)
        check(status == 0, f"limit: {verdict['problems']}")
        self.no_act_without_line("limit", log, acts, range(200, 220))
        print(f"file limit: {limited.stderr.strip()}; {limited.stdout.strip()}")

    def no_act_without_line(self, name, log, acts, later):
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        intended = {int(line["target"]["url"].rsplit("/")[-1]) for line in lines if line["outcome"] == "intended"}
        out = {int(line) for line in acts.read_text().split()}
        check(out <= intended, f"{name}: acts without a line: {sorted(out - intended)}")
        check(intended <= out, f"{name}: refused, yet in the file: {sorted(intended - out)[:5]}")
        check(set(later) <= out, f"{name}: not all of the later acts were carried out")

    # --- the rest ---

    def two_writers(self):
        where = self.folder / "two"
        where.mkdir()
        both = [self.start(where / "audit.jsonl", where / "acts", begin, begin + 200, 2, max_bytes=60_000) for begin in (0, 200)]
        for process in both:
            _, error = process.communicate()
            check(process.returncode == 0, f"two writers: {error}")
        status, verdict = self.verify(where)
        check(status == 0 and verdict["streams"][0]["lines"] >= 800, f"two writers: {verdict}")
        print(f"two writers: {verdict['streams'][0]['lines']} lines, one chain")

    def verifier(self):
        """Status and memory."""
        missing = subprocess.run([self.runner, "audit", "verify", self.folder / "none"], capture_output=True, text=True, check=False)
        check(missing.returncode == 3 and "none: cannot be read: No such file" in missing.stderr, f"no such file: {missing}")
        again = subprocess.run([self.runner, "audit", "keygen", self.key], capture_output=True, text=True, check=False)
        check(again.returncode == 1 and "is there already" in again.stderr, f"keygen: {again}")
        lines = (self.folder / "true/audit.jsonl").read_bytes()
        big = self.folder / "big.jsonl"
        copies = 400 if self.full else 40
        with big.open("wb") as out:
            for _ in range(copies):
                out.write(lines)  # repeated lines: the worst case for what is remembered
        began = time.monotonic()
        done = subprocess.run(["bash", "-c", f"ulimit -v 400000; exec {self.runner} audit verify {self.folder}/true/audit.jsonl"], capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"verify with little memory: {done.stderr}")
        out = (self.folder / "big.json").open("w")
        process = subprocess.Popen([self.runner, "audit", "verify", "-", "-o", "json"], stdin=big.open(), stdout=out)
        most = 0  # KiB; what wait4() tells holds our own peak too, from before the exec
        while process.poll() is None:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            most = max([most, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))])
            time.sleep(0.05)
        problems = json.loads((self.folder / "big.json").read_text())["problems_in_all"]
        check(process.returncode == 2 and problems > 0, "repeated streams are taken for one")
        check(0 < most < 48 << 10, f"verify took {most >> 10} MB")
        print(f"verifier: {big.stat().st_size >> 20} MB in {time.monotonic() - began:.1f} s, {most >> 10} MB of memory, {problems} problems")

    def figures(self):
        for threads in (1, 8):
            out, _ = self.start(self.folder / f"speed{threads}.jsonl", os.devnull, 0, (200 if self.full else 50) * threads, threads).communicate()
            print(f"figures: {threads} thread(s): {out.strip()}")

    def run(self):
        try:
            for part in (self.kills, self.torn, self.tampering, self.full_disk, self.file_limit, self.two_writers, self.verifier, self.figures):
                part()
        finally:
            shutil.rmtree(self.folder)


class Forger:
    """Does what somebody with the right to write the file can do. forge(): the lines, the number that must be named, the head."""

    def __init__(self, bench, other):
        self.bench, self.other = bench, other

    @staticmethod
    def seq_of(line):
        return json.loads(line)["seq"]

    def forge(self, kind, lines, foreign, head, random_):
        at = random_.randrange(len(lines))
        inner = random_.randrange(1, len(lines) - 1)
        seq = at + 1
        if kind == "missing":
            del lines[inner]
            return lines, inner + 1, head
        if kind == "changed":
            # Any character, but the line feed, for another one.
            line = bytearray(lines[at])
            place = random_.randrange(len(line) - 1)
            line[place] = random_.choice([c for c in b"0123456789abcdefXYZ{\"," if c != line[place]])
            lines[at] = bytes(line)
            return lines, seq, head
        if kind == "swapped":
            other = random_.choice([n for n in range(len(lines)) if n != at] + [max(at - 1, 0) or 1] * 200)
            if other == at:
                other = at + 1
            lines[at], lines[other] = lines[other], lines[at]
            return lines, min(at, other) + 1 if abs(at - other) > 1 else max(at, other) + 1, head
        if kind == "added":
            made = json.loads(lines[inner])
            made["reason"] = "nothing happened"
            made["seq"] += random_.choice([0, 0, 1, -1])
            lines.insert(inner, self.text(made))
            return lines, made["seq"], head
        if kind == "duplicated":
            lines.insert(random_.randrange(at + 1, len(lines) + 1), lines[at])
            return lines, seq, head
        if kind == "truncated-tail":
            cut = random_.randrange(1, len(lines) - 3)
            return lines[:-cut], len(lines) - cut + 1, head
        if kind == "spliced":
            if random_.random() < 0.5:
                lines.insert(inner, foreign[inner])
            else:
                lines[inner] = foreign[inner]
            return lines, inner + 1, head
        return self.forged_head(lines, random_)

    @staticmethod
    def text(line):
        return json.dumps(line, sort_keys=True, separators=(",", ":")).encode() + b"\n"

    def forged_head(self, lines, random_):
        """A line is changed and everything behind it is made to fit, heads included, with another key."""
        import hashlib

        heads = [n for n, line in enumerate(lines) if b'"head":{' in line]
        at = random_.randrange(1, heads[0])
        prev = hashlib.sha256(lines[at - 1][:-1]).hexdigest()
        first = None
        for n in range(at, len(lines)):
            line = json.loads(lines[n])
            line["prev"] = prev
            if n == at:
                line["reason"] = "nothing happened"
            if "head" in line:
                first = first or n + 1
                line["head"] = self.signed(line["head"] | {"hash": prev}, random_)
            lines[n] = self.text(line)
            prev = hashlib.sha256(lines[n][:-1]).hexdigest()
        tail = json.loads(lines[-1])
        head = self.signed({"stream": tail["stream"], "seq": tail["seq"], "hash": prev, "time": tail["time"]}, random_)
        return lines, first, json.dumps(head).encode() + b"\n"

    def signed(self, head, random_):
        """With another key, with the true one's name on it, or with nothing."""
        text = "edp.audit.head/v1\n{stream}\n{seq}\n{hash}\n{time}\n".format(**head).encode()
        with tempfile.NamedTemporaryFile() as message:
            message.write(text)
            message.flush()
            made = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.other.key, "-in", message.name], check=True, capture_output=True)
        way = random_.randrange(3)
        head = {key: head[key] for key in ("stream", "seq", "hash", "time")}
        if way == 0:
            return head
        return head | {"key": "0123456789abcdef" if way == 1 else self.true_key(), "signature": made.stdout.hex()}

    def true_key(self):
        shown = subprocess.run(["openssl", "pkey", "-pubin", "-in", f"{self.bench.key}.pub", "-outform", "DER"], check=True, capture_output=True)
        import hashlib

        return hashlib.sha256(shown.stdout[-32:]).hexdigest()[:16]


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--full"]
    if len(arguments) != 1:
        raise SystemExit(__doc__)
    Bench(pathlib.Path(arguments[0]).resolve(), "--full" in sys.argv).run()
    print(f"audit: {len(failures)} failure(s)")
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    main()
