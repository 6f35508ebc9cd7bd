import { bytes, count, percent, seconds } from "../format";
import type { Memory, Target } from "../report";
import { Section } from "./common";

interface Row {
  title: string;
  of: (memory: Memory) => number | null;
  show: (value: number) => string;
  /** Counts since the start: the change is what tells. */
  grows?: boolean;
}

const share = (value: number) => percent(value, 1);

const ROWS: Row[] = [
  { title: "Heap in use (spans)", of: (memory) => memory.heap_inuse, show: bytes },
  { title: "Heap allocated (objects)", of: (memory) => memory.heap_alloc, show: bytes },
  { title: "Heap idle", of: (memory) => memory.heap_idle, show: bytes },
  { title: "Heap given back to the system", of: (memory) => memory.heap_released, show: bytes },
  { title: "Next GC at", of: (memory) => memory.next_gc, show: bytes },
  { title: "Stacks", of: (memory) => memory.stack_inuse, show: bytes },
  { title: "From the system", of: (memory) => memory.sys, show: bytes },
  { title: "Live objects", of: (memory) => memory.heap_objects, show: count },
  { title: "Allocated since the start", of: (memory) => memory.total_alloc, show: bytes, grows: true },
  { title: "Mallocs since the start", of: (memory) => memory.mallocs, show: count, grows: true },
  { title: "Frees since the start", of: (memory) => memory.frees, show: count, grows: true },
  { title: "GC cycles", of: (memory) => memory.gc_count, show: count, grows: true },
  {
    title: "GC pauses, total",
    of: (memory) => memory.gc_pause_total_ns,
    show: (value) => seconds(value / 1e9),
    grows: true,
  },
  { title: "GC share of CPU", of: (memory) => memory.gc_cpu_fraction, show: share },
  { title: "Goroutines", of: (memory) => memory.goroutines, show: count },
  { title: "GOMAXPROCS", of: (memory) => memory.gomaxprocs, show: count },
];

export function MemorySection({ target }: { target: Target }) {
  const first = target.memory[0];
  const last = target.memory.at(-1);
  if (!first || !last) return null;
  const rows = ROWS.filter((row) => target.memory.some((memory) => row.of(memory) !== null));
  const elapsed = (last.taken_at ?? 0) - (first.taken_at ?? 0);
  return (
    <Section id="memory" title="Memory">
      {target.memory.length > 1 && elapsed > 0 && <HeapChart memory={target.memory} />}
      <table class="stack" aria-label="Memory figures">
        <thead>
          <tr>
            <th scope="col">Figure</th>
            {elapsed > 0 && (
              <th scope="col" class="number">
                First
              </th>
            )}
            <th scope="col" class="number">
              Last
            </th>
            {elapsed > 0 && (
              <th scope="col" class="number">
                Change
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const before = row.of(first);
            const now = row.of(last);
            return (
              <tr key={row.title}>
                <td data-label="Figure">{row.title}</td>
                {elapsed > 0 && (
                  <td class="number" data-label="First">
                    {before === null ? "–" : row.show(before)}
                  </td>
                )}
                <td class="number" data-label="Last">
                  {now === null ? "–" : row.show(now)}
                </td>
                {elapsed > 0 && (
                  <td class="number" data-label="Change">
                    {before === null || now === null ? "–" : change(row, now - before, elapsed)}
                  </td>
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
    </Section>
  );
}

function change(row: Row, by: number, elapsed: number): string {
  if (by === 0) return "0";
  const text = `${by > 0 ? "+" : ""}${row.show(by)}`;
  return row.grows ? `${text} (${row.show(by / elapsed)}/s)` : text;
}

const LINES: { title: string; colour: string; of: (memory: Memory) => number | null }[] = [
  { title: "heap in use", colour: "--line-0", of: (memory) => memory.heap_inuse },
  { title: "heap allocated", colour: "--line-1", of: (memory) => memory.heap_alloc },
  { title: "next GC", colour: "--line-2", of: (memory) => memory.next_gc },
];

const WIDTH = 640;
const HEIGHT = 160;
const LEFT = 90;
const TOP = 14;
const BOTTOM = 26;

function HeapChart({ memory }: { memory: Memory[] }) {
  const times = memory.map((each) => each.taken_at ?? 0);
  const start = Math.min(...times);
  const end = Math.max(...times);
  const top = Math.max(1, ...memory.flatMap((each) => LINES.map((line) => line.of(each) ?? 0)));
  const x = (time: number) => LEFT + ((time - start) / (end - start)) * (WIDTH - LEFT - 8);
  const y = (value: number) => TOP + (1 - value / top) * (HEIGHT - BOTTOM - TOP);
  const present = LINES.filter((line) => memory.some((each) => line.of(each) !== null));
  if (present.length === 0) return null;
  return (
    <figure class="chart">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label="Heap over the run; the table below has the figures"
      >
        {[0, 0.5, 1].map((part) => (
          <g key={part}>
            <line x1={LEFT} x2={WIDTH - 8} y1={y(top * part)} y2={y(top * part)} class="grid" />
            <text x={LEFT - 8} y={y(top * part) + 4} text-anchor="end">
              {bytes(top * part)}
            </text>
          </g>
        ))}
        <text x={LEFT} y={HEIGHT - 4}>
          {seconds(start)}
        </text>
        <text x={WIDTH - 8} y={HEIGHT - 4} text-anchor="end">
          {seconds(end)}
        </text>
        {present.map((line) => {
          const points = memory.flatMap((each) => {
            const value = line.of(each);
            return value === null ? [] : [`${x(each.taken_at ?? 0).toFixed(1)},${y(value).toFixed(1)}`];
          });
          return (
            <g key={line.title} style={{ color: `var(${line.colour})` }}>
              <polyline points={points.join(" ")} class="line" />
              {points.map((point) => {
                const [cx, cy] = point.split(",");
                return <circle key={point} cx={cx} cy={cy} r="2.5" class="dot" />;
              })}
            </g>
          );
        })}
      </svg>
      <ul class="legend">
        {present.map((line) => (
          <li key={line.title}>
            <span class="swatch" style={{ background: `var(${line.colour})` }} />
            {line.title}
          </li>
        ))}
      </ul>
    </figure>
  );
}
