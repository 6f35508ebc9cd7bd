// Draws the rows on the screen. What a frame costs depends on its pixels, see lod.ts and strips.ts.
import { bytes } from "../format";
import { Charts } from "./charts";
import { labelOf, shortName } from "./describe";
import { LANE, type Row } from "./layout";
import { Margins } from "./margins";
import { Overlay } from "./overlay";
import type { Palette } from "./palette";
import { BAR, clipped, FOOT, RULER, rowY, type Scene, timeX } from "./scene";
import type { Strips } from "./strips";
import { GC_MARK, laneOf, STOP_THE_WORLD, type Trace } from "./trace";

const LABEL_WIDTH = 46;
const MAX_LABELS = 400;

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
  readonly #charts: Charts;
  readonly #overlay: Overlay;
  readonly #margins: Margins;
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
    this.#charts = new Charts(context, trace, palette);
    this.#overlay = new Overlay(context, trace, palette, this.process);
    this.#margins = new Margins(context, trace, palette);
  }

  draw(scene: Scene): void {
    const { context, palette } = this;
    const { width, height, ratio } = scene;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = palette.css.surface;
    context.fillRect(0, 0, width, height);
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    const rows = this.#visible(scene);
    const wide = this.#paintStrips(scene, rows);
    for (const row of rows) this.#row(scene, row);
    this.#overlay.bands(scene);
    this.#barLabels(scene, wide);
    this.#margins.names(scene, rows);
    clipped(context, scene, RULER, height - RULER, () => {
      this.#overlay.marks(scene);
      this.#overlay.selection(scene);
      for (const slot of scene.flows) this.#overlay.flow(scene, slot);
    });
    this.#margins.ruler(scene);
  }

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
      const y = rowY(scene, row) + 2;
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
      const y = rowY(scene, row);
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
    const y = rowY(scene, row);
    switch (row.kind) {
      case "process":
        this.#spans(scene, this.process, y + 3, 14, (kind) =>
          kind === GC_MARK ? this.palette.css["tl-gc-mark"] : this.palette.css["tl-stw"],
        );
        break;
      case "heap":
        this.#charts.heap(scene, y, row.height);
        this.#margins.name(scene, bytes(this.#charts.mostHeap), y + 28, false);
        break;
      case "tasks":
        this.#spans(scene, row.items, y + 1, row.height - 3, () => this.palette.css["tl-task"], true);
        break;
      case "group":
        this.#charts.group(scene, row.group, y);
        break;
      case "procs":
        this.#charts.group(scene, -1, y);
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
      const x = Math.max(timeX(scene, begin[item] as number), scene.gutter);
      const right = Math.min(timeX(scene, end[item] as number), scene.width);
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
}
