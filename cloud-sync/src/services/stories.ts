// What marks come to: per ticket its story (persons entered, inside, highest epoch) and the cases of uses that do not fit. Derived in
// the transaction that stores the marks, by the same fold as at the gates, so every replica has the same cases under the same ids.
import {
  foldHistory,
  foldTicketHistory,
  historyRules,
  type AdmissionPolicy,
  type Case,
  type Clock,
  type Entry,
  type EntryView,
  type History,
  type Mark,
} from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import { lockTickets } from '../store/locks.ts';
import { readMark } from '../store/replica.ts';
import { readEvent } from './events.ts';

/** Tickets folded at a time when all of an event are. */
const ticketsPerBatchMax = 500;
const entriesPerStatementMax = 1_000;

/** Brings story and cases of these tickets up to date. */
export async function deriveStories(
  queries: Queries,
  clock: Clock,
  event: number,
  ticketIds: ReadonlySet<string>,
): Promise<void> {
  if (ticketIds.size === 0) return;
  await lockTickets(queries, event, ticketIds);
  const record = await readEvent(queries, event);
  if (record === undefined) return;
  const folded = await foldTickets(queries, record.policy, [...ticketIds]);
  for (const [ticket, history] of folded) {
    const story = { uses_spent: history.usesSpent, inside: history.inside, epoch_seen: history.epochSeen };
    await queries
      .insertInto('story')
      .values({ event, ticket, ...story })
      .onConflict((conflict) => conflict.columns(['event', 'ticket']).doUpdateSet(story))
      .execute();
    await storeEntries(queries, event, ticket, history.entries);
    await storeCases(queries, clock.wallMs(), event, ticket, history.cases);
  }
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
    await database
      .transaction()
      .execute((queries) => deriveStories(queries, clock, event, new Set(page.map((row) => row.ticket))));
    after = page.at(-1)?.ticket ?? '';
  }
}

/** The histories of tickets from their marks, by ticket id. */
export async function foldTickets(
  queries: Queries,
  policy: AdmissionPolicy,
  ticketIds: readonly string[],
): Promise<ReadonlyMap<string, History>> {
  const { event } = policy;
  const tickets = await queries
    .selectFrom('ticket')
    .select(['id', 'epoch', 'type', 'party'])
    .where('event', '=', event)
    .where('id', 'in', ticketIds)
    .execute();
  const ticketsById = new Map(tickets.map((ticket) => [ticket.id, ticket]));
  const marks = await readMarks(queries, event, ticketIds);
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

/** The marks that the fold looks at, by ticket id; refusals change nothing and may be many. */
async function readMarks(
  queries: Queries,
  event: number,
  ticketIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Mark[]>> {
  const rows = await queries
    .selectFrom('mark')
    .select(['event', 'gate', 'boot', 'ticket', 'bytes'])
    .where('event', '=', event)
    .where('ticket', 'in', ticketIds)
    .where('kind', '!=', 'refused')
    .execute();
  const marks = new Map<string, Mark[]>();
  for (const row of rows) {
    const mark = readMark(row);
    if (mark === undefined || row.ticket === null) continue;
    const own = marks.get(row.ticket);
    if (own === undefined) marks.set(row.ticket, [mark]);
    else own.push(mark);
  }
  return marks;
}

async function storeEntries(queries: Queries, event: number, ticket: string, entries: readonly Entry[]): Promise<void> {
  await queries.deleteFrom('entry').where('event', '=', event).where('ticket', '=', ticket).execute();
  for (let start = 0; start < entries.length; start += entriesPerStatementMax) {
    const rows = entries.slice(start, start + entriesPerStatementMax).map(({ mark, persons }) => ({
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
    }));
    await queries.insertInto('entry').values(rows).execute();
  }
}

/** Late marks extend a case or close it; they never open a second one of the same ticket and day. */
async function storeCases(
  queries: Queries,
  nowMs: number,
  event: number,
  ticket: string,
  cases: readonly Case[],
): Promise<void> {
  const open = cases.map((found) => found.id);
  await queries
    .updateTable('case')
    .set({ state: 'closed', changed_at_ms: nowMs })
    .where('event', '=', event)
    .where('ticket', '=', ticket)
    .where('state', '=', 'open')
    .$if(open.length > 0, (query) => query.where('id', 'not in', open))
    .execute();
  for (const found of cases) {
    const entries = { fitting: found.fitting.map(toEntryView), misfits: found.misfits.map(toEntryView) };
    const changing = {
      state: 'open',
      entries: JSON.stringify(entries),
      order_uncertain: found.orderUncertain ? 1 : 0,
      last_at_ms: Math.max(...[...entries.fitting, ...entries.misfits].map((entry) => entry.atMs)),
      changed_at_ms: nowMs,
    };
    await queries
      .insertInto('case')
      .values({ event, id: found.id, ticket, day: found.day, opened_at_ms: nowMs, ...changing })
      .onConflict((conflict) => conflict.columns(['event', 'id']).doUpdateSet(changing))
      .execute();
  }
}

const toEntryView = ({ mark, persons }: Entry): EntryView => ({
  gate: mark.gate,
  lane: mark.lane,
  atMs: mark.at.ms,
  uncertaintyMs: mark.clock.uncertaintyMs,
  persons,
});
