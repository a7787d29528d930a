// Uses that do not fit: both gates, both times, how sure the clocks are, the likely cause, and whether the story may still change.
import type { CaseView, EntryView, LiveState } from '@postern/shared';
import { Panel, Shape, StatusMark } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { count, timeOfDay } from '../format.ts';
import { fill, fillCount, say } from '../language.ts';
import { uncertainty } from '../parts/marks.ts';
import { addressOf } from '../route.ts';
import { gateName, ticketLabel } from './names.ts';
import { causes, enteredTimes, mayChange, texts } from './texts.ts';

export const Cases = ({ shown }: { readonly shown: LiveState }): JSX.Element => (
  <Panel title={say(texts.enteredTwice)} class="cases">
    {shown.openCases.length === 0 && (
      <p class="empty">
        <StatusMark tone="good">{say(texts.noneKnown)}</StatusMark>
      </p>
    )}
    <ul>
      {shown.openCases.map((found) => (
        <Case key={found.id} found={found} shown={shown} />
      ))}
    </ul>
    {shown.cases > shown.openCases.length && (
      <p class="muted">{fill(texts.furtherCases, { count: count(shown.cases - shown.openCases.length) })}</p>
    )}
  </Panel>
);

function Case({ found, shown }: { readonly found: CaseView; readonly shown: LiveState }): JSX.Element {
  const entries = [...found.fitting, ...found.misfits].toSorted((a, b) => a.atMs - b.atMs);
  const lost = found.gatesLost.map((gate) => gateName(shown, gate));
  return (
    <li class="case">
      <h3>
        <Shape name="pair" />{' '}
        {entries.length === 2 ? say(enteredTimes[0]) : fill(enteredTimes[1], { count: entries.length })}
      </h3>
      <p class="ticket" title={found.ticket}>
        <a href={addressOf({ event: found.event, section: 'tickets', rest: [found.ticket] })}>
          {say(texts.ticket)} {ticketLabel(found.ticket)}
        </a>
        {found.ticketType !== undefined && <bdi class="muted"> {found.ticketType.name}</bdi>}
      </p>
      <ol>
        {entries.map((entry) => (
          <Use key={`${entry.gate}-${entry.atMs}`} entry={entry} shown={shown} />
        ))}
      </ol>
      <p class="note">{fill(texts.likelyCause, { cause: say(causes[found.cause]) })}</p>
      {found.orderUncertain && <p class="note">{say(texts.orderUncertain)}</p>}
      {found.gatesNotHeard.length > 0 && (
        <p class="note may-change">
          <StatusMark tone="warn">{fillCount(mayChange, found.gatesNotHeard.length)}</StatusMark>
        </p>
      )}
      {lost.length > 0 && (
        <p class="note">
          {fill(texts.mayBeIncomplete, { gates: lost.join(', '), is: lost.length === 1 ? 'is' : 'are' })}
        </p>
      )}
    </li>
  );
}

const Use = ({ entry, shown }: { readonly entry: EntryView; readonly shown: LiveState }): JSX.Element => (
  <li>
    <b>
      <bdi>{gateName(shown, entry.gate)}</bdi>
    </b>
    <time>{timeOfDay(entry.atMs, shown.timeZone)}</time>
    <small>{uncertainty(entry.uncertaintyMs)}</small>
    {entry.persons > 1 && (
      <small>
        {count(entry.persons)} {say(texts.persons)}
      </small>
    )}
  </li>
);
