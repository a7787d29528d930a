// Entries that pretix would not take, with its reason, page by page.
import type { EventResponse, PretixCheckInPage } from '@postern/shared';
import { Table } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { usePages } from '../asking.ts';
import { ask } from '../cloud.ts';
import { dateAndTime } from '../format.ts';
import { say } from '../language.ts';
import { Name } from '../parts/names.tsx';
import { ProblemBanner } from '../parts/problem.tsx';
import { addressOf } from '../route.ts';
import { moreOf } from '../parts/paged-table.tsx';
import { pretixLabels as labels } from './pretix-messages.ts';

export function FailedCheckIns({ event }: { readonly event: EventResponse }): JSX.Element {
  const path = `/api/events/${event.event}/pretix/check-ins?state=failed&limit=50`;
  const pages = usePages(path, async (cursor) => {
    const read = await ask<PretixCheckInPage>('GET', cursor === undefined ? path : `${path}&cursor=${cursor}`);
    return read.ok ? { ok: true, value: { items: read.value.checkIns, next: read.value.next } } : read;
  });
  return (
    <>
      <ProblemBanner problem={pages.problem} onAgain={() => void pages.reload()} />
      <Table
        caption={say(labels.failed)}
        columns={[
          {
            title: say(labels.order),
            heads: true,
            cell: ({ order, ticket }) => (
              <a href={addressOf({ event: event.event, section: 'tickets', rest: [ticket] })}>
                <Name>{order}</Name>
              </a>
            ),
          },
          { title: say(labels.when), cell: ({ atMs }) => dateAndTime(atMs, event.policy.timeZone) },
          { title: say(labels.problem), cell: ({ reason }) => reason !== undefined && <Name>{reason}</Name> },
        ]}
        rows={pages.items ?? []}
        rowKey={({ gate, boot, sequence, kind }) => `${gate} ${boot} ${sequence} ${kind}`}
        empty={say(labels.failedNone)}
        more={moreOf(pages)}
      />
    </>
  );
}
