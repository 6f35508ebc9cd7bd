// Keyboard, focus and sizing around d3-flame-graph, which has mouse and search.

import flamegraph, { type ChartNode, type FlameChart } from "d3-flame-graph";
import { select } from "d3-selection";
import type { FlameFrame } from "./tree";

type Node = ChartNode<FlameFrame>;

const ROW = 20;
/** Frames narrower than this many pixels are not drawn: nobody could see or hit them. */
const NARROWEST = 2;

/** "http.(*conn).serve" of "net/http.(*conn).serve": a frame has little room, and the detail line has the rest. */
function shortName(name: string): string {
  const bare = name.search(/[[(]/);
  return name.slice(name.lastIndexOf("/", bare < 0 ? name.length : bare) + 1);
}

export interface ChartEvents {
  /** The frame under the pointer or the keyboard's cursor. */
  onFrame(frame: FlameFrame, share: number): void;
  onSearch(frames: number, share: number): void;
  onZoom(frame: FlameFrame, zoomed: boolean): void;
}

export class Chart {
  private readonly chart: FlameChart<FlameFrame>;
  private readonly root: Node;
  private cursor: Node;
  private term = "";
  private drawnWidth: number;

  constructor(
    private readonly host: HTMLElement,
    tree: FlameFrame,
    colourOf: (frame: FlameFrame) => string,
    label: (frame: FlameFrame) => string,
    private readonly events: ChartEvents,
  ) {
    this.drawnWidth = this.width();
    this.chart = flamegraph<FlameFrame>()
      .width(this.drawnWidth)
      .cellHeight(ROW)
      .minFrameSize(NARROWEST)
      .transitionDuration(0)
      .inverted(true)
      .resetHeightOnZoom(true)
      .getName((node) => shortName(node.data.name))
      .setLabelHandler((node) => label(node.data))
      .setColorMapper((node) => `var(${this.colour(node, colourOf)})`)
      .setSearchMatch((node, term) => term !== "" && node.data.name.toLowerCase().includes(term))
      .setSearchHandler((results, sum, total) =>
        events.onSearch(results.length, total === 0 ? 0 : sum / total),
      )
      .onHover((node) => this.report(node))
      .onClick((node) => {
        this.cursor = node;
        this.settle();
        events.onZoom(node.data, node.parent !== null);
        this.report(node);
      });
    const selection = select(host).datum(tree);
    this.chart(selection);
    this.root = select<HTMLElement, Node>(host).datum();
    this.cursor = this.root;
    this.settle();
  }

  search(text: string): void {
    const term = text.trim().toLowerCase();
    if (term === this.term) return;
    this.term = term;
    if (this.term === "") this.chart.clear();
    else this.chart.search(this.term);
    this.settle();
  }

  /** The whole graph again; the cursor stays where it is. */
  reset(): void {
    const cursor = this.cursor;
    this.chart.resetZoom();
    this.moveTo(cursor);
  }

  resize(): void {
    const width = this.width();
    if (width === this.drawnWidth || !this.host.isConnected) return;
    this.drawnWidth = width;
    this.chart.width(width).update();
    this.settle();
  }

  destroy(): void {
    this.chart.destroy();
  }

  /** True where the key was one of the chart's. */
  key(name: string): boolean {
    switch (name) {
      case "ArrowDown":
        return this.moveTo(this.visible(this.cursor.children)[0]);
      case "ArrowUp":
        return this.moveTo(this.cursor.parent ?? undefined);
      case "ArrowRight":
        return this.moveTo(this.sibling(1));
      case "ArrowLeft":
        return this.moveTo(this.sibling(-1));
      case "Home":
        return this.moveTo(this.root);
      case "Enter":
      case " ":
        this.chart.zoomTo(this.cursor);
        return true;
      case "Escape":
        this.reset();
        return true;
      default:
        return false;
    }
  }

  private width(): number {
    return Math.max(this.host.clientWidth, 200);
  }

  private colour(node: Node, colourOf: (frame: FlameFrame) => string): string {
    if (node.highlight) return "--flame-match";
    return this.term === "" ? colourOf(node.data) : "--flame-dim";
  }

  private share(node: Node): number {
    return this.root.data.value === 0 ? 0 : node.data.value / this.root.data.value;
  }

  private report(node: Node): void {
    this.events.onFrame(node.data, this.share(node));
  }

  private visible(nodes: Node[] | undefined): Node[] {
    return (nodes ?? []).filter((node) => (node.x1 - node.x0) * this.drawnWidth > NARROWEST);
  }

  private sibling(step: number): Node | undefined {
    const row = this.visible(this.cursor.parent?.children);
    return row[row.indexOf(this.cursor) + step];
  }

  private moveTo(node: Node | undefined): boolean {
    if (node) {
      this.cursor = node;
      this.mark();
      this.report(node);
    }
    return true;
  }

  /** After every drawing: the height that the frames need, and the cursor's mark, which drawing takes away. */
  private settle(): void {
    let deepest = 0;
    select(this.host)
      .selectAll<SVGGElement, Node>("g")
      .each((node) => {
        deepest = Math.max(deepest, node.depth);
      });
    select(this.host)
      .select("svg")
      .attr("height", (deepest + 1) * ROW)
      .attr("aria-hidden", "true");
    this.mark();
  }

  private mark(): void {
    const frames = select(this.host).selectAll<SVGGElement, Node>("g");
    frames.classed("cursor", (node) => node === this.cursor);
    if (!this.host.contains(document.activeElement)) return;
    const marked = frames.filter((node) => node === this.cursor).node();
    marked?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
