// One gate: what its camera sees, what its own screen says, and what its journal holds.
import type { GateName } from '../story.ts';
import type { GatePane, PageState } from '../page-state.ts';
import { act } from './connection.ts';
import { CameraPicture } from './camera-picture.tsx';
import { clockTime, count } from './format.ts';

export function GateColumn({ gate, now }: { readonly gate: GateName; readonly now: PageState }) {
  const pane = now.gates[gate];
  return (
    <section class="gate" aria-label={pane.name}>
      <h2>
        {pane.name}
        <small>{pane.running ? `process ${pane.pid}` : 'not running'}</small>
      </h2>
      <CameraPicture gate={gate} running={pane.running} />
      <div class={pane.running ? 'display' : 'display off'}>
        {pane.displayUrl === '' ? undefined : (
          <iframe
            key={`${pane.displayUrl}#${pane.boot}`}
            src={pane.displayUrl}
            title={`Display of ${pane.name}`}
            tabIndex={-1}
          />
        )}
        {pane.running ? undefined : <p>Turnstile shut. Gate A is starting again …</p>}
      </div>
      {pane.hold ? <Hold gate={gate} hold={pane.hold} /> : <Contact pane={pane} />}
      <dl class="counters">
        <div>
          <dt>Entered</dt>
          <dd>{count(pane.entered)}</dd>
        </div>
        <div>
          <dt>Refused</dt>
          <dd>{count(pane.refused)}</dd>
        </div>
        <div>
          <dt>In its journal</dt>
          <dd>
            {count(pane.marks)}
            {pane.unsent > 0 ? <span class="unsent">{count(pane.unsent)} unsent</span> : undefined}
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Contact({ pane }: { readonly pane: GatePane }) {
  if (!pane.running) return <p class="contact bad">Not running</p>;
  if (pane.noContactSinceMs === undefined)
    return <p class="contact good">In touch with the cloud and the other gate</p>;
  return <p class="contact bad">No contact since {clockTime(pane.noContactSinceMs)}, still admitting</p>;
}

function Hold({ gate, hold }: { readonly gate: GateName; readonly hold: NonNullable<GatePane['hold']> }) {
  return (
    <p class="hold">
      <span>{hold.text}</span>
      <button type="button" class="accept" onClick={() => void act({ action: 'accept', gate, hold: hold.id })}>
        Accept
      </button>
      <button type="button" onClick={() => void act({ action: 'decline', gate, hold: hold.id })}>
        Decline
      </button>
    </p>
  );
}
