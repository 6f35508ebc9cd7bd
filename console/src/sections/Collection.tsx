import { bytes, count, figure } from "../format";
import type { Artefact, Collector, Report } from "../report";
import { type Column, Section, Table } from "./common";
import { SamplingRates } from "./Unjudged";

export function Collection({ report, target }: { report: Report; target: number }) {
  const several = report.targets.length > 1;
  const masked = Object.entries(report.masking);
  return (
    <Section id="collection" title="How it was collected">
      <SamplingRates sampling={report.targets[target]?.sampling ?? []} />
      <h3>Collectors</h3>
      <Table
        label="Collectors"
        columns={withTarget(collectorColumns, several)}
        rows={report.collectors}
        keyOf={(row) => row.target + row.collector}
      />
      <h3>Artefacts</h3>
      <Table
        label="Artefacts"
        columns={withTarget(artefactColumns, several)}
        rows={report.artefacts}
        keyOf={(row) => row.target + row.name}
      />
      {masked.length > 0 && (
        <p class="note">Masked: {masked.map(([name, times]) => `${name} ${count(times)}`).join(", ")}</p>
      )}
    </Section>
  );
}

function withTarget<Row extends { target: string }>(columns: Column<Row>[], several: boolean): Column<Row>[] {
  if (!several) return columns;
  return [
    ...columns,
    { id: "target", title: "Target", sort: (row) => row.target, cell: (row) => row.target },
  ];
}

const collectorColumns: Column<Collector>[] = [
  {
    id: "collector",
    title: "Collector",
    sort: (row) => row.collector,
    cell: (row) => <span class="name">{row.collector}</span>,
  },
  {
    id: "outcome",
    title: "Outcome",
    sort: (row) => row.outcome,
    cell: (row) => (
      <>
        <span class={`outcome ${row.outcome}`}>{row.outcome}</span>
        {row.message !== "" && <small>{row.message}</small>}
      </>
    ),
  },
  {
    id: "duration",
    title: "Duration",
    numeric: true,
    sort: (row) => row.duration_seconds ?? 0,
    cell: (row) => figure(row.duration_seconds === null ? null : row.duration_seconds * 1e9, "nanoseconds"),
  },
  {
    id: "bytes",
    title: "Received",
    numeric: true,
    sort: (row) => row.bytes,
    cell: (row) => bytes(row.bytes),
  },
];

const artefactColumns: Column<Artefact>[] = [
  {
    id: "name",
    title: "Artefact",
    sort: (row) => row.name,
    cell: (row) => <span class="name">{row.name}</span>,
  },
  { id: "type", title: "Type", sort: (row) => row.media_type, cell: (row) => row.media_type },
  { id: "size", title: "Size", numeric: true, sort: (row) => row.size, cell: (row) => bytes(row.size) },
  {
    id: "sha256",
    title: "SHA-256",
    cell: (row) => (
      <code class="hash" title={row.sha256}>
        {row.sha256}
      </code>
    ),
  },
];
