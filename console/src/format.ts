// Figures for people. runner/report/text.cc writes the same forms to the terminal.

/** Three significant digits, no trailing zeros: 1.25, 12.3, 123. */
function short(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}

export function count(value: number): string {
  return Math.abs(value) < 100 ? short(value) : Math.round(value).toLocaleString("en-US");
}

export function bytes(value: number): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let scaled = value;
  let step = 0;
  while (Math.abs(scaled) >= 1024 && step < names.length - 1) {
    scaled /= 1024;
    ++step;
  }
  return `${short(scaled)} ${names[step]}`;
}

export function seconds(value: number): string {
  const size = Math.abs(value);
  if (size >= 7200) return `${short(value / 3600)} h`;
  if (size >= 120) return `${short(value / 60)} min`;
  if (size >= 1 || size === 0) return `${short(value)} s`;
  if (size >= 1e-3) return `${short(value * 1e3)} ms`;
  if (size >= 1e-6) return `${short(value * 1e6)} µs`;
  return `${short(value * 1e9)} ns`;
}

export function figure(value: number | null, unit: string): string {
  if (value === null) return "–";
  switch (unit) {
    case "percent":
      return `${short(value)}%`;
    case "nanoseconds":
      return seconds(value / 1e9);
    case "bytes":
      return bytes(value);
    case "per_second":
      return `${count(value)}/s`;
    case "minutes":
      return `${short(value)} min`;
    case "count":
    case "ratio":
    case "goroutines":
    case "":
      return count(value);
    default:
      return `${count(value)} ${unit}`;
  }
}

export function signed(value: number, unit: string): string {
  return value > 0 ? `+${figure(value, unit)}` : figure(value, unit);
}

export function percent(part: number, whole: number): string {
  return whole === 0 ? "–" : `${short((100 * part) / whole)}%`;
}

export function place(file: string, line: number): string {
  return line > 0 && file !== "" ? `${file}:${line}` : file;
}

export function moment(value: number | null): string {
  return value === null ? "" : `at ${seconds(value)}`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
