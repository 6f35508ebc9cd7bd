// The canvas, what is on it, and the hand that moves it.
import { rangeLine, sliceLine } from "./describe";
import { firstFrom, rangesOfGoroutines, runsOfProcs, samplesOfGoroutines } from "./lanes";
import { LANE, type Layout, type Row } from "./layout";
import { Mix } from "./lod";
import type { Selected } from "./navigator";
import { Painter } from "./paint";
import { readPalette } from "./palette";
import { type Mark, RULER, type Scene } from "./scene";
import { type Orders, Strips } from "./strips";
import { endOf, laneOf, slotAt, type Trace } from "./trace";
import { around, clamp, pan, type View, zoom } from "./view";

interface Handlers {
  onHover(line: string): void;
  onSelect(selected: Selected | null): void;
  onToggle(row: Row): void;
  onFinding(index: number): void;
}

/** How far a press may wander and still be a press. */
const PRESS = 4;

export class Stage {
  view: View;
  readonly #mix: Mix;
  readonly #orders: Orders;
  readonly #stop = new AbortController();
  readonly #observers: { disconnect(): void }[] = [];
  #painter: Painter;
  #layout: Layout | null = null;
  #marks: Mark[] = [];
  #selected: Selected | null = null;
  #flows: number[] = [];
  #frame = 0;
  #pointers = new Map<number, { x: number; y: number }>();
  #moved = 0;
  #wanted: Selected | null = null;

