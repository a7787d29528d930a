// The feed's files in the database, in parts, for the other processes of a deployment that has several.
import { PostgresAdapter, sql, type Kysely, type Migration } from 'kysely';

export const feedParts: Migration = {
  up: async (db: Kysely<never>) => {
    const bytes = db.getExecutor().adapter instanceof PostgresAdapter ? sql`bytea` : sql`blob`;
    await db.schema
      .createTable('feed_part')
      .addColumn('sha256', 'text', (column) => column.notNull())
      .addColumn('part', 'integer', (column) => column.notNull())
      .addColumn('bytes', bytes as never, (column) => column.notNull())
      .addPrimaryKeyConstraint('feed_part_key', ['sha256', 'part'])
      .execute();
  },
};
