// The last entries, the latest first.
import type { JSX } from 'preact';
import type { LiveEntry, LiveState } from '@postern/shared';
import { timeOfDay } from '../format.ts';
import { gateName, ticketLabel } from './names.ts';

export const Entries = ({ shown }: { readonly shown: LiveState }): JSX.Element => (
  <section class="last">
    <h2>Last entries</h2>
    {shown.entries.length === 0 ? (
      <p class="empty">Nobody has entered yet.</p>
    ) : (
      <table>
        <thead>
          <tr>
            <th>Time</th>
            <th>Gate</th>
            <th>Ticket</th>
            <th class="number">Persons</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {shown.entries.map((entry) => (
            <Row key={`${entry.gate}-${entry.atMs}-${entry.ticket}`} entry={entry} shown={shown} />
          ))}
        </tbody>
      </table>
    )}
  </section>
);

const Row = ({ entry, shown }: { readonly entry: LiveEntry; readonly shown: LiveState }): JSX.Element => (
  <tr>
    <td>
      <time>{timeOfDay(entry.atMs, shown.timeZone)}</time>
    </td>
    <td>{gateName(shown, entry.gate)}</td>
    <td title={entry.ticket}>{ticketLabel(entry.ticket)}</td>
    <td class="number">{entry.persons}</td>
    <td>{entry.kind === 'overridden' ? 'Let in' : 'Entered'}</td>
  </tr>
);
