"""Profiles of every shape that profile.proto allows, and that no real program has all of: made from a seed."""

import gzip
import random


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value) if value else b""


def message(field, body):
    return varint(field << 3 | 2) + varint(len(body)) + body


class Strings:
    def __init__(self):
        self.index = {"": 0}

    def __call__(self, text):
        return self.index.setdefault(text, len(self.index))

    def encode(self):
        return b"".join(message(6, text.encode()) for text in self.index)


NAMES = [
    "main.main", "main.work", "main.(*Cache).Put", "runtime.mapassign_faststr", "runtime.mallocgc",
    "main.apply[go.shape.int]", "sync.(*Map).Store", "operator()(int)", "(anonymous namespace)::f(char)",
    "std::vector<int>::push_back(int const&)", ".plt(x)", "java.util.HashMap.put", "a", "b", "ünïcode", "x y", "",
    "internal/sync.(*HashTrieMap[go.shape.interface {},go.shape.interface {}]).Swap", "malloc", "TCMalloc_Alloc",
]
FILES = ["/src/main.go", "/src/./main.go", "/src/a/../map.go", "/proc/self/cwd/x/y.cc", "/proc/self/cwd/./z.cc", "rel/b.go",
         "", "../up.go", "//double//c.go", "/src/main.go/", "."]
TYPES = [("samples", "count"), ("cpu", "nanoseconds"), ("alloc_space", "bytes"), ("inuse_space", "bytes"),
         ("inuse_objects", "count"), ("contentions", "count"), ("delay", "nanoseconds"), ("wall", "microseconds"),
         ("mem", "kilobytes"), ("odd", "widgets"), ("none", ""), ("gcu", "nanogcu"), ("hours", "hr"), ("space", "MB")]
BINARIES = ["/usr/bin/server", "/lib/libc.so.6", "[vdso]", "", "//anon", "relative/name", "/deep/er/tool (deleted)"]
TAGS = [("worker", ["1", "2", "10"]), ("kind", ["map,writer", "reader", ""]), ("region", ["eu=1"])]
NUMBERS = [("bytes", [16, 1024, 4096, 1 << 20], ["", "bytes"]), ("latency", [1, 1500, 2_000_000], ["nanoseconds", "ns"]),
           ("request", [8, 0, 64], [""]), ("n", [-5, 3], ["", "things"])]


def shape(rng):
    """What the profiles of one family share, so that they can be merged and subtracted."""
    types = rng.sample(TYPES, rng.randint(1, 4))
    if rng.random() < 0.05:
        types.append(types[0])
    return {
        "types": types,
        "period_type": rng.choice(TYPES[:3]),
        "names": rng.sample(NAMES, rng.randint(2, len(NAMES))),
        "program": rng.sample(range(1 << 30), 40),
        "big": rng.choice([3, 1000, 10**6, 10**9, 10**13]),
    }


def make(seed, variant=0):
    """gzipped bytes; variants of one seed are the same program at other times."""
    family = random.Random(seed)
    common = shape(family)
    rng = random.Random(f"{seed}/{variant}")
    strings = Strings()
    out = b"".join(message(1, number(1, strings(t)) + number(2, strings(u))) for t, u in common["types"])

    mappings = family.choice([0, 1, 1, 2, 3])
    starts = []
    for i in range(mappings):
        start = 0x400000 * (i + 1) + 0x1000 * rng.randint(0, 5)
        starts.append(start)
        out += message(3, number(1, i + 1) + number(2, start) + number(3, start + 0x10000) + number(4, i * 0x1000)
                       + number(5, strings(family.choice(BINARIES))) + number(6, strings(family.choice(["", "", "abc%d" % i])))
                       + number(7, family.randint(0, 1)))
    functions = []
    for i, name in enumerate(common["names"]):
        functions.append(i + 1)
        out += message(5, number(1, i + 1) + number(2, strings(name)) + number(3, strings(family.choice([name, "_sys" + name])))
                       + number(4, strings(family.choice(FILES))) + number(5, family.choice([0, 0, 10, 20])))
    locations = family.randint(3, 40)
    for i in range(locations):
        lines = b""
        for _ in range(family.choice([0, 1, 1, 1, 2, 3, 4])):
            lines += message(4, number(1, family.choice(functions)) + number(2, family.choice([0, 1, 7, 7, 30, 31]))
                             + number(3, family.choice([0, 0, 0, 4])))
        mapping = family.randint(0, mappings)
        base = starts[mapping - 1] if mapping else 0
        address = base + family.choice([0, 0x10, 0x20, common["program"][i] & 0xFFFF])
        out += message(4, number(1, i + 1) + number(2, mapping) + number(3, address) + lines + number(5, family.random() < 0.05))
    negative = family.random() < 0.2
    tagged = family.random() < 0.5
    for _ in range(rng.randint(0, 120)):
        stack = [rng.randint(1, locations) for _ in range(rng.choice([0, 1, 2, 3, 5, 8, 20]))]
        sample = message(1, b"".join(varint(l) for l in stack)) if stack else b""
        values = []
        for _ in common["types"]:
            value = rng.choice([0, 1, 1, rng.randint(0, 10), rng.randint(0, common["big"])])
            values.append(-value if negative and rng.random() < 0.4 else value)
        sample += message(2, b"".join(varint(v) for v in values))
        if tagged:
            for key, texts in TAGS:
                while rng.random() < 0.3:
                    sample += message(3, number(1, strings(key)) + number(2, strings(rng.choice(texts))))
            for key, numbers, units in NUMBERS:
                while rng.random() < 0.3:
                    sample += message(3, number(1, strings(key)) + number(3, rng.choice(numbers))
                                      + number(4, strings(rng.choice(units))))
        out += message(2, sample)
    if family.random() < 0.3:
        out += number(7, strings(family.choice(["malloc|TCMalloc_.*", "runtime\\..*", "main.*", "("])))
        if family.random() < 0.5:
            out += number(8, strings(family.choice(["runtime.mallocgc", "main.work"])))
    if rng.random() < 0.8:
        out += number(9, rng.choice([1, -5, 1_700_000_000_123_456_789, 1_711_846_799_999_999_999]))
    out += number(10, rng.choice([0, 999, 10**9, 30 * 10**9 + 7, 7200 * 10**9]))
    out += message(11, number(1, strings(common["period_type"][0])) + number(2, strings(common["period_type"][1])))
    out += number(12, rng.choice([0, 100, 10**7]))
    for _ in range(rng.randint(0, 2)):
        out += number(13, strings(rng.choice(["made by a test", "# hidden", "second"])))
    if family.random() < 0.4:
        out += number(14, strings(family.choice([t for t, _ in common["types"]] + ["nothing"])))
    if family.random() < 0.1:
        out += number(15, strings("https://example.com/doc"))
    return gzip.compress(out + strings.encode(), mtime=0)
