import { count, plural } from "../format";
import type { Report, RuleOutcome, Sampling } from "../report";
import { Section } from "./common";

export function Unjudged({ report }: { report: Report }) {
  const several = report.targets.length > 1;
  const of = (status: RuleOutcome["status"]) => report.rules.filter((rule) => rule.status === status);
  const unknown = of("cannot_tell");
  const inapplicable = of("not_applicable");
  const clean = of("clean");
  return (
    <Section
      id="unjudged"
      title="Could not be judged"
      note={unknown.length === 0 ? "Every rule that applies had the data it needs." : undefined}
    >
      {unknown.length > 0 && <Reasons rules={unknown} several={several} />}
      {inapplicable.length > 0 && (
        <details>
          <summary>{plural(inapplicable.length, "rule")} not applicable here</summary>
          <Reasons rules={inapplicable} several={several} />
        </details>
      )}
      {clean.length > 0 && (
        <details>
          <summary>{plural(clean.length, "rule")} judged, nothing found</summary>
          <ul class="rule-list">
            {clean.map((rule) => (
              <li key={rule.rule + rule.target}>
                <code>{rule.rule}</code>
                {several && <span class="note"> {rule.target}</span>}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Section>
  );
}

function Reasons({ rules, several }: { rules: RuleOutcome[]; several: boolean }) {
  return (
    <dl class="reasons">
      {rules.map((rule) => (
        <div key={rule.rule + rule.target}>
          <dt>
            <code>{rule.rule}</code>
            {several && <span class="note"> {rule.target}</span>}
          </dt>
          <dd>{rule.reason}</dd>
        </div>
      ))}
    </dl>
  );
}

export function SamplingRates({ sampling }: { sampling: Sampling[] }) {
  if (sampling.length === 0) return null;
  return (
    <>
      <h3>Sampling rates in force</h3>
      <dl class="reasons sampling">
        {sampling.map((rate) => (
          <div key={rate.name}>
            <dt>
              <code>{rate.name}</code> <span class={`state ${rate.state}`}>{rate.state}</span>
              {rate.rate !== null && rate.state === "on" && (
                <span class="note">
                  {" "}
                  {count(rate.rate)} {rate.unit.includes(" N ") ? `(${rate.unit})` : rate.unit}
                </span>
              )}
            </dt>
            <dd>
              {rate.meaning}
              {rate.how_to_change !== "" && (
                <>
                  {" "}
                  To change it: <code>{rate.how_to_change}</code>
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
