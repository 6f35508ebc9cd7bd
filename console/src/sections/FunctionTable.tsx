import { useMemo, useState } from "preact/hooks";
import { familyColour } from "../flame/colours";
import { figure, percent, plural, signed } from "../format";
import type { FunctionRow, Profile } from "../report";
import { type Column, Table } from "./common";

interface Props {
  profile: Profile;
  type: number;
  against?: Profile | undefined;
}

/** The top table of one sample type. */
export function FunctionTable({ profile, type, against }: Props) {
  const sampleType = profile.sample_types[type];
  const before = useMemo(() => new Map(against?.functions.map((row) => [row.function, row])), [against]);
  if (!sampleType) return null;
  const { unit, total } = sampleType;
  const change = (row: FunctionRow) => (row.cum[type] ?? 0) - (before.get(row.function)?.cum[type] ?? 0);
  const columns: Column<FunctionRow>[] = [
    functionColumn,
    ...amount("flat", "Flat", (row) => row.flat[type] ?? 0, unit, total),
    ...amount("cum", "Cumulative", (row) => row.cum[type] ?? 0, unit, total),
  ];
  if (against) {
    columns.push({
      id: "change",
      title: "Change",
      numeric: true,
      sort: change,
      cell: (row) => signed(change(row), unit),
    });
  }
  const rows = profile.functions.filter((row) => row.flat[type] !== 0 || row.cum[type] !== 0);
  return (
    <FilteredTable
      label="Top functions"
      rows={rows}
      columns={columns}
      sortBy="flat"
      leftOut={profile.functions_left_out}
    />
  );
}

/** All sample types of a heap profile side by side. */
export function HeapTable({ profile }: { profile: Profile }) {
  const columns: Column<FunctionRow>[] = [functionColumn];
  profile.sample_types.forEach((type, index) => {
    columns.push({
      id: type.type,
      title: type.type.replace("_", " "),
      numeric: true,
      sort: (row) => row.flat[index] ?? 0,
      cell: (row) => (
        <span title={`${percent(row.flat[index] ?? 0, type.total)} of ${figure(type.total, type.unit)}`}>
          {figure(row.flat[index] ?? 0, type.unit)}
        </span>
      ),
    });
  });
  const rows = profile.functions.filter((row) => row.flat.some((value) => value !== 0));
  const first = profile.sample_types[profile.default_sample_type]?.type;
  return (
    <FilteredTable
      label="Heap by allocating function"
      rows={rows}
      columns={columns}
      {...(first === undefined ? {} : { sortBy: first })}
      leftOut={profile.functions_left_out}
    />
  );
}

const functionColumn: Column<FunctionRow> = {
  id: "function",
  title: "Function",
  sort: (row) => row.function,
  cell: (row) => (
    <>
      <span class="name">{row.function}</span>
      {row.class !== "" && (
        <span class="tag">
          <span class="swatch" style={{ background: `var(${familyColour(row.class)})` }} />
          {row.class}
        </span>
      )}
      <small>{row.file}</small>
    </>
  ),
};

function amount(
  id: string,
  title: string,
  value: (row: FunctionRow) => number,
  unit: string,
  total: number,
): Column<FunctionRow>[] {
  const share = (row: FunctionRow) => (total === 0 ? 0 : Math.min(Math.abs(value(row) / total), 1));
  return [
    {
      id,
      title,
      numeric: true,
      sort: (row) => value(row),
      cell: (row) => (
        <span class="bar" style={{ "--share": `${(100 * share(row)).toFixed(1)}%` }}>
          {figure(value(row), unit)} <small>{percent(value(row), total)}</small>
        </span>
      ),
    },
  ];
}

interface FilteredProps {
  label: string;
  rows: FunctionRow[];
  columns: Column<FunctionRow>[];
  sortBy?: string;
  leftOut: number;
}

function FilteredTable({ label, rows, columns, sortBy, leftOut }: FilteredProps) {
  const [filter, setFilter] = useState("");
  const term = filter.trim().toLowerCase();
  const kept = rows.filter(
    (row) =>
      row.function.toLowerCase().includes(term) ||
      row.file.toLowerCase().includes(term) ||
      row.class.includes(term),
  );
  return (
    <>
      <div class="tools">
        <label class="field grow">
          <span>Filter</span>
          <input
            type="search"
            placeholder="function, file or class"
            value={filter}
            aria-label={`Filter ${label}`}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
        </label>
        <p class="figures">
          {plural(kept.length, "function")}
          {leftOut > 0 && `; ${leftOut} lighter ones are in the artefact only`}
        </p>
      </div>
      <Table
        label={label}
        rows={kept}
        columns={columns}
        keyOf={(row) => row.function}
        {...(sortBy ? { sortBy } : {})}
      />
    </>
  );
}
