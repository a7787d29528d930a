// The tickets whose present code one key has signed: those to issue again should it be revoked. As a list, and as a table to take away.
import { keyTicketsSchema, type KeyTicket } from '@postern/shared';
import { StatusMark, Table, type Column } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useListOf } from '../asking.ts';
import { events } from '../events.ts';
import { say } from '../language.ts';
import { browserZone } from '../parts/browser-zone.ts';
import { ProblemBanner } from '../parts/problem.tsx';
import { When } from '../parts/when.tsx';
import { addressOf } from '../route.ts';
import { labels } from './messages.ts';

export function KeyTickets({ keyId }: { readonly keyId: string }): JSX.Element {
  const path = `/admin/keys/${encodeURIComponent(keyId)}/tickets`;
  const pages = useListOf(path, {}, keyTicketsSchema, ({ tickets }) => tickets);
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
      <ProblemBanner problem={pages.problem} onAgain={() => void pages.reload()} />
      {pages.items !== undefined && (
        <Table
          caption={say(labels.affected)}
          captionUnseen
          columns={columns()}
          rows={pages.items}
          rowKey={({ ticket }) => ticket}
          empty={say(labels.noTickets)}
          more={pages.more && { label: say(labels.more), busy: pages.busy, onMore: pages.more }}
        />
      )}
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
