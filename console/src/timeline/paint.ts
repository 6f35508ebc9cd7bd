// Draws the rows on the screen. What a frame costs depends on its pixels, see lod.ts and strips.ts.
import { bytes, plural } from "../format";
import { labelOf, ns, shortName } from "./describe";
import { GROUP, LANE, type Layout, type Row } from "./layout";
import { type Palette, pixelOf } from "./palette";
import type { Strips } from "./strips";
import { GC_MARK, laneOf, OCCUPANCY_STEPS, RUNNING, STOP_THE_WORLD, type Trace } from "./trace";
import { tickStep, type View } from "./view";

export const RULER = 24;
const BAR = 13;
const FOOT = 4; // regions, assists, logs and samples
const LABEL_WIDTH = 46;
const MAX_LABELS = 400;
/** From the back to the front; those not named wait for nothing that concerns anybody. */
const STACKED = [1, 2, 3, 7, 6, 4];

export interface Mark {
  begin: number;
  end: number;
  lane: number;
  finding: number;
}

export interface Scene {
  view: View;
  scrollTop: number;
  layout: Layout;
  width: number;
  height: number;
  gutter: number;
  ratio: number;
  selected: { lane: number; slot: number } | null;
  /** Slots to draw arrows to, from who brought them about. */
  flows: number[];
  marks: Mark[];
}

/** A slice that has room for a label. */
interface Wide {
  row: Row;
  slot: number;
  x: number;
  width: number;
}

