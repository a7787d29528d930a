// Cases that people work off, gates declared lost, clock corrections, recounts, bands, and what entries say of being out of touch. What
// is derived of it is made anew for the events that are there already, at the start that follows.
import { sql, type ColumnDefinitionBuilder, type Kysely, type Migration } from 'kysely';

const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();
const zero = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull().defaultTo(0);
const empty = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull().defaultTo('');

export const cases: Migration = {
  up: async (db: Kysely<never>) => {
    const alter = (table: string) => db.schema.alterTable(table);
    await alter('entry').addColumn('zone', 'text', empty).execute();
    await alter('entry').addColumn('out_of_touch', 'integer', zero).execute();
    await alter('entry').addColumn('peers_reachable', 'integer', zero).execute();
    await alter('entry').addColumn('feed_age_s', 'bigint').execute();
    await db.schema
      .createTable('departure')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('boot', 'text', required)
      .addColumn('sequence', 'bigint', required)
      .addColumn('ticket', 'text', required)
      .addColumn('zone', 'text', required)
      .addColumn('at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('departure_key', ['event', 'gate', 'boot', 'sequence'])
      .execute();
    await db.schema.createIndex('departure_by_ticket').on('departure').columns(['event', 'ticket']).execute();
    await db.schema.createIndex('departure_by_time').on('departure').columns(['event', 'at_ms']).execute();
    await db.schema
      .createTable('recount')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('boot', 'text', required)
      .addColumn('sequence', 'bigint', required)
      .addColumn('zone', 'text', required)
      .addColumn('at_ms', 'bigint', required)
      .addColumn('persons', 'bigint', required)
      .addPrimaryKeyConstraint('recount_key', ['event', 'gate', 'boot', 'sequence'])
      .execute();
    await db.schema.createIndex('recount_by_zone').on('recount').columns(['event', 'zone', 'at_ms']).execute();

    await db.schema
      .createTable('correction')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('boot', 'text', required)
      .addColumn('sequence', 'bigint', required)
      .addPrimaryKeyConstraint('correction_key', ['event', 'gate', 'boot', 'sequence'])
      .execute();
    await db.schema
      .createTable('correction_pending')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('boot', 'text', required)
      .addColumn('sequence', 'bigint', required)
      .addPrimaryKeyConstraint('correction_pending_key', ['event', 'gate', 'boot'])
      .execute();

    await alter('case').addColumn('cause', 'text', empty).execute();
    await alter('case').addColumn('ticket_type', 'bigint').execute();
    await alter('case').addColumn('misfit_count', 'bigint', zero).execute();
    await alter('case').addColumn('gates', 'text', empty).execute();
    await alter('case').addColumn('holds', 'integer', zero).execute();
    await alter('case').addColumn('reopened', 'integer', zero).execute();
    await db.schema.createIndex('case_by_time').on('case').columns(['event', 'last_at_ms', 'id']).execute();
    await db.schema
      .createTable('case_work')
      .addColumn('event', 'bigint', required)
      .addColumn('id', 'text', required)
      .addColumn('ticket', 'text', required)
      .addColumn('day', 'text', required)
      .addColumn('state', 'text', required)
      .addColumn('reason', 'text', required)
      .addColumn('note', 'text')
      .addColumn('seen', 'text', required)
      .addColumn('seen_count', 'bigint', required)
      .addColumn('changed_by_kind', 'text', required)
      .addColumn('changed_by', 'text', required)
      .addColumn('changed_at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('case_work_key', ['event', 'id'])
      .execute();
    await db.schema.createIndex('case_work_by_ticket').on('case_work').columns(['event', 'ticket']).execute();

    await db.schema
      .createTable('gate_lost')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('reason', 'text', required)
      .addColumn('note', 'text')
      .addColumn('declared_by_kind', 'text', required)
      .addColumn('declared_by', 'text', required)
      .addColumn('declared_at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('gate_lost_key', ['event', 'gate'])
      .execute();

    await db.schema
      .createTable('binding')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('boot', 'text', required)
      .addColumn('sequence', 'bigint', required)
      .addColumn('tag', 'text', required)
      .addColumn('ticket', 'text', required)
      .addPrimaryKeyConstraint('binding_key', ['event', 'gate', 'boot', 'sequence'])
      .execute();
    await db.schema.createIndex('binding_by_tag').on('binding').columns(['event', 'tag']).execute();
    await db.schema.createIndex('binding_by_ticket').on('binding').columns(['event', 'ticket']).execute();
    await db.schema
      .createTable('binding_conflict')
      .addColumn('event', 'bigint', required)
      .addColumn('id', 'text', required)
      .addColumn('kind', 'text', required)
      .addColumn('subject', 'text', required)
      .addColumn('bindings', 'text', required)
      .addColumn('last_at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('binding_conflict_key', ['event', 'id'])
      .execute();

    await db.schema
      .createTable('projection_outdated')
      .addColumn('event', 'bigint', (column) => column.primaryKey().notNull())
      .execute();
    await sql`insert into projection_outdated (event) select id from event`.execute(db);
  },
};
