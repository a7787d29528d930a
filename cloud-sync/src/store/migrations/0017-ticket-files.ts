// Tables of tickets that were sent to be imported, and what their imports came to.
import type { Kysely, Migration } from 'kysely';

export const ticketFiles: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('ticket_file')
      .addColumn('run', 'text', (column) => column.primaryKey())
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('sha256', 'text')
      .addColumn('report', 'text')
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('ticket_file_by_hash')
      .on('ticket_file')
      .columns(['sha256'] as never)
      .execute();
  },
};
