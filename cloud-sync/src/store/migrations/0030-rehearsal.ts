// Rehearsals of whole events, and of each rehearsed mark its session, by which they are counted per gate without reading a mark.
import { sql, type Kysely, type Migration } from 'kysely';

export const rehearsal: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('rehearsal')
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('session', 'text', (column) => column.notNull())
      .addColumn('from_ms', 'bigint', (column) => column.notNull())
      .addColumn('until_ms', 'bigint', (column) => column.notNull())
      .addColumn('ended_ms', 'bigint')
      .addColumn('begun_by', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('rehearsal_key', ['event', 'session'])
      .execute();
    await db.schema.alterTable('mark').addColumn('session', 'text').execute();
    await sql`create index mark_by_session on mark (event, session, gate, at_ms, count) where session is not null`.execute(
      db,
    );
  },
};
