// What lies over the rows: the stopped world, the findings' intervals, the chosen state, and arrows to and from it.
import { LANE, type Row } from "./layout";
import type { Palette } from "./palette";
import { BAR, RULER, rowY, type Scene, timeX } from "./scene";
import { laneOf, STOP_THE_WORLD, type Trace } from "./trace";

export class Overlay {
  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly trace: Trace,
    private readonly palette: Palette,
    /** The collector's ranges, in order of begin. */
    private readonly process: number[],
  ) {}

  /** A stopped world stops every row. */
  bands(scene: Scene): void {
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
      const x = Math.max(timeX(scene, begin[item] as number), scene.gutter);
      const width = Math.max(timeX(scene, end[item] as number) - x, 1);
      if (x + width <= drawn) continue;
      drawn = x + width;
      context.fillRect(x, RULER, width, scene.height - RULER);
    }
    context.restore();
  }
  marks(scene: Scene): void {
    const { context, palette } = this;
    for (const mark of scene.marks) {
      const x = timeX(scene, mark.begin);
      const width = Math.max(timeX(scene, mark.end) - x, 2);
      const row = scene.layout.rowNear(this.trace, mark.lane);
      const top = scene.layout.rows[0];
      context.strokeStyle = palette.css.critical;
      context.fillStyle = palette.css.critical;
      context.lineWidth = 2;
      if (row && mark.lane >= 0)
        context.strokeRect(x, rowY(scene, row) + 1, width, Math.min(row.height, LANE) - 2);
      if (top?.kind === "findings") {
        const y = rowY(scene, top);
        context.fillRect(x, y + 3, width, 13);
        context.fillText(`finding ${mark.finding + 1}`, x + width + 4, y + 10);
      }
    }
  }
  selection(scene: Scene): void {
    if (!scene.selected) return;
    const { context, trace } = this;
    const { lane, slot } = scene.selected;
    const row = scene.layout.rowOfLane(lane);
    if (!row) return;
    const x = timeX(scene, trace.slices.begin[slot] as number);
    const width = Math.max(timeX(scene, trace.slices.begin[slot + 1] as number) - x, 3);
    context.strokeStyle = this.palette.css.text;
    context.lineWidth = 2;
    context.strokeRect(x, rowY(scene, row) + 1, width, BAR + 2);
  }
  /** From the goroutine that brought the slice about, at that moment, to the slice. */
  flow(scene: Scene, slot: number): void {
    const { context, trace } = this;
    const from = scene.layout.rowNear(trace, (trace.slices.by[slot] as number) - 1);
    const to = scene.layout.rowNear(trace, laneOf(this.trace, slot));
    if (!from || !to) return;
    const x = timeX(scene, trace.slices.begin[slot] as number);
    const middle = (row: Row) => rowY(scene, row) + (row.kind === "lane" ? 2 + BAR / 2 : 10);
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
}
