import { useEffect, useMemo, useState } from "preact/hooks";
import { count, moment, plural, seconds } from "../format";
import type { Finding } from "../report";
import { decodeTrace } from "../timeline/decode";
import { ns } from "../timeline/describe";
import type { Mark } from "../timeline/scene";
import { type Links, TimelineView } from "../timeline/TimelineView";
import type { Trace, TraceHead } from "../timeline/trace";
import { Lazy, Section, Select } from "./common";
import "../timeline/timeline.css";

interface Props {
  /** The chosen target's traces. */
  heads: TraceHead[];
  /** Those of the target, with their place in the report. */
  findings: { finding: Finding; index: number }[];
  /** A finding to show; another object each time one is asked for. */
  wanted: { finding: number } | null;
  links: Links;
}

/** The first place in a trace that a finding rests on. */
export function intervalOf(finding: Finding, heads: TraceHead[]) {
  for (const evidence of finding.evidence) {
    if (!evidence.interval) continue;
    const trace = heads.findIndex(
      (head) => head.artefact === evidence.artefact && head.target === finding.target,
    );
    if (trace >= 0) return { trace, interval: evidence.interval };
  }
  return null;
}

export function Timeline(props: Props) {
  if (props.heads.length === 0) return null;
  return (
    <Section id="timeline" title="Timeline">
      <Lazy height={700}>{() => <Traces {...props} />}</Lazy>
    </Section>
  );
}

function Traces({ heads, findings, wanted, links }: Props) {
  const [chosen, setChosen] = useState(0);
  useEffect(() => {
    const finding = findings.find((each) => each.index === wanted?.finding)?.finding;
    const place = finding && intervalOf(finding, heads);
    if (place) setChosen(place.trace);
  }, [wanted]);
  const head = heads[chosen] as TraceHead;
  return (
    <>
      {heads.length > 1 && (
        <div class="tools">
          <Select
            label="Trace"
            value={String(chosen)}
            options={heads.map((each, index) => ({ value: String(index), label: nameOf(each) }))}
            onChange={(value) => setChosen(Number(value))}
          />
        </div>
      )}
      <Summary head={head} />
      <OneTrace key={chosen} head={head} heads={heads} findings={findings} wanted={wanted} links={links} />
    </>
  );
}

const nameOf = (head: TraceHead): string =>
  `${head.artefact}, ${seconds(head.duration_ns / 1e9)} ${moment(head.taken_at)}`.trim();

/** What the trace holds, and what of it is not on the page. */
function Summary({ head }: { head: TraceHead }) {
  const [slices, kept] = head.slices;
  const [goroutines, lanes] = head.goroutines;
  const left: string[] = [];
  if (lanes < goroutines) {
    left.push(
      `Of ${plural(goroutines, "goroutine")} the ${count(lanes)} that waited longest have a lane of their own; the others are in the summed lane of their function.`,
    );
  }
  if (head.merge_below_ns > 0) {
    left.push(
      `Of ${plural(slices, "state")} those of ${ns(head.merge_below_ns)} and more are kept one by one, shorter ones are merged with their neighbours (${count(kept)} in all).`,
    );
  }
  const part = (name: string, [all, here]: [number, number]) => {
    if (here < all) left.push(`Of ${count(all)} ${name} ${count(here)} are here.`);
  };
  part("ranges (regions, assists, sweeps, logs), the longest", head.ranges);
  part("CPU samples", head.samples);
  return (
    <>
      <p class="note">
        {head.artefact}: {ns(head.duration_ns)}, {plural(goroutines, "goroutine")}, {plural(slices, "state")},
        Go 1.{head.go_minor} format.
      </p>
      {left.length > 0 && <p class="note left-out">{left.join(" ")}</p>}
      {head.problems.map((problem) => (
        <p key={problem} class="note problem">
          {problem}
        </p>
      ))}
    </>
  );
}

function OneTrace({ head, heads, findings, wanted, links }: Props & { head: TraceHead }) {
  const [trace, setTrace] = useState<Trace | null>(null);
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    let current = true;
    decodeTrace(head).then(
      (decoded) => current && setTrace(decoded),
      (error) => current && setTrouble(String(error)),
    );
    return () => {
      current = false;
    };
  }, [head]);
  const marks = useMemo(() => (trace ? marksOf(trace, head, heads, findings) : []), [trace, findings]);
  const target = useMemo(() => {
    const mark = marks.find((each) => each.finding === wanted?.finding);
    return mark ? { mark } : null;
  }, [marks, wanted]);
  if (trouble !== "") return <p class="note problem">The timeline could not be drawn: {trouble}</p>;
  if (!trace) return <p class="note">Reading the trace…</p>;
  return <TimelineView trace={trace} marks={marks} target={target} links={links} />;
}

function marksOf(trace: Trace, head: TraceHead, heads: TraceHead[], findings: Props["findings"]): Mark[] {
  return findings.flatMap(({ finding, index }) => {
    const place = intervalOf(finding, heads);
    if (!place || heads[place.trace] !== head) return [];
    const { begin_ns, end_ns, goroutine } = place.interval;
    const lane = goroutine === null ? -1 : trace.goroutines.id.subarray(0, trace.lanes).indexOf(goroutine);
    return [{ begin: begin_ns, end: end_ns, lane, finding: index }];
  });
}
