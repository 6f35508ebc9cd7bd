import { useState } from "preact/hooks";
import { moment } from "../format";
import type { Target } from "../report";
import { Lazy, Section, Select } from "./common";
import { HeapTable } from "./FunctionTable";

export function Heap({ target }: { target: Target }) {
  const heaps = target.profiles.filter((profile) => profile.kind === "heap" || profile.kind === "allocs");
  const [chosen, setChosen] = useState(heaps.length - 1);
  const profile = heaps[chosen] ?? heaps[0];
  if (!profile) return null;
  return (
    <Section id="heap" title="Heap">
      {heaps.length > 1 && (
        <div class="tools">
          <Select
            label="Profile"
            value={String(chosen)}
            options={heaps.map((heap, index) => ({
              value: String(index),
              label: `${heap.kind}${heap.delta ? " delta" : ""} ${moment(heap.taken_at)}`,
            }))}
            onChange={(value) => setChosen(Number(value))}
          />
        </div>
      )}
      <Lazy height={500}>{() => <HeapTable key={chosen} profile={profile} />}</Lazy>
    </Section>
  );
}
