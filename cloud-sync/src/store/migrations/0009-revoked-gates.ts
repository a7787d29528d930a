// Gates that are revoked, what stays accepted of them, and what a person has let out of quarantine; and which segment of a writer is its
// last one, so that an inventory need not read the others.
import { sql, type Kysely, type Migration } from 'kysely';

export const revokedGates: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema.alterTable('gate').addColumn('revoked_at_ms', 'bigint').execute();
    await db.schema.alterTable('gate').addColumn('revoked_reason', 'text').execute();
    await db.schema.alterTable('quarantine').addColumn('released_at_ms', 'bigint').execute();
    await db.schema
      .createTable('accepted_head')
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('gate', 'text', (column) => column.notNull())
      .addColumn('boot', 'text', (column) => column.notNull())
      .addColumn('segment', 'integer', (column) => column.notNull())
      .addColumn('count', 'integer', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('accepted_head_key', ['event', 'gate', 'boot', 'segment'])
      .execute();
    await db.schema
      .alterTable('segment')
      .addColumn('latest', 'integer', (column) => column.notNull().defaultTo(1))
      .execute();
    await sql`
      update segment set latest = 0 where exists (
        select 1 from segment as later
        where later.event = segment.event and later.gate = segment.gate and later.boot = segment.boot
          and later.segment > segment.segment
      )`.execute(db);
    await sql`create index segment_latest on segment (event, gate, boot) where latest = 1`.execute(db);
  },
};
