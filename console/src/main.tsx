import { render } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Finding, type Report, readReport } from "./report";
import { Collection } from "./sections/Collection";
import { Select } from "./sections/common";
import { Findings } from "./sections/Findings";
import { GoroutineSection } from "./sections/GoroutineGroups";
import { Header } from "./sections/Header";
import { Heap } from "./sections/Heap";
import { Help } from "./sections/Help";
import { MemorySection } from "./sections/MemoryFigures";
import { firstView, Profiles, viewOf } from "./sections/Profiles";
import { intervalOf, Timeline } from "./sections/Timeline";
import { Unjudged } from "./sections/Unjudged";
import { restoreTheme, toggleTheme } from "./theme";
import { readHeads, type TraceHead } from "./timeline/trace";
import "./style.css";

function goTo(id: string, focus = true): void {
  const element = document.getElementById(id);
  element?.scrollIntoView({ block: "start" });
  if (focus) (element?.querySelector<HTMLElement>("h2") ?? element)?.focus({ preventScroll: true });
}

/** The profile a finding's figures come from that also knows its function; -1 where there is none. */
function flameFor(report: Report, finding: Finding): { target: number; profile: number } {
  const target = report.targets.findIndex((each) => each.name === finding.target);
  const profiles = report.targets[target]?.profiles ?? [];
  const knows = (index: number) =>
    profiles[index]?.functions.some((row) => row.function === finding.location.function) ?? false;
  const cited = finding.evidence.map((evidence) =>
    profiles.findIndex((profile) => profile.artefact === evidence.artefact && evidence.artefact !== ""),
  );
  const profile = [...cited, ...profiles.keys()].find((index) => index >= 0 && knows(index)) ?? -1;
  return { target, profile };
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}

function App({ report, traces }: { report: Report; traces: TraceHead[] }) {
  const [targetIndex, setTargetIndex] = useState(0);
  const target = report.targets[targetIndex];
  const [view, setView] = useState(() => firstView(target));
  const help = useRef<HTMLDialogElement>(null);
  const searchBox = useRef<HTMLInputElement>(null);
  const [wantsSearch, setWantsSearch] = useState(false);
  const at = useRef(0);

  const chooseTarget = (index: number) => {
    setTargetIndex(index);
    setView(firstView(report.targets[index]));
  };
  const showFlame = (finding: Finding) => {
    const found = flameFor(report, finding);
    setTargetIndex(found.target);
    setView(viewOf(report.targets[found.target], found.profile, view.colourBy, finding.location.function));
    goTo("profiles");
  };
  const [wanted, setWanted] = useState<{ finding: number } | null>(null);
  const heads = useMemo(() => traces.filter((head) => head.target === target?.name), [traces, target]);
  const ownFindings = useMemo(
    () =>
      report.findings
        .map((finding, index) => ({ finding, index }))
        .filter(({ finding }) => finding.target === target?.name),
    [report, target],
  );
  const showInTimeline = (finding: Finding) => {
    const index = report.targets.findIndex((each) => each.name === finding.target);
    if (index !== targetIndex) chooseTarget(index);
    setWanted({ finding: report.findings.indexOf(finding) });
    goTo("timeline");
  };
  const profileOf = (name: string) =>
    target?.profiles.findIndex((profile) => profile.functions.some((row) => row.function === name)) ?? -1;
  const timelineLinks = {
    hasFunction: (name: string) => profileOf(name) >= 0,
    showFunction: (name: string) => {
      setView(viewOf(target, profileOf(name), view.colourBy, name));
      goTo("profiles");
    },
    goToFinding: (index: number) => goTo(`finding-${index + 1}`),
  };
  const step = useCallback(
    (by: number) => {
      if (report.findings.length === 0) return;
      const count = report.findings.length;
      at.current = (at.current + by + count) % count || count;
      goTo(`finding-${at.current}`);
    },
    [report],
  );

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target)) {
        if (event.key === "Escape") (event.target as HTMLElement).blur();
        return;
      }
      if (help.current?.open) return;
      const actions: Record<string, () => void> = {
        "/": () => {
          goTo("profiles", false);
          setWantsSearch(true);
        },
        "?": () => help.current?.showModal(),
        t: toggleTheme,
        n: () => step(1),
        p: () => step(-1),
      };
      const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [step]);

  // The search field may not be drawn yet when `/` is pressed.
  useEffect(() => {
    if (!wantsSearch) return;
    let tries = 0;
    const look = () => {
      if (searchBox.current) searchBox.current.focus();
      else if (++tries < 60) {
        requestAnimationFrame(look);
        return;
      }
      setWantsSearch(false);
    };
    look();
  }, [wantsSearch]);

  const links: [string, string, boolean][] = [
    ["findings", "Findings", true],
    ["unjudged", "Not judged", true],
    ["timeline", "Timeline", heads.length > 0],
    ["profiles", "Flame graphs", (target?.profiles.length ?? 0) > 0],
    [
      "heap",
      "Heap",
      target?.profiles.some((profile) => profile.kind === "heap" || profile.kind === "allocs") ?? false,
    ],
    ["goroutines", "Goroutines", (target?.goroutines.length ?? 0) > 0],
    ["memory", "Memory", (target?.memory.length ?? 0) > 0],
    ["collection", "Collection", true],
  ];
  return (
    <>
      <a class="skip" href="#findings">
        Skip to the findings
      </a>
      <Header report={report} onTheme={toggleTheme} onHelp={() => help.current?.showModal()} />
      <nav aria-label="Sections">
        {links
          .filter(([, , present]) => present)
          .map(([id, title]) => (
            <a key={id} href={`#${id}`}>
              {title}
            </a>
          ))}
      </nav>
      <main>
        <Findings
          findings={report.findings}
          showTarget={report.targets.length > 1}
          rulesClean={report.verdict.rules_clean}
          hasFlame={(finding) => flameFor(report, finding).profile >= 0}
          showFlame={showFlame}
          hasTimeline={(finding) => intervalOf(finding, traces) !== null}
          showInTimeline={showInTimeline}
        />
        <Unjudged report={report} />
        {report.targets.length > 1 && (
          <div class="tools target-choice">
            <Select
              label="Graphs and tables of"
              value={String(targetIndex)}
              options={report.targets.map((each, index) => ({ value: String(index), label: each.name }))}
              onChange={(value) => chooseTarget(Number(value))}
            />
          </div>
        )}
        {target && (
          <div key={targetIndex}>
            <Timeline heads={heads} findings={ownFindings} wanted={wanted} links={timelineLinks} />
            <Profiles target={target} view={view} setView={setView} searchBox={searchBox} />
            <Heap target={target} />
            <GoroutineSection target={target} />
            <MemorySection target={target} />
          </div>
        )}
        <Collection report={report} target={targetIndex} />
      </main>
      <footer class="page-footer">
        {report.tool.name} {report.tool.version}, {report.schema}, run {report.run.id}
      </footer>
      <Help dialog={help} />
    </>
  );
}

function start(): void {
  restoreTheme();
  const place = document.getElementById("app");
  if (!place) return;
  try {
    const report = readReport();
    document.title = `EDP: ${report.verdict.worst ?? "no finding"}, ${report.targets.map((target) => target.name).join(", ")}`;
    render(<App report={report} traces={readHeads()} />, place);
  } catch (error) {
    place.textContent = `This report could not be read: ${error instanceof Error ? error.message : String(error)}`;
  }
  document.documentElement.dataset["ready"] = "true";
}

start();
