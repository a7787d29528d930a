// What marks come to: per ticket its story (persons entered, inside, highest epoch), its effective entries and exits, the zones its
// persons are in, and the cases of uses that do not fit. Derived in the transaction that stores the marks, by the same fold as at the
// gates, so every replica has the same cases under the same ids.
import {
  foldHistory,
  foldTicketHistory,
  historyRules,
  type AdmissionPolicy,
  type Clock,
  type History,
  type Mark,
} from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import { createRowBatch, type RowBatch } from '../store/insert-rows.ts';
import { lockTickets } from '../store/locks.ts';
import { readMarksOfTickets, ticketOf } from '../store/mark-rows.ts';
import { storeCases, type CaseTimes } from './case-rows.ts';
import { readEvent } from './events.ts';

/** Tickets folded at a time when all of an event are. */
const ticketsPerBatchMax = 500;

/**
 * Brings story and cases of these tickets up to date; `fresh` are marks that the same transaction has stored. What can wait goes into
 * `batch`, which the caller writes. Answers with the tickets whose cases may have changed.
 */
export async function deriveStories(
  queries: Queries,
  batch: RowBatch,
  clock: Clock,
  event: number,
  ticketIds: ReadonlySet<string>,
  fresh: readonly Mark[] = [],
): Promise<readonly string[]> {
  if (ticketIds.size === 0) return [];
  await lockTickets(queries, event, ticketIds);
  const record = await readEvent(queries, event);
  if (record === undefined) return [];
  const marks = await readMarksOfTickets(queries, event, [...ticketIds]);
  const freshByTicket = countByTicket(fresh);
  const isNew = (id: string): boolean => freshByTicket.has(id) && freshByTicket.get(id) === countOwn(marks.get(id));
  const known = [...ticketIds].filter((id) => !isNew(id));
  const histories = await foldMarks(queries, record.policy, [...ticketIds], marks);
  return storeHistories(queries, batch, clock.wallMs(), event, histories, new Set(known));
}

/** Without the clock corrections of its gates. */
const countOwn = (marks: readonly Mark[] = []): number =>
  marks.reduce((count, mark) => (mark.kind === 'corrected' ? count : count + 1), 0);

/** Marks that the fold looks at, by ticket. */
function countByTicket(marks: readonly Mark[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const mark of marks) {
    const id = mark.kind === 'refused' || mark.kind === 'rehearsed' ? undefined : ticketOf(mark);
    if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/**
 * Writes down what histories come to, by ticket id; what can wait goes into `batch`, which the caller writes. `known` are the tickets of
 * which there were marks before this transaction: of others nothing has been derived that would have to go. Answers with the
 * tickets whose cases may have changed.
 */
export async function storeHistories(
  queries: Queries,
  batch: RowBatch,
  nowMs: number,
  event: number,
  histories: ReadonlyMap<string, History>,
  known: ReadonlySet<string>,
  times?: CaseTimes,
): Promise<readonly string[]> {
  if (histories.size === 0) return [];
  const before = [...histories.keys()].filter((id) => known.has(id));
  if (before.length > 0) await forgetDerived(queries, event, before);
  addStories(batch, event, histories);
  addEntries(batch, event, histories);
  addDepartures(batch, event, histories);
  addPresence(batch, event, histories);
  await storeCases(queries, nowMs, event, histories, before, times);
  return [...histories].flatMap(([id, { cases }]) => (known.has(id) || cases.length > 0 ? [id] : []));
}

async function forgetDerived(queries: Queries, event: number, ticketIds: readonly string[]): Promise<void> {
  for (const table of ['entry', 'departure', 'presence'] as const)
    await queries.deleteFrom(table).where('event', '=', event).where('ticket', 'in', ticketIds).execute();
}

/** Derives everything of an event anew: after its rules have changed. */
export async function deriveAllStories(database: Database, clock: Clock, event: number): Promise<void> {
  for (let after = ''; ;) {
    const page = await database
      .selectFrom('story')
      .select('ticket')
      .where('event', '=', event)
      .where('ticket', '>', after)
      .orderBy('ticket')
      .limit(ticketsPerBatchMax)
      .execute();
    if (page.length === 0) return;
    await database.transaction().execute(async (queries) => {
      const batch = createRowBatch();
      await deriveStories(queries, batch, clock, event, new Set(page.map((row) => row.ticket)));
      await batch.write(queries);
    });
    after = page.at(-1)?.ticket ?? '';
  }
}

/** The histories of tickets from their marks, by ticket id. */
export async function foldTickets(
  queries: Queries,
  policy: AdmissionPolicy,
  ticketIds: readonly string[],
): Promise<ReadonlyMap<string, History>> {
  return foldMarks(queries, policy, ticketIds, await readMarksOfTickets(queries, policy.event, ticketIds));
}

async function foldMarks(
  queries: Queries,
  policy: AdmissionPolicy,
  ticketIds: readonly string[],
  marks: ReadonlyMap<string, readonly Mark[]>,
): Promise<ReadonlyMap<string, History>> {
  const { event } = policy;
  const tickets = await queries
    .selectFrom('ticket')
    .select(['id', 'epoch', 'type', 'party'])
    .where('event', '=', event)
    .where('id', 'in', ticketIds)
    .execute();
  const ticketsById = new Map(tickets.map((ticket) => [ticket.id, ticket]));
  return new Map(
    ticketIds.map((id) => {
      const own = marks.get(id) ?? [];
      if (id === '')
        return [
          id,
          foldHistory(own, { ...historyRules(policy, { type: -1, party: 1 }), uses: 0, exitsScannedZones: [] }),
        ];
      return [id, foldTicketHistory(own, policy, ticketsById.get(id))];
    }),
  );
}

type Histories = ReadonlyMap<string, History>;

function addStories(batch: RowBatch, event: number, histories: Histories): void {
  const rows = [...histories].map(([ticket, history]) => ({
    event,
    ticket,
    uses_spent: history.usesSpent,
    inside: history.inside,
    epoch_seen: history.epochSeen,
  }));
  batch.add('story', rows, 'replace');
}

function addEntries(batch: RowBatch, event: number, histories: Histories): void {
  const rows = [...histories].flatMap(([ticket, { entries }]) =>
    entries.map(({ mark, persons }) => ({
      event,
      gate: mark.gate,
      boot: mark.boot,
      sequence: mark.sequence,
      ticket,
      lane: mark.lane,
      kind: mark.kind,
      at_ms: mark.at.ms,
      uncertainty_ms: mark.clock.uncertaintyMs,
      persons,
      zone: mark.zone,
      ...(mark.kind === 'admitted'
        ? {
            out_of_touch: mark.outOfTouch ? 1 : 0,
            peers_reachable: mark.peersReachable,
            feed_age_s: mark.feedAgeS ?? null,
          }
        : { out_of_touch: 0, peers_reachable: 0, feed_age_s: null }),
    })),
  );
  batch.add('entry', rows);
}

function addDepartures(batch: RowBatch, event: number, histories: Histories): void {
  const rows = [...histories].flatMap(([ticket, { exits }]) =>
    exits.map(({ gate, boot, sequence, zone, at }) => ({ event, gate, boot, sequence, ticket, zone, at_ms: at.ms })),
  );
  batch.add('departure', rows);
}

/** Where the persons of a ticket are, zone by zone. */
function addPresence(batch: RowBatch, event: number, histories: Histories): void {
  const rows = [...histories].flatMap(([ticket, { insideByZone }]) =>
    [...insideByZone].flatMap(([zone, persons]) => (persons > 0 ? [{ event, ticket, zone, persons }] : [])),
  );
  batch.add('presence', rows);
}
