// An execution trace as typed arrays. runner/report/timeline/encode.h describes the columns they come from.

export const CLASSES = ["none", "running", "runnable", "lock", "channel", "idle", "syscall", "gc"] as const;
export const NONE = 0;
export const RUNNING = 1;
export const RUNNABLE = 2;
export const LOCK = 3;
export const CHANNEL = 4;
export const IDLE = 5;
export const SYSCALL = 6;
export const GC = 7;
export const MERGED = 8;

/** The runner's GoCause, in its order. */
export const CAUSES = [
  "status",
  "create",
  "create_syscall",
  "start",
  "stop",
  "block",
  "unblock",
  "syscall_begin",
  "syscall_end",
  "syscall_end_block",
  "destroy",
  "destroy_syscall",
  "lost",
] as const;
export const CREATE = 1;
export const UNBLOCK = 6;

export const RANGE_KINDS = [
  "gc_mark",
  "stop_the_world",
  "sweep",
  "mark_assist",
  "task",
  "region",
  "log",
  "label",
] as const;
export const GC_MARK = 0;
export const STOP_THE_WORLD = 1;
export const SWEEP = 2;
export const MARK_ASSIST = 3;
export const TASK = 4;
export const REGION = 5;
export const LOG = 6;
export const LABEL = 7;

export interface TraceHead {
  target: string;
  artefact: string;
  taken_at: number | null;
  go_minor: number;
  duration_ns: number;
  wall_ms: number | null;
  events: number;
  merge_below_ns: number;
  /** Each is [in the trace, in the page]. */
  slices: [number, number];
  goroutines: [number, number];
  ranges: [number, number];
  samples: [number, number];
  problems: string[];
  data: string;
}

export const OCCUPANCY_STEPS = 512;

export interface Group {
  function: string;
  goroutines: number;
  withoutLane: number;
  /** By class: the mean number of goroutines in each of OCCUPANCY_STEPS steps of the trace. */
  states: Float32Array[];
  /** Its lanes, those that waited longest first. */
  lanes: number[];
}

export interface Trace {
  head: TraceHead;
  duration: number;
  texts: string[];
  frames: { function: Uint32Array; file: Uint32Array; line: Uint32Array };
  /** A stack is a node, its parent the caller's; node 0 is no stack. */
  nodes: { parent: Uint32Array; frame: Uint32Array };
  shapes: {
    class: Uint8Array;
    cause: Uint8Array;
    reason: Uint32Array;
    stack: Uint32Array;
    byStack: Uint32Array;
  };
  groups: Group[];
  /** The first `lanes` of the named goroutines have a lane. */
  lanes: number;
  goroutines: { id: Float64Array; function: Uint32Array; group: Uint32Array };
  /**
   * Lane l's slices are the slots first[l] to first[l + 1] - 2; the slot after them holds only the end of the
   * last one. `by` and `proc` are 0 for none, else the index + 1.
   */
  first: Uint32Array;
  slices: { begin: Float64Array; shape: Uint32Array; by: Uint32Array; proc: Uint16Array };
  /** Slots of merged slices, in order; for each the number merged, and the share of each class in 255ths. */
  merged: { slot: Uint32Array; count: Float64Array; share: Uint8Array };
  procs: { id: Float64Array; busy: Float32Array[] };
  /** In order of begin. */
  ranges: {
    kind: Uint8Array;
    flags: Uint8Array;
    begin: Float64Array;
    end: Float64Array;
    goroutine: Uint32Array;
    proc: Uint32Array;
    text: Uint32Array;
    stack: Uint32Array;
    a: Float64Array;
    b: Float64Array;
  };
  series: { time: Float64Array; value: Float64Array }[];
  samples: { time: Float64Array; goroutine: Uint32Array; proc: Uint32Array; stack: Uint32Array };
}

export function readHeads(): TraceHead[] {
  return JSON.parse(document.getElementById("timelines")?.textContent || "[]") as TraceHead[];
}

export const endOf = (trace: Trace, slot: number): number => trace.slices.begin[slot + 1] as number;

/** The slot of the lane's slice at a time; -1 before its first and after its last. */
export function slotAt(trace: Trace, lane: number, time: number): number {
  const begin = trace.slices.begin;
  let low = trace.first[lane] as number;
  let high = (trace.first[lane + 1] as number) - 1;
  if (low >= high || time < (begin[low] as number) || time >= (begin[high] as number)) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((begin[middle] as number) <= time) low = middle;
    else high = middle;
  }
  return low;
}

/** The lane that a slot belongs to. */
export function laneOf(trace: Trace, slot: number): number {
  let low = 0;
  let high = trace.lanes;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((trace.first[middle] as number) <= slot) low = middle;
    else high = middle;
  }
  return low;
}

export const classOf = (trace: Trace, slot: number): number =>
  trace.shapes.class[trace.slices.shape[slot] as number] as number;

export interface StackFrame {
  function: string;
  file: string;
  line: number;
}

export function stackOf(trace: Trace, node: number): StackFrame[] {
  const stack: StackFrame[] = [];
  for (let at = node; at !== 0; at = trace.nodes.parent[at] as number) {
    const frame = trace.nodes.frame[at] as number;
    stack.push({
      function: trace.texts[trace.frames.function[frame] as number] ?? "",
      file: trace.texts[trace.frames.file[frame] as number] ?? "",
      line: trace.frames.line[frame] as number,
    });
  }
  return stack;
}

export function goroutineName(trace: Trace, goroutine: number): string {
  return `goroutine ${trace.goroutines.id[goroutine]}`;
}

export function functionOf(trace: Trace, goroutine: number): string {
  return trace.texts[trace.goroutines.function[goroutine] as number] ?? "";
}
