import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { plural } from "../format";
import { CLASS_LABELS, ns } from "./describe";
import { Inspector } from "./Inspector";
import { type Folds, firstFolds, LANE, Layout } from "./layout";
import { Navigator, type Selected } from "./navigator";
import type { Mark } from "./scene";
import { matcher } from "./search";
import { Stage } from "./stage";
import { CLASSES, NONE, type Trace } from "./trace";
import { Waits } from "./Waits";

export interface Links {
  hasFunction(name: string): boolean;
  showFunction(name: string): void;
  goToFinding(index: number): void;
}

interface Props {
  trace: Trace;
  marks: Mark[];
  /** A mark to go to; another object each time one is asked for. */
  target: { mark: Mark } | null;
  links: Links;
}

const FEET: [string, string][] = [
  ["--tl-assist", "mark assist"],
  ["--tl-region", "region"],
  ["--tl-log", "log"],
  ["--tl-sample", "CPU sample"],
  ["--tl-gc-mark", "collector marks"],
  ["--tl-stw", "world stopped"],
  ["--line-0", "heap in use"],
  ["--line-1", "heap goal"],
];

export function TimelineView({ trace, marks, target, links }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | null>(null);
  const [folds, setFolds] = useState<Folds>(() => firstFolds(trace));
  const [search, setSearch] = useState("");
  const [selected, setSelected] = useState<Selected | null>(null);
  const [hovered, setHovered] = useState("");
  const matches = useMemo(() => matcher(trace, search), [trace, search]);
  const layout = useMemo(
    () => new Layout(trace, folds, matches, marks.length > 0),
    [trace, folds, matches, marks],
  );
  const navigator = useMemo(() => new Navigator(trace), [trace]);

  const toggle = (row: Layout["rows"][number]) => {
    if (row.kind === "procs") setFolds({ ...folds, procs: !folds.procs });
    if (row.kind !== "group") return;
    const groups = new Set(folds.groups);
    if (!groups.delete(row.group)) groups.add(row.group);
    setFolds({ ...folds, groups });
  };
  const goTo = (to: Selected, begin?: number, end?: number) => {
    const group = trace.goroutines.group[to.lane] as number;
    if (matches && !matches(to.lane)) setSearch("");
    if (!folds.groups.has(group)) setFolds({ ...folds, groups: new Set(folds.groups).add(group) });
    setSelected(to);
    stage.current?.show(to, begin, end);
  };

  useEffect(() => {
    if (!scroller.current || !canvas.current) return;
    const made = new Stage(trace, scroller.current, canvas.current, {
      onHover: setHovered,
      onSelect: setSelected,
      onToggle: (row) => toggleNow.current(row),
      onFinding: (index) => links.goToFinding(index),
    });
    stage.current = made;
    return () => made.destroy();
  }, [trace]);
  const toggleNow = useRef(toggle);
  toggleNow.current = toggle;

  useEffect(() => stage.current?.setLayout(layout, marks), [layout, marks]);
  useEffect(() => {
    stage.current?.setSelected(selected, selected ? navigator.flowsOf(selected) : []);
  }, [selected, navigator]);
  useEffect(() => {
    if (!target) return;
    const { mark } = target;
    const slot = navigator.mostOf(mark.lane, mark.begin, mark.end);
    if (slot >= 0) goTo({ lane: mark.lane, slot }, mark.begin, mark.end);
    else stage.current?.showSpan(mark.begin, mark.end);
  }, [target]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const made = stage.current;
    if (!made) return;
    const move = navigator.key(event.key, selected, layout, made.view);
    if (move) {
      goTo(move);
      event.preventDefault();
    } else if (event.key === "Escape" && selected) {
      setSelected(null);
      event.preventDefault();
    } else if (made.key(event.key)) {
      event.preventDefault();
    }
  };

  const say = selected ? navigator.line(selected) : hovered;
  return (
    <div class="timeline">
      <div class="timeline-tools">
        <label class="field grow">
          <span>Find a goroutine</span>
          <input
            type="search"
            placeholder="number, function, or a frame of its stacks"
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        </label>
        <div class="buttons">
          <button type="button" onClick={() => stage.current?.zoomBy(0.5)} aria-label="Zoom in">
            +
          </button>
          <button type="button" onClick={() => stage.current?.zoomBy(2)} aria-label="Zoom out">
            −
          </button>
          <button type="button" onClick={() => stage.current?.showAll()}>
            Whole trace
          </button>
        </div>
      </div>
      <div class="timeline-detail" aria-live="polite">
        {say || "Drag or swipe to move, Ctrl and wheel or pinch to zoom, a press shows the stack."}
      </div>
      <div
        ref={scroller}
        class="timeline-scroller"
        style={{ height: `${Math.min(layout.height + 30, 620)}px` }}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the timeline takes arrow keys, as its label says
        tabIndex={0}
        role="application"
        aria-label={`Timeline of ${ns(trace.duration)}, ${plural(trace.lanes, "goroutine")}. Left and right go from state to state, up and down from goroutine to goroutine, u to who let it go, plus and minus zoom, a and d move, Enter zooms to the state, 0 shows the whole trace.`}
        onKeyDown={onKeyDown}
      >
        <div class="timeline-space" style={{ height: `${layout.height + LANE}px` }}>
          <canvas ref={canvas} />
        </div>
      </div>
      <ul class="legend" aria-label="Colours">
        {CLASSES.map((name, of) =>
          of === NONE ? null : (
            <li key={name}>
              <span class="swatch" style={{ background: `var(--tl-${name})` }} />
              {CLASS_LABELS[name]}
            </li>
          ),
        )}
        {FEET.map(([colour, label]) => (
          <li key={label}>
            <span class="swatch" style={{ background: `var(${colour})` }} />
            {label}
          </li>
        ))}
      </ul>
      {selected && (
        <Inspector
          trace={trace}
          selected={selected}
          navigator={navigator}
          marks={marks}
          goTo={goTo}
          links={links}
        />
      )}
      <Waits trace={trace} goTo={goTo} />
    </div>
  );
}
