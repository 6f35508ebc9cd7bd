import { useMemo, useState } from "preact/hooks";
import { count, moment, percent, place, plural, signed } from "../format";
import { isProgram } from "../names";
import type { Frame, GoroutineGroup, Goroutines, Target } from "../report";
import { Lazy, Section, Select } from "./common";

const SHOWN = 15;

export function GoroutineSection({ target }: { target: Target }) {
  const [chosen, setChosen] = useState(target.goroutines.length - 1);
  const snapshot = target.goroutines[chosen];
  if (!snapshot) return null;
  return (
    <Section id="goroutines" title="Goroutines">
      {target.goroutines.length > 1 && (
        <div class="tools">
          <Select
            label="Snapshot"
            value={String(chosen)}
            options={target.goroutines.map((each, index) => ({
              value: String(index),
              label: `${moment(each.taken_at)}, ${plural(each.total, "goroutine")}`,
            }))}
            onChange={(value) => setChosen(Number(value))}
          />
        </div>
      )}
      <Lazy height={500}>
        {() => <Snapshot key={chosen} snapshot={snapshot} earlier={target.goroutines[chosen - 1]} />}
      </Lazy>
    </Section>
  );
}

function Snapshot({ snapshot, earlier }: { snapshot: Goroutines; earlier: Goroutines | undefined }) {
  const [filter, setFilter] = useState("");
  const [all, setAll] = useState(false);
  const before = useMemo(
    () => new Map(earlier?.groups.map((group) => [identity(group), group.count])),
    [earlier],
  );
  const term = filter.trim().toLowerCase();
  const kept = snapshot.groups.filter((group) => matches(group, term));
  const shown = all ? kept : kept.slice(0, SHOWN);
  return (
    <>
      {snapshot.fatal_error !== "" && <p class="alarm">The process ended with: {snapshot.fatal_error}</p>}
      <ul class="states" aria-label="Goroutines by state">
        {snapshot.states.map((state) => (
          <li key={state.state}>
            <span class="name">{state.state}</span>
            <span
              class="bar"
              style={{ "--share": `${((100 * state.count) / Math.max(snapshot.total, 1)).toFixed(1)}%` }}
            >
              {count(state.count)} <small>{percent(state.count, snapshot.total)}</small>
            </span>
          </li>
        ))}
      </ul>
      <div class="tools">
        <label class="field grow">
          <span>Filter</span>
          <input
            type="search"
            placeholder="state, function or file"
            value={filter}
            aria-label="Filter goroutine groups"
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
        </label>
        <p class="figures">
          {plural(kept.length, "group")} of {plural(snapshot.total, "goroutine")}
          {snapshot.groups_left_out > 0 && `; ${snapshot.groups_left_out} smaller groups not listed`}
        </p>
      </div>
      <div class="groups">
        {shown.map((group) => (
          <Group
            key={identity(group)}
            group={group}
            before={earlier ? (before.get(identity(group)) ?? 0) : undefined}
          />
        ))}
      </div>
      {kept.length > SHOWN && (
        <button type="button" class="more" onClick={() => setAll(!all)}>
          {all ? `Show the first ${SHOWN}` : `Show all ${kept.length}`}
        </button>
      )}
      {(snapshot.truncated || snapshot.problems.length > 0) && (
        <details>
          <summary>A part of the dump could not be read</summary>
          <ul>
            {snapshot.problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Group({ group, before }: { group: GoroutineGroup; before: number | undefined }) {
  const first =
    group.frames.find((frame) => isProgram(frame.function)) ??
    group.frames.find((frame) => !isPlumbing(frame)) ??
    group.frames[0];
  const change = before === undefined ? 0 : group.count - before;
  return (
    <details class="group">
      <summary>
        <span class="count">{count(group.count)}</span>
        <span class="what">
          <span class="name">{first?.function ?? "(no frames)"}</span>
          <span class="tag">{group.state}</span>
          {group.longest_wait_minutes > 0 && (
            <span class="tag warn">up to {group.longest_wait_minutes} min</span>
          )}
          {change !== 0 && <span class={change > 0 ? "tag warn" : "tag"}>{signed(change, "count")}</span>}
          <small>{first && place(first.file, first.line)}</small>
        </span>
      </summary>
      <ol class="stack-frames">
        {group.frames.map((frame, index) => (
          <FrameLine key={`${index}${frame.function}`} frame={frame} />
        ))}
        {group.frames_left_out > 0 && <li class="note">and {plural(group.frames_left_out, "frame")} more</li>}
      </ol>
      {group.created_by && (
        <p class="note">
          Created by <span class="name">{group.created_by.function}</span>{" "}
          {place(group.created_by.file, group.created_by.line)}
        </p>
      )}
      <p class="note">
        {group.waiting_a_minute > 0 &&
          `${plural(group.waiting_a_minute, "goroutine")} waiting for a minute or more. `}
        Ids: {group.ids.join(", ")}
        {group.count > group.ids.length && ", …"}
      </p>
    </details>
  );
}

function FrameLine({ frame }: { frame: Frame }) {
  return (
    <li class={isPlumbing(frame) ? "plumbing" : ""}>
      <span class="name">{frame.function}</span> <small>{place(frame.file, frame.line)}</small>
    </li>
  );
}

/** Frames of the runtime and of sync say how a goroutine waits, not where in the program. */
function isPlumbing(frame: Frame): boolean {
  return /^(runtime|sync|internal\/[^.]*)\./.test(frame.function);
}

function identity(group: GoroutineGroup): string {
  const frames = group.frames.map((frame) => `${frame.function}:${frame.line}`);
  return [group.state, ...frames, group.created_by?.function].join("\n");
}

function matches(group: GoroutineGroup, term: string): boolean {
  if (term === "" || group.state.toLowerCase().includes(term)) return true;
  return group.frames.some((frame) => `${frame.function} ${frame.file}`.toLowerCase().includes(term));
}
