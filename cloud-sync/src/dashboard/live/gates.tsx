// One card a gate: whether it is heard or lost, how many came in through it, how far its story is known, which ticket list it has.
import type { JSX } from 'preact';
import type { GateView, LiveState } from '@postern/shared';
import { age, count, timeOfDay } from '../format.ts';
import { Mark, type Shape } from './shapes.tsx';

interface Look {
  readonly shape: Shape;
  readonly tone: string;
  readonly label: string;
}

type Lost = NonNullable<GateView['lost']>;

const lostReasons: Readonly<Record<Lost['reason'], string>> = {
  stolen: ', stolen',
  destroyed: ', destroyed',
  broken: ', broken',
  'out-of-reach': ', out of reach',
  other: '',
};

function lookOf(gate: GateView, shown: LiveState): Look {
  if (!gate.enrolled) return { shape: 'ring', tone: 'pending', label: 'Not enrolled yet' };
  if (gate.revokedAtMs !== undefined)
    return { shape: 'triangle', tone: 'warn', label: `Revoked ${timeOfDay(gate.revokedAtMs, shown.timeZone)}` };
  if (gate.lost !== undefined)
    return { shape: 'triangle', tone: 'warn', label: gate.state === 'ok' ? 'Lost, but in contact' : 'Lost' };
  if (gate.state === 'ok') return { shape: 'disc', tone: 'good', label: 'In contact' };
  const since = gate.lastContactMs;
  return {
    shape: 'triangle',
    tone: 'warn',
    label: since === undefined ? 'Never heard from' : `No contact since ${timeOfDay(since, shown.timeZone)}`,
  };
}

export const Gates = ({ shown }: { readonly shown: LiveState }): JSX.Element => (
  <section class="gates">
    <h2>Gates</h2>
    {shown.gates.length === 0 && <p class="empty">No gate has been set up.</p>}
    <ul>
      {shown.gates.map((gate) => (
        <Gate key={gate.id} gate={gate} shown={shown} />
      ))}
    </ul>
  </section>
);

function Gate({ gate, shown }: { readonly gate: GateView; readonly shown: LiveState }): JSX.Element {
  const look = lookOf(gate, shown);
  const behind = gate.feedVersion !== undefined && gate.feedVersion < shown.feedVersion;
  return (
    <li class={`card ${look.tone}`}>
      <p class="entries">
        {count(gate.entries)} <small>entered</small>
      </p>
      <h3>{gate.name}</h3>
      <p class="state">
        <Mark shape={look.shape} /> {look.label}
      </p>
      <dl>
        {gate.lost !== undefined && (
          <>
            <dt>Declared lost</dt>
            <dd>{`${timeOfDay(gate.lost.atMs, shown.timeZone)}${lostReasons[gate.lost.reason]}`}</dd>
          </>
        )}
        <dt>Heard up to</dt>
        <dd>
          {gate.throughMs === undefined
            ? '–'
            : `${timeOfDay(gate.throughMs, shown.timeZone)} (${age(shown.atMs - gate.throughMs)})`}
        </dd>
        <dt>Ticket list</dt>
        <dd>
          {gate.feedVersion === undefined
            ? '–'
            : `v${gate.feedVersion}${behind ? `, v${shown.feedVersion} waits` : ''}`}
        </dd>
      </dl>
    </li>
  );
}
