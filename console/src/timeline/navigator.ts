// From one state to another: along the lane, to the lane above or below, to who let it go, to whom it let go.
import { sliceLine } from "./describe";
import { type ByOwner, firstFrom, wakesOfGoroutines } from "./lanes";
import type { Layout } from "./layout";
import { CHANNEL, classOf, endOf, LOCK, NONE, RUNNABLE, RUNNING, slotAt, type Trace } from "./trace";
import type { View } from "./view";

export interface Selected {
  lane: number;
  slot: number;
}

const MAX_FLOWS = 60;
const MAX_CHAIN = 40;

export class Navigator {
  #wakes: ByOwner | null = null;

  constructor(private readonly trace: Trace) {}

  line({ lane, slot }: Selected): string {
    return sliceLine(this.trace, lane, slot);
  }

  /** The slot at a time, or the lane's nearest; -1 where it has none. */
  slotNear(lane: number, time: number): number {
    if (lane < 0 || lane >= this.trace.lanes) return -1;
    const at = slotAt(this.trace, lane, time);
    if (at >= 0) return at;
    const first = this.trace.first[lane] as number;
    const last = (this.trace.first[lane + 1] as number) - 2;
    if (last < first) return -1;
    return time < (this.trace.slices.begin[first] as number) ? first : last;
  }

  /** The lane's slice that fills most of a span; -1 where it has none. */
  mostOf(lane: number, begin: number, end: number): number {
    let slot = this.slotNear(lane, begin);
    if (slot < 0) return -1;
    const { begin: begins } = this.trace.slices;
    const share = (of: number) =>
      Math.min(endOf(this.trace, of), end) - Math.max(begins[of] as number, begin);
    const last = (this.trace.first[lane + 1] as number) - 2;
    for (let next = slot + 1; next <= last && (begins[next] as number) < end; ++next) {
      if (share(next) > share(slot)) slot = next;
    }
    return slot;
  }

  /** What the goroutine brought about in others during the slice, as slots. */
  wakes({ lane, slot }: Selected): number[] {
    this.#wakes ??= wakesOfGoroutines(this.trace);
    const { begin } = this.trace.slices;
    const list = this.#wakes;
    const found: number[] = [];
    const end = endOf(this.trace, slot);
    const stop = list.first[lane + 1] as number;
    for (
      let i = firstFrom(list, lane, begin[slot] as number, (item) => begin[item] as number);
      i < stop && found.length < MAX_FLOWS;
      ++i
    ) {
      const item = list.items[i] as number;
      if ((begin[item] as number) > end) break;
      found.push(item);
    }
    return found;
  }

  /** Who let it go, as the slice in which it did so; null where nobody did, or it is not in the page. */
  waker({ slot }: Selected): Selected | null {
    const lane = (this.trace.slices.by[slot] as number) - 1;
    const at = this.slotNear(lane, (this.trace.slices.begin[slot] as number) - 1);
    return at < 0 ? null : { lane, slot: at };
  }

  /**
   * Who held a wait up, from the one that ended it back to the one that nobody held up: each of the others was
   * itself waiting during the wait, until the next let it go.
   */
  chain(selected: Selected): Selected[] {
    const begin = this.trace.slices.begin[selected.slot] as number;
    const found: Selected[] = [];
    let wait: Selected | null = selected;
    while (wait && found.length < MAX_CHAIN) {
      const waker = this.waker({ lane: wait.lane, slot: wait.slot + 1 });
      if (!waker || found.some((each) => each.lane === waker.lane)) break;
      found.push(waker);
      wait = this.#waitBefore(waker, begin);
    }
    return found;
  }
  /** The wait that the goroutine came out of last, where it ended after `begin`. */
  #waitBefore({ lane, slot }: Selected, begin: number): Selected | null {
    const first = this.trace.first[lane] as number;
    for (let at = slot - 1; at >= first && endOf(this.trace, at) > begin; --at) {
      const of = classOf(this.trace, at);
      if (of === LOCK || of === CHANNEL)
        return this.trace.slices.by[at + 1] === 0 ? null : { lane, slot: at };
      if (of !== RUNNING && of !== RUNNABLE) return null;
    }
    return null;
  }

  flowsOf(selected: Selected): number[] {
    const own = this.trace.slices.by[selected.slot] === 0 ? [] : [selected.slot];
    // A wait ends by who lets it go: the arrow belongs to the wait as well.
    const next = selected.slot + 1;
    const ends =
      next < (this.trace.first[selected.lane + 1] as number) - 1 && this.trace.slices.by[next] !== 0;
    return [...own, ...(ends ? [next] : []), ...this.wakes(selected)];
  }

  /** Where a key leads; null where it is none of these, or there is nothing. */
  key(key: string, from: Selected | null, layout: Layout, view: View): Selected | null {
    const lanes = layout.rows.flatMap((row) => (row.kind === "lane" ? [row.lane] : []));
    const steps: Record<string, () => Selected | null> = {
      ArrowRight: () => (from ? this.#along(from, 1) : this.#first(lanes, view)),
      ArrowLeft: () => (from ? this.#along(from, -1) : this.#first(lanes, view)),
      ArrowDown: () => (from ? this.#across(from, lanes, 1, view) : this.#first(lanes, view)),
      ArrowUp: () => (from ? this.#across(from, lanes, -1, view) : this.#first(lanes, view)),
      u: () => {
        if (!from) return null;
        const next = { lane: from.lane, slot: from.slot + 1 };
        return (
          this.waker(from) ?? (endOf(this.trace, from.slot) < this.trace.duration ? this.waker(next) : null)
        );
      },
    };
    return Object.hasOwn(steps, key) ? (steps[key]?.() ?? null) : null;
  }

  #first(lanes: number[], view: View): Selected | null {
    const lane = lanes[0];
    if (lane === undefined) return null;
    const slot = this.slotNear(lane, view.t0);
    return slot < 0 ? null : { lane, slot };
  }
  #along({ lane, slot }: Selected, by: number): Selected | null {
    const to = slot + by;
    const inside =
      to >= (this.trace.first[lane] as number) && to < (this.trace.first[lane + 1] as number) - 1;
    return inside ? { lane, slot: to } : null;
  }
  #across({ lane, slot }: Selected, lanes: number[], by: number, view: View): Selected | null {
    const begin = Math.max(this.trace.slices.begin[slot] as number, view.t0);
    for (let at = lanes.indexOf(lane) + by; at >= 0 && at < lanes.length; at += by) {
      const next = lanes[at] as number;
      const found = this.slotNear(next, begin);
      if (found >= 0 && this.trace.shapes.class[this.trace.slices.shape[found] as number] !== NONE) {
        return { lane: next, slot: found };
      }
    }
    return null;
  }
}
