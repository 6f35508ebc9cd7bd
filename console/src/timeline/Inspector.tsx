import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { count, percent, place, plural } from "../format";
import { byStack, CLASS_LABELS, causeOf, ns, ownStack, rangeLine, stateOf } from "./describe";
import { firstFrom, rangesOfGoroutines, samplesOfGoroutines } from "./lanes";
import type { Navigator, Selected } from "./navigator";
import type { Mark } from "./scene";
import type { Links } from "./TimelineView";
import {
  CHANNEL,
  CLASSES,
  classOf,
  endOf,
  functionOf,
  GC,
  IDLE,
  LOCK,
  laneOf,
  MERGED,
  type StackFrame,
  stackOf,
  type Trace,
} from "./trace";

interface Props {
  trace: Trace;
  selected: Selected;
  navigator: Navigator;
  marks: Mark[];
  goTo(to: Selected): void;
  links: Links;
}

const MAX_LINKS = 12;
const MAX_SAMPLED = 20; // frames

/** All there is to know of one state of one goroutine. */
export function Inspector({ trace, selected, navigator, marks, goTo, links }: Props) {
  const { lane, slot } = selected;
  const begin = trace.slices.begin[slot] as number;
  const end = endOf(trace, slot);
  const stack = ownStack(trace, slot);
  const by = byStack(trace, slot);
  const waker = navigator.waker(selected);
  const wakes = navigator.wakes(selected);
  const after = useMemo(() => wakerOfNext(trace, navigator, selected), [trace, navigator, selected]);
  const findings = marks.filter((mark) => mark.lane === lane && mark.begin <= end && mark.end >= begin);
  const of = classOf(trace, slot);
  return (
    <section class="inspector" aria-label="The chosen state">
      <h3>
        goroutine {trace.goroutines.id[lane]} <span class="name">{functionOf(trace, lane)}</span>
      </h3>
      <dl class="inspector-figures">
        <Figure name="State" value={of === MERGED ? "" : stateOf(trace, slot)}>
          {of === MERGED ? (
            <MergedShares trace={trace} slot={slot} />
          ) : (
            <span class="swatch" style={{ background: `var(--tl-${CLASSES[of]})` }} />
          )}
        </Figure>
        <Figure name="Lasted" value={ns(end - begin)} />
        <Figure name="From" value={`${(begin / 1e6).toFixed(3)} ms to ${(end / 1e6).toFixed(3)} ms`} />
        {causeOf(trace, slot) !== "" && (
          <Figure name="How it began" value={causeOf(trace, slot)}>
            {waker && <Go label="Go there (u)" onClick={() => goTo(waker)} />}
          </Figure>
        )}
        {after && (
          <Figure name="How it ended" value={after.how}>
            {after.waker && <Go label="Go there (u)" onClick={() => goTo(after.waker as Selected)} />}
          </Figure>
        )}
      </dl>
      {after && <Chain trace={trace} chain={navigator.chain(selected)} goTo={goTo} />}
      {findings.map((mark) => (
        <button key={mark.finding} type="button" class="link" onClick={() => links.goToFinding(mark.finding)}>
          Finding {mark.finding + 1} rests on this
        </button>
      ))}
      <div class="inspector-stacks">
        <Stack title="Where it stood" stack={stack} links={links} />
        {by.length > 0 && <Stack title="Where the other one stood" stack={by} links={links} />}
        {after && after.stack.length > 0 && (
          <Stack title="Where the one that let it go stood" stack={after.stack} links={links} />
        )}
        <Samples trace={trace} lane={lane} begin={begin} end={end} links={links} />
      </div>
      {wakes.length > 0 && (
        <p class="wakes">
          Meanwhile it let go or started{" "}
          {wakes.slice(0, MAX_LINKS).map((to) => {
            const other = laneOf(trace, to);
            return (
              <Go
                key={to}
                label={`goroutine ${trace.goroutines.id[other]}`}
                onClick={() => goTo({ lane: other, slot: to })}
              />
            );
          })}
          {wakes.length > MAX_LINKS && ` and ${wakes.length - MAX_LINKS} more`}
        </p>
      )}
      <Beside trace={trace} lane={lane} begin={begin} end={end} />
    </section>
  );
}

