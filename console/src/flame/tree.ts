// From the report's rows to the tree that the chart draws.
import type { Flame } from "../report";

export interface FlameFrame {
  name: string;
  place: string;
  /** Width. At least what the children need, so that no figure of a target can make them overlap. */
  value: number;
  total: number;
  self: number;
  /** Only in a difference: the total in the profile compared with. */
  before?: number;
  children: FlameFrame[];
}

const ROOT = "all";

function frameOf(flame: Flame, index: number): FlameFrame {
  const [name, place, , total, self] = flame.nodes[index] ?? [0, 0, 0, 0, 0];
  return {
    name: index === 0 ? ROOT : flame.names[name] || "(no name)",
    place: flame.names[place] ?? "",
    value: 0,
    total,
    self,
    children: [],
  };
}

/** Sets every width from the leaves up, and puts the widest child first. */
function layOut(frames: FlameFrame[], size: (frame: FlameFrame) => number): void {
  for (let i = frames.length - 1; i >= 0; --i) {
    const frame = frames[i] as FlameFrame;
    const inner = frame.children.reduce((sum, child) => sum + child.value, 0);
    frame.value = Math.max(size(frame), inner);
    frame.children.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1));
  }
}

export function toTree(flame: Flame): FlameFrame {
  const frames = flame.nodes.map((_, index) => frameOf(flame, index));
  flame.nodes.forEach(([, , parent], index) => {
    if (index > 0) frames[parent]?.children.push(frames[index] as FlameFrame);
  });
  layOut(frames, (frame) => Math.abs(frame.total));
  return frames[0] ?? { name: ROOT, place: "", value: 0, total: 0, self: 0, children: [] };
}

/** The frames of both; as wide as the larger of the two, so that what is gone can still be seen. */
export function toDifference(before: Flame, after: Flame): FlameFrame {
  const afterTree = toTree(after);
  const root: FlameFrame = { ...afterTree, children: [], total: 0, self: 0, before: 0 };
  const frames = [root];
  const children = new Map<FlameFrame, Map<string, FlameFrame>>();
  const merge = (into: FlameFrame, from: FlameFrame, isBefore: boolean) => {
    const work: [FlameFrame, FlameFrame][] = [[into, from]];
    for (let pair = work.pop(); pair; pair = work.pop()) {
      const [to, source] = pair;
      if (isBefore) to.before = (to.before ?? 0) + source.total;
      else {
        to.total += source.total;
        to.self += source.self;
      }
      const known = children.get(to) ?? new Map<string, FlameFrame>();
      children.set(to, known);
      for (const child of source.children) {
        let target = known.get(child.name);
        if (!target) {
          target = { ...child, children: [], total: 0, self: 0, before: 0 };
          known.set(child.name, target);
          to.children.push(target);
          frames.push(target);
        }
        work.push([target, child]);
      }
    }
  };
  merge(root, afterTree, false);
  merge(root, toTree(before), true);
  layOut(frames, (frame) => Math.max(Math.abs(frame.total), Math.abs(frame.before ?? 0)));
  return root;
}

export function frameCount(root: FlameFrame): number {
  let frames = 0;
  const work = [root];
  for (let frame = work.pop(); frame; frame = work.pop()) {
    ++frames;
    work.push(...frame.children);
  }
  return frames;
}
