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
  const ofCodes =
    codes.length === 0
      ? []
      : await queries
          .selectFrom('ticket_code')
          .select(['hash', 'ticket', 'epoch'])
          .where('event', '=', event)
          .where('hash', 'in', listed(queries, codes))
          .execute();
  const wanted = [...new Set([...ofCodes.map(({ ticket }) => ticket), ...ids])];
  const byId = wanted.length === 0 ? new Map<string, KnownTicket>() : await readById(queries, event, wanted);
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

async function readById(
  queries: Queries,
  event: number,
  ids: readonly string[],
): Promise<ReadonlyMap<string, KnownTicket>> {
  const rows = await queries
    .selectFrom('ticket')
    .selectAll()
    .where('event', '=', event)
    .where('id', 'in', listed(queries, ids))
    .execute();
  const holders = await queries
    .selectFrom('ticket_holder')
    .selectAll()
    .where('event', '=', event)
    .where('ticket', 'in', listed(queries, ids))
    .execute();
  const holderOf = new Map(holders.map((holder) => [holder.ticket, holder]));
  return new Map(rows.map((row) => [row.id, { row, holder: holderOf.get(row.id) }]));
}

/** Of these tickets, those that marks have made a story of. */
export async function readTicketsWithStory(
  queries: Queries,
  event: number,
  ids: readonly string[],
): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const rows = await queries
    .selectFrom('story')
    .select('ticket')
    .where('event', '=', event)
    .where('ticket', 'in', listed(queries, ids))
    .execute();
  return rows.map(({ ticket }) => ticket);
}

/** Whether the rows are still as they were read. Keeps them to the transaction, in one order, as whoever changes one ticket does first. */
export async function lockTicketRows(queries: Queries, event: number, rows: readonly TicketRow[]): Promise<boolean> {
  if (rows.length === 0 || !isPostgres(queries)) return true;
  const locked = await queries
    .selectFrom('ticket')
    .select(['id', 'version'])
    .where('event', '=', event)
    .where(
      'id',
      'in',
      listed(
        queries,
        rows.map(({ id }) => id),
      ),
    )
    .orderBy('id')
    .forUpdate()
    .execute();
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

/** Whether somebody has made one of these codes since it was looked for; on SQLite nobody can within one transaction. */
export async function hasCodes(queries: Queries, event: number, hashes: readonly string[]): Promise<boolean> {
  if (hashes.length === 0 || !isPostgres(queries)) return false;
  const found = await queries
    .selectFrom('ticket_code')
    .select('hash')
    .where('event', '=', event)
    .where('hash', 'in', listed(queries, hashes))
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

export async function removeHolders(queries: Queries, event: number, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await queries
    .deleteFrom('ticket_holder')
    .where('event', '=', event)
    .where('ticket', 'in', listed(queries, ids))
    .execute();
}

/** As one value, so that the statement's text does not depend on how many they are. */
const listed = (queries: Queries, values: readonly string[]): RawBuilder<string> =>
  isPostgres(queries)
    ? sql<string>`(select unnest(${values}::text[]))`
    : sql<string>`(select value from json_each(${JSON.stringify(values)}))`;
