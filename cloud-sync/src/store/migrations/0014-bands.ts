// Wristbands at a desk: which are kept for a ticket while somebody writes and reads one, and which are never written at all. To whom a band
// belongs stands in marks, not here.
import type { Kysely, Migration } from 'kysely';

export const bands: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('band')
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('tag', 'text', (column) => column.notNull())
      .addColumn('method', 'text', (column) => column.notNull())
      .addColumn('writable', 'integer', (column) => column.notNull())
      .addColumn('ticket', 'text')
      .addColumn('reserved_by', 'text')
      .addColumn('until_ms', 'bigint', (column) => column.notNull())
      .addColumn('take_from', 'text', (column) => column.notNull())
      .addColumn('instead', 'text')
      .addColumn('write_hash', 'text')
      .addColumn('read_back', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('band_key', ['event', 'tag'])
      .execute();
    await db.schema.createIndex('band_by_ticket').on('band').columns(['event', 'ticket']).execute();
    await db.schema.createIndex('band_by_end').on('band').columns(['event', 'writable', 'until_ms']).execute();
  },
};
