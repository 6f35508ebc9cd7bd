// The shape of edp.report/v1; docs/report.schema.json is its contract and says what each member means.

export type Severity = "INFO" | "WARNING" | "CRITICAL";
export type Basis = "measured" | "sampled" | "inferred";

export interface Location {
  function: string;
  file: string;
  line: number;
  role: string;
  source: string;
}

export interface Evidence {
  name: string;
  value: number | null;
  unit: string;
  threshold: number | null;
  basis: Basis;
  artefact: string;
  note: string;
  /** Where in the artefact, a trace, the figure was read. */
  interval?: { begin_ns: number; end_ns: number; goroutine: number | null };
}

export interface Finding {
  rule: string;
  severity: Severity;
  title: string;
  summary: string;
  evidence: Evidence[];
  location: Location;
  related: Location[];
  advice: string;
  fingerprint: string;
  target: string;
  // Missing in reports of older versions.
  confirmed_by?: string[];
  contradiction?: string;
}

export interface RuleOutcome {
  rule: string;
  target: string;
  status: "fired" | "clean" | "cannot_tell" | "not_applicable";
  reason: string;
}

export interface Collector {
  target: string;
  collector: string;
  outcome: "ok" | "partial" | "failed" | "timeout" | "cancelled" | "absent";
  message: string;
  duration_seconds: number | null;
  bytes: number;
}

export interface Artefact {
  name: string;
  target: string;
  media_type: string;
  size: number;
  sha256: string;
}

/** Each node is [name, place, parent, total, self]. */
export type FlameRow = [number, number, number, number, number];

export interface Flame {
  names: string[];
  nodes: FlameRow[];
  dropped: number;
}

export interface SampleType {
  type: string;
  unit: string;
  total: number;
  flame: Flame;
}

export interface FunctionRow {
  function: string;
  file: string;
  class: string;
  flat: number[];
  cum: number[];
}

export interface Profile {
  kind: string;
  delta: boolean;
  window_seconds: number | null;
  taken_at: number | null;
  artefact: string;
  samples: number;
  period: { type: string; unit: string; value: number };
  default_sample_type: number;
  sample_types: SampleType[];
  functions: FunctionRow[];
  functions_left_out: number;
  frame_classes: Record<string, string>;
}

export interface Frame {
  function: string;
  file: string;
  line: number;
}

export interface GoroutineGroup {
  state: string;
  count: number;
  longest_wait_minutes: number;
  waiting_a_minute: number;
  ids: number[];
  frames: Frame[];
  frames_left_out: number;
  created_by: Frame | null;
}

export interface Goroutines {
  taken_at: number | null;
  artefact: string;
  total: number;
  states: { state: string; count: number }[];
  groups: GoroutineGroup[];
  groups_left_out: number;
  fatal_error: string;
  truncated: boolean;
  problems: string[];
}

type Count = number | null;

export interface Memory {
  taken_at: number | null;
  artefact: string;
  go_version: string;
  alloc: Count;
  total_alloc: Count;
  sys: Count;
  mallocs: Count;
  frees: Count;
  heap_alloc: Count;
  heap_sys: Count;
  heap_idle: Count;
  heap_inuse: Count;
  heap_released: Count;
  heap_objects: Count;
  stack_inuse: Count;
  next_gc: Count;
  gc_count: Count;
  gc_pause_total_ns: Count;
  gc_cpu_fraction: Count;
  goroutines: Count;
  gomaxprocs: Count;
}

export interface Sampling {
  name: string;
  rate: number | null;
  unit: string;
  state: "on" | "off" | "unknown";
  meaning: string;
  how_to_change: string;
}

export interface Target {
  name: string;
  go_version: string;
  sampling: Sampling[];
  profiles: Profile[];
  memory: Memory[];
  goroutines: Goroutines[];
  missing: { collector: string; reason: string }[];
}

export interface Report {
  schema: "edp.report/v1";
  tool: { name: string; version: string };
  run: {
    id: string;
    started: string;
    duration_seconds: number | null;
    cancelled: boolean;
    gate: Severity;
    exit_status: number;
  };
  profile: { name: string };
  verdict: {
    worst: Severity | null;
    critical: number;
    warning: number;
    info: number;
    rules_clean: number;
    rules_cannot_tell: number;
  };
  findings: Finding[];
  rules: RuleOutcome[];
  collectors: Collector[];
  artefacts: Artefact[];
  masking: Record<string, number>;
  targets: Target[];
}

export function readReport(): Report {
  const text = document.getElementById("report")?.textContent ?? "";
  const report = JSON.parse(text) as Report;
  if (report.schema !== "edp.report/v1") throw new Error(`unknown schema ${String(report.schema)}`);
  return report;
}
