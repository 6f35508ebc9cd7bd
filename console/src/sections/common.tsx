import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Severity } from "../report";

interface SectionProps {
  id: string;
  title: string;
  note?: ComponentChildren;
  children: ComponentChildren;
}

export function Section({ id, title, note, children }: SectionProps) {
  return (
    <section id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`} tabIndex={-1}>
        {title}
      </h2>
      {note && <p class="note">{note}</p>}
      {children}
    </section>
  );
}

/** Draws its children only once they come near the screen: a large report opens at once. */
export function Lazy({ height, children }: { height: number; children: () => ComponentChildren }) {
  const place = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (!element || shown) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) setShown(true);
      },
      { rootMargin: "300px" },
    );
    observer.observe(element);
    const print = () => setShown(true);
    window.addEventListener("beforeprint", print);
    return () => {
      observer.disconnect();
      window.removeEventListener("beforeprint", print);
    };
  }, [shown]);
  if (shown) return <>{children()}</>;
  return <div ref={place} style={{ minHeight: `${height}px` }} />;
}

export function SeverityMark({ severity }: { severity: Severity }) {
  return <span class={`severity ${severity.toLowerCase()}`}>{severity}</span>;
}

interface Option {
  value: string;
  label: string;
}

interface SelectProps {
  label: string;
  value: string;
  options: Option[];
  onChange(value: string): void;
}

export function Select({ label, value, options, onChange }: SelectProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}

export interface Column<Row> {
  id: string;
  title: string;
  numeric?: boolean;
  /** What the column sorts by; a column without it can't be sorted. */
  sort?: (row: Row) => number | string;
  cell: (row: Row) => ComponentChildren;
}

interface TableProps<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  keyOf: (row: Row, index: number) => string;
  /** The column sorted by at first, largest first. */
  sortBy?: string;
  /** Rows shown before a press on "show all". */
  limit?: number;
}

export function Table<Row>({ label, columns, rows, keyOf, sortBy, limit = 15 }: TableProps<Row>) {
  const [order, setOrder] = useState<{ id: string; down: boolean } | null>(
    sortBy === undefined ? null : { id: sortBy, down: true },
  );
  const [all, setAll] = useState(false);
  const key = columns.find((column) => column.id === order?.id)?.sort;
  const sorted = key ? [...rows].sort((a, b) => compare(key(a), key(b)) * (order?.down ? -1 : 1)) : rows;
  const shown = all ? sorted : sorted.slice(0, limit);
  const press = (column: Column<Row>) =>
    setOrder((now) => ({ id: column.id, down: now?.id === column.id ? !now.down : column.numeric === true }));
  return (
    <>
      <table class="stack" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                class={column.numeric ? "number" : ""}
                aria-sort={order?.id === column.id ? (order.down ? "descending" : "ascending") : undefined}
              >
                {column.sort ? (
                  <button type="button" class="sort" onClick={() => press(column)}>
                    {column.title}
                    <span aria-hidden="true">
                      {order?.id === column.id ? (order.down ? " ↓" : " ↑") : ""}
                    </span>
                  </button>
                ) : (
                  column.title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, index) => (
            <tr key={keyOf(row, index)}>
              {columns.map((column) => (
                <td key={column.id} class={column.numeric ? "number" : ""} data-label={column.title}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > limit && (
        <button type="button" class="more" onClick={() => setAll(!all)}>
          {all ? `Show the first ${limit}` : `Show all ${rows.length}`}
        </button>
      )}
    </>
  );
}

function compare(a: number | string, b: number | string): number {
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a) < String(b)
      ? -1
      : a === b
        ? 0
        : 1;
}
