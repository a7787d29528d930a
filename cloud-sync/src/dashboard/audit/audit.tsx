// What was done, by whom, to what, the latest first: found by filters, taken away as a table, proved as a whole.
import { auditActions, type AuditEntry, type AuditPage } from '@postern/shared';
import { SelectField, TextField, type Column } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useListOf, usePaused } from '../asking.ts';
import { events } from '../events.ts';
import { dateOf, timeOfDay } from '../format.ts';
import { say } from '../language.ts';
import { fieldToMs } from '../methods/venue-time.ts';
import { browserZone } from '../parts/browser-zone.ts';
import { ticketLabel } from '../parts/marks.ts';
import { addressOf } from '../route.ts';
import type { EventSectionProps } from '../section.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import { auditQuery, isAuditAction, isTicketId, noFilters, type AuditFilters } from './filters.ts';
import { labels } from './messages.ts';
import { Proof } from './proof.tsx';
import './audit.css';

export const EventAudit = ({ event }: EventSectionProps): JSX.Element => (
  <Log title={say(labels.title)} event={event.event} timeZone={event.policy.timeZone} />
);

export const WholeAudit = (): JSX.Element => (
  <Log title={say(labels.titleAll)} event={undefined} timeZone={browserZone()}>
    <Proof />
  </Log>
);

interface LogProps {
  readonly title: string;
  /** Undefined: everything, what concerns no event too. */
  readonly event: number | undefined;
  readonly timeZone: string;
  readonly children?: JSX.Element;
}

function Log({ title, event, timeZone, children }: LogProps): JSX.Element {
  const [filters, setFilters] = useState<AuditFilters>(noFilters);
  const startOfDay = (day: string): number => fieldToMs(`${day}T00:00`, timeZone) ?? 0;
  const query = auditQuery(usePaused(filters), { event, startOfDay });
  const pages = useListOf('/audits/log', Object.fromEntries(query), ({ entries }: AuditPage) => entries);
  const change = (part: Partial<AuditFilters>): void => setFilters({ ...filters, ...part });
  return (
    <>
      <div class="page-head">
        <h1>{title}</h1>
        <a class="button" href={`/audits/log?${query.toString()}&format=csv`} download="audit-log.csv">
          {say(labels.csv)}
        </a>
      </div>
      {children}
      <div class="filters">
        <SelectField
          label={say(labels.action)}
          value={filters.action}
          choices={[
            { value: '', label: say(labels.anything) },
            ...auditActions.map((value) => ({ value, label: value })),
          ]}
          onValue={(action) => change({ action: isAuditAction(action) ? action : '' })}
        />
        <TextField
          label={say(labels.person)}
          hint={say(labels.personHint)}
          type="search"
          value={filters.person}
          onValue={(person) => change({ person })}
        />
        <TextField
          label={say(labels.gate)}
          hint={say(labels.gateHint)}
          type="search"
          value={filters.gate}
          onValue={(gate) => change({ gate })}
        />
        <TextField
          label={say(labels.ticket)}
          hint={say(labels.ticketHint)}
          error={filters.ticket === '' || isTicketId(filters.ticket) ? undefined : say(labels.ticketPartial)}
          type="search"
          value={filters.ticket}
          onValue={(ticket) => change({ ticket })}
        />
        <TextField label={say(labels.from)} type="date" value={filters.from} onValue={(from) => change({ from })} />
        <TextField label={say(labels.to)} type="date" value={filters.to} onValue={(to) => change({ to })} />
      </div>
      <PagedTable
        pages={pages}
        caption={title}
        captionUnseen
        columns={columnsOf(timeZone, event === undefined)}
        rowKey={({ chain, sequence }) => `${chain} ${sequence}`}
        empty={say(labels.none)}
      />
    </>
  );
}

function columnsOf(timeZone: string, isOfAll: boolean): readonly Column<AuditEntry>[] {
  return [
    {
      title: say(labels.when),
      cell: ({ atMs }) => (
        <time class="when">
          {dateOf(atMs, timeZone)} {timeOfDay(atMs, timeZone)}
        </time>
      ),
    },
    { title: say(labels.action), heads: true, cell: ({ action }) => action },
    {
      title: say(labels.who),
      cell: ({ actorKind, actor, name }) => (
        <>
          {name !== undefined && <bdi>{name} </bdi>}
          <small>
            {actorKind} <code>{actor}</code>
          </small>
        </>
      ),
    },
    ...(isOfAll
      ? [
          {
            title: say(labels.event),
            cell: ({ event }: AuditEntry) =>
              event === 0 ? (
                '–'
              ) : (
                <bdi>{events.value?.find((one) => one.event === event)?.policy.name ?? String(event)}</bdi>
              ),
          },
        ]
      : []),
    { title: say(labels.about), cell: (entry) => <About entry={entry} /> },
    { title: say(labels.why), cell: (entry) => <Details entry={entry} /> },
  ];
}

/** Longer ids show their end. */
const shownOfIds = 16;

function About({ entry: { event, ticket, gate, subject } }: { readonly entry: AuditEntry }): JSX.Element {
  return (
    <>
      {ticket !== undefined && (
        <p>
          <a class="code-text" title={ticket} href={addressOf({ event, section: 'tickets', rest: [ticket] })}>
            {ticketLabel(ticket)}
          </a>
        </p>
      )}
      {gate !== undefined && (
        <p>
          {say(labels.gate)} <code>{gate}</code>
        </p>
      )}
      {subject !== undefined && (
        <code title={subject}>{subject.length > shownOfIds ? ticketLabel(subject) : subject}</code>
      )}
    </>
  );
}

function Details({ entry }: { readonly entry: AuditEntry }): JSX.Element {
  const { reason, method, note, address, device, details = {}, erased = [] } = entry;
  const facts = [
    reason,
    method,
    ...Object.entries(details).map(([name, value]) => `${name}: ${value}`),
    address,
    device,
    ...erased.map((field) => `${field}: ${say(labels.erased)}`),
  ].filter((fact) => fact !== undefined);
  return (
    <div class="audit-details">
      {note !== undefined && <bdi>{note}</bdi>}
      <small title={facts.join(' · ')}>{facts.join(' · ')}</small>
    </div>
  );
}
