// The page's colours as the canvas needs them; they change with the theme.
import { CLASSES, LOG, MARK_ASSIST, REGION, SWEEP } from "./trace";

const PLAIN = [
  "text",
  "muted",
  "border",
  "surface",
  "sunken",
  "accent",
  "critical",
  "warning",
  "flame-text",
  "line-0",
  "line-1",
  "tl-gc-mark",
  "tl-stw",
  "tl-task",
] as const;

export interface Palette {
  /** By class, 0 to 255 each. */
  rgb: [number, number, number][];
  /** By class, as the bytes of a pixel. */
  pixel: Uint32Array;
  background: [number, number, number];
  /** For what runs on a processor, by group. */
  groups: [number, number, number][];
  /** By kind of range, for the foot of a lane; `sample` stands beside them. */
  feet: Uint32Array;
  sample: number;
  css: Record<(typeof PLAIN)[number], string>;
}

function parse(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.trim().slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

export function pixelOf([red, green, blue]: [number, number, number]): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const get = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const rgb = CLASSES.map((name) => parse(name === "none" ? get("surface") : get(`tl-${name}`)));
  const feet = new Uint32Array(8);
  for (const [kind, name] of [
    [MARK_ASSIST, "assist"],
    [REGION, "region"],
    [LOG, "log"],
    [SWEEP, "sweep"],
  ] as const) {
    feet[kind] = pixelOf(parse(get(`tl-${name}`)));
  }
  return {
    rgb,
    feet,
    sample: pixelOf(parse(get("tl-sample"))),
    pixel: Uint32Array.from(rgb, pixelOf),
    background: parse(get("surface")),
    groups: Array.from({ length: 10 }, (_, i) => parse(get(`flame-${i}`))),
    css: Object.fromEntries(PLAIN.map((name) => [name, get(name)])) as Palette["css"],
  };
}
