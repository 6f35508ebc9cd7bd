import { plural, seconds } from "../format";
import type { Report } from "../report";

interface Props {
  report: Report;
  onTheme(): void;
  onHelp(): void;
}

export function Header({ report, onTheme, onHelp }: Props) {
  const { run, verdict } = report;
  const started = run.started.replace("T", " ").replace(/\.\d+Z$/, " UTC");
  const parts = [
    verdict.critical > 0 && `${verdict.critical} critical`,
    verdict.warning > 0 && plural(verdict.warning, "warning"),
    verdict.info > 0 && `${verdict.info} info`,
  ].filter((part) => part !== false);
  const judged = report.rules.filter((rule) => rule.status === "fired" || rule.status === "clean").length;
  const headline =
    parts.length > 0 ? parts.join(", ") : judged > 0 ? "Nothing found" : "Nothing could be judged";
  return (
    <header class="page-header">
      <div class="top">
        <p class="brand">
          <strong>EDP</strong> report
        </p>
        <div class="actions">
          <button type="button" onClick={onTheme} aria-keyshortcuts="t">
            Light / dark
          </button>
          <button type="button" onClick={onHelp} aria-keyshortcuts="?" aria-haspopup="dialog">
            Keys
          </button>
        </div>
      </div>
      <h1 class={(verdict.worst ?? (judged > 0 ? "clean" : "unknown")).toLowerCase()}>{headline}</h1>
      <dl class="facts">
        {report.targets.map((target) => (
          <div key={target.name}>
            <dt>Target</dt>
            <dd>
              <span class="name">{target.name}</span> {target.go_version}
            </dd>
          </div>
        ))}
        <div>
          <dt>Started</dt>
          <dd>
            {started}
            {run.duration_seconds !== null && `, took ${seconds(run.duration_seconds)}`}
            {run.cancelled && ", cancelled: partial"}
          </dd>
        </div>
        <div>
          <dt>Profile</dt>
          <dd>{report.profile.name || "–"}</dd>
        </div>
        <div>
          <dt>Rules</dt>
          <dd>
            {judged} of {report.rules.length} judged
            {verdict.rules_cannot_tell > 0 && (
              <>
                , <a href="#unjudged">{verdict.rules_cannot_tell} could not be</a>
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>Exit status</dt>
          <dd>
            {run.exit_status} (gate {run.gate})
          </dd>
        </div>
      </dl>
    </header>
  );
}
