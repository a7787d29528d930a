// The last entries, the latest first.
import type { LiveEntry, LiveState } from '@postern/shared';
import { Panel, Table, type Column } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { count, timeOfDay } from '../format.ts';
import { say } from '../language.ts';
import { addressOf } from '../route.ts';
import { gateName, ticketLabel } from './names.ts';
import { texts } from './texts.ts';

/** What fits on a screen; the rest is in the history of each ticket. */
const rowsMax = 12;

export function Entries({ shown }: { readonly shown: LiveState }): JSX.Element {
  const columns: readonly Column<LiveEntry>[] = [
    { title: say(texts.time), cell: ({ atMs }) => <time>{timeOfDay(atMs, shown.timeZone)}</time> },
    { title: say(texts.gate), cell: ({ gate }) => <bdi>{gateName(shown, gate)}</bdi> },
    {
      title: say(texts.ticket),
      cell: ({ ticket }) =>
        ticket === '' ? (
          ticketLabel(ticket)
        ) : (
          <a href={addressOf({ event: shown.event, section: 'tickets', rest: [ticket] })}>{ticketLabel(ticket)}</a>
        ),
    },
    { title: say(texts.persons), number: true, cell: ({ persons }) => count(persons) },
    { title: say(texts.how), cell: ({ kind }) => say(kind === 'overridden' ? texts.letIn : texts.byGate) },
  ];
  return (
    <Panel title={say(texts.lastEntries)} class="last">
      <Table
        caption={say(texts.lastEntries)}
        captionUnseen
        columns={columns}
        rows={shown.entries.slice(0, rowsMax)}
        rowKey={({ gate, atMs, ticket }) => `${gate}-${atMs}-${ticket}`}
        empty={say(texts.nobody)}
      />
    </Panel>
  );
}
