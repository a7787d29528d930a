// The tickets whose present code one key has signed: those to issue again should it be revoked. As a list, and as a table to take away.
import type { KeyTicket, KeyTickets as KeyTicketsAnswer } from '@postern/shared';
import { StatusMark, type Column } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useListOf } from '../asking.ts';
import { events } from '../events.ts';
import { say } from '../language.ts';
import { browserZone } from '../parts/browser-zone.ts';
import { When } from '../parts/when.tsx';
import { addressOf } from '../route.ts';
import { PagedTable } from '../parts/paged-table.tsx';
import { labels } from './messages.ts';

export function KeyTickets({ keyId }: { readonly keyId: string }): JSX.Element {
  const path = `/admin/keys/${encodeURIComponent(keyId)}/tickets`;
  const pages = useListOf(path, {}, ({ tickets }: KeyTicketsAnswer) => tickets);
  return (
    <>
      <div class="page-head">
        <h1>{say(labels.affected)}</h1>
        <a href={addressOf({ section: 'keys' })}>{say(labels.back)}</a>
      </div>
      <p>
        <code>{keyId}</code>{' '}
        <a class="button" href={`${path}.csv`} download={`tickets-${keyId}.csv`}>
          {say(labels.csv)}
        </a>
      </p>
      <PagedTable
        pages={pages}
        caption={say(labels.affected)}
        captionUnseen
        columns={columns()}
        rowKey={({ ticket }) => ticket}
        empty={say(labels.noTickets)}
      />
    </>
  );
}

const columns = (): readonly Column<KeyTicket>[] => [
  {
    title: say(labels.ticket),
    heads: true,
    cell: ({ event, ticket }) => (
      <a class="code-text" href={addressOf({ event, section: 'tickets', rest: [ticket] })}>
        {ticket}
      </a>
    ),
  },
  {
    title: say(labels.event),
    cell: ({ event }) => <bdi>{events.value?.find((one) => one.event === event)?.policy.name ?? event}</bdi>,
  },
  { title: say(labels.state), cell: ({ status }) => status },
  { title: say(labels.signed), cell: ({ signedAtMs }) => <When atMs={signedAtMs} timeZone={browserZone()} /> },
  {
    title: say(labels.goodPass),
    cell: ({ hasGoodPass }) =>
      hasGoodPass ? say(labels.hasGoodPass) : <StatusMark tone="warn">{say(labels.noGoodPass)}</StatusMark>,
  },
];