export class Painter {
  readonly #strip = document.createElement("canvas");
  readonly #stripContext: CanvasRenderingContext2D;
  #image: ImageData | null = null;
  #pixels = new Uint32Array(0);
  readonly #groups = new Map<number, HTMLCanvasElement>();
  readonly #labels = new Map<number, string>();
  readonly process: number[] = []; // ranges of the whole process

  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly trace: Trace,
    private readonly strips: Strips,
    private readonly palette: Palette,
  ) {
    this.#stripContext = this.#strip.getContext("2d") as CanvasRenderingContext2D;
    for (let i = 0; i < trace.ranges.kind.length; ++i) {
      const kind = trace.ranges.kind[i];
      if (kind === GC_MARK || kind === STOP_THE_WORLD) this.process.push(i);
    }
  }

  draw(scene: Scene): void {
    const { context, palette } = this;
    const { width, height, ratio, gutter } = scene;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = palette.css.surface;
    context.fillRect(0, 0, width, height);
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    const rows = this.#visible(scene);
    const wide = this.#paintStrips(scene, rows);
    for (const row of rows) this.#row(scene, row);
    this.#bands(scene);
    this.#barLabels(scene, wide);
    this.#gutter(scene, rows);
    context.save();
    context.beginPath();
    context.rect(gutter, RULER, width - gutter, height - RULER);
    context.clip();
    this.#marks(scene);
    this.#selection(scene);
    for (const slot of scene.flows) this.#flow(scene, slot);
    context.restore();
    this.#ruler(scene);
  }

  // -- places

  #visible(scene: Scene): Row[] {
    const rows: Row[] = [];
    const { layout, scrollTop } = scene;
    for (let i = Math.max(layout.indexAt(scrollTop), 0); i < layout.rows.length; ++i) {
      const row = layout.rows[i] as Row;
      if (row.y - scrollTop > scene.height) break;
      rows.push(row);
    }
    return rows;
  }
  #y(scene: Scene, row: Row): number {
    return row.y - scene.scrollTop + RULER;
  }
  #x(scene: Scene, time: number): number {
    const { view, width, gutter } = scene;
    return gutter + ((time - view.t0) / (view.t1 - view.t0)) * (width - gutter);
  }

  // -- lanes

  /** Each lane is two rows of pixels, the bar and its foot, which are then stretched to their height. */
  #paintStrips(scene: Scene, rows: Row[]): Wide[] {
    const { view, ratio } = scene;
    const lanes = rows.filter((row) => row.kind === "lane" || row.kind === "proc");
    const width = Math.max(Math.round((scene.width - scene.gutter) * ratio), 1);
    if (!this.#image || this.#image.width !== width || this.#image.height < 2 * lanes.length) {
      this.#strip.width = width;
      this.#strip.height = 2 * lanes.length + 16;
      this.#image = new ImageData(width, this.#strip.height);
      this.#pixels = new Uint32Array(this.#image.data.buffer);
    }
    const wide: Wide[] = [];
    const least = LABEL_WIDTH * ratio;
    const feet: boolean[] = [];
    for (const [i, row] of lanes.entries()) {
      const onWide = (slot: number, x: number, length: number) => {
        if (wide.length < MAX_LABELS) wide.push({ row, slot, x: x / ratio, width: length / ratio });
      };
      const at = 2 * i * width;
      if (row.kind === "lane") {
        this.strips.lane(row.lane, view, this.#pixels, at, width, least, onWide);
        feet.push(this.strips.foot(row.lane, view, this.#pixels, at + width, width));
      } else if (row.kind === "proc") {
        this.strips.proc(row.proc, view, this.#pixels, at, width, least, onWide);
        feet.push(false);
      }
    }
    if (lanes.length === 0) return wide;
    this.#stripContext.putImageData(this.#image, 0, 0, 0, 0, width, 2 * lanes.length);
    this.context.imageSmoothingEnabled = false;
    const plot = scene.width - scene.gutter;
    for (const [i, row] of lanes.entries()) {
      const y = this.#y(scene, row) + 2;
      this.context.drawImage(this.#strip, 0, 2 * i, width, 1, scene.gutter, y, plot, BAR);
      if (!feet[i]) continue;
      this.context.drawImage(this.#strip, 0, 2 * i + 1, width, 1, scene.gutter, y + BAR, plot, FOOT);
    }
    return wide;
  }

  #barLabels(scene: Scene, wide: Wide[]): void {
    const { context, trace } = this;
    context.fillStyle = this.palette.css["flame-text"];
    for (const { row, slot, x, width } of wide) {
      const y = this.#y(scene, row);
      if (y < RULER - LANE) continue;
      const fits = Math.floor((width - 8) / 5.8);
      const text =
        row.kind === "proc"
          ? this.#procLabel(slot)
          : (this.#labels.get(slot) ?? this.#remember(slot, labelOf(trace, slot)));
      if (text === "" || fits < 4) continue;
      const shown = text.length > fits ? `${text.slice(0, fits - 1)}…` : text;
      context.fillText(shown, scene.gutter + x + 4, y + 2 + BAR / 2 + 0.5);
    }
  }
  #remember(slot: number, label: string): string {
    if (this.#labels.size > 20_000) this.#labels.clear();
    this.#labels.set(slot, label);
    return label;
  }
  #procLabel(slot: number): string {
    const lane = laneOf(this.trace, slot);
    const name = this.trace.texts[this.trace.goroutines.function[lane] as number] ?? "";
    return `G${this.trace.goroutines.id[lane]} ${shortName(name)}`;
  }

  // -- the other rows

  #row(scene: Scene, row: Row): void {
    const y = this.#y(scene, row);
    switch (row.kind) {
      case "process":
        this.#spans(scene, this.process, y + 3, 14, (kind) =>
          kind === GC_MARK ? this.palette.css["tl-gc-mark"] : this.palette.css["tl-stw"],
        );
        break;
      case "heap":
        this.#heap(scene, y, row.height);
        break;
      case "tasks":
        this.#spans(scene, row.items, y + 1, row.height - 3, () => this.palette.css["tl-task"], true);
        break;
      case "group":
        this.#group(scene, this.#groupTexture(row.group), y);
        break;
      case "procs":
        this.#group(scene, this.#groupTexture(-1), y);
        break;
    }
  }

  /** Ranges in order of begin; those that share a pixel are drawn once. */
  #spans(
    scene: Scene,
    items: number[],
    y: number,
    height: number,
    colour: (kind: number) => string,
    labels = false,
  ): void {
    const { context, trace } = this;
    const { kind, begin, end, text } = trace.ranges;
    let drawn = Number.NEGATIVE_INFINITY;
    for (const item of items) {
      if ((begin[item] as number) > scene.view.t1) break;
      if ((end[item] as number) < scene.view.t0) continue;
      const x = Math.max(this.#x(scene, begin[item] as number), scene.gutter);
      const right = Math.min(this.#x(scene, end[item] as number), scene.width);
      if (right < drawn + 0.5 && kind[item] !== STOP_THE_WORLD) continue;
      drawn = Math.max(right, x + 1);
      context.fillStyle = colour(kind[item] as number);
      context.fillRect(x, y, Math.max(right - x, 1), height);
      if (labels && right - x > LABEL_WIDTH) {
        context.fillStyle = this.palette.css["flame-text"];
        const fits = Math.floor((right - x - 8) / 5.8);
        context.fillText(
          (trace.texts[text[item] as number] ?? "").slice(0, fits),
          x + 4,
          y + height / 2 + 0.5,
        );
      }
    }
  }

  /** How many goroutines were in which state, drawn once and then stretched. */
  #groupTexture(group: number): HTMLCanvasElement {
    const known = this.#groups.get(group);
    if (known) return known;
    const height = GROUP - 22;
    const canvas = document.createElement("canvas");
    canvas.width = OCCUPANCY_STEPS;
    canvas.height = height;
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    const image = new ImageData(OCCUPANCY_STEPS, height);
    const pixels = new Uint32Array(image.data.buffer).fill(pixelOf(this.palette.background));
    const rows = group < 0 ? [this.#busyProcs()] : STACKED.map((of) => this.trace.groups[group]?.states[of]);
    const colours = group < 0 ? [RUNNING] : STACKED;
    let most = group < 0 ? this.trace.procs.id.length : 0;
    for (let x = 0; x < OCCUPANCY_STEPS; ++x) {
      most = Math.max(
        most,
        rows.reduce((sum, row) => sum + (row?.[x] ?? 0), 0),
      );
    }
    for (let x = 0; x < OCCUPANCY_STEPS && most > 0; ++x) {
      let below = 0;
      for (const [i, row] of rows.entries()) {
        const above = below + ((row?.[x] ?? 0) / most) * height;
        // What is there at all shows at least as a pixel.
        const from = Math.round(below);
        const to = above > below ? Math.max(Math.round(above), from + (from < height ? 1 : 0)) : from;
        for (let y = from; y < Math.min(to, height); ++y) {
          pixels[(height - 1 - y) * OCCUPANCY_STEPS + x] = this.palette.pixel[colours[i] as number] as number;
        }
        below = above;
      }
    }
    context.putImageData(image, 0, 0);
    this.#groups.set(group, canvas);
    return canvas;
  }
  #busyProcs(): Float32Array {
    const sum = new Float32Array(OCCUPANCY_STEPS);
    for (const busy of this.trace.procs.busy)
      for (const [x, value] of busy.entries()) sum[x] = (sum[x] as number) + value;
    return sum;
  }

  #group(scene: Scene, texture: HTMLCanvasElement, y: number): void {
    const { context } = this;
    const { view } = scene;
    context.fillStyle = this.palette.css.sunken;
    context.fillRect(0, y, scene.width, 20);
    context.imageSmoothingEnabled = false;
    // The runner's steps are duration / 512 + 1 ns long; the last one may end after the trace.
    const step = Math.floor(this.trace.head.duration_ns / OCCUPANCY_STEPS) + 1;
    const left = this.#x(scene, 0);
    const right = this.#x(scene, step * OCCUPANCY_STEPS);
    context.save();
    context.beginPath();
    context.rect(scene.gutter, y + 21, scene.width - scene.gutter, GROUP - 22);
    context.clip();
    // Only the part on the screen: a canvas can't be stretched a millionfold.
    const s0 = Math.max(Math.floor(view.t0 / step), 0);
    const s1 = Math.min(Math.ceil(view.t1 / step), OCCUPANCY_STEPS);
    const scale = (right - left) / OCCUPANCY_STEPS;
    context.drawImage(
      texture,
      s0,
      0,
      s1 - s0,
      texture.height,
      left + s0 * scale,
      y + 21,
      (s1 - s0) * scale,
      GROUP - 22,
    );
    context.restore();
  }

  #heap(scene: Scene, y: number, height: number): void {
    const { trace, palette } = this;
    const [live, goal] = trace.series;
    let most = 1;
    for (const series of [live, goal]) for (const value of series?.value ?? []) most = Math.max(most, value);
    this.#line(scene, live, most, y + 4, height - 8, palette.css["line-0"]);
    this.#line(scene, goal, most, y + 4, height - 8, palette.css["line-1"]);
    this.#name(scene, bytes(most), y + 28, false);
  }

  #line(
    scene: Scene,
    series: Trace["series"][number] | undefined,
    most: number,
    y: number,
    height: number,
    colour: string,
  ): void {
    if (!series || series.time.length === 0) return;
    const { context } = this;
    const { time, value } = series;
    let i = lowerBound(time, scene.view.t0) - 1;
    context.save();
    context.beginPath();
    context.rect(scene.gutter, y - 2, scene.width - scene.gutter, height + 4);
    context.clip();
    context.beginPath();
    let begun = false;
    let last = 0;
    for (i = Math.max(i, 0); i < time.length; ++i) {
      const x = this.#x(scene, time[i] as number);
      const top = y + height - ((value[i] as number) / most) * height;
      if (begun) context.lineTo(x, last);
      else context.moveTo(x, top);
      context.lineTo(x, top);
      begun = true;
      last = top;
      if (x > scene.width) break;
    }
    if (begun) context.lineTo(scene.width, last);
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.stroke();
    context.restore();
  }

  // -- over the rows

  /** A stopped world stops every row. */
  #bands(scene: Scene): void {
    const { begin, end, kind } = this.trace.ranges;
    const { context } = this;
    context.save();
    context.globalAlpha = 0.28;
    context.fillStyle = this.palette.css["tl-stw"];
    let drawn = Number.NEGATIVE_INFINITY;
    for (const item of this.process) {
      if (kind[item] !== STOP_THE_WORLD) continue;
      if ((begin[item] as number) > scene.view.t1) break;
      if ((end[item] as number) < scene.view.t0) continue;
      const x = Math.max(this.#x(scene, begin[item] as number), scene.gutter);
      const width = Math.max(this.#x(scene, end[item] as number) - x, 1);
      if (x + width <= drawn) continue;
      drawn = x + width;
      context.fillRect(x, RULER, width, scene.height - RULER);
    }
    context.restore();
  }

  #marks(scene: Scene): void {
    const { context, palette } = this;
    for (const mark of scene.marks) {
      const x = this.#x(scene, mark.begin);
      const width = Math.max(this.#x(scene, mark.end) - x, 2);
      const row = scene.layout.rowNear(this.trace, mark.lane);
      const top = scene.layout.rows[0];
      context.strokeStyle = palette.css.critical;
      context.fillStyle = palette.css.critical;
      context.lineWidth = 2;
      if (row && mark.lane >= 0)
        context.strokeRect(x, this.#y(scene, row) + 1, width, Math.min(row.height, LANE) - 2);
      if (top?.kind === "findings") {
        const y = this.#y(scene, top);
        context.fillRect(x, y + 3, width, 13);
        context.fillText(`finding ${mark.finding + 1}`, x + width + 4, y + 10);
      }
    }
  }

  #selection(scene: Scene): void {
    if (!scene.selected) return;
    const { context, trace } = this;
    const { lane, slot } = scene.selected;
    const row = scene.layout.rowOfLane(lane);
    if (!row) return;
    const x = this.#x(scene, trace.slices.begin[slot] as number);
    const width = Math.max(this.#x(scene, trace.slices.begin[slot + 1] as number) - x, 3);
    context.strokeStyle = this.palette.css.text;
    context.lineWidth = 2;
    context.strokeRect(x, this.#y(scene, row) + 1, width, BAR + 2);
  }

  /** From the goroutine that brought the slice about, at that moment, to the slice. */
  #flow(scene: Scene, slot: number): void {
    const { context, trace } = this;
    const from = scene.layout.rowNear(trace, (trace.slices.by[slot] as number) - 1);
    const to = scene.layout.rowNear(trace, laneOf(this.trace, slot));
    if (!from || !to) return;
    const x = this.#x(scene, trace.slices.begin[slot] as number);
    const middle = (row: Row) => this.#y(scene, row) + (row.kind === "lane" ? 2 + BAR / 2 : 10);
    const y0 = middle(from);
    const y1 = middle(to);
    const down = y1 > y0 ? 1 : -1;
    context.strokeStyle = this.palette.css.accent;
    context.fillStyle = this.palette.css.accent;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x, y0);
    context.bezierCurveTo(x + 26, y0 + 8 * down, x + 26, y1 - 8 * down, x + 5, y1 - 3 * down);
    context.stroke();
    context.beginPath();
    context.arc(x, y0, 3, 0, 7);
    context.fill();
    context.beginPath();
    context.moveTo(x, y1);
    context.lineTo(x + 9, y1 - 2 * down);
    context.lineTo(x + 5, y1 - 9 * down);
    context.fill();
  }

  // -- beside the rows

  #gutter(scene: Scene, rows: Row[]): void {
    const { context, palette } = this;
    context.fillStyle = palette.css.border;
    context.fillRect(scene.gutter - 1, RULER, 1, scene.height);
    for (const row of rows) {
      const y = this.#y(scene, row);
      if (row.kind === "group" || row.kind === "procs") this.#fold(scene, row, y);
      else
        this.#name(
          scene,
          this.#nameOf(row),
          y + Math.min(row.height, LANE) / 2,
          row.kind !== "lane" && row.kind !== "proc",
        );
    }
  }
  #nameOf(row: Row): string {
    switch (row.kind) {
      case "lane":
        return `G ${this.trace.goroutines.id[row.lane]}`;
      case "proc":
        return `P ${this.trace.procs.id[row.proc]}`;
      case "process":
        return "Collector";
      case "heap":
        return "Heap";
      case "tasks":
        return row.label;
      case "findings":
        return "Findings";
      default:
        return "";
    }
  }
  #name(scene: Scene, text: string, y: number, strong: boolean): void {
    this.context.fillStyle = strong ? this.palette.css.text : this.palette.css.muted;
    const fits = Math.floor((scene.gutter - 12) / 6);
    this.context.fillText(text.length > fits ? `${text.slice(0, fits - 1)}…` : text, 8, y);
  }
  #fold(scene: Scene, row: Row & { open: boolean }, y: number): void {
    const { context, trace, palette } = this;
    context.fillStyle = palette.css.muted;
    context.beginPath();
    if (row.open) {
      context.moveTo(6, y + 7);
      context.lineTo(15, y + 7);
      context.lineTo(10.5, y + 13);
    } else {
      context.moveTo(8, y + 5.5);
      context.lineTo(14, y + 10);
      context.lineTo(8, y + 14.5);
    }
    context.fill();
    context.fillStyle = palette.css.text;
    let text = `Processors, ${trace.procs.id.length}`;
    if (row.kind === "group") {
      const group = trace.groups[row.group] as Trace["groups"][number];
      const counted = plural(group.goroutines, "goroutine");
      const shown = row.shown < group.goroutines ? `, ${row.shown} with a lane` : "";
      text = `${scene.width < 600 ? shortName(group.function) : group.function}, ${counted}${shown}`;
    }
    const fits = Math.floor((scene.width - 26) / 5.9);
    context.fillText(text.length > fits ? `${text.slice(0, fits - 1)}…` : text, 20, y + 10);
  }

  #ruler(scene: Scene): void {
    const { context, palette } = this;
    const { view, width, gutter } = scene;
    context.fillStyle = palette.css.sunken;
    context.fillRect(0, 0, width, RULER);
    context.fillStyle = palette.css.muted;
    const length = view.t1 - view.t0;
    const step = tickStep(length, (width - gutter) / 110);
    for (let time = Math.ceil(view.t0 / step) * step; time <= view.t1; time += step) {
      const x = this.#x(scene, time);
      context.fillRect(x, RULER - 6, 1, 6);
      const text = moment(time, view.t1, step);
      if (x + 4 + text.length * 6 < width) context.fillText(text, x + 4, RULER / 2);
    }
    context.fillText(ns(length), 8, RULER / 2);
  }
}

/** A time to the digit that the step tells apart: 1.23456 s. */
function moment(time: number, largest: number, step: number): string {
  const [unit, name] = largest >= 1e9 ? [1e9, "s"] : largest >= 1e6 ? [1e6, "ms"] : [1e3, "µs"];
  const digits = Math.max(Math.ceil(-Math.log10(step / unit) - 1e-9), 0);
  return `${(time / unit).toFixed(digits)} ${name}`;
}

/** The first index whose value is not below. */
function lowerBound(values: Float64Array, least: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
