import { useState } from "preact/hooks";
import { figure, place, plural } from "../format";
import type { Evidence, Finding, Location } from "../report";
import { Section, SeverityMark } from "./common";

/** The worst are unfolded; the others still show what and where. */
const OPEN_AT_FIRST = 3;

export interface FindingsProps {
  findings: Finding[];
  showTarget: boolean;
  rulesClean: number;
  /** Whether a flame graph has this function, and how to go there. */
  hasFlame(finding: Finding): boolean;
  showFlame(finding: Finding): void;
  /** Whether a trace on the page has the place it rests on, and how to go there. */
  hasTimeline(finding: Finding): boolean;
  showInTimeline(finding: Finding): void;
}

export function Findings(props: FindingsProps) {
  const { findings } = props;
  return (
    <Section id="findings" title={findings.length === 0 ? "No finding" : "Findings"}>
      {findings.length === 0 && (
        <p class="calm">
          {props.rulesClean > 0
            ? `${plural(props.rulesClean, "rule")} looked and found nothing. What could not be judged is listed below.`
            : "Nothing could be judged: see below what is missing."}
        </p>
      )}
      {findings.map((finding, index) => (
        <FindingCard key={`${index}${finding.fingerprint}`} {...props} finding={finding} index={index} />
      ))}
    </Section>
  );
}

function FindingCard(props: FindingsProps & { finding: Finding; index: number }) {
  const { finding, index } = props;
  const [open, setOpen] = useState(finding.severity !== "INFO" && index < OPEN_AT_FIRST);
  const id = `finding-${index + 1}`;
  return (
    <article
      id={id}
      class={`finding ${finding.severity.toLowerCase()}`}
      aria-labelledby={`${id}-title`}
      tabIndex={-1}
    >
      <header>
        <button
          type="button"
          class="fold"
          aria-expanded={open}
          aria-controls={`${id}-body`}
          onClick={() => setOpen(!open)}
        >
          <SeverityMark severity={finding.severity} />
          <span class="title" id={`${id}-title`}>
            {finding.title}
          </span>
          <span class="chevron" aria-hidden="true" />
        </button>
      </header>
      <Place location={finding.location} first />
      {open && (
        <div id={`${id}-body`} class="finding-body">
          {props.showTarget && <p class="note">Target {finding.target}</p>}
          <p class="summary">{finding.summary}</p>
          {(finding.confirmed_by?.length ?? 0) > 0 && (
            <p class="note">
              Confirmed by {finding.confirmed_by?.join(", ")}: its evidence stands beside this rule's.
            </p>
          )}
          {finding.contradiction && <p class="note">Contradicted: {finding.contradiction}.</p>}
          <EvidenceTable evidence={finding.evidence} />
          {finding.related.length > 0 && (
            <div class="related">
              <h3>Related lines</h3>
              {finding.related.map((location, at) => (
                <Place key={`${at}${location.file}`} location={location} />
              ))}
            </div>
          )}
          {finding.advice !== "" && (
            <div class="advice">
              <h3>What to do</h3>
              <p>{finding.advice}</p>
            </div>
          )}
          <footer>
            {props.hasFlame(finding) && (
              <button type="button" class="link" onClick={() => props.showFlame(finding)}>
                Show in the flame graph
              </button>
            )}
            {props.hasTimeline(finding) && (
              <button type="button" class="link" onClick={() => props.showInTimeline(finding)}>
                Show in the timeline
              </button>
            )}
            <span title="The page on this rule in EDP's documentation">docs/rules/{finding.rule}.md</span>
            <span title="The same fault in the same place has this value from run to run">
              fingerprint {finding.fingerprint}
            </span>
          </footer>
        </div>
      )}
    </article>
  );
}

function Place({ location, first = false }: { location: Location; first?: boolean }) {
  const where = place(location.file, location.line);
  return (
    <figure class={first ? "place first" : "place"}>
      <figcaption>
        {where !== "" && <span class="where">{where}</span>}
        <span class="function">{location.function}</span>
        {location.role !== "" && <span class="tag">{location.role}</span>}
      </figcaption>
      {location.source !== "" && (
        <pre>
          <code>
            {location.line > 0 && <span class="line-number">{location.line}</span>}
            {location.source.trim()}
          </code>
        </pre>
      )}
    </figure>
  );
}

function EvidenceTable({ evidence }: { evidence: Evidence[] }) {
  if (evidence.length === 0) return null;
  return (
    <table class="stack evidence" aria-label="Evidence">
      <thead>
        <tr>
          <th scope="col">Evidence</th>
          <th scope="col" class="number">
            Figure
          </th>
          <th scope="col" class="number">
            Threshold
          </th>
          <th scope="col">Basis</th>
          <th scope="col">Artefact</th>
        </tr>
      </thead>
      <tbody>
        {evidence.map((figureOf, index) => (
          <tr key={`${index}${figureOf.name}`}>
            <td data-label="Evidence">
              {figureOf.name}
              {figureOf.note !== "" && <small>{figureOf.note}</small>}
            </td>
            <td class="number strong" data-label="Figure">
              {figure(figureOf.value, figureOf.unit)}
            </td>
            <td class="number" data-label="Threshold">
              {figure(figureOf.threshold, figureOf.unit)}
            </td>
            <td data-label="Basis">
              <span class={`basis ${figureOf.basis}`}>{figureOf.basis}</span>
            </td>
            <td class="artefact" data-label="Artefact">
              {figureOf.artefact}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
