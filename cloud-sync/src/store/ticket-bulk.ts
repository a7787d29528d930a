// Many tickets of an event at once, for whoever brings them in by the thousand: found by code or id in one statement each, and kept to a
// transaction that is going to change them.
import { sql, type RawBuilder, type Selectable } from 'kysely';
import { isPostgres, type Queries } from './database.ts';
import type { Schema } from './schema.ts';

type TicketRow = Selectable<Schema['ticket']>;
type HolderRow = Selectable<Schema['ticket_holder']>;

export interface KnownTicket {
  readonly row: TicketRow;
  readonly holder: HolderRow | undefined;
}
export interface KnownTickets {
  /** By the hash of a code; with the epoch that the code was printed for. */
  readonly byCode: ReadonlyMap<string, KnownTicket & { readonly codeEpoch: number }>;
  readonly byId: ReadonlyMap<string, KnownTicket>;
}

/** Tickets that have one of these codes, or one of these ids. */
export async function readKnownTickets(
  queries: Queries,
  event: number,
  { codes, ids }: { readonly codes: readonly string[]; readonly ids: readonly string[] },
): Promise<KnownTickets> {
  const ofCodes = await readRows(queries, 'ticket_code', 'hash', event, codes);
  const wanted = [...new Set([...ofCodes.map(({ ticket }) => ticket), ...ids])];
  const rows = await readRows(queries, 'ticket', 'id', event, wanted);
  const holders = await readRows(queries, 'ticket_holder', 'ticket', event, wanted);
  const holderOf = new Map(holders.map((holder) => [holder.ticket, holder]));
  const byId = new Map(rows.map((row) => [row.id, { row, holder: holderOf.get(row.id) }]));
  return {
    byId,
    byCode: new Map(
      ofCodes.flatMap(({ hash, ticket, epoch }) => {
        const known = byId.get(ticket);
        return known === undefined ? [] : [[hash, { ...known, codeEpoch: epoch }]];
      }),
    ),
  };
}

/** Of these tickets, those that marks have made a story of. */
export const readTicketsWithStory = async (
  queries: Queries,
  event: number,
  ids: readonly string[],
): Promise<readonly string[]> => (await readRows(queries, 'story', 'ticket', event, ids)).map(({ ticket }) => ticket);

/** Whether somebody has made one of these codes since it was looked for; on SQLite nobody can within one transaction. */
export const hasCodes = async (queries: Queries, event: number, hashes: readonly string[]): Promise<boolean> =>
  isPostgres(queries) && (await readRows(queries, 'ticket_code', 'hash', event, hashes)).length > 0;

/** Whether the rows are still as they were read. Keeps them to the transaction, in one order, as whoever changes one ticket does first. */
export async function lockTicketRows(queries: Queries, event: number, rows: readonly TicketRow[]): Promise<boolean> {
  if (rows.length === 0 || !isPostgres(queries)) return true;
  const ids = rows.map(({ id }) => id).toSorted();
  const { rows: locked } = await oneByOne<'ticket'>('ticket', 'id', event, ids, sql`for update`).execute(queries);
  const versions = new Map(locked.map(({ id, version }) => [id, version]));
  return rows.every(({ id, version }) => versions.get(id) === version);
}

/**
 * The event's revision; keeps its tickets to the transaction, as raising it would. Rows that are stored under a higher revision than
 * the event's are published with whatever raises it next, and by nothing before.
 */
export async function lockRevision(queries: Queries, event: number): Promise<number | undefined> {
  const read = queries.selectFrom('event').select('revision').where('id', '=', event);
  return (await (isPostgres(queries) ? read.forUpdate() : read).executeTakeFirst())?.revision;
}

/** Whether rows wait for the event's revision to be raised. */
export async function hasUnpublishedRows(queries: Queries, event: number, revision: number): Promise<boolean> {
  const waiting = await queries
    .selectFrom('ticket')
    .select('id')
    .where('event', '=', event)
    .where('revision', '>', revision)
    .limit(1)
    .executeTakeFirst();
  return waiting !== undefined;
}

export async function removeHolders(queries: Queries, event: number, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await queries
    .deleteFrom('ticket_holder')
    .where('event', '=', event)
    .where('ticket', 'in', listed(queries, ids))
    .execute();
}

type KeyedTable = 'ticket' | 'ticket_code' | 'ticket_holder' | 'story';

/** The rows of an event under these keys; the column is the rest of the table's key. */
async function readRows<T extends KeyedTable>(
  queries: Queries,
  table: T,
  column: string & keyof Schema[T],
  event: number,
  keys: readonly string[],
): Promise<readonly Selectable<Schema[T]>[]> {
  if (keys.length === 0) return [];
  const read = isPostgres(queries)
    ? oneByOne<T>(table, column, event, keys)
    : sql<Selectable<Schema[T]>>`
        select * from ${sql.table(table)} where event = ${event} and ${sql.ref(column)} in ${listed(queries, keys)}`;
  return (await read.execute(queries)).rows;
}

/** Each by the index: PostgreSQL, which knows nothing of rows that have just come, would rather read the whole event each time. */
const oneByOne = <T extends KeyedTable>(
  table: T,
  column: string & keyof Schema[T],
  event: number,
  keys: readonly string[],
  lock = sql``,
): RawBuilder<Selectable<Schema[T]>> => sql`
  select found.* from unnest(${keys}::text[]) as asked(key) cross join lateral (
    select * from ${sql.table(table)} where event = ${event} and ${sql.ref(column)} = asked.key limit 1 ${lock}
  ) as found`;

/** As one value, so that the statement's text does not depend on how many they are. */
const listed = (queries: Queries, values: readonly string[]): RawBuilder<string> =>
  isPostgres(queries)
    ? sql<string>`(select unnest(${values}::text[]))`
    : sql<string>`(select value from json_each(${JSON.stringify(values)}))`;
