#!/usr/bin/env python3
"""What leaves the runner is masked: a corpus with known truth through `edp-runner mask`, and every output of a run over a
target full of private data. Closes with 'N passed, N failed'.

usage: tests/masking/run.py PATH-OF-EDP-RUNNER [SEED]
"""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

REGIONS = ["110105", "310115", "440304", "513221", "130503"]
ISSUERS = [("4", 16), ("52", 16), ("37", 15), ("62", 19), ("62", 16), ("3530", 16), ("9558", 19), ("6011", 16)]


def luhn(digits: str) -> str:
    """The digit that makes `digits` a valid card number when it is put behind them."""
    total = sum(d if i % 2 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(int(c) for c in reversed(digits)))
    return str(-total % 10)


def check_digit(digits: str) -> str:
    return "10X98765432"[sum(int(c) * 2 ** (17 - i) for i, c in enumerate(digits)) % 11]


def number(rng: random.Random, length: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(length))


def word(rng: random.Random, low: int = 4, high: int = 10, letters: str = "abcdefghijklmnopqrstuvwxyz") -> str:
    return "".join(rng.choice(letters) for _ in range(rng.randint(low, high)))


def secret(rng: random.Random, length: int) -> str:
    return word(rng, length - 1, length - 1, "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ") + rng.choice("23456789")


def card(rng: random.Random) -> str:
    prefix, length = rng.choice(ISSUERS)
    digits = prefix + number(rng, length - len(prefix) - 1)
    return digits + luhn(digits)


def date(rng: random.Random) -> str:
    return f"{rng.randint(1940, 2010)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"


def identity(rng: random.Random) -> str:
    digits = rng.choice(REGIONS) + date(rng) + number(rng, 3)
    return digits + check_digit(digits)


def positives(rng: random.Random) -> list[tuple[str, str]]:
    """(text, what must not be left of it)"""
    phone = "1" + rng.choice("3456789") + number(rng, 9)
    name = word(rng)
    four = card(rng)
    while len(four) != 16:
        four = card(rng)
    groups = rng.choice(" -").join(four[i : i + 4] for i in range(0, 16, 4))
    old = rng.choice(REGIONS) + date(rng)[2:] + number(rng, 3)
    key, value = rng.choice(["password", "DB_PASSWD", "api_key", "clientSecret", "access-token"]), secret(rng, 12)
    jwt = f"eyJ{secret(rng, 20)}.eyJ{secret(rng, 30)}.{secret(rng, 22)}"
    eighteen = rng.choice("123456789") + number(rng, 17)
    found = [
        (c, c)
        for c in (card(rng), identity(rng), old, groups, phone, "+86 " + phone, jwt, eighteen, f"AKIA{word(rng, 16, 16, 'ABCDEFGH234567')}")
    ]
    found += [
        (f"{name}.{word(rng)}@{word(rng)}.com", f"{name}."),
        (f"{key}={value}", value),
        (f'"{key}": "{value}"', value),
        (f"Authorization: Bearer {value}{value}", value),
        (f"postgres://{name}:{value}@db:5432/x", value),
        (f"jdbc:mysql://db/x?user={name}&password={value}", value),
        (f"jdbc:oracle:thin:{name}/{value}@db:1521/x", value),
    ]
    return found


def lookalikes(rng: random.Random) -> list[str]:
    wrong = card(rng)
    while len(wrong) == 15:  # half of such numbers are an old identity card's
        wrong = card(rng)
    wrong = wrong[:-1] + str((int(wrong[-1]) + 1) % 10)
    if len(wrong) == 18:
        wrong = wrong[:-1]
    person = rng.choice(REGIONS)[:2] + number(rng, 4) + f"{rng.randint(30, 99)}{rng.randint(13, 99)}" + number(rng, 5)
    return [
        wrong if not wrong.startswith("1") else "5" + wrong[1:],
        f"0x{rng.randrange(16**16):016x}",
        f"{rng.randrange(16**8):08x}-{rng.randrange(16**4):04x}-4{rng.randrange(16**3):03x}-a{rng.randrange(16**3):03x}-{rng.randrange(16**12):012x}",
        f"{rng.random():.17f}",
        f"17{number(rng, 17)} ns",
        f"goroutine 1{number(rng, 11)} [running]:",
        f"main.(*Store).Put{number(rng, 3)} /app/store_{number(rng, 12)}.go:{rng.randint(1, 999)}",
        f"github.com/{word(rng)}/{word(rng)}@v{rng.randint(0, 9)}.{rng.randint(0, 30)}.0-2024{number(rng, 10)}-{rng.randrange(16**12):012x}/x.go",
        f"java.util.{word(rng).title()}$Node@{rng.randrange(16**8):08x}",
        f"2026-11-25T15:04:05.{number(rng, 9)}Z",
        f"http://{word(rng)}:6060/debug/pprof/heap?seconds=30",
        f"bearer {word(rng)} is off",
        f"invalid token: {word(rng)}",
        f"id_{number(rng, 16)}",
        "2" + person[1:15] if person[1:2] not in "123" else "9" + person[1:15],
    ]


