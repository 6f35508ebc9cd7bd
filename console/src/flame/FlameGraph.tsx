import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { figure, percent, plural, signed } from "../format";
import { Chart } from "./chart";
import type { Palette } from "./colours";
import { type FlameFrame, frameCount } from "./tree";

interface Props {
  tree: FlameFrame;
  unit: string;
  palette: Palette;
  classes: Map<string, string>;
  search: string;
  onSearch(text: string): void;
  searchBox: RefObject<HTMLInputElement | null>;
  name: string;
  dropped: number;
}

function describe(frame: FlameFrame, root: FlameFrame, unit: string): string {
  const whole = frame.before === undefined ? root.total : Math.max(root.total, root.before ?? 0);
  const parts = [`${figure(frame.total, unit)} (${percent(frame.total, whole)})`];
  if (frame.before !== undefined) {
    parts.push(`before ${figure(frame.before, unit)}`, `change ${signed(frame.total - frame.before, unit)}`);
  } else if (frame.self !== 0) {
    parts.push(`self ${figure(frame.self, unit)}`);
  }
  return parts.join(", ");
}

export function FlameGraph(props: Props) {
  const { tree, unit, palette, classes, search } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const [frame, setFrame] = useState<FlameFrame>(tree);
  const [zoomed, setZoomed] = useState<FlameFrame | null>(null);
  const [found, setFound] = useState<{ frames: number; share: number } | null>(null);
  const frames = useMemo(() => frameCount(tree), [tree]);

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    setFrame(tree);
    setZoomed(null);
    const label = (of: FlameFrame) => `${of.name}\n${describe(of, tree, unit)}`;
    const made = new Chart(element, tree, palette.colourOf, label, {
      onFrame: setFrame,
      onSearch: (matches, share) => setFound({ frames: matches, share }),
      onZoom: (to, isZoomed) => setZoomed(isZoomed ? to : null),
    });
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [tree, unit, palette]);

  useEffect(() => {
    if (search.trim() === "") setFound(null);
    chart.current?.search(search);
  }, [search, tree, palette]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (chart.current?.key(event.key)) event.preventDefault();
  };

  return (
    <div class="flame">
      <div class="flame-tools">
        <label class="field grow">
          <span>Find a function</span>
          <input
            ref={props.searchBox}
            type="search"
            placeholder="part of a name"
            value={search}
            aria-keyshortcuts="/"
            onInput={(event) => props.onSearch(event.currentTarget.value)}
          />
        </label>
        <button type="button" disabled={zoomed === null} onClick={() => chart.current?.reset()}>
          Reset zoom
        </button>
        <output class="flame-found" aria-live="polite">
          {found && `${plural(found.frames, "frame")}, ${percent(found.share, 1)}`}
        </output>
      </div>
      <div class="flame-detail" aria-live="polite">
        <span class="name">{frame.name}</span>
        {classes.has(frame.name) && <span class="tag">{classes.get(frame.name)}</span>}
        <span class="figures">{describe(frame, tree, unit)}</span>
        <span class="place">{frame.place}</span>
      </div>
      <div
        ref={host}
        class="flame-chart"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the chart takes arrow keys, as its label says
        tabIndex={0}
        role="application"
        aria-label={`${props.name}, ${frames} frames. Arrow keys move between frames, Enter zooms, Escape resets.`}
        onKeyDown={onKeyDown}
      />
      <ul class="legend" aria-label="Colours">
        {palette.legend.map((entry) => (
          <li key={entry.label}>
            <span class="swatch" style={{ background: `var(${entry.colour})` }} />
            {entry.label}
          </li>
        ))}
        {props.dropped !== 0 && <li>{figure(props.dropped, unit)} in small frames not drawn</li>}
      </ul>
    </div>
  );
}
