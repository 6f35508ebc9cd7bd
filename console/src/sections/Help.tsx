import type { RefObject } from "preact";

const KEYS: [string, string][] = [
  ["/", "find a function in the flame graph"],
  ["n  p", "next and previous finding"],
  ["t", "light or dark"],
  ["?", "this list"],
  ["← ↑ → ↓", "move in the flame graph, once it has the focus"],
  ["Enter", "zoom to the frame"],
  ["← →", "in the timeline: the state before and after"],
  ["↑ ↓", "in the timeline: the goroutine above and below"],
  ["u", "in the timeline: who let it go"],
  ["+ − 0", "in the timeline: closer, farther, the whole trace; a and d move"],
  ["Esc", "reset the zoom, leave a field, close this list"],
];

export function Help({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <h2>Words</h2>
      <dl class="keys">
        <div>
          <dt>measured</dt>
          <dd>counted, nothing left out</dd>
        </div>
        <div>
          <dt>sampled</dt>
          <dd>estimated from samples of the very thing</dd>
        </div>
        <div>
          <dt>inferred</dt>
          <dd>concluded from something else</dd>
        </div>
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
