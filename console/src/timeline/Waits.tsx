import { useMemo } from "preact/hooks";
import { type Column, Table } from "../sections/common";
import { mainFrame, ns, ownStack, shortName, shortPlace, stateOf } from "./describe";
import type { Selected } from "./navigator";
import { endOf, functionOf, GC, LOCK, laneOf, RUNNABLE, SYSCALL, type Trace } from "./trace";

const MOST = 60;

interface Wait extends Selected {
  duration: number;
}

/** The longest of what nobody waits for by design: locks, processors, the collector, system calls. */
export function longestWaits(trace: Trace): Wait[] {
  const concerned = new Set([LOCK, RUNNABLE, GC, SYSCALL]);
  const { shape } = trace.slices;
  const wanted = trace.shapes.class.map((of) => (concerned.has(of) ? 1 : 0));
  const kept: { slot: number; duration: number }[] = [];
  let least = 0;
  for (let slot = 0; slot < shape.length; ++slot) {
    if (wanted[shape[slot] as number] === 0) continue;
    const duration = endOf(trace, slot) - (trace.slices.begin[slot] as number);
    if (duration <= least) continue;
    kept.push({ slot, duration });
    if (kept.length < 4 * MOST) continue;
    kept.sort((a, b) => b.duration - a.duration).length = MOST;
    least = kept[MOST - 1]?.duration ?? 0;
  }
  kept.sort((a, b) => b.duration - a.duration);
  return kept.slice(0, MOST).map((each) => ({ ...each, lane: laneOf(trace, each.slot) }));
}

export function Waits({
  trace,
  goTo,
}: {
  trace: Trace;
  goTo(to: Selected, begin: number, end: number): void;
}) {
  const waits = useMemo(() => longestWaits(trace), [trace]);
  if (waits.length === 0) return null;
  const begin = (wait: Wait) => trace.slices.begin[wait.slot] as number;
  const columns: Column<Wait>[] = [
    {
      id: "who",
      title: "Goroutine",
      sort: (wait) => trace.goroutines.id[wait.lane] as number,
      cell: (wait) => (
        <button
          type="button"
          class="link"
          onClick={() => goTo(wait, begin(wait), begin(wait) + wait.duration)}
        >
          {trace.goroutines.id[wait.lane]} {shortName(functionOf(trace, wait.lane))}
        </button>
      ),
    },
    {
      id: "lasted",
      title: "Lasted",
      numeric: true,
      sort: (wait) => wait.duration,
      cell: (wait) => ns(wait.duration),
    },
    { id: "at", title: "At", numeric: true, sort: begin, cell: (wait) => ns(begin(wait)) },
    {
      id: "state",
      title: "State",
      sort: (wait) => stateOf(trace, wait.slot),
      cell: (wait) => stateOf(trace, wait.slot),
    },
    {
      id: "where",
      title: "Where",
      cell: (wait) => {
        const frame = mainFrame(ownStack(trace, wait.slot));
        return frame ? (
          <span class="name">
            {shortName(frame.function)} <span class="where">{shortPlace(frame)}</span>
          </span>
        ) : (
          ""
        );
      },
    },
  ];
  return (
    <>
      <h3>Longest waits</h3>
      <Table
        label="Longest waits"
        columns={columns}
        rows={waits}
        keyOf={(wait) => String(wait.slot)}
        sortBy="lasted"
        limit={10}
      />
    </>
  );
}
