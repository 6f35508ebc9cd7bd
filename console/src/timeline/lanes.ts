// Per-lane and per-processor orders of what the columns hold in another order.
import { CREATE, LOG, MARK_ASSIST, REGION, RUNNING, SWEEP, type Trace, UNBLOCK } from "./trace";

/** Items of each owner, in order of time: those of owner i are items[first[i]] to items[first[i + 1] - 1]. */
export interface ByOwner {
  first: Uint32Array;
  items: Uint32Array;
}

/** `ownerOf` gives the owner + 1, 0 for none. Items are visited in order of time. */
function byOwner(owners: number, items: Uint32Array, ownerOf: (item: number) => number): ByOwner {
  const first = new Uint32Array(owners + 2);
  for (const item of items) {
    const at = ownerOf(item) + 1;
    first[at] = (first[at] as number) + 1;
  }
  for (let i = 1; i < first.length; ++i) first[i] = (first[i] as number) + (first[i - 1] as number);
  const next = first.slice();
  const sorted = new Uint32Array(items.length);
  for (const item of items) {
    const owner = ownerOf(item);
    const at = next[owner] as number;
    next[owner] = at + 1;
    sorted[at] = item;
  }
  return { first: first.subarray(1), items: sorted };
}

/** Slots in order of begin. A sort of numbers without a comparing function takes a tenth of the time. */
function byTime(trace: Trace, slots: number[]): Uint32Array {
  const ROOM = 2 ** 21; // slots; leaves 32 bits for the time
  const scale = (2 ** 32 - 1) / trace.duration;
  const keys = Float64Array.from(
    slots,
    (slot) => Math.floor((trace.slices.begin[slot] as number) * scale) * ROOM + slot,
  );
  return Uint32Array.from(keys.sort(), (key) => key % ROOM);
}

function slotsWhere(trace: Trace, wanted: (shape: number, slot: number) => boolean): number[] {
  const found: number[] = [];
  const { shape } = trace.slices;
  for (let slot = 0; slot < shape.length; ++slot) if (wanted(shape[slot] as number, slot)) found.push(slot);
  return found;
}

/** The running slices of each processor. */
export function runsOfProcs(trace: Trace): ByOwner {
  const { proc } = trace.slices;
  const slots = slotsWhere(trace, (shape, slot) => trace.shapes.class[shape] === RUNNING && proc[slot] !== 0);
  return byOwner(trace.procs.id.length, byTime(trace, slots), (slot) => proc[slot] as number);
}

/** The slices that each goroutine brought about in others. */
export function wakesOfGoroutines(trace: Trace): ByOwner {
  const { by } = trace.slices;
  const slots = slotsWhere(trace, (shape, slot) => {
    const cause = trace.shapes.cause[shape];
    return by[slot] !== 0 && (cause === UNBLOCK || cause === CREATE);
  });
  return byOwner(trace.goroutines.id.length, byTime(trace, slots), (slot) => by[slot] as number);
}

/** What is drawn at the foot of a goroutine's lane, side by side in memory: all of it is gone through each frame. */
export interface Feet extends ByOwner {
  begin: Float64Array;
  end: Float64Array;
  kind: Uint8Array;
}

export function rangesOfGoroutines(trace: Trace): Feet {
  const { kind, goroutine, begin, end } = trace.ranges;
  const wanted = new Set([MARK_ASSIST, REGION, LOG, SWEEP]);
  const all = Uint32Array.from(kind.keys()).filter((i) => wanted.has(kind[i] as number));
  const { first, items } = byOwner(trace.goroutines.id.length, all, (i) => goroutine[i] as number);
  return {
    first,
    items,
    begin: Float64Array.from(items, (i) => begin[i] as number),
    end: Float64Array.from(items, (i) => end[i] as number),
    kind: Uint8Array.from(items, (i) => kind[i] as number),
  };
}

export function samplesOfGoroutines(trace: Trace): ByOwner {
  const { goroutine } = trace.samples;
  return byOwner(
    trace.goroutines.id.length,
    Uint32Array.from(goroutine.keys()),
    (i) => goroutine[i] as number,
  );
}

/** The first of the owner's items that `time` finds at or after `from`, as an index into `items`. */
export function firstFrom(
  list: ByOwner,
  owner: number,
  from: number,
  time: (item: number) => number,
): number {
  let low = list.first[owner] as number;
  let high = list.first[owner + 1] as number;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time(list.items[middle] as number) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
