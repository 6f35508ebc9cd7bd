// What a profile of a million samples becomes: every tree at its limit of 5,000 nodes, tables full.
import { golden } from "./browser.mjs";

const NODES = 5000;
const FUNCTIONS = 800;

/** The same numbers on every machine. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function flame(seed) {
  const next = random(seed);
  const names = [""];
  for (let i = 1; i <= FUNCTIONS; ++i) {
    names.push(`example.com/shop/service${i % 37}/internal/part${i % 11}.(*Worker${i}).handleRequest`);
  }
  const nodes = [[0, 0, 0, 1e12, 0]];
  const left = [1e12];
  const depth = [0];
  while (nodes.length < NODES) {
    const parent = Math.floor(next() ** 2 * nodes.length);
    if (depth[parent] > 60 || left[parent] < 1000) continue;
    const total = Math.floor(left[parent] * (0.2 + 0.6 * next()));
    left[parent] -= total;
    nodes.push([1 + Math.floor(next() * FUNCTIONS), 0, parent, total, 0]);
    left.push(total);
    depth.push(depth[parent] + 1);
  }
  for (const [index, node] of nodes.entries()) node[4] = left[index];
  return { names, nodes, dropped: 12345 };
}

export function largeReport() {
  const report = golden("sample");
  const kinds = ["cpu", "heap", "allocs", "mutex", "block", "heap"];
  report.targets[0].profiles = kinds.map((kind, index) => ({
    kind,
    delta: false,
    window_seconds: 0,
    taken_at: index,
    artefact: `${kind}.pb.gz`,
    samples: 1_000_000,
    period: { type: "", unit: "", value: 0 },
    default_sample_type: 0,
    sample_types: [0, 1, 2, 3].map((type) => ({
      type: `value${type}`,
      unit: "bytes",
      total: 1e12,
      flame: flame(index * 4 + type + 1),
    })),
    functions: Array.from({ length: FUNCTIONS }, (_, row) => ({
      function: `example.com/shop/service${row % 37}/internal/part${row % 11}.(*Worker${row}).handleRequest`,
      file: `/src/shop/service${row % 37}/worker.go`,
      class: "",
      flat: [row, row * 2, row * 3, row * 4],
      cum: [row * 5, row * 6, row * 7, row * 8],
    })),
    functions_left_out: 4000,
    frame_classes: {},
  }));
  return report;
}
