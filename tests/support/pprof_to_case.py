#!/usr/bin/env python3
"""Reduces a real pprof file to a block of a golden case (runner/analyse/testing/case_file.h).

    pprof_to_case.py cpu cpu.pb.gz [--delta] [--window SECONDS] [--stacks N]

Keeps the user's frames and those of the runtime that rules look at, merges what becomes alike, keeps the N
heaviest stacks and folds the rest into the one line runtime._rest, so that totals stay true.
"""

import argparse
import collections
import gzip
import re

# Runtime frames that carry meaning for a rule; the others only lengthen a case.
TELLING = re.compile(
    r"^(sync\.|internal/sync\.|internal/concurrent\.|unique\.|reflect\.|encoding/|maps\.|internal/runtime/maps\."
    r"(\(\*(table|Map|Iter)\)|newTable|NewMap)"
    r"|runtime\.(map|makemap|hashGrow|growWork|evacuate|makeBucketArray|\(\*hmap\)|gcBgMarkWorker$|gcAssistAlloc$|bgsweep"
    r"|gcStart|gcDrain$|mallocgc$|newobject$|wbBufFlush$|bulkBarrierPreWrite$|typedmemmove$|unlock$|lock2$|unlock2$"
    r"|_LostContendedRuntimeLock|findRunnable|schedule|semacquire|semrelease)|gcWriteBarrier)")


def fields(data):
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = varint()
        number, wire = key >> 3, key & 7
        if wire == 0:
            yield number, varint()
        elif wire == 2:
            size = varint()
            yield number, data[at:at + size]
            at += size
        else:
            at += 8 if wire == 1 else 4


def numbers(value):
    """A repeated number, packed or not."""
    if isinstance(value, int):
        return [value - (1 << 64) if value >> 63 else value]
    result, current, shift = [], 0, 0
    for byte in value:
        current |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            result.append(current - (1 << 64) if current >> 63 else current)
            current = shift = 0
    return result


def read(path):
    data = open(path, "rb").read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    strings, functions, locations, samples, header = [], {}, {}, [], {}
    for number, value in fields(data):
        if number == 6:
            strings.append(value.decode())
        elif number == 5:
            functions.update([(lambda f: (f.get(1, 0), (f.get(2, 0), f.get(4, 0))))(dict(fields(value)))])
        elif number == 4:
            lines = [dict(fields(v)) for n, v in fields(value) if n == 4]
            locations[dict(fields(value)).get(1, 0)] = [(line.get(1, 0), line.get(2, 0)) for line in lines]
        elif number == 2:
            where, figures = [], []
            for n, v in fields(value):
                if n == 1:
                    where += numbers(v)
                elif n == 2:
                    figures += numbers(v)
            samples.append((where, figures))
        elif number in (10, 12):
            header[number] = value
    return strings, functions, locations, samples, header


def frame_text(name, file, line, inlined):
    mark = "~" if inlined else ""
    if re.match(r"^(main\.|[^/]*\.[^/]*/)", name) or "/src/" not in file:
        return f"{mark}{name}@/app/{file.rsplit('/', 1)[-1]}:{line}"
    return f"{mark}{name}@/go/src/{file.rsplit('/src/', 1)[1]}"  # lines of the library tell nothing


def stack_text(where, strings, functions, locations):
    """Root first; an inlined frame that is kept joins the frame before it, if that is kept too."""
    frames = []
    for location in reversed(where):
        before = False
        for index, (function, line) in enumerate(reversed(locations[location])):
            name, file = (strings[i] for i in functions[function])
            user = "." in name and not re.match(r"^(runtime|internal/|sync|syscall|time|os|net|bufio|io|type:|compress/)", name)
            if not user and not TELLING.match(name):
                before = False
                continue
            frames.append(frame_text(name, file, line, index > 0 and before))
            before = True
    return " > ".join(frames) or "runtime._rest@"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind")
    parser.add_argument("file")
    parser.add_argument("--delta", action="store_true")
    parser.add_argument("--window", type=float, default=0)
    parser.add_argument("--stacks", type=int, default=40)
    args = parser.parse_args()

    strings, functions, locations, samples, header = read(args.file)
    window = args.window or header.get(10, 0) / 1e9
    merged = collections.defaultdict(lambda: [0] * len(samples[0][1]))
    for where, figures in samples:
        if not any(figures):
            continue
        total = merged[stack_text(where, strings, functions, locations)]
        for index, figure in enumerate(figures):
            total[index] += figure
    ranked = sorted(merged.items(), key=lambda item: [-abs(figure) for figure in reversed(item[1])])
    if args.kind in ("allocs", "heap"):
        ranked.sort(key=lambda item: -abs(item[1][1]))
    kept = dict(ranked[:args.stacks])
    for stack, figures in ranked[args.stacks:]:
        rest = kept.setdefault("runtime._rest@", [0] * len(figures))
        for index, figure in enumerate(figures):
            rest[index] += figure

    options = (" delta" if args.delta else "") + (f" window={window:g}" if window else "")
    if header.get(12):
        options += f" period={header[12]}"
    print(f"profile {args.kind}{options}")
    for stack, figures in kept.items():
        print(f"  {' '.join(map(str, figures))} | {stack}")


if __name__ == "__main__":
    main()
