// What is going on at the gates of one event, as it happens.
import type { LiveState } from '@postern/shared';
import { Banner, StatusMark } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { age, timeOfDay } from '../format.ts';
import { fill, say } from '../language.ts';
import { useNow } from '../now.ts';
import type { EventSectionProps } from '../section.tsx';
import { serverClock } from '../server-clock.ts';
import { Cases } from './cases.tsx';
import { oldSinceMs, state, watch } from './connection.ts';
import { Entries } from './entries.tsx';
import { Figures } from './figures.tsx';
import { Flow } from './flow.tsx';
import { Refusals } from './refusals.tsx';
import { texts } from './texts.ts';
import { Zones } from './zones.tsx';
import './live.css';

/** A clock that is wrong by less confuses nobody. */
const clockWrongMs = 60_000;

export function LivePage({ event }: EventSectionProps): JSX.Element {
  useEffect(() => watch(event.event), [event.event]);
  const shown = state.value;
  return (
    <>
      <Contact timeZone={event.policy.timeZone} />
      {shown === undefined ? <p class="loading">{say(texts.oneMoment)}</p> : <Live shown={shown} />}
    </>
  );
}

const Live = ({ shown }: { readonly shown: LiveState }): JSX.Element => (
  <div class={oldSinceMs.value === undefined ? 'live' : 'live old'}>
    <header class="page-head">
      <h1>
        <bdi>{shown.name}</bdi>
      </h1>
      <Stamp shown={shown} />
    </header>
    <Figures shown={shown} />
    <Zones shown={shown} />
    <div class="charts">
      <Flow shown={shown} />
    </div>
    <div class="columns">
      <Cases shown={shown} />
      <Refusals shown={shown} />
    </div>
    <Entries shown={shown} />
  </div>
);

/** The cloud's time, which goes on while it is in contact. */
function Stamp({ shown }: { readonly shown: LiveState }): JSX.Element {
  const now = useNow();
  const isLive = oldSinceMs.value === undefined;
  return (
    <p class="stamp">
      {isLive && <StatusMark tone="good">{say(texts.live)}</StatusMark>}
      <time>{timeOfDay(isLive ? Math.max(now, shown.atMs) : shown.atMs, shown.timeZone)}</time>
      {shown.completeUpToMs !== undefined && (
        <span class="muted">{fill(texts.completeUpTo, { time: timeOfDay(shown.completeUpToMs, shown.timeZone) })}</span>
      )}
    </p>
  );
}

/** Says loudly when the page cannot vouch for what it shows, and when the reader's own clock would mislead. */
function Contact({ timeZone }: { readonly timeZone: string }): JSX.Element | null {
  const since = oldSinceMs.value;
  if (since !== undefined)
    return (
      <Banner tone="warn" role="alert">
        <strong>{since === 0 ? say(texts.noContactYet) : fill(texts.old, { time: timeOfDay(since, timeZone) })}</strong>
      </Banner>
    );
  const aheadMs = state.value === undefined ? 0 : Math.abs(serverClock.aheadMs());
  return aheadMs < clockWrongMs ? null : <Banner tone="busy">{fill(texts.ownClock, { age: age(aheadMs) })}</Banner>;
}
