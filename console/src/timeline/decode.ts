// The page's bytes to a Trace. The columns stand in encode.h; the runner wrote them, so they are not checked.
import {
  CREATE,
  type Group,
  MERGED,
  OCCUPANCY_STEPS,
  RUNNING,
  SYSCALL,
  type Trace,
  type TraceHead,
  UNBLOCK,
} from "./trace";

const SCALE = 16;

async function inflate(base64: string): Promise<Uint8Array> {
  const packed = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

class Reader {
  #at = 0;
  constructor(private readonly bytes: Uint8Array) {}

  varint(): number {
    const bytes = this.bytes;
    let byte = bytes[this.#at++] as number;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 0x80;
    do {
      byte = bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale; // beyond 32 bits, where shifts end
      scale *= 0x80;
    } while (byte >= 0x80);
    return value;
  }
  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  text(decoder: TextDecoder): string {
    const length = this.varint();
    this.#at += length;
    return decoder.decode(this.bytes.subarray(this.#at - length, this.#at));
  }
  fill<Into extends { length: number; [index: number]: number }>(into: Into): Into {
    for (let i = 0; i < into.length; ++i) into[i] = this.varint();
    return into;
  }
  deltas(length: number): Float64Array {
    const into = new Float64Array(length);
    let last = 0;
    for (let i = 0; i < length; ++i) into[i] = last += this.signed();
    return into;
  }
  occupancy(): Float32Array {
    return new Float32Array(this.deltas(OCCUPANCY_STEPS).map((value) => value / SCALE));
  }
}

function readGroups(reader: Reader, texts: string[]): Group[] {
  const size = reader.varint();
  const functions = reader.fill(new Uint32Array(size));
  const goroutines = reader.fill(new Uint32Array(size));
  const withoutLane = reader.fill(new Uint32Array(size));
  return Array.from({ length: size }, (_, i) => ({
    function: texts[functions[i] as number] || "(unknown function)",
    goroutines: goroutines[i] as number,
    withoutLane: withoutLane[i] as number,
    states: [new Float32Array(OCCUPANCY_STEPS), ...Array.from({ length: 7 }, () => reader.occupancy())],
    lanes: [],
  }));
}

function readSlices(
  reader: Reader,
  shapes: Trace["shapes"],
  counts: Uint32Array,
  begins: Float64Array,
): Pick<Trace, "first" | "slices" | "merged"> {
  const first = new Uint32Array(counts.length + 1);
  for (let lane = 0; lane < counts.length; ++lane) {
    first[lane + 1] = (first[lane] as number) + (counts[lane] as number) + 1;
  }
  const size = first[counts.length] as number;
  const begin = new Float64Array(size);
  const shape = new Uint32Array(size);
  const by = new Uint32Array(size);
  const proc = new Uint16Array(size);
  const each = (visit: (slot: number) => void) => {
    for (let lane = 0; lane < counts.length; ++lane) {
      const end = (first[lane + 1] as number) - 1;
      for (let slot = first[lane] as number; slot < end; ++slot) visit(slot);
    }
  };
  for (let lane = 0; lane < counts.length; ++lane) begin[first[lane] as number] = begins[lane] as number;
  each((slot) => {
    begin[slot + 1] = (begin[slot] as number) + reader.varint();
  });
  const merged: number[] = [];
  each((slot) => {
    const at = reader.varint();
    shape[slot] = at;
    if (shapes.class[at] === MERGED) merged.push(slot);
  });
  each((slot) => {
    const cause = shapes.cause[shape[slot] as number];
    if (cause === CREATE || cause === UNBLOCK) by[slot] = reader.varint();
  });
  each((slot) => {
    const of = shapes.class[shape[slot] as number];
    if (of === RUNNING || of === SYSCALL) proc[slot] = reader.varint();
  });
  const count = new Float64Array(merged.length);
  const share = new Uint8Array(merged.length * 8);
  for (let i = 0; i < merged.length; ++i) {
    count[i] = reader.varint();
    for (let of = 1; of < 8; ++of) share[i * 8 + of] = reader.varint();
  }
  // The slot behind a lane's last slice must not look like one.
  const none = shapes.class.length - 1;
  for (let lane = 0; lane < counts.length; ++lane) shape[(first[lane + 1] as number) - 1] = none;
  return {
    first,
    slices: { begin, shape, by, proc },
    merged: { slot: Uint32Array.from(merged), count, share },
  };
}

function readRanges(reader: Reader): Trace["ranges"] {
  const size = reader.varint();
  const kinds = reader.fill(new Uint8Array(size));
  const begin = reader.deltas(size);
  const end = reader.fill(new Float64Array(size)).map((duration, i) => duration + (begin[i] as number));
  return {
    kind: kinds.map((kind) => kind >> 2),
    flags: kinds.map((kind) => kind & 3),
    begin,
    end,
    goroutine: reader.fill(new Uint32Array(size)),
    proc: reader.fill(new Uint32Array(size)),
    text: reader.fill(new Uint32Array(size)),
    stack: reader.fill(new Uint32Array(size)),
    a: reader.fill(new Float64Array(size)),
    b: reader.fill(new Float64Array(size)),
  };
}

export async function decodeTrace(head: TraceHead): Promise<Trace> {
  const reader = new Reader(await inflate(head.data));
  const decoder = new TextDecoder();
  const list = <Item>(item: () => Item): Item[] => Array.from({ length: reader.varint() }, item);
  const texts = list(() => reader.text(decoder));
  const column = (size: number) => reader.fill(new Uint32Array(size));

  const frameCount = reader.varint();
  const frames = { function: column(frameCount), file: column(frameCount), line: column(frameCount) };
  const nodeCount = reader.varint();
  const nodes = { parent: column(nodeCount).map((distance, i) => i - distance), frame: column(nodeCount) };

  // One more than the runner's: that of the slots behind the lanes' ends.
  const shapeCount = reader.varint();
  const padded = () => {
    const values = new Uint32Array(shapeCount + 1);
    reader.fill(values.subarray(0, shapeCount));
    return values;
  };
  const shapes = {
    class: Uint8Array.from(padded()),
    cause: Uint8Array.from(padded()),
    reason: padded(),
    stack: padded(),
    byStack: padded(),
  };
  const groups = readGroups(reader, texts);
  const lanes = reader.varint();
  const named = reader.varint();
  const goroutines = { id: reader.deltas(named), function: column(named), group: column(named) };
  for (let lane = 0; lane < lanes; ++lane) groups[goroutines.group[lane] as number]?.lanes.push(lane);
  const counts = column(lanes);
  const slices = readSlices(reader, shapes, counts, reader.deltas(lanes));
  const procCount = reader.varint();
  const procIds = reader.fill(new Float64Array(procCount));
  const procs = { id: procIds, busy: Array.from({ length: procCount }, () => reader.occupancy()) };
  const ranges = readRanges(reader);
  const series = [0, 1, 2].map(() => {
    const size = reader.varint();
    return { time: reader.deltas(size), value: reader.deltas(size) };
  });
  const sampleCount = reader.varint();
  const samples = {
    time: reader.deltas(sampleCount),
    goroutine: column(sampleCount),
    proc: column(sampleCount),
    stack: column(sampleCount),
  };
  return {
    head,
    duration: Math.max(head.duration_ns, 1),
    texts,
    frames,
    nodes,
    shapes,
    groups,
    lanes,
    goroutines,
    ...slices,
    procs,
    ranges,
    series,
    samples,
  };
}
