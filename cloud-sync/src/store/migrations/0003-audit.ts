// The audit log with its hash chains, uses in columns, suspicious uses.
import type { ColumnDefinitionBuilder, CreateTableBuilder, Kysely, Migration } from 'kysely';

type Builder<C extends string = never> = CreateTableBuilder<string, C>;
const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();

export const audit: Migration = {
  up: async (db: Kysely<never>) => {
    const create = (table: string): Builder => db.schema.createTable(table);
    const index = (name: string, table: string, columns: string[]): Promise<void> =>
      db.schema.createIndex(name).on(table).columns(columns).execute();
    /** Most rows have nothing in the column: those are not in the index either. */
    const sparseIndex = (name: string, table: string, column: string, columns: string[]): Promise<void> =>
      db.schema.createIndex(name).on(table).columns(columns).where(column, 'is not', null).execute();

    await create('audit_chain')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('number', 'bigint', (column) => column.notNull().unique())
      .addColumn('started_at_ms', 'bigint', required)
      .addColumn('tip_sequence', 'bigint', required)
      .addColumn('signed_sequence', 'bigint', required)
      .addColumn('closed', 'integer', required)
      .execute();
    await create('audit_entry')
      .addColumn('chain', 'text', required)
      .addColumn('sequence', 'bigint', required)
      .addColumn('event', 'bigint', required)
      .addColumn('at_ms', 'bigint', required)
      .addColumn('action', 'text', required)
      .addColumn('actor_kind', 'text', required)
      .addColumn('actor', 'text', required)
      .addColumn('gate', 'text')
      .addColumn('method', 'text')
      .addColumn('ticket', 'text')
      .addColumn('subject', 'text')
      .addColumn('reason', 'text')
      .addColumn('request', 'text')
      .addColumn('mark', 'text')
      .addColumn('details', 'text')
      .addColumn('fields', 'text', required)
      .addColumn('hash', 'text', required)
      .addPrimaryKeyConstraint('audit_entry_key', ['chain', 'sequence'])
      .execute();
    const entryOrder = ['at_ms', 'chain', 'sequence'];
    await index('audit_entry_by_time', 'audit_entry', [...entryOrder, 'action']);
    await index('audit_entry_by_event', 'audit_entry', ['event', ...entryOrder, 'action']);
    await index('audit_entry_by_actor', 'audit_entry', ['actor', ...entryOrder]);
    await sparseIndex('audit_entry_by_ticket', 'audit_entry', 'ticket', ['ticket', ...entryOrder]);
    await sparseIndex('audit_entry_by_subject', 'audit_entry', 'subject', ['subject', 'at_ms']);
    await sparseIndex('audit_entry_by_mark', 'audit_entry', 'mark', ['mark']);
    await create('audit_field')
      .addColumn('chain', 'text', required)
      .addColumn('sequence', 'bigint', required)
      .addColumn('field', 'text', required)
      .addColumn('value', 'text')
      .addColumn('salt', 'text')
      .addColumn('erasure', 'text')
      .addPrimaryKeyConstraint('audit_field_key', ['chain', 'sequence', 'field'])
      .execute();
    await sparseIndex('audit_field_by_erasure', 'audit_field', 'erasure', ['erasure', 'chain', 'sequence', 'field']);
    await create('audit_head')
      .addColumn('chain', 'text', required)
      .addColumn('sequence', 'bigint', required)
      .addColumn('hash', 'text', required)
      .addColumn('previous', 'bigint', required)
      .addColumn('at_ms', 'bigint', required)
      .addColumn('closed', 'integer', required)
      .addColumn('key', 'text', required)
      .addColumn('signature', 'text', required)
      .addPrimaryKeyConstraint('audit_head_key', ['chain', 'sequence'])
      .execute();
    await create('audit_key')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('sealed_public', 'text', required)
      .addColumn('sealed_secret', 'text')
      .addColumn('created_at_ms', 'bigint', required)
      .execute();
    await create('usage')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('boot', 'text', required)
      .addColumn('sequence', 'bigint', required)
      .addColumn('at_ms', 'bigint', required)
      .addColumn('kind', 'text', required)
      .addColumn('lane', 'text', required)
      .addColumn('ticket', 'text')
      .addColumn('method', 'text')
      .addColumn('person', 'text')
      .addColumn('reason', 'text')
      .addColumn('count', 'bigint', required)
      .addPrimaryKeyConstraint('usage_key', ['event', 'gate', 'boot', 'sequence'])
      .execute();
    // Each holds the whole order in which pages are read: without statistics SQLite else prefers another one and sorts the event.
    // Method and kind are there so that looking for a rare one reads no row in vain.
    const order = ['at_ms', 'gate', 'boot', 'sequence'];
    await index('usage_by_event', 'usage', ['event', ...order, 'method', 'kind']);
    await index('usage_by_gate', 'usage', ['event', 'gate', 'at_ms', 'boot', 'sequence']);
    await sparseIndex('usage_by_ticket', 'usage', 'ticket', ['event', 'ticket', ...order]);
    await sparseIndex('usage_by_reason', 'usage', 'reason', ['event', 'reason', ...order]);
    await sparseIndex('usage_by_person', 'usage', 'person', ['event', 'person', ...order]);
    await create('suspicion')
      .addColumn('event', 'bigint', required)
      .addColumn('id', 'text', required)
      .addColumn('ticket', 'text', required)
      .addColumn('day', 'text', required)
      .addColumn('kind', 'text', required)
      .addColumn('count', 'bigint', required)
      .addColumn('first_at_ms', 'bigint', required)
      .addColumn('last_at_ms', 'bigint', required)
      .addColumn('gates', 'text', required)
      .addColumn('sightings', 'text', required)
      .addColumn('holds', 'integer', required)
      .addColumn('state', 'text', required)
      .addColumn('seen_count', 'bigint', required)
      .addColumn('seen_last_at_ms', 'bigint', required)
      .addColumn('changed_by_kind', 'text')
      .addColumn('changed_by', 'text')
      .addColumn('changed_at_ms', 'bigint')
      .addColumn('note', 'text')
      .addPrimaryKeyConstraint('suspicion_key', ['event', 'id'])
      .execute();
    await index('suspicion_by_time', 'suspicion', ['event', 'last_at_ms', 'id']);
    await index('suspicion_by_ticket', 'suspicion', ['event', 'ticket', 'day']);
    await create('suspicion_rule')
      .addColumn('event', 'bigint', (column) => column.primaryKey().notNull())
      .addColumn('travel_min_ms', 'bigint', required)
      .addColumn('refusals_min', 'integer', required)
      .execute();
  },
};
