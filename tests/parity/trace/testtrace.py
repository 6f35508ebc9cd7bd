"""Turns the text traces of Go's own tests (src/internal/trace/testdata/tests/*.test) into real ones.

The format is told in src/internal/trace/raw/doc.go: a header line, then an event a line with named numbers; strings
follow as a quoted line, stack frames as lines of four numbers.
"""

import ast
import re
import sys
from pathlib import Path

NAMES = """None EventBatch Stacks Stack Strings String CPUSamples CPUSample Frequency ProcsChange ProcStart ProcStop ProcSteal
ProcStatus GoCreate GoCreateSyscall GoStart GoDestroy GoDestroySyscall GoStop GoBlock GoUnblock GoSyscallBegin GoSyscallEnd
GoSyscallEndBlocked GoStatus STWBegin STWEnd GCActive GCBegin GCEnd GCSweepActive GCSweepBegin GCSweepEnd GCMarkAssistActive
GCMarkAssistBegin GCMarkAssistEnd HeapAlloc HeapGoal GoLabel UserTaskBegin UserTaskEnd UserRegionBegin UserRegionEnd UserLog
GoSwitch GoSwitchDestroy GoCreateBlocked GoStatusStack ExperimentalBatch Sync ClockSnapshot EndOfGeneration""".split()
TYPES = {name: i for i, name in enumerate(NAMES)}
TYPES.update({name: 128 + i for i, name in enumerate(
    "Span SpanAlloc SpanFree HeapObject HeapObjectAlloc HeapObjectFree GoroutineStack GoroutineStackAlloc GoroutineStackFree".split())})


def go_bytes(literal):
    """The bytes of a quoted string of Go, which may hold UTF-8 beside escapes."""
    return ast.literal_eval("b" + "".join(chr(b) if b < 0x80 else f"\\x{b:02x}" for b in literal.encode()))


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def numbers(words):
    return b"".join(varint(int(word.partition("=")[2]) % 2**64) for word in words)


def binary(text):
    """The trace in the text of a .test file (a txtar archive with a file `trace`)."""
    lines = text.split("-- trace --\n")[1].splitlines()
    version = re.match(r"Trace Go1\.(\d+)$", lines[0])
    out = bytearray(f"go 1.{version[1]} trace\0\0\0".encode())
    for line in lines[1:]:
        words = line.split()
        if not words:
            continue
        if line.startswith("\tdata="):
            data = go_bytes(line.strip()[len("data="):])
            out += varint(len(data)) + data
        elif line.startswith("\t"):
            out += numbers(words)
        else:
            out.append(TYPES[words[0]])
            out += numbers(words[1:])
    return bytes(out)


if __name__ == "__main__":  # testtrace.py FROM.test TO
    Path(sys.argv[2]).write_bytes(binary(Path(sys.argv[1]).read_text(encoding="utf-8")))
