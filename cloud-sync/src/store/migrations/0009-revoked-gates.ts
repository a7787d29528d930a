// Gates that are revoked, what stays accepted of them, and what a person has let out of quarantine.
import type { Kysely, Migration } from 'kysely';

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
  },
};
