// The tickets of an event: found by what a visitor can say or show, page by page.
import { signal } from '@preact/signals';
import {
  ticketFilters,
  type EventResponse,
  type TicketFilter,
  type UserView,
  type TicketList as TicketListAnswer,
} from '@postern/shared';
import { Button, EmptyState, SelectField, StatusMark, Table, TextField, type Column } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { usePages } from '../asking.ts';
import { ask } from '../cloud.ts';
import { count, dateAndTime } from '../format.ts';
import { say } from '../language.ts';
import { Name } from '../parts/names.tsx';
import { ProblemBanner } from '../parts/problem.tsx';
import { addressOf } from '../route.ts';
import { moreOf } from '../parts/paged-table.tsx';
import { LetIn } from './let-in.tsx';
import { labels, statusTexts } from './messages.ts';
import { mayManage, statusTone, typeName } from './ticket-words.ts';

interface Wanted {
  readonly event: number;
  readonly search: string;
  readonly status: TicketFilter | '';
  readonly type: string;
}
/** Kept while somebody looks at one of the tickets and comes back. */
const wanted = signal<Wanted>({ event: 0, search: '', status: '', type: '' });
const pauseMs = 250;

type Row = TicketListAnswer['tickets'][number];

export function TicketList({ event, me }: { readonly event: EventResponse; readonly me: UserView }): JSX.Element {
  const queryNow = (): Wanted =>
    wanted.value.event === event.event ? wanted.value : { ...wanted.value, search: '', type: '' };
  const query = queryNow();
  const want = (change: Partial<Wanted>): void => {
    wanted.value = { ...queryNow(), ...change, event: event.event };
  };
  const [typed, setTyped] = useState(query.search);
  useEffect(() => {
    const timer = setTimeout(() => want({ search: typed.trim() }), pauseMs);
    return () => clearTimeout(timer);
  }, [typed]);
  const parameters = new URLSearchParams({ event: String(event.event), limit: '50' });
  if (query.search !== '') parameters.set('search', query.search);
  if (query.status !== '') parameters.set('status', query.status);
  if (query.type !== '') parameters.set('type', query.type);
  const pages = usePages<Row>(parameters.toString(), async (cursor) => {
    if (cursor !== undefined) parameters.set('cursor', cursor);
    const read = await ask<TicketListAnswer>('GET', `/api/tickets?${parameters}`);
    return read.ok ? { ok: true, value: { items: read.value.tickets, next: read.value.next } } : read;
  });
  const isFiltered = query.search !== '' || query.status !== '' || query.type !== '';
  const place = (...rest: readonly string[]): string => addressOf({ event: event.event, section: 'tickets', rest });
  return (
    <>
      <header class="page-head">
        <h1>{say(labels.title)}</h1>
        <LetIn event={event} />
        {mayManage(me, event.event) && (
          <nav class="actions-row" aria-label={say(labels.title)}>
            <a class="button primary" href={place('new')}>
              {say(labels.issue)}
            </a>
            <a class="button" href={addressOf({ event: event.event, section: 'files' })}>
              {say(labels.import)}
            </a>
            <a class="button" href={place('print')}>
              {say(labels.print)}
            </a>
            <a class="button" href={place('links')}>
              {say(labels.links)}
            </a>
          </nav>
        )}
      </header>
      <form
        class="ticket-search"
        role="search"
        onSubmit={(submit) => {
          submit.preventDefault();
          want({ search: typed.trim() });
        }}
      >
        <TextField
          label={say(labels.search)}
          hint={say(labels.searchHint)}
          type="search"
          autofocus
          dir="auto"
          maxLength={600}
          value={typed}
          onValue={setTyped}
        />
        <SelectField
          label={say(labels.status)}
          value={query.status}
          choices={[
            { value: '', label: say(labels.any) },
            ...ticketFilters.map((value) => ({ value, label: say(statusTexts[value]) })),
          ]}
          onValue={(status) => want({ status })}
        />
        <SelectField
          label={say(labels.type)}
          value={query.type}
          choices={[
            { value: '', label: say(labels.any) },
            ...event.policy.types.map(({ id, name }) => ({ value: String(id), label: name })),
          ]}
          onValue={(type) => want({ type })}
        />
        <Button type="submit">{say(labels.find)}</Button>
      </form>
      <ProblemBanner problem={pages.problem} onAgain={() => void pages.reload()} />
      {pages.items !== undefined && pages.items.length === 0 && !isFiltered && !pages.busy ? (
        <EmptyState
          title={say(labels.none)}
          action={
            me.administrator && (
              <a class="button primary" href={addressOf({ section: 'start', rest: [String(event.event)] })}>
                {say({ en: 'What to do next', de: 'Was als Nächstes zu tun ist' })}
              </a>
            )
          }
        />
      ) : (
        (pages.items !== undefined || pages.problem === undefined) && (
          <Table
            caption={say(labels.found)}
            captionUnseen
            columns={columnsFor(event, place)}
            rows={pages.items ?? []}
            rowKey={({ id }) => id}
            empty={say(pages.items === undefined ? labels.loading : labels.nothing)}
            more={moreOf(pages)}
          />
        )
      )}
    </>
  );
}

const columnsFor = (event: EventResponse, place: (id: string) => string): readonly Column<Row>[] => [
  {
    title: say(labels.holder),
    heads: true,
    cell: ({ id, holder }) => (
      <a href={place(id)} class="ticket-link">
        {holder?.name === undefined ? (
          <span>
            {say(labels.noName)} <code>…{id.slice(-6)}</code>
          </span>
        ) : (
          <Name>{holder.name}</Name>
        )}
        {holder?.email !== undefined && (
          <small>
            <Name>{holder.email}</Name>
          </small>
        )}
      </a>
    ),
  },
  { title: say(labels.order), cell: ({ holder }) => holder?.order !== undefined && <Name>{holder.order}</Name> },
  { title: say(labels.type), cell: ({ type }) => <Name>{typeName(event.policy, type)}</Name> },
  { title: say(labels.persons), number: true, cell: ({ party }) => count(party) },
  {
    title: say(labels.status),
    cell: ({ status }) => <StatusMark tone={statusTone[status]}>{say(statusTexts[status])}</StatusMark>,
  },
  {
    title: say(labels.used),
    cell: ({ used }) => used !== undefined && <time>{dateAndTime(used.atMs, event.policy.timeZone)}</time>,
  },
];
