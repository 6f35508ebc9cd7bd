// A lane as one row of pixels. Where a slice is wider than a pixel it has its colour; where many lie below one
// pixel, it shows their mix, in which what is rare still shows.
import { type ByOwner, type Feet, firstFrom } from "./lanes";
import { BLOCK, type Mix } from "./lod";
import { type Palette, pixelOf } from "./palette";
import { CHANNEL, endOf, IDLE, laneOf, MERGED, OCCUPANCY_STEPS, slotAt, type Trace } from "./trace";
import type { View } from "./view";

export interface Orders {
  runs: ByOwner;
  ranges: Feet;
  samples: ByOwner;
}

/** A slice wide enough to be written into. */
export type OnWide = (slot: number, x: number, width: number) => void;

export class Strips {
  readonly #time = new Float64Array(8);
  #before = new Float64Array(8);
  #after = new Float64Array(8);

  constructor(
    private readonly trace: Trace,
    private readonly mix: Mix,
    private readonly orders: Orders,
    private readonly palette: Palette,
  ) {}

  #blend(time: Float64Array): number {
    let whole = 0;
    for (let of = 1; of < 8; ++of) whole += time[of] as number;
    if (whole <= 0) return this.palette.pixel[0] as number;
    let red = 0;
    let green = 0;
    let blue = 0;
    let sum = 0;
    for (let of = 1; of < 8; ++of) {
      const share = (time[of] as number) / whole;
      if (share <= 0) continue;
      // The root lifts what is rare; plain waiting is the ground it stands out from.
      const weight = of === IDLE || of === CHANNEL ? share * 0.6 : Math.sqrt(share);
      const colour = this.palette.rgb[of] as [number, number, number];
      red += weight * colour[0];
      green += weight * colour[1];
      blue += weight * colour[2];
      sum += weight;
    }
    return pixelOf([red / sum, green / sum, blue / sum]);
  }

  /** Paints the lane into row[at..at + width]. */
  lane(
    lane: number,
    view: View,
    row: Uint32Array,
    at: number,
    width: number,
    wide: number,
    onWide: OnWide,
  ): void {
    const { trace, palette } = this;
    const { begin, shape } = trace.slices;
    const classes = trace.shapes.class;
    const first = trace.first[lane] as number;
    const last = (trace.first[lane + 1] as number) - 2;
    row.fill(palette.pixel[0] as number, at, at + width);
    if (last < first) return;
    const scale = width / (view.t1 - view.t0);
    const laneEnd = endOf(trace, last);
    if (laneEnd <= view.t0 || (begin[first] as number) >= view.t1) return;
    let x = Math.max(Math.floor(((begin[first] as number) - view.t0) * scale), 0);
    const xEnd = Math.min(Math.max(Math.ceil((laneEnd - view.t0) * scale), x + 1), width);
    let time = Math.max(view.t0 + x / scale, begin[first] as number);
    let slot = slotAt(trace, lane, time);
    if (slot < 0) return;
    let summed = false; // whether #before holds the sums up to `time`
    while (x < xEnd) {
      const end = endOf(trace, slot);
      const until = Math.floor((end - view.t0) * scale);
      const of = classes[shape[slot] as number] as number;
      if (until > x) {
        // It covers the pixel at x, and all before `until`.
        const right = Math.min(until, xEnd);
        if (of === MERGED) {
          this.mix.between(slot, begin[slot] as number, slot, end, this.#time);
          row.fill(this.#blend(this.#time), at + x, at + right);
        } else {
          row.fill(palette.pixel[of] as number, at + x, at + right);
        }
        if (right - x >= wide) onWide(slot, x, right - x);
        x = right;
        summed = false;
        time = view.t0 + x / scale;
        if (time < end) continue; // what is left of it shares its last pixel with the next
        if (slot === last) return;
        ++slot;
        continue;
      }
      const t1 = Math.min(view.t0 + (x + 1) / scale, laneEnd);
      const to = this.#gallop(slot, last, t1);
      const from = Math.max(time, begin[slot] as number);
      const upTo = Math.min(t1, endOf(trace, to));
      if (to - slot > BLOCK) {
        if (!summed) this.mix.before(slot, from, this.#before);
        this.mix.before(to, upTo, this.#after);
        for (let k = 1; k < 8; ++k) this.#time[k] = (this.#after[k] as number) - (this.#before[k] as number);
        [this.#before, this.#after] = [this.#after, this.#before];
        summed = true;
      } else {
        this.mix.between(slot, from, to, upTo, this.#time);
        summed = false;
      }
      row[at + x] = this.#blend(this.#time);
      ++x;
      slot = to;
      time = t1;
    }
  }

  /** The slot at or after `slot` that holds `time`, looked for in steps that double. */
  #gallop(slot: number, last: number, time: number): number {
    const { begin } = this.trace.slices;
    let step = 1;
    let low = slot;
    while (low + step <= last && (begin[low + step] as number) <= time) {
      low += step;
      step *= 2;
    }
    let high = Math.min(low + step, last + 1);
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((begin[middle] as number) <= time) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Assists, regions, logs and samples, for below the bar. Returns whether there are any. */
  foot(lane: number, view: View, row: Uint32Array, at: number, width: number): boolean {
    const { ranges, samples } = this.orders;
    const { kind, begin, end } = ranges;
    const scale = width / (view.t1 - view.t0);
    row.fill(this.palette.pixel[0] as number, at, at + width);
    let any = false;
    // One by one: the page has few enough of them.
    const stop = ranges.first[lane + 1] as number;
    for (let i = ranges.first[lane] as number; i < stop; ++i) {
      if ((begin[i] as number) >= view.t1) break;
      if ((end[i] as number) < view.t0) continue;
      const left = Math.max(Math.floor(((begin[i] as number) - view.t0) * scale), 0);
      const right = Math.min(Math.floor(((end[i] as number) - view.t0) * scale), width - 1);
      const colour = this.palette.feet[kind[i] as number] as number;
      if (right <= left) row[at + left] = colour;
      else row.fill(colour, at + left, at + right + 1);
      any = true;
    }
    const { time } = this.trace.samples;
    const last = samples.first[lane + 1] as number;
    for (let i = firstFrom(samples, lane, view.t0, (of) => time[of] as number); i < last; ++i) {
      const x = Math.floor(((time[samples.items[i] as number] as number) - view.t0) * scale);
      if (x >= width) break;
      row[at + x] = this.palette.sample;
      any = true;
    }
    return any;
  }

  /** What ran on a processor, coloured by group; a pixel shared by many shows how busy it was. */
  proc(
    proc: number,
    view: View,
    row: Uint32Array,
    at: number,
    width: number,
    wide: number,
    onWide: OnWide,
  ): void {
    const { trace, palette } = this;
    const { runs } = this.orders;
    const { begin } = trace.slices;
    const ground = palette.background;
    row.fill(pixelOf(ground), at, at + width);
    const scale = width / (view.t1 - view.t0);
    if (trace.head.merge_below_ns > 0) this.#busy(proc, view, row, at, width);
    let i = this.#firstEnding(runs, proc, view.t0);
    const stop = runs.first[proc + 1] as number;
    let x = 0;
    while (i < stop) {
      const slot = runs.items[i] as number;
      const left = ((begin[slot] as number) - view.t0) * scale;
      if (left >= width) return;
      const right = (endOf(trace, slot) - view.t0) * scale;
      const colour = palette.groups[this.groupOf(slot) % 10] as [number, number, number];
      x = Math.max(Math.floor(left), 0);
      const until = Math.min(Math.floor(right), width);
      if (until > x + 1) {
        row.fill(pixelOf(colour), at + x, at + until);
        if (until - x >= wide) onWide(slot, x, until - x);
        ++i;
        continue;
      }
      // Shares its pixel: of all that do, how much of the pixel they fill.
      const t1 = view.t0 + (x + 1) / scale;
      let busy = 0;
      let next = i;
      for (; next < stop; ++next) {
        const other = runs.items[next] as number;
        const from = begin[other] as number;
        if (from >= t1) break;
        busy += Math.min(endOf(trace, other), t1) - from;
        if (next - i > 64) {
          next = this.#firstFrom(runs, next, stop, t1);
          break;
        }
      }
      const share = Math.min(Math.sqrt(Math.max(busy * scale, 0.02)), 1);
      row[at + x] = pixelOf(
        [0, 1, 2].map((k) => mixed(colour[k as 0], ground[k as 0], share)) as typeof colour,
      );
      i = Math.max(next, i + 1);
    }
  }

  /** Where slices were merged nobody knows which ran where; how busy the processor was is known. */
  #busy(proc: number, view: View, row: Uint32Array, at: number, width: number): void {
    const busy = this.trace.procs.busy[proc] as Float32Array;
    const ground = this.palette.background;
    const colour = this.palette.rgb[1] as [number, number, number];
    const step = (view.t1 - view.t0) / width;
    for (let x = 0; x < width; ++x) {
      const index = Math.floor(((view.t0 + x * step) / this.trace.duration) * OCCUPANCY_STEPS);
      const share = Math.min((busy[Math.min(index, OCCUPANCY_STEPS - 1)] as number) * 0.7, 1);
      row[at + x] = pixelOf(
        [0, 1, 2].map((k) => mixed(colour[k as 0], ground[k as 0], share)) as typeof colour,
      );
    }
  }

  groupOf(slot: number): number {
    return this.trace.goroutines.group[laneOf(this.trace, slot)] as number;
  }
  #firstEnding(list: ByOwner, owner: number, time: number): number {
    // Runs of one processor don't overlap, so their ends are in order too.
    let low = list.first[owner] as number;
    let high = list.first[owner + 1] as number;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (endOf(this.trace, list.items[middle] as number) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  #firstFrom(list: ByOwner, from: number, stop: number, time: number): number {
    let low = from;
    let high = stop;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.trace.slices.begin[list.items[middle] as number] as number) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const mixed = (colour: number, ground: number, share: number): number =>
  Math.round(ground + (colour - ground) * share);
