// Who may go first, when several processes want to change the same thing. SQLite lets one transaction write at a time, so there it is
// always decided; on PostgreSQL transactions run side by side, and whatever reads before it writes takes one of these locks. They
// are held until the transaction ends.
import { sql, type Transaction } from 'kysely';
import { isPostgres, type Database, type Queries } from './database.ts';
import type { Schema } from './schema.ts';

/**
 * Runs `work` in a transaction, alone among all that name the same lock, in every process: what it reads is so until it has written. One
 * lock a transaction, and nothing inside may wait for anything but the database. `shared` is a lock that others may share meanwhile, but
 * nobody may have alone; who has that one alone takes no other, but for the same gate at several events, in their order.
 */
export const inTransaction = <T>(
  database: Database,
  lock: string,
  work: (queries: Transaction<Schema>) => Promise<T>,
  { shared }: { readonly shared?: string } = {},
): Promise<T> =>
  database.transaction().execute(async (queries) => {
    if (isPostgres(queries)) {
      const alone = sql`pg_advisory_xact_lock(${lockNumber(lock)})`;
      await (
        shared === undefined
          ? sql`select ${alone}`
          : sql`select ${alone}, pg_advisory_xact_lock_shared(${lockNumber(shared)})`
      ).execute(queries);
    }
    return work(queries);
  });

/** Takes such a lock in a transaction that is open already. */
export async function lockAlone(queries: Queries, lock: string): Promise<void> {
  if (isPostgres(queries)) await sql`select pg_advisory_xact_lock(${lockNumber(lock)})`.execute(queries);
}

/** A gate has one key at all its events, and a code is used once. */
export const gateLock = (gate: string): string => `gate/${gate}`;

/** The lock of whoever revokes a gate: shared by all that store marks of it. */
export const gateHistoryLock = (event: number, gate: string): string => `gate-history/${event}/${gate}`;

/**
 * Keeps these tickets of an event to the transaction that asks: whoever reads a ticket's marks to write what follows from them, a
 * decision or its story, calls this first, after adding marks and before reading them. The event's rules stay as they are meanwhile.
 * Answers with those that surely had no marks but refusals before this transaction: a ticket with marks has a story.
 */
export async function lockTickets(
  queries: Queries,
  event: number,
  ticketIds: Iterable<string>,
): Promise<ReadonlySet<string>> {
  if (!isPostgres(queries)) return new Set();
  // In one order everywhere, so that two transactions with the same tickets never wait for each other.
  const locked = lockedBy.get(queries) ?? new Set();
  const ordered = [...new Set(ticketIds)].filter((id) => !locked.has(`${event}/${id}`)).toSorted();
  if (ordered.length === 0) return new Set();
  // Rows and not advisory locks for tickets: those share a table that a few busy processes could fill. xmax is 0 in a row that is new.
  const { rows } = await sql<{ readonly ticket: string; readonly is_new: number }>`
    insert into story (event, ticket, uses_spent, inside, epoch_seen)
    select ${event}::bigint, ticket, 0, 0, 0
    from (select pg_advisory_xact_lock_shared(${lockNumber(rulesLock(event))})) as rules, unnest(${ordered}::text[]) as sent(ticket)
    on conflict (event, ticket) do update set uses_spent = story.uses_spent
    returning ticket, xmax = 0 as is_new`.execute(queries);
  for (const id of ordered) locked.add(`${event}/${id}`);
  if (queries.isTransaction) lockedBy.set(queries, locked);
  return new Set(rows.flatMap(({ ticket, is_new }) => (is_new === 1 ? [ticket] : [])));
}

const ticketsPerTransaction = 200;

/** Goes through all tickets that a table has of an event, in order: some at a time, locked, each time in a transaction of its own. */
export async function withTicketsLocked(
  database: Database,
  table: 'case' | 'suspicion' | 'usage',
  event: number,
  work: (queries: Transaction<Schema>, tickets: readonly string[]) => Promise<void>,
): Promise<void> {
  for (let after = ''; ;) {
    const page = await database
      .selectFrom(table)
      .select('ticket')
      .distinct()
      .where('event', '=', event)
      .where('ticket', '>', after)
      .orderBy('ticket')
      .limit(ticketsPerTransaction)
      .execute();
    const tickets = page.flatMap((row) => row.ticket ?? []);
    if (tickets.length === 0) return;
    await database.transaction().execute(async (queries) => {
      await lockTickets(queries, event, tickets);
      await work(queries, tickets);
    });
    after = tickets.at(-1) ?? after;
  }
}

/** Keeps the bands of an event to the transaction that asks, after the tickets that it locks. */
export const lockBindings = (queries: Queries, event: number): Promise<void> => lockAlone(queries, `bindings/${event}`);

/** What a transaction has locked it has until it ends: it need not ask again. */
const lockedBy = new WeakMap<Queries, Set<string>>();

/** The lock of whoever changes an event's rules: waits for transactions that still go by the old ones, and holds off new ones. */
export const rulesLock = (event: number): string => `rules/${event}`;

/** PostgreSQL's locks are 64-bit numbers. Two names that share one only wait for each other without need. */
const lockNumber = (lock: string): ReturnType<typeof sql<number>> => sql<number>`hashtextextended(${lock}, 0)`;
