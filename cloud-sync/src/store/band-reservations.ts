// Wristbands that are kept for a ticket while a desk writes one, and those that are never written. Who decides by these rows does so under
// the lock of the event's bands.
import type { Selectable } from 'kysely';
import type { Database, Queries } from './database.ts';
import { inTransaction } from './locks.ts';
import type { Schema } from './schema.ts';

export type BandRow = Selectable<Schema['band']>;

const rowsPerStatementMax = 500;

/** Alone among all who give away bands of an event, in every process. */
export const withBands = <T>(database: Database, event: number, work: (queries: Queries) => Promise<T>): Promise<T> =>
  inTransaction(database, `bands/${event}`, work);

export async function readBands(
  queries: Queries,
  event: number,
  tags: readonly string[],
): Promise<ReadonlyMap<string, BandRow>> {
  const found = new Map<string, BandRow>();
  for (let start = 0; start < tags.length; start += rowsPerStatementMax) {
    const rows = await queries
      .selectFrom('band')
      .selectAll()
      .where('event', '=', event)
      .where('tag', 'in', tags.slice(start, start + rowsPerStatementMax))
      .execute();
    for (const row of rows) found.set(row.tag, row);
  }
  return found;
}

/** Bands that are kept for these tickets now. */
export async function readKept(
  queries: Queries,
  event: number,
  tickets: readonly string[],
  nowMs: number,
): Promise<readonly BandRow[]> {
  const kept: BandRow[] = [];
  for (let start = 0; start < tickets.length; start += rowsPerStatementMax)
    kept.push(
      ...(await queries
        .selectFrom('band')
        .selectAll()
        .where('event', '=', event)
        .where('ticket', 'in', tickets.slice(start, start + rowsPerStatementMax))
        .where('until_ms', '>', nowMs)
        .execute()),
    );
  return kept;
}

/** In place of whatever was said of these bands before. */
export async function storeBands(queries: Queries, rows: readonly BandRow[]): Promise<void> {
  for (let start = 0; start < rows.length; start += rowsPerStatementMax)
    await queries
      .insertInto('band')
      .values(rows.slice(start, start + rowsPerStatementMax))
      .onConflict((conflict) =>
        conflict.columns(['event', 'tag']).doUpdateSet((row) => ({
          writable: row.ref('excluded.writable'),
          ticket: row.ref('excluded.ticket'),
          reserved_by: row.ref('excluded.reserved_by'),
          until_ms: row.ref('excluded.until_ms'),
          take_from: row.ref('excluded.take_from'),
          instead: row.ref('excluded.instead'),
          write_hash: row.ref('excluded.write_hash'),
          read_back: row.ref('excluded.read_back'),
        })),
      )
      .execute();
}

/** What `by` has kept is free again; that a band is never written stays. */
export async function freeBands(queries: Queries, event: number, tags: readonly string[], by: string): Promise<void> {
  for (let start = 0; start < tags.length; start += rowsPerStatementMax)
    await queries
      .updateTable('band')
      .set({
        ticket: null,
        reserved_by: null,
        until_ms: 0,
        take_from: '[]',
        instead: null,
        write_hash: null,
        read_back: 0,
      })
      .where('event', '=', event)
      .where('tag', 'in', tags.slice(start, start + rowsPerStatementMax))
      .where('reserved_by', '=', by)
      .execute();
  await forgetFreeBands(queries, event, 1);
}

/** Rows that say nothing any more. */
export async function forgetFreeBands(queries: Queries, event: number, nowMs: number): Promise<void> {
  await queries
    .deleteFrom('band')
    .where('event', '=', event)
    .where('writable', '=', 1)
    .where('until_ms', '<', nowMs)
    .execute();
}
