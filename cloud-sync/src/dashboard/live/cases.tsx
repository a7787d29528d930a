// Uses that do not fit: both gates, both times, how sure the clocks are, the likely cause, and whether the story may still change.
import type { JSX } from 'preact';
import type { CaseView, EntryView, LiveState } from '@postern/shared';
import { timeOfDay } from '../format.ts';
import { gateName, ticketLabel, uncertainty } from './names.ts';
import { Mark } from './shapes.tsx';

/** A hint, in words that accuse nobody. */
const causes: Readonly<Record<CaseView['cause'], string>> = {
  're-scanned': 'the same person, scanned again',
  clock: 'a clock that is not right',
  'copied-code': 'a code that somebody else has too',
};

const times = ['', 'once', 'twice', 'three times', 'four times', 'five times'];

export const Cases = ({ shown }: { readonly shown: LiveState }): JSX.Element => (
  <section class="cases">
    <h2>Double entries</h2>
    {shown.openCases.length === 0 && (
      <p class="empty good">
        <Mark shape="disc" /> None known
      </p>
    )}
    <ul>
      {shown.openCases.map((found) => (
        <Case key={found.id} found={found} shown={shown} />
      ))}
    </ul>
  </section>
);

function Case({ found, shown }: { readonly found: CaseView; readonly shown: LiveState }): JSX.Element {
  const entries = [...found.fitting, ...found.misfits].toSorted((a, b) => a.atMs - b.atMs);
  const waiting = found.gatesNotHeard.length;
  return (
    <li class="card bad">
      <h3>
        <Mark shape="pair" /> Entered {times[entries.length] ?? `${entries.length} times`}
      </h3>
      <p class="ticket" title={found.ticket}>
        Ticket {ticketLabel(found.ticket)}
      </p>
      <ol>
        {entries.map((entry) => (
          <Use key={`${entry.gate}-${entry.atMs}`} entry={entry} shown={shown} />
        ))}
      </ol>
      <p class="note">Likely cause: {causes[found.cause]}</p>
      {found.orderUncertain && <p class="note">Who was first cannot be known: the clocks are not that sure.</p>}
      {waiting > 0 && (
        <p class="note warn">
          <Mark shape="triangle" /> May change: {waiting === 1 ? '1 gate' : `${waiting} gates`} not heard from
        </p>
      )}
      {found.gatesLost.length > 0 && (
        <p class="note">
          May be incomplete: {found.gatesLost.map((gate) => gateName(shown, gate)).join(', ')}{' '}
          {found.gatesLost.length === 1 ? 'is' : 'are'} lost
        </p>
      )}
    </li>
  );
}

const Use = ({ entry, shown }: { readonly entry: EntryView; readonly shown: LiveState }): JSX.Element => (
  <li>
    <b>{gateName(shown, entry.gate)}</b>
    <time>{timeOfDay(entry.atMs, shown.timeZone)}</time>
    <small>{uncertainty(entry.uncertaintyMs)}</small>
    {entry.persons > 1 && <small>{entry.persons} persons</small>}
  </li>
);
