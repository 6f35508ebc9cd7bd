// What makes drawing cost as much as there are pixels, however many slices lie below one of them: the time spent
// in each class up to every 16th slot, so that the mix of any span is two look-ups and a short walk.
import { MERGED, type Trace } from "./trace";

/** Slots between two sums; up to so many it is quicker to walk. */
export const BLOCK = 16;
const K = 8;

export class Mix {
  readonly #trace: Trace;
  /** By block and class, over all lanes one behind the other. */
  readonly #sums: Float64Array;
  readonly #mergedAt: Uint32Array;

  constructor(trace: Trace) {
    this.#trace = trace;
    this.#mergedAt = trace.merged.slot;
    const { begin, shape } = trace.slices;
    const sums = new Float64Array((Math.ceil(begin.length / BLOCK) + 1) * K);
    const now = new Float64Array(K);
    const classes = trace.shapes.class;
    let merged = 0;
    for (let slot = 0; slot + 1 < begin.length; ++slot) {
      if (slot % BLOCK === 0) sums.set(now, (slot / BLOCK) * K);
      // Behind a lane's end this is the way to the next lane's begin; it counts for NONE, which nobody asks for.
      const duration = (begin[slot + 1] as number) - (begin[slot] as number);
      const of = classes[shape[slot] as number] as number;
      if (of === MERGED) this.#addShares(merged++, duration, now);
      else now[of] = (now[of] as number) + duration;
    }
    this.#sums = sums;
  }

  #addShares(merged: number, duration: number, into: Float64Array): void {
    const share = this.#trace.merged.share;
    for (let of = 1; of < K; ++of) {
      into[of] = (into[of] as number) + (duration * (share[merged * K + of] as number)) / 255;
    }
  }

  #add(slot: number, duration: number, into: Float64Array): void {
    const of = this.#trace.shapes.class[this.#trace.slices.shape[slot] as number] as number;
    if (of !== MERGED) into[of] = (into[of] as number) + duration;
    else this.#addShares(this.mergedIndex(slot), duration, into);
  }

  mergedIndex(slot: number): number {
    const at = this.#mergedAt;
    let low = 0;
    let high = at.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((at[middle] as number) <= slot) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Time in each class before `time`, which lies in `slot`; only differences within a lane mean anything. */
  before(slot: number, time: number, into: Float64Array): void {
    const { begin } = this.#trace.slices;
    const block = Math.floor(slot / BLOCK);
    for (let of = 0; of < K; ++of) into[of] = this.#sums[block * K + of] as number;
    for (let at = block * BLOCK; at < slot; ++at) {
      this.#add(at, (begin[at + 1] as number) - (begin[at] as number), into);
    }
    this.#add(slot, time - (begin[slot] as number), into);
  }

  /** Time in each class from t0, which lies in slot s0, to t1, which lies in slot s1 not far behind. */
  between(s0: number, t0: number, s1: number, t1: number, into: Float64Array): void {
    const { begin } = this.#trace.slices;
    into.fill(0);
    let from = t0;
    for (let slot = s0; slot < s1; ++slot) {
      this.#add(slot, (begin[slot + 1] as number) - from, into);
      from = begin[slot + 1] as number;
    }
    this.#add(s1, t1 - from, into);
  }
}
