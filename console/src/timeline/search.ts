// Which lanes a search finds: by number, by function, or by a frame of any stack of the goroutine.
import type { Trace } from "./trace";

export function matcher(trace: Trace, search: string): ((lane: number) => boolean) | null {
  const term = search.trim().toLowerCase();
  if (term === "") return null;
  if (/^\d+$/.test(term)) {
    const id = Number(term);
    return (lane) => trace.goroutines.id[lane] === id;
  }
  const texts = trace.texts.map((text) => text.toLowerCase().includes(term));
  // A caller's node stands before those it calls, so one pass tells of whole stacks.
  const nodes = new Uint8Array(trace.nodes.parent.length);
  for (let node = 1; node < nodes.length; ++node) {
    const frame = trace.nodes.frame[node] as number;
    const own = texts[trace.frames.function[frame] as number] || texts[trace.frames.file[frame] as number];
    nodes[node] = own || nodes[trace.nodes.parent[node] as number] ? 1 : 0;
  }
  const shapes = trace.shapes.stack.map((stack, i) =>
    nodes[stack] || texts[trace.shapes.reason[i] as number] ? 1 : 0,
  );
  const found = new Uint8Array(trace.lanes);
  for (let lane = 0; lane < trace.lanes; ++lane) {
    if (texts[trace.goroutines.function[lane] as number]) {
      found[lane] = 1;
      continue;
    }
    const end = (trace.first[lane + 1] as number) - 1;
    for (let slot = trace.first[lane] as number; slot < end; ++slot) {
      if (shapes[trace.slices.shape[slot] as number] === 0) continue;
      found[lane] = 1;
      break;
    }
  }
  return (lane) => found[lane] === 1;
}
