// What is to be drawn, and where on the canvas a time and a row are.
import type { Layout, Row } from "./layout";
import type { View } from "./view";

export const RULER = 24;
export const BAR = 13;
export const FOOT = 4; // regions, assists, logs and samples

/** What a finding rests on. */
export interface Mark {
  begin: number;
  end: number;
  /** -1: the whole process's, or a goroutine without a lane. */
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

export const rowY = (scene: Scene, row: Row): number => row.y - scene.scrollTop + RULER;

export function timeX(scene: Scene, time: number): number {
  const { view, width, gutter } = scene;
  return gutter + ((time - view.t0) / (view.t1 - view.t0)) * (width - gutter);
}

/** Lets nothing be drawn outside a part of the plot. */
export function clipped(
  context: CanvasRenderingContext2D,
  scene: Scene,
  y: number,
  height: number,
  draw: () => void,
): void {
  context.save();
  context.beginPath();
  context.rect(scene.gutter, y, scene.width - scene.gutter, height);
  context.clip();
  draw();
  context.restore();
}
