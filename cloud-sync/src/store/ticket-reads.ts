// Tickets by id, for requests that come in numbers: those that ask at the same time share one statement (shared-reads.ts).
import type { Selectable } from 'kysely';
import type { Database } from './database.ts';
import type { Schema } from './schema.ts';
import { shareReads } from './shared-reads.ts';

export type TicketReader = (ticketId: string) => Promise<Selectable<Schema['ticket']> | undefined>;

export const createTicketReader = (database: Database): TicketReader =>
  shareReads(async (ids: readonly string[]) => {
    const rows = await database.selectFrom('ticket').selectAll().where('id', 'in', ids).execute();
    return new Map(rows.map((row) => [row.id, row]));
  });
