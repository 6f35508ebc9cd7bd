// The part of d3-flame-graph 5 that the page uses; the package carries no types.
declare module "d3-flame-graph" {
  import type { Selection } from "d3-selection";

  export interface ChartNode<Data> {
    data: Data;
    parent: ChartNode<Data> | null;
    children?: ChartNode<Data>[];
    depth: number;
    value: number;
    x0: number;
    x1: number;
    highlight?: boolean;
  }

  export interface FlameChart<Data> {
    // biome-ignore lint/suspicious/noExplicitAny: d3's selections are generic in four ways
    (selection: Selection<any, any, any, any>): void;
    width(value: number): this;
    cellHeight(value: number): this;
    minFrameSize(value: number): this;
    transitionDuration(value: number): this;
    inverted(value: boolean): this;
    resetHeightOnZoom(value: boolean): this;
    getName(name: (node: ChartNode<Data>) => string): this;
    setLabelHandler(label: (node: ChartNode<Data>) => string): this;
    setColorMapper(colour: (node: ChartNode<Data>, original: string) => string): this;
    setSearchMatch(matches: (node: ChartNode<Data>, term: string) => boolean): this;
    setSearchHandler(done: (results: ChartNode<Data>[], sum: number, total: number) => void): this;
    onClick(handler: (node: ChartNode<Data>) => void): this;
    onHover(handler: (node: ChartNode<Data>) => void): this;
    search(term: string): void;
    clear(): void;
    zoomTo(node: ChartNode<Data>): void;
    resetZoom(): void;
    update(data?: Data): this;
    destroy(): this;
  }

  export default function flamegraph<Data>(): FlameChart<Data>;
}
