// The map of the venue as far as gates go: each zone with how full it is, and its gates, the ones that need somebody first.
import { gateConditions, type GateCondition, type GateView, type LiveState, type LiveZone } from '@postern/shared';
import { Badge, Panel, Shape, StatusMark, type Tone } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { count } from '../format.ts';
import { fill, fillCount, say } from '../language.ts';
import { addressOf } from '../route.ts';
import { gateLook } from './gate-look.ts';
import { conditionCounts, gateTexts, notHeardFrom, texts } from './texts.ts';

const tones: Readonly<Record<GateCondition, Tone>> = {
  green: 'good',
  trouble: 'bad',
  'out-of-touch': 'warn',
  never: 'plain',
  lost: 'warn',
  revoked: 'plain',
};
/** From here on staff should know that a zone will soon be full. */
const nearlyFullShare = 0.9;

export const Zones = ({ shown }: { readonly shown: LiveState }): JSX.Element => (
  <Panel
    title={say(texts.zonesAndGates)}
    class="map"
    actions={
      <>
        <ConditionCounts counts={shown.gateCounts} />
        <a href={addressOf({ event: shown.event, section: 'gates' })}>{say(texts.allGates)}</a>
      </>
    }
  >
    {shown.gates.length === 0 && <p class="muted">{say(texts.noGates)}</p>}
    <ul class="zones">
      {shown.zones.map((zone) => (
        <Zone key={zone.zone} zone={zone} shown={shown} />
      ))}
    </ul>
  </Panel>
);

const ConditionCounts = ({ counts }: { readonly counts: LiveState['gateCounts'] }): JSX.Element => (
  <ul class="counts">
    {gateConditions
      .filter((condition) => counts[condition] > 0)
      .map((condition) => (
        <li key={condition}>
          <StatusMark tone={tones[condition]}>
            {count(counts[condition])} {say(conditionCounts[condition])}
          </StatusMark>
        </li>
      ))}
  </ul>
);

function Zone({ zone, shown }: { readonly zone: LiveZone; readonly shown: LiveState }): JSX.Element {
  const gates = shown.gates.filter((gate) => gate.zone === zone.zone);
  const urgent = gates.filter(({ condition }) => condition !== 'green');
  const calm = gates.filter(({ condition }) => condition === 'green');
  const leftOut = Object.values(zone.gates).reduce((sum, number) => sum + number, 0) - gates.length;
  return (
    <li class="zone">
      <h3>
        <bdi>{zone.name}</bdi>
      </h3>
      <Fullness zone={zone} />
      <ul class="gates">
        {urgent.map((gate) => (
          <UrgentGate key={gate.id} gate={gate} shown={shown} />
        ))}
        {calm.map((gate) => (
          <CalmGate key={gate.id} gate={gate} shown={shown} />
        ))}
        {leftOut > 0 && <li class="left-out muted">{fill(texts.gatesLeftOut, { count: count(leftOut) })}</li>}
      </ul>
    </li>
  );
}

function Fullness({ zone }: { readonly zone: LiveZone }): JSX.Element {
  const { capacity, inside, insideLeast, insideMost, notHeardFrom: unheard } = zone;
  const share = capacity === undefined || capacity === 0 ? undefined : inside / capacity;
  const level = share === undefined || share < nearlyFullShare ? 'free' : share < 1 ? 'nearly' : 'full';
  return (
    <div class={`fullness ${level}`}>
      <p>
        <strong class="number">{count(inside)}</strong>{' '}
        <span class="muted">
          {capacity === undefined ? say(texts.insideHere) : fill(texts.ofCapacity, { capacity: count(capacity) })}
        </span>{' '}
        {level !== 'free' && (
          <Badge tone={level === 'full' ? 'bad' : 'warn'} shape="triangle">
            {say(level === 'full' ? texts.full : texts.nearlyFull)}
          </Badge>
        )}
      </p>
      {capacity !== undefined && (
        <progress
          value={Math.min(inside, capacity)}
          max={capacity}
          aria-label={`${say(texts.inside)}: ${count(inside)} ${fill(texts.ofCapacity, { capacity: count(capacity) })}`}
        />
      )}
      {unheard > 0 && (
        <p class="muted">
          <small>
            {fillCount(notHeardFrom, unheard)}:{' '}
            {insideMost === undefined
              ? say(texts.atLeast)
              : fill(texts.probably, { least: count(insideLeast), most: count(insideMost) })}
          </small>
        </p>
      )}
    </div>
  );
}

/** With how it is and what to do. */
function UrgentGate({ gate, shown }: { readonly gate: GateView; readonly shown: LiveState }): JSX.Element {
  const look = gateLook(gate, shown);
  const waiting = gate.vitals?.waiting ?? 0;
  return (
    <li class={`gate urgent tone-${look.tone}`}>
      <p class="name">
        <GateLink gate={gate} shown={shown} />
        <span class="number">{fill(gateTexts.entered, { count: count(gate.entries) })}</span>
      </p>
      <p class="state">
        <StatusMark tone={look.tone}>{look.label}</StatusMark>
      </p>
      {look.next !== undefined && <p class="next">{look.next}</p>}
      {waiting > 0 && <p class="next">{fill(gateTexts.waiting, { count: count(waiting) })}</p>}
    </li>
  );
}

function CalmGate({ gate, shown }: { readonly gate: GateView; readonly shown: LiveState }): JSX.Element {
  const { feedVersion = shown.feedVersion } = gate;
  const behind = feedVersion < shown.feedVersion;
  return (
    <li class="gate">
      <StatusMark tone="good">
        <GateLink gate={gate} shown={shown} />
        <span class="unseen">, {say(gateTexts.green)}</span>
      </StatusMark>
      <span class="number muted">
        {behind && (
          <span title={fill(gateTexts.listWaits, { has: feedVersion, newest: shown.feedVersion })}>
            <Shape name="ring" />
            <span class="unseen">
              {fill(gateTexts.listWaits, { has: feedVersion, newest: shown.feedVersion })}
            </span>{' '}
          </span>
        )}
        {count(gate.entries)}
        <span class="unseen"> {say(texts.entered)}</span>
      </span>
    </li>
  );
}

const GateLink = ({ gate, shown }: { readonly gate: GateView; readonly shown: LiveState }): JSX.Element => (
  <a href={addressOf({ event: shown.event, section: 'gates', rest: [gate.id] })}>
    <bdi>{gate.name}</bdi>
  </a>
);
