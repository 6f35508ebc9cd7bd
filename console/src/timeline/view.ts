// The span of time that is on the screen.

export interface View {
  t0: number;
  t1: number;
}

/** Nanoseconds below which there is nothing more to see. */
const SHORTEST = 200;

/** The view moved into the trace, its length kept where that is possible. */
export function clamp(view: View, duration: number): View {
  const length = Math.min(Math.max(view.t1 - view.t0, Math.min(SHORTEST, duration)), duration);
  const middle = (view.t0 + view.t1) / 2;
  const t0 = Math.min(Math.max(middle - length / 2, 0), duration - length);
  return { t0, t1: t0 + length };
}

/** Zoomed by a factor (below 1: closer) around a time, which keeps its place. */
export function zoom(view: View, factor: number, around: number, duration: number): View {
  const length = Math.min(Math.max((view.t1 - view.t0) * factor, SHORTEST), duration);
  const share = (around - view.t0) / (view.t1 - view.t0);
  const t0 = around - share * length;
  return clamp({ t0, t1: t0 + length }, duration);
}

export function pan(view: View, by: number, duration: number): View {
  const length = view.t1 - view.t0;
  const t0 = Math.min(Math.max(view.t0 + by, 0), duration - length);
  return { t0, t1: t0 + length };
}

/** A view that shows the span in its middle, with room around it. */
export function around(begin: number, end: number, duration: number): View {
  const length = Math.max((end - begin) * 1.6, 2000);
  const middle = (begin + end) / 2;
  return clamp({ t0: middle - length / 2, t1: middle + length / 2 }, duration);
}

/** Round steps for the ruler: 1, 2, 5 times a power of ten. */
export function tickStep(length: number, count: number): number {
  const raw = length / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((each) => each * power >= raw) ?? 10;
  return factor * power;
}
