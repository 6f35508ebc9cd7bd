// Beside and above the rows: their names, what folds them, the ruler.
import { plural } from "../format";
import { ns, shortName } from "./describe";
import { LANE, type Row } from "./layout";
import type { Palette } from "./palette";
import { RULER, rowY, type Scene, timeX } from "./scene";
import type { Trace } from "./trace";
import { tickStep } from "./view";

export class Margins {
  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly trace: Trace,
    private readonly palette: Palette,
  ) {}

  names(scene: Scene, rows: Row[]): void {
    const { context, palette } = this;
    context.fillStyle = palette.css.border;
    context.fillRect(scene.gutter - 1, RULER, 1, scene.height);
    for (const row of rows) {
      const y = rowY(scene, row);
      if (row.kind === "group" || row.kind === "procs") this.#fold(scene, row, y);
      else
        this.name(
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
  name(scene: Scene, text: string, y: number, strong: boolean): void {
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
  ruler(scene: Scene): void {
    const { context, palette } = this;
    const { view, width, gutter } = scene;
    context.fillStyle = palette.css.sunken;
    context.fillRect(0, 0, width, RULER);
    context.fillStyle = palette.css.muted;
    const length = view.t1 - view.t0;
    const step = tickStep(length, (width - gutter) / 110);
    for (let time = Math.ceil(view.t0 / step) * step; time <= view.t1; time += step) {
      const x = timeX(scene, time);
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
