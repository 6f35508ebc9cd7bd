import type { RefObject } from "preact";
import { useMemo } from "preact/hooks";
import { type ColourBy, classPalette, differencePalette, packagePalette } from "../flame/colours";
import { FlameGraph } from "../flame/FlameGraph";
import { toDifference, toTree } from "../flame/tree";
import { figure, moment, plural, seconds } from "../format";
import type { Profile, Target } from "../report";
import { Lazy, Section, Select } from "./common";
import { FunctionTable } from "./FunctionTable";

export interface View {
  profile: number;
  type: number;
  /** Index of the profile compared with; -1 for none. */
  against: number;
  colourBy: ColourBy;
  search: string;
}

export function firstView(target: Target | undefined): View {
  const cpu = target?.profiles.findIndex((profile) => profile.kind === "cpu") ?? -1;
  return viewOf(target, Math.max(cpu, 0), "class");
}

export function viewOf(target: Target | undefined, profile: number, colourBy: ColourBy, search = ""): View {
  const type = target?.profiles[profile]?.default_sample_type ?? 0;
  return { profile, type, against: -1, colourBy, search };
}

function nameOf(profile: Profile): string {
  const window = profile.window_seconds
    ? `over ${seconds(profile.window_seconds)}`
    : moment(profile.taken_at);
  return `${profile.kind}${profile.delta ? " delta" : ""} ${window}`.trim();
}

interface Props {
  target: Target;
  view: View;
  setView(view: View): void;
  searchBox: RefObject<HTMLInputElement | null>;
}

export function Profiles(props: Props) {
  const { target, view } = props;
  const profile = target.profiles[view.profile];
  if (!profile) return null;
  return (
    <Section id="profiles" title="Flame graphs">
      <Lazy height={700}>{() => <ProfileView {...props} profile={profile} />}</Lazy>
    </Section>
  );
}

function ProfileView({ target, view, setView, profile, searchBox }: Props & { profile: Profile }) {
  const type = profile.sample_types[view.type] ?? profile.sample_types[0];
  const against = target.profiles[view.against];
  const flameBefore = against?.sample_types.find((other) => other.type === type?.type)?.flame;
  const tree = useMemo(() => {
    if (!type) return null;
    return flameBefore ? toDifference(flameBefore, type.flame) : toTree(type.flame);
  }, [type, flameBefore]);
  const classes = useMemo(
    () =>
      new Map([...Object.entries(against?.frame_classes ?? {}), ...Object.entries(profile.frame_classes)]),
    [profile, against],
  );
  const palette = useMemo(() => {
    if (tree && flameBefore) return differencePalette(tree);
    return view.colourBy === "class" ? classPalette(classes) : packagePalette;
  }, [tree, flameBefore, view.colourBy, classes]);
  if (!type || !tree) return <p class="note">The profile has no sample types.</p>;

  const others = target.profiles
    .map((other, index) => ({ other, index }))
    .filter(
      ({ other, index }) =>
        index !== view.profile && other.kind === profile.kind && other.delta === profile.delta,
    );
  const empty = type.flame.nodes.length <= 1;
  return (
    <>
      <div class="tools">
        <Select
          label="Profile"
          value={String(view.profile)}
          options={target.profiles.map((each, index) => ({ value: String(index), label: nameOf(each) }))}
          onChange={(value) => setView(viewOf(target, Number(value), view.colourBy, view.search))}
        />
        <Select
          label="Sample type"
          value={String(view.type)}
          options={profile.sample_types.map((each, index) => ({ value: String(index), label: each.type }))}
          onChange={(value) => setView({ ...view, type: Number(value) })}
        />
        <Select
          label="Colour by"
          value={view.colourBy}
          options={[
            { value: "class", label: "what it does" },
            { value: "package", label: "package" },
          ]}
          onChange={(value) => setView({ ...view, colourBy: value === "package" ? "package" : "class" })}
        />
        {others.length > 0 && (
          <Select
            label="Compare with"
            value={String(view.against)}
            options={[
              { value: "-1", label: "nothing" },
              ...others.map(({ other, index }) => ({ value: String(index), label: nameOf(other) })),
            ]}
            onChange={(value) => setView({ ...view, against: Number(value) })}
          />
        )}
        <p class="figures">
          <strong>{figure(type.total, type.unit)}</strong> in {plural(profile.samples, "sample")},{" "}
          {profile.artefact}
        </p>
      </div>
      {empty && !flameBefore ? (
        <p class="calm">No samples of this type.</p>
      ) : (
        <FlameGraph
          tree={tree}
          unit={type.unit}
          palette={palette}
          classes={classes}
          search={view.search}
          onSearch={(search) => setView({ ...view, search })}
          searchBox={searchBox}
          name={`Flame graph of ${nameOf(profile)}, ${type.type}`}
          dropped={type.flame.dropped}
        />
      )}
      <h3>Top functions</h3>
      <FunctionTable profile={profile} type={view.type} against={against} />
    </>
  );
}
