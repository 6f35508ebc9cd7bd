// Which row stands where. Rows are what the reader has unfolded, not what the trace holds.
import { GC_MARK, STOP_THE_WORLD, TASK, type Trace } from "./trace";

export type Row = { y: number; height: number } & (
  | { kind: "process" }
  | { kind: "findings" }
  | { kind: "heap" }
  | { kind: "procs"; open: boolean }
  | { kind: "proc"; proc: number }
  | { kind: "tasks"; items: number[]; label: string }
  | { kind: "group"; group: number; open: boolean; shown: number }
  | { kind: "lane"; lane: number }
);

export const LANE = 20;
export const GROUP = 46;
const PROCESS = 20;
const HEAP = 58;
const TASKS = 15;
const MAX_TASK_ROWS = 5;
const LANES_OPEN_AT_FIRST = 40;

export interface Folds {
  procs: boolean;
  groups: Set<number>;
}

export function firstFolds(trace: Trace): Folds {
  const groups = new Set<number>();
  let lanes = 0;
  for (const [i, group] of trace.groups.entries()) {
    lanes += group.lanes.length;
    if (lanes > LANES_OPEN_AT_FIRST) break;
    groups.add(i);
  }
  return { procs: trace.procs.id.length <= 4, groups };
}

/** Tasks that overlap go into rows of their own; those that find none are counted in the last row's label. */
function packTasks(trace: Trace): { items: number[]; label: string }[] {
  const rows: { end: number; items: number[] }[] = [];
  let left = 0;
  const { kind, begin, end } = trace.ranges;
  for (let i = 0; i < kind.length; ++i) {
    if (kind[i] !== TASK) continue;
    let row = rows.find((each) => each.end <= (begin[i] as number));
    if (!row) {
      if (rows.length === MAX_TASK_ROWS) {
        ++left;
        continue;
      }
      row = { end: 0, items: [] };
      rows.push(row);
    }
    row.items.push(i);
    row.end = end[i] as number;
  }
  return rows.map(({ items }, i) => ({
    items,
    label: i === 0 ? "Tasks" : i === rows.length - 1 && left > 0 ? `and ${left} more` : "",
  }));
}

export class Layout {
  readonly rows: Row[] = [];
  readonly height: number;
  readonly #ofLane = new Map<number, Row>();
  readonly #ofGroup = new Map<number, Row>();

  /** `matches` says which lanes the reader's search finds; null: no search. */
  constructor(trace: Trace, folds: Folds, matches: ((lane: number) => boolean) | null, findings: boolean) {
    let y = 0;
    const add = (row: Row): Row => {
      row.y = y;
      y += row.height;
      this.rows.push(row);
      return row;
    };
    const at = { y: 0 };
    const { kind } = trace.ranges;
    if (findings) add({ ...at, kind: "findings", height: PROCESS });
    if (kind.some((of) => of === GC_MARK || of === STOP_THE_WORLD)) {
      add({ ...at, kind: "process", height: PROCESS });
    }
    if ((trace.series[0]?.time.length ?? 0) > 1) add({ ...at, kind: "heap", height: HEAP });
    add({ ...at, kind: "procs", open: folds.procs, height: GROUP });
    if (folds.procs) {
      for (let proc = 0; proc < trace.procs.id.length; ++proc)
        add({ ...at, kind: "proc", proc, height: LANE });
    }
    for (const row of packTasks(trace)) add({ ...at, kind: "tasks", ...row, height: TASKS });
    for (const [group, of] of trace.groups.entries()) {
      const lanes = matches ? of.lanes.filter(matches) : of.lanes;
      if (matches && lanes.length === 0) continue;
      const open = matches !== null || folds.groups.has(group);
      this.#ofGroup.set(
        group,
        add({ ...at, kind: "group", group, open, shown: lanes.length, height: GROUP }),
      );
      if (!open) continue;
      for (const lane of lanes) this.#ofLane.set(lane, add({ ...at, kind: "lane", lane, height: LANE }));
    }
    this.height = y;
  }

  /** Index of the row at a height; -1 below the last. */
  indexAt(y: number): number {
    if (y < 0 || y >= this.height) return -1;
    let low = 0;
    let high = this.rows.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.rows[middle] as Row).y <= y) low = middle;
      else high = middle;
    }
    return low;
  }

  rowOfLane(lane: number): Row | undefined {
    return this.#ofLane.get(lane);
  }
  /** The lane's row, or that of its group where it is folded. */
  rowNear(trace: Trace, lane: number): Row | undefined {
    return this.#ofLane.get(lane) ?? this.#ofGroup.get(trace.goroutines.group[lane] as number);
  }
}
