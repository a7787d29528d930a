// Background work: its runs, one row each, of which at most one of a slot has not ended; and by when what is to be done for an event.
import { sql, type Kysely, type Migration } from 'kysely';

export const jobs: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('job_run')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('slot', 'text')
      .addColumn('parameters', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('due_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('started_at_ms', 'bigint')
      .addColumn('ended_at_ms', 'bigint')
      .addColumn('attempt', 'integer', (column) => column.notNull())
      .addColumn('lease', 'text')
      .addColumn('lease_until_ms', 'bigint')
      .addColumn('cancel_wanted', 'integer', (column) => column.notNull())
      .addColumn('done', 'bigint')
      .addColumn('total', 'bigint')
      .addColumn('counts', 'text')
      .addColumn('summary', 'text')
      .addColumn('failure', 'text')
      .addColumn('started_by_kind', 'text')
      .addColumn('started_by', 'text')
      .execute();
    await sql`create unique index job_run_slot on job_run (slot) where ended_at_ms is null`.execute(db);
    await db.schema.createIndex('job_run_open').on('job_run').columns(['state', 'due_at_ms']).execute();
    await db.schema.createIndex('job_run_by_kind').on('job_run').columns(['kind', 'created_at_ms']).execute();
    await db.schema.createIndex('job_run_by_event').on('job_run').columns(['event', 'created_at_ms']).execute();
    await db.schema
      .createTable('event_deadline')
      .addColumn('event', 'bigint', (column) => column.primaryKey())
      .addColumn('ends_at_ms', 'bigint')
      .addColumn('revoke_unscanned_at_ms', 'bigint')
      .addColumn('keep_personal_days', 'bigint')
      .addColumn('erased_at_ms', 'bigint')
      .execute();
  },
};
