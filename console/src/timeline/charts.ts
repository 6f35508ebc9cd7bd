// Rows that show sums: goroutines by state, busy processors, the heap.
import { GROUP } from "./layout";
import { type Palette, pixelOf } from "./palette";
import { clipped, type Scene, timeX } from "./scene";
import { OCCUPANCY_STEPS, RUNNING, type Trace } from "./trace";

const HEIGHT = GROUP - 22;
/** From below: those not named wait for nothing that concerns anybody. */
const STACKED = [1, 2, 3, 7, 6, 4];

export class Charts {
  readonly #groups = new Map<number, HTMLCanvasElement>();
  readonly mostHeap: number;

  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly trace: Trace,
    private readonly palette: Palette,
  ) {
    let most = 1;
    for (const { value } of trace.series.slice(0, 2)) for (const each of value) most = Math.max(most, each);
    this.mostHeap = most;
  }

  /** How many goroutines of a group were in which state; of -1: how many processors were busy. */
  group(scene: Scene, group: number, y: number): void {
    const { context } = this;
    const { view } = scene;
    const texture = this.#texture(group);
    context.fillStyle = this.palette.css.sunken;
    context.fillRect(0, y, scene.width, 20);
    context.imageSmoothingEnabled = false;
    // The runner's steps are duration / 512 + 1 ns long; the last one may end after the trace.
    const step = Math.floor(this.trace.head.duration_ns / OCCUPANCY_STEPS) + 1;
    // Only the part on the screen: a canvas can't be stretched a millionfold.
    const s0 = Math.max(Math.floor(view.t0 / step), 0);
    const s1 = Math.min(Math.ceil(view.t1 / step), OCCUPANCY_STEPS);
    const left = timeX(scene, s0 * step);
    const width = timeX(scene, s1 * step) - left;
    clipped(context, scene, y + 21, HEIGHT, () =>
      context.drawImage(texture, s0, 0, s1 - s0, HEIGHT, left, y + 21, width, HEIGHT),
    );
  }

  /** Drawn once, then stretched. */
  #texture(group: number): HTMLCanvasElement {
    const known = this.#groups.get(group);
    if (known) return known;
    const canvas = document.createElement("canvas");
    canvas.width = OCCUPANCY_STEPS;
    canvas.height = HEIGHT;
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    const image = new ImageData(OCCUPANCY_STEPS, HEIGHT);
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
        const above = below + ((row?.[x] ?? 0) / most) * HEIGHT;
        // What is there at all shows at least as a pixel.
        const from = Math.round(below);
        const to = above > below ? Math.max(Math.round(above), from + (from < HEIGHT ? 1 : 0)) : from;
        for (let y = from; y < Math.min(to, HEIGHT); ++y) {
          pixels[(HEIGHT - 1 - y) * OCCUPANCY_STEPS + x] = this.palette.pixel[colours[i] as number] as number;
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

  heap(scene: Scene, y: number, height: number): void {
    const [live, goal] = this.trace.series;
    clipped(this.context, scene, y + 2, height - 4, () => {
      this.#line(scene, live, y + 4, height - 8, this.palette.css["line-0"]);
      this.#line(scene, goal, y + 4, height - 8, this.palette.css["line-1"]);
    });
  }
  #line(
    scene: Scene,
    series: Trace["series"][number] | undefined,
    y: number,
    height: number,
    colour: string,
  ): void {
    if (!series || series.time.length === 0) return;
    const { context } = this;
    const { time, value } = series;
    context.beginPath();
    let begun = false;
    let last = 0;
    for (let i = Math.max(lowerBound(time, scene.view.t0) - 1, 0); i < time.length; ++i) {
      const x = timeX(scene, time[i] as number);
      const top = y + height - ((value[i] as number) / this.mostHeap) * height;
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
  }
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