  constructor(
    private readonly trace: Trace,
    private readonly scroller: HTMLElement,
    private readonly canvas: HTMLCanvasElement,
    private readonly handlers: Handlers,
  ) {
    this.view = { t0: 0, t1: trace.duration };
    this.#mix = new Mix(trace);
    this.#orders = {
      runs: runsOfProcs(trace),
      ranges: rangesOfGoroutines(trace),
      samples: samplesOfGoroutines(trace),
    };
    this.#painter = this.#makePainter();
    this.#listen();
  }

  destroy(): void {
    this.#stop.abort();
    for (const observer of this.#observers) observer.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  setLayout(layout: Layout, marks: Mark[]): void {
    this.#layout = layout;
    this.#marks = marks;
    if (this.#wanted) this.#scrollTo(this.#wanted.lane);
    this.#wanted = null;
    this.redraw();
  }
  setSelected(selected: Selected | null, flows: number[]): void {
    this.#selected = selected;
    this.#flows = flows;
    this.redraw();
  }

  // -- moves

  setView(view: View): void {
    this.view = clamp(view, this.trace.duration);
    this.redraw();
  }
  zoomBy(factor: number, time = (this.view.t0 + this.view.t1) / 2): void {
    this.setView(zoom(this.view, factor, time, this.trace.duration));
  }
  showAll(): void {
    this.setView({ t0: 0, t1: this.trace.duration });
  }
  showSpan(begin: number, end: number): void {
    this.setView(around(begin, end, this.trace.duration));
  }
  /** Brings the lane on the screen, and the span or at least the slice's begin. */
  show(to: Selected, begin?: number, end?: number): void {
    if (begin !== undefined && end !== undefined) this.showSpan(begin, end);
    else {
      const b = this.trace.slices.begin[to.slot] as number;
      const e = endOf(this.trace, to.slot);
      const { t0, t1 } = this.view;
      if (e < t0 || b > t1) this.setView(pan(this.view, (b + e) / 2 - (t0 + t1) / 2, this.trace.duration));
    }
    if (!this.#scrollTo(to.lane)) this.#wanted = to; // its group is about to unfold
  }
  #scrollTo(lane: number): boolean {
    const row = this.#layout?.rowOfLane(lane);
    if (!row) return false;
    const { scrollTop, clientHeight } = this.scroller;
    if (row.y < scrollTop || row.y + LANE + RULER > scrollTop + clientHeight) {
      this.scroller.scrollTop = Math.max(row.y - clientHeight / 3, 0);
    }
    return true;
  }

  key(key: string): boolean {
    const length = this.view.t1 - this.view.t0;
    const move = (by: number) => () => this.setView(pan(this.view, by * length, this.trace.duration));
    const actions: Record<string, () => void> = {
      "+": () => this.zoomBy(0.5),
      "=": () => this.zoomBy(0.5),
      "-": () => this.zoomBy(2),
      w: () => this.zoomBy(0.5),
      s: () => this.zoomBy(2),
      a: move(-0.25),
      d: move(0.25),
      "0": () => this.showAll(),
      Enter: () => {
        if (this.#selected) {
          const { slot } = this.#selected;
          this.showSpan(this.trace.slices.begin[slot] as number, endOf(this.trace, slot));
        }
      },
    };
    const action = Object.hasOwn(actions, key) ? actions[key] : undefined;
    action?.();
    return action !== undefined;
  }

  // -- drawing

  redraw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      const scene = this.#scene();
      if (scene) this.#painter.draw(scene);
    });
  }

  #makePainter(): Painter {
    const palette = readPalette();
    const strips = new Strips(this.trace, this.#mix, this.#orders, palette);
    const context = this.canvas.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
    return new Painter(context, this.trace, strips, palette);
  }

  #scene(): Scene | null {
    if (!this.#layout) return null;
    const width = this.scroller.clientWidth;
    const height = this.scroller.clientHeight;
    if (width === 0) return null;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    if (
      this.canvas.width !== Math.round(width * ratio) ||
      this.canvas.height !== Math.round(height * ratio)
    ) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    return {
      view: this.view,
      scrollTop: this.scroller.scrollTop,
      layout: this.#layout,
      width,
      height,
      gutter: this.#gutter(),
      ratio,
      selected: this.#selected,
      flows: this.#flows,
      marks: this.#marks,
    };
  }
  #gutter(): number {
    return this.scroller.clientWidth < 600 ? 72 : 110;
  }

  // -- pointers

  #timeAt(x: number): number {
    const plot = Math.max(this.scroller.clientWidth - this.#gutter(), 1);
    return this.view.t0 + ((x - this.#gutter()) / plot) * (this.view.t1 - this.view.t0);
  }
  #place(event: MouseEvent): { x: number; y: number } {
    const box = this.scroller.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }
  #rowAt(y: number): Row | null {
    if (!this.#layout || y < RULER) return null;
    return this.#layout.rows[this.#layout.indexAt(y - RULER + this.scroller.scrollTop)] ?? null;
  }

  #listen(): void {
    const { signal } = this.#stop;
    const { scroller, canvas } = this;
    scroller.addEventListener("scroll", () => this.redraw(), { signal, passive: true });
    scroller.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    canvas.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    canvas.addEventListener("pointermove", (event) => this.#move(event), { signal });
    canvas.addEventListener("pointerup", (event) => this.#up(event), { signal });
    canvas.addEventListener("pointercancel", (event) => this.#pointers.delete(event.pointerId), { signal });
    canvas.addEventListener("pointerleave", () => this.handlers.onHover(""), { signal });
    canvas.addEventListener("dblclick", () => this.key("Enter"), { signal });
    const resize = new ResizeObserver(() => this.redraw());
    resize.observe(scroller);
    const repaint = () => {
      this.#painter = this.#makePainter();
      this.redraw();
    };
    const theme = new MutationObserver(repaint);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this.#observers.push(resize, theme);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint, { signal });
  }

  #wheel(event: WheelEvent): void {
    const plot = Math.max(this.scroller.clientWidth - this.#gutter(), 1);
    const unit = event.deltaMode === 1 ? 16 : 1;
    if (event.ctrlKey || event.metaKey) {
      this.zoomBy(1.0035 ** (event.deltaY * unit), this.#timeAt(this.#place(event).x));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const by = (event.deltaX || event.deltaY) * unit;
      this.setView(pan(this.view, (by / plot) * (this.view.t1 - this.view.t0), this.trace.duration));
    } else {
      return; // the rows scroll as any page does
    }
    event.preventDefault();
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    if (this.#pointers.size === 0) this.#moved = 0;
    this.#pointers.set(event.pointerId, this.#place(event));
    this.canvas.setPointerCapture(event.pointerId);
    this.scroller.focus({ preventScroll: true });
  }

  #move(event: PointerEvent): void {
    const now = this.#place(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") this.handlers.onHover(this.#lineAt(now.x, now.y));
      return;
    }
    const others = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    const other = others[0];
    const plot = Math.max(this.scroller.clientWidth - this.#gutter(), 1);
    const length = this.view.t1 - this.view.t0;
    if (other) {
      const apart = Math.max(Math.abs(before.x - other.x), 10);
      const nowApart = Math.max(Math.abs(now.x - other.x), 10);
      this.zoomBy(apart / nowApart, this.#timeAt((now.x + other.x) / 2));
    } else {
      this.setView(pan(this.view, (-(now.x - before.x) / plot) * length, this.trace.duration));
      if (event.pointerType === "mouse") this.scroller.scrollTop -= now.y - before.y;
    }
    this.#moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    this.#pointers.set(event.pointerId, now);
  }

  #up(event: PointerEvent): void {
    if (!this.#pointers.delete(event.pointerId) || this.#moved > PRESS) return;
    const { x, y } = this.#place(event);
    const row = this.#rowAt(y);
    if (!row) return;
    if (row.kind === "group" || row.kind === "procs") this.handlers.onToggle(row);
    else if (row.kind === "findings") this.#pressMark(x);
    else this.handlers.onSelect(this.#sliceAt(row, x));
  }
  #pressMark(x: number): void {
    const time = this.#timeAt(x);
    const near = ((this.view.t1 - this.view.t0) / this.scroller.clientWidth) * 60;
    const mark = this.#marks.find((each) => time >= each.begin - near / 8 && time <= each.end + near);
    if (mark) this.handlers.onFinding(mark.finding);
  }

  /** The slice below a press; of those too narrow to be hit, the longest within a pixel or two. */
  #sliceAt(row: Row, x: number): Selected | null {
    const pixel = (this.view.t1 - this.view.t0) / Math.max(this.scroller.clientWidth - this.#gutter(), 1);
    const time = this.#timeAt(x);
    if (row.kind === "proc") return this.#runAt(row.proc, time, pixel);
    if (row.kind !== "lane") return null;
    const slot = slotAt(this.trace, row.lane, Math.min(Math.max(time, 0), this.trace.duration - 1));
    return slot < 0 ? null : { lane: row.lane, slot };
  }
  #runAt(proc: number, time: number, pixel: number): Selected | null {
    const { begin } = this.trace.slices;
    const after = firstFrom(this.#orders.runs, proc, time, (item) => begin[item] as number);
    for (const at of [after - 1, after]) {
      if (
        at < (this.#orders.runs.first[proc] as number) ||
        at >= (this.#orders.runs.first[proc + 1] as number)
      )
        continue;
      const slot = this.#orders.runs.items[at] as number;
      if (time < (begin[slot] as number) - pixel || time > endOf(this.trace, slot) + pixel) continue;
      return { lane: laneOf(this.trace, slot), slot };
    }
    return null;
  }

  #lineAt(x: number, y: number): string {
    const row = this.#rowAt(y);
    if (!row || x < this.#gutter()) return "";
    if (row.kind === "lane" || row.kind === "proc") {
      const found = this.#sliceAt(row, x);
      return found ? sliceLine(this.trace, found.lane, found.slot) : "";
    }
    const time = this.#timeAt(x);
    const pixel = (this.view.t1 - this.view.t0) / Math.max(this.scroller.clientWidth - this.#gutter(), 1);
    const items = row.kind === "tasks" ? row.items : row.kind === "process" ? this.#painter.process : [];
    const { begin, end } = this.trace.ranges;
    const hit = items
      .filter((item) => time >= (begin[item] as number) - pixel && time <= (end[item] as number) + pixel)
      .at(-1);
    return hit === undefined ? "" : rangeLine(this.trace, hit);
  }
}
