// Slices and ranges in words.
import { place, plural, seconds } from "../format";
import { isProgram } from "../names";
import {
  CAUSES,
  CLASSES,
  CREATE,
  classOf,
  endOf,
  functionOf,
  LOG,
  MERGED,
  RANGE_KINDS,
  RUNNABLE,
  RUNNING,
  type StackFrame,
  SWEEP,
  SYSCALL,
  stackOf,
  TASK,
  type Trace,
  UNBLOCK,
} from "./trace";

export const ns = (value: number): string => seconds(value / 1e9);

export const CLASS_LABELS: Record<(typeof CLASSES)[number], string> = {
  none: "unknown",
  running: "running",
  runnable: "waits for a processor",
  lock: "waits for a lock",
  channel: "waits for a channel or a group",
  idle: "network, timer, other waits",
  syscall: "system call",
  gc: "held up by the collector",
};

/** The frame that a reader looks at first: the program's own, else the innermost. */
export function mainFrame(stack: StackFrame[]): StackFrame | undefined {
  return stack.find((frame) => isProgram(frame.function)) ?? stack[0];
}

export function shortPlace(frame: StackFrame | undefined): string {
  if (!frame) return "";
  return place(frame.file.slice(frame.file.lastIndexOf("/") + 1), frame.line);
}

/** "main.(*Store).Put" of "example.com/shop/main.(*Store).Put". */
export function shortName(name: string): string {
  const generic = name.indexOf("[");
  const slash = name.lastIndexOf("/", generic < 0 ? undefined : generic);
  return name.slice(slash + 1);
}

/** The stack that tells where the goroutine stood in this state. */
export function ownStack(trace: Trace, slot: number): StackFrame[] {
  return stackOf(trace, trace.shapes.stack[trace.slices.shape[slot] as number] as number);
}

export function byStack(trace: Trace, slot: number): StackFrame[] {
  return stackOf(trace, trace.shapes.byStack[trace.slices.shape[slot] as number] as number);
}

export function stateOf(trace: Trace, slot: number): string {
  const shape = trace.slices.shape[slot] as number;
  const of = trace.shapes.class[shape] as number;
  const reason = trace.texts[trace.shapes.reason[shape] as number] ?? "";
  if (of === MERGED) return "many short slices";
  if (of === RUNNING) {
    const proc = trace.slices.proc[slot] as number;
    return proc === 0 ? "running" : `running on P${trace.procs.id[proc - 1]}`;
  }
  if (of === RUNNABLE) return reason === "" ? "runnable" : `runnable (${reason})`;
  if (of === SYSCALL) return "system call";
  return reason || (CLASSES[of] as string);
}

/** For the inside of a bar. */
export function labelOf(trace: Trace, slot: number): string {
  if (classOf(trace, slot) === MERGED) return "";
  const where = shortPlace(mainFrame(ownStack(trace, slot)));
  const state = stateOf(trace, slot);
  return where === "" ? state : `${state}, ${where}`;
}

export function causeOf(trace: Trace, slot: number): string {
  const cause = trace.shapes.cause[trace.slices.shape[slot] as number] as number;
  const by = trace.slices.by[slot] as number;
  const whom = by === 0 ? "" : ` by goroutine ${trace.goroutines.id[by - 1]}`;
  if (cause === UNBLOCK) return by === 0 ? "let go by a timer, the network or the runtime" : `let go${whom}`;
  if (cause === CREATE) return `started${whom}`;
  const words: Partial<Record<(typeof CAUSES)[number], string>> = {
    status: "so since before the trace began",
    start: "got a processor",
    stop: "gave its processor up",
    lost: "a part of the trace is broken here",
    syscall_begin: "entered",
    syscall_end: "came back from a system call and kept its processor",
    syscall_end_block: "came back from a system call; its processor was gone",
  };
  return words[CAUSES[cause] as (typeof CAUSES)[number]] ?? "";
}

export function sliceLine(trace: Trace, lane: number, slot: number): string {
  const begin = trace.slices.begin[slot] as number;
  const name = functionOf(trace, lane);
  const who = `goroutine ${trace.goroutines.id[lane]}${name === "" ? "" : ` ${shortName(name)}`}`;
  return `${who}: ${labelOf(trace, slot) || stateOf(trace, slot)}, ${ns(endOf(trace, slot) - begin)} at ${ns(begin)}`;
}

export function rangeLine(trace: Trace, item: number): string {
  const { ranges } = trace;
  const kind = ranges.kind[item] as number;
  const text = trace.texts[ranges.text[item] as number] ?? "";
  const begin = ranges.begin[item] as number;
  const name = (RANGE_KINDS[kind] as string).replaceAll("_", " ");
  const parts = [text === "" ? name : `${name} “${text}”`];
  if (kind === LOG) parts.push(trace.texts[ranges.b[item] as number] ?? "");
  else parts.push(ns((ranges.end[item] as number) - begin));
  if (kind === TASK) parts.push(`id ${ranges.a[item]}`);
  if (kind === SWEEP) parts.push(`${plural(ranges.a[item] as number, "byte")} swept`);
  const flags = ranges.flags[item] as number;
  if (flags & 2) parts.push("began before the trace");
  if (flags & 1) parts.push("its end is not in the trace");
  return `${parts.join(", ")}, at ${ns(begin)}`;
}
