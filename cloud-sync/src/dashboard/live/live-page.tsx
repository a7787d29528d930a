// What is going on at the gates of one event, as it happens.
import type { LiveState } from '@postern/shared';
import { Banner } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { EventSectionProps } from '../section.tsx';
import { Cases } from './cases.tsx';
import { oldSinceMs, state, watch } from './connection.ts';
import { Entries } from './entries.tsx';
import { count, timeOfDay } from '../format.ts';
import { Gates } from './gates.tsx';
import { Mark } from './shapes.tsx';
import './live.css';

export function LivePage({ event }: EventSectionProps): JSX.Element {
  useEffect(() => watch(event.event), [event.event]);
  const shown = state.value;
  return (
    <>
      <Contact timeZone={event.policy.timeZone} />
      {shown === undefined ? <p class="loading">One moment …</p> : <Live shown={shown} />}
    </>
  );
}

const Live = ({ shown }: { readonly shown: LiveState }): JSX.Element => (
  <div class={oldSinceMs.value === undefined ? 'live' : 'live old'}>
    <header class="page-head">
      <h1>{shown.name}</h1>
      <p class="stamp">
        {oldSinceMs.value === undefined && (
          <span class="good">
            <Mark shape="disc" /> Live
          </span>
        )}
        <time>{timeOfDay(shown.atMs, shown.timeZone)}</time>
      </p>
    </header>
    <dl class="numbers">
      <Figure label="Entered" value={shown.admitted} />
      <Figure label="Refused" value={shown.refused} />
      <Figure label="Double entries" value={shown.cases} alarming={shown.cases > 0} />
      {shown.aside > 0 && <Figure label="Marks put aside" value={shown.aside} alarming />}
      <Figure label="Ticket list" value={shown.feedVersion} prefix="v" />
    </dl>
    <div class="columns">
      <Gates shown={shown} />
      <Cases shown={shown} />
      <Entries shown={shown} />
    </div>
  </div>
);

const Figure = ({
  label,
  value,
  prefix = '',
  alarming = false,
}: {
  readonly label: string;
  readonly value: number;
  readonly prefix?: string;
  readonly alarming?: boolean;
}): JSX.Element => (
  <div class={alarming ? 'alarming' : ''}>
    <dt>{label}</dt>
    <dd>
      {alarming && <Mark shape="pair" />}
      {prefix}
      {count(value)}
    </dd>
  </div>
);

/** Says loudly when the page cannot vouch for what it shows. */
function Contact({ timeZone }: { readonly timeZone: string }): JSX.Element | null {
  const since = oldSinceMs.value;
  if (since === undefined) return null;
  return (
    <Banner tone="warn" role="alert">
      {since === 0
        ? 'No contact with the cloud yet'
        : `No contact with the cloud since ${timeOfDay(since, timeZone)}: what you see is old`}
    </Banner>
  );
}