/** How a wait ended: by whom, and where that one stood. */
function wakerOfNext(trace: Trace, navigator: Navigator, { lane, slot }: Selected) {
  const next = slot + 1;
  const isWait = [LOCK, CHANNEL, IDLE, GC].includes(classOf(trace, slot));
  if (!isWait || next >= (trace.first[lane + 1] as number) - 1) return null;
  const how = causeOf(trace, next);
  if (!how.startsWith("let go")) return null;
  return { how, waker: navigator.waker({ lane, slot: next }), stack: byStack(trace, next) };
}

/** Worth telling only where the one that ended the wait had been waiting too. */
function Chain({ trace, chain, goTo }: { trace: Trace; chain: Selected[]; goTo(to: Selected): void }) {
  const head = chain.at(-1);
  if (!head || chain.length < 2) return null;
  return (
    <p class="chain">
      Held up by a chain of {chain.length}, whose first is{" "}
      <Go label={`goroutine ${trace.goroutines.id[head.lane]}`} onClick={() => goTo(head)} />; from it on{" "}
      {chain
        .slice(0, -1)
        .reverse()
        .map((link) => (
          <Go key={link.lane} label={String(trace.goroutines.id[link.lane])} onClick={() => goTo(link)} />
        ))}
    </p>
  );
}

function Figure({ name, value, children }: { name: string; value: string; children?: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value} {children}
      </dd>
    </div>
  );
}

function Go({ label, onClick }: { label: string; onClick(): void }) {
  return (
    <button type="button" class="link go" onClick={onClick}>
      {label}
    </button>
  );
}

function MergedShares({ trace, slot }: { trace: Trace; slot: number }) {
  const at = trace.merged.slot.indexOf(slot);
  return (
    <>
      {count(trace.merged.count[at] as number)} short states, merged:{" "}
      {CLASSES.map((name, of) => ({ name, share: trace.merged.share[at * 8 + of] as number }))
        .filter(({ share }) => share > 0)
        .map(({ name, share }) => `${percent(share, 255)} ${CLASS_LABELS[name]}`)
        .join(", ")}
    </>
  );
}

function Stack({ title, stack, links }: { title: string; stack: StackFrame[]; links: Links }) {
  return (
    <div>
      {title !== "" && <h4>{title}</h4>}
      {stack.length === 0 && <p class="note">The trace has no stack of this moment.</p>}
      <ol class="trace-stack">
        {stack.map((frame, i) => (
          <li key={`${i}${frame.function}`}>
            {links.hasFunction(frame.function) ? (
              <button
                type="button"
                class="link function"
                title="Show in the flame graph"
                onClick={() => links.showFunction(frame.function)}
              >
                {frame.function}
              </button>
            ) : (
              <span class="function">{frame.function}</span>
            )}
            <span class="where">{place(frame.file, frame.line)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

interface Span {
  trace: Trace;
  lane: number;
  begin: number;
  end: number;
}

function Samples({ trace, lane, begin, end, links }: Span & { links: Links }) {
  const list = useMemo(() => samplesOfGoroutines(trace), [trace]);
  const { time, stack } = trace.samples;
  const found = new Map<number, number>();
  let whole = 0;
  const stop = list.first[lane + 1] as number;
  for (let i = firstFrom(list, lane, begin, (item) => time[item] as number); i < stop; ++i) {
    const item = list.items[i] as number;
    if ((time[item] as number) > end) break;
    ++whole;
    const node = stack[item] as number;
    found.set(node, (found.get(node) ?? 0) + 1);
  }
  if (whole === 0) return null;
  const most = [...found].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
  return (
    <div>
      <h4>{plural(whole, "CPU sample")}</h4>
      {found.size > 1 && (
        <p class="note">
          the most frequent of {found.size} stacks, {percent(found.get(most) ?? 0, whole)}:
        </p>
      )}
      <Stack title="" stack={stackOf(trace, most).slice(0, MAX_SAMPLED)} links={links} />
    </div>
  );
}

/** Regions, assists and logs of the goroutine that touch the slice. */
function Beside({ trace, lane, begin, end }: Span) {
  const list = useMemo(() => rangesOfGoroutines(trace), [trace]);
  const found: number[] = [];
  const stop = list.first[lane + 1] as number;
  for (let i = list.first[lane] as number; i < stop && found.length < MAX_LINKS; ++i) {
    const item = list.items[i] as number;
    if ((trace.ranges.begin[item] as number) > end) break;
    if ((trace.ranges.end[item] as number) >= begin) found.push(item);
  }
  if (found.length === 0) return null;
  return (
    <ul class="beside">
      {found.map((item) => (
        <li key={item}>{rangeLine(trace, item)}</li>
      ))}
    </ul>
  );
}