def mask(runner: str, text: str) -> tuple[str, str]:
    done = subprocess.run([runner, "mask"], input=text, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def corpus(runner: str, seed: int) -> str:
    rng = random.Random(seed)
    hidden: list[tuple[str, str]] = []
    plain: list[str] = []
    while len(hidden) < 2000:
        hidden += positives(rng)
    while len(plain) < 2000:
        plain += lookalikes(rng)
    around = [("", ""), ("got ", ", then more"), ("字段：", "。"), ('{"text": "', '"}'), ("a=1;b=", ";c"), ("(", ")")]
    lines = []
    for text, raw in hidden:
        before, after = rng.choice(around)
        if '"' in text and '"' in before:
            before = after = ""
        lines.append((before + text + after, raw))
    for text in plain:
        before, after = rng.choice(around)
        lines.append((before + text + after, ""))
    rng.shuffle(lines)
    out, _ = mask(runner, "\n".join(line for line, _ in lines) + "\n")
    after_lines = out.rstrip("\n").split("\n")
    assert len(after_lines) == len(lines), "lines were joined or cut"
    missed = [line for (line, raw), now in zip(lines, after_lines, strict=True) if raw and raw in now]
    wrong = [(line, now) for (line, raw), now in zip(lines, after_lines, strict=True) if not raw and line != now]
    found = len(hidden) - len(missed)
    assert not missed, f"{len(missed)} left as they were, such as {missed[:5]}"
    assert not wrong, f"{len(wrong)} look-alikes were masked, such as {wrong[:5]}"
    return f"{len(hidden)} positives, {len(plain)} look-alikes: recall {found / len(hidden):.2%}, precision {found / (found + len(wrong)):.2%}"


def proto(number: int, content: bytes) -> bytes:
    size, length = len(content), b""
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def profile(strings: list[str]) -> bytes:
    """A cpu profile whose functions, files and labels are the strings."""
    table = ["", "samples", "count", "cpu", "nanoseconds", "runtime.mapassign_faststr", "/src/runtime/map.go", *strings]
    out = proto(1, b"\x08\x01\x10\x02") + proto(1, b"\x08\x03\x10\x04")
    for i in range(7, len(table)):
        label = proto(3, bytes([0x08]) + varint(i) + bytes([0x10]) + varint(i))
        out += proto(2, proto(1, b"\x01" + varint(i)) + proto(2, b"\x64\x80\xc8\xaf\xa0\x25") + label)
        out += proto(4, b"\x08" + varint(i) + proto(4, b"\x08" + varint(i) + b"\x10\x05"))
        out += proto(5, b"\x08" + varint(i) + b"\x10" + varint(i) + b"\x20" + varint(i))
    out += proto(4, b"\x08\x01" + proto(4, b"\x08\x01\x10\x05")) + proto(5, b"\x08\x01\x10\x05\x20\x06")
    for text in table:
        out += proto(6, text.encode())
    return gzip.compress(out + b"\x50\x80\xd8\x8e\xe1\x6f")


def varint(value: int) -> bytes:
    return bytes([value & 127 | 128, value >> 7]) if value > 127 else bytes([value])


def channels(runner: str, seed: int) -> str:
    rng = random.Random(seed)
    private = [card(rng), identity(rng), "139" + number(rng, 8), f"{word(rng)}@{word(rng)}.com", rng.choice("12345") + number(rng, 17)]
    strings = [f"main.load card {one}" for one in private] + [f"/app/{one}/x.go" for one in private]
    dump = "".join(
        f"goroutine {i} [semacquire]:\nmain.wait({{0xc000, 0x1}})\n\t/app/{one}/wait.go:{i + 10} +0x1d\n\n"
        for i, one in enumerate(private, 1)
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        target, out, kept = folder / "target", folder / "out", folder / "out/kept"
        for one in (target, out, kept):
            one.mkdir()
        (target / "cpu.pb.gz").write_bytes(profile(strings))
        (target / "goroutine.debug2.txt").write_text(dump)
        (target / f"{private[4]}.debug2.txt").write_text(dump)
        (target / f"{private[4]}.pb.gz").write_bytes(b"\x1f\x8b broken " + private[0].encode())
        done = subprocess.run(
            [runner, "--target", target, "--target-name", f"pod:shop/{private[2]}", "--output", out / "report.json",
             "--junit", out / "junit.xml", "--sarif", out / "report.sarif", "--summary", out / "summary", "--artefacts", kept],
            capture_output=True, text=True, check=False)  # fmt: skip
        top = subprocess.run([runner, "top", target / "cpu.pb.gz"], capture_output=True, text=True, check=True)
        peek = subprocess.run([runner, "top", target / f"{private[4]}.pb.gz"], capture_output=True, text=True, check=False)
        outputs = {"standard output": done.stdout, "standard error": done.stderr, "top": top.stdout, "an error": peek.stderr}
        for path in sorted(out.rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                outputs[path.name] = (gzip.decompress(content) if content.startswith(b"\x1f\x8b\x08") else content).decode(errors="replace")
        outputs["names"] = " ".join(str(path) for path in out.rglob("*"))
        assert len(outputs) >= 10, f"outputs: {sorted(outputs)}, {done.stderr}"
        seen = [(where, one) for where, text in outputs.items() for one in private if one in text]
        assert not seen, f"found: {seen}"
        masked = json.loads((out / "report.json").read_text())["masking"]
        assert masked.get("phone", 0) > 0 and masked.get("bank_card", 0) > 0, f"counts: {masked}"
        loaded = subprocess.run([runner, "top", kept / "cpu.pb.gz"], capture_output=True, text=True, check=False)
        assert loaded.returncode == 0 and "main.load card" in loaded.stdout, f"the artefact is a profile still: {loaded.stderr}"
        return f"{len(outputs)} outputs searched for {len(private)} values: 0 found; the report counts {masked}"


def main() -> int:
    runner, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20261125
    failed = 0
    checks = (corpus, channels)
    for check in checks:
        try:
            print(f"ok   {check.__name__}: {check(runner, seed)}", flush=True)
        except (AssertionError, subprocess.CalledProcessError) as error:
            failed += 1
            print(f"FAIL {check.__name__}: {error}", flush=True)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
