// Colours are names of CSS variables, so that a change of theme needs no redrawing.
import { isStandard, packageOf } from "../names";
import type { FlameFrame } from "./tree";

export type ColourBy = "package" | "class";

const PACKAGE_COLOURS = 10;

function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; ++i) value = (value * 31 + text.charCodeAt(i)) >>> 0;
  return value;
}

function packageColour(name: string): string {
  const owner = packageOf(name);
  if (owner === "" || owner === "runtime" || owner.startsWith("internal/runtime")) return "--flame-runtime";
  if (owner === "main") return "--flame-main";
  if (isStandard(owner)) return `--flame-std-${hash(owner) % 3}`;
  return `--flame-${hash(owner) % PACKAGE_COLOURS}`;
}

// The families of the analysis' symbol classes ("map assign", "sync.Map store", ...), by their first word.
const FAMILIES: Record<string, { colour: string; label: string }> = {
  map: { colour: "--class-map", label: "map" },
  "sync.Map": { colour: "--class-syncmap", label: "sync.Map" },
  mutex: { colour: "--class-lock", label: "lock" },
  rwmutex: { colour: "--class-lock", label: "lock" },
  semaphore: { colour: "--class-lock", label: "lock" },
  runtime: { colour: "--class-lock", label: "lock" },
  GC: { colour: "--class-gc", label: "GC and write barrier" },
  write: { colour: "--class-gc", label: "GC and write barrier" },
  allocation: { colour: "--class-alloc", label: "allocation" },
  scheduler: { colour: "--class-sched", label: "scheduler" },
};
const OTHER_FAMILY = { colour: "--class-other", label: "other" };
const NO_CLASS = "--flame-plain";

function familyOf(symbolClass: string): { colour: string; label: string } {
  const word = symbolClass.split(" ")[0] ?? "";
  return Object.hasOwn(FAMILIES, word) ? (FAMILIES[word] ?? OTHER_FAMILY) : OTHER_FAMILY;
}

export function familyColour(symbolClass: string): string {
  return familyOf(symbolClass).colour;
}

function differenceColour(frame: FlameFrame, total: number): string {
  const delta = frame.total - (frame.before ?? 0);
  const share = total === 0 ? 0 : Math.abs(delta) / total;
  if (share < 0.001) return NO_CLASS;
  const step = share >= 0.2 ? 3 : share >= 0.05 ? 2 : 1;
  return delta > 0 ? `--grew-${step}` : `--shrank-${step}`;
}

export interface Palette {
  colourOf(frame: FlameFrame): string;
  legend: { colour: string; label: string }[];
}

export function classPalette(classes: Map<string, string>): Palette {
  const seen = new Map<string, string>();
  for (const symbolClass of classes.values()) {
    const family = familyOf(symbolClass);
    seen.set(family.label, family.colour);
  }
  const legend = [...seen]
    .map(([label, colour]) => ({ label, colour }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
  return {
    colourOf: (frame) => {
      const symbolClass = classes.get(frame.name);
      return symbolClass === undefined ? NO_CLASS : familyColour(symbolClass);
    },
    legend: [...legend, { label: "everything else", colour: NO_CLASS }],
  };
}

export const packagePalette: Palette = {
  colourOf: (frame) => packageColour(frame.name),
  legend: [
    { label: "main", colour: "--flame-main" },
    { label: "other packages, one colour each", colour: "--flame-0" },
    { label: "standard library", colour: "--flame-std-0" },
    { label: "runtime", colour: "--flame-runtime" },
  ],
};

export function differencePalette(root: FlameFrame): Palette {
  const total = Math.max(Math.abs(root.total), Math.abs(root.before ?? 0));
  return {
    colourOf: (frame) => differenceColour(frame, total),
    legend: [
      { label: "grew", colour: "--grew-2" },
      { label: "shrank", colour: "--shrank-2" },
      { label: "unchanged", colour: NO_CLASS },
    ],
  };
}
