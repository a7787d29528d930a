// Tries under strict limits, where several processes count them together.
import type { Kysely, Migration } from 'kysely';

export const limits: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('tries')
      .addColumn('key_hash', 'text', (column) => column.primaryKey().notNull())
      .addColumn('count', 'integer', (column) => column.notNull())
      .addColumn('next_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('forget_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('tries_by_forget').on('tries').columns(['forget_at_ms']).execute();
  },
};
