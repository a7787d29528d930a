// The cloud as a writer of marks (leases of its process starts, where persons are), and what methods are on and have generated.
import type { ColumnDefinitionBuilder, Kysely, Migration } from 'kysely';

const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();

export const methods: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('presence')
      .addColumn('event', 'bigint', required)
      .addColumn('ticket', 'text', required)
      .addColumn('zone', 'text', required)
      .addColumn('persons', 'integer', required)
      .addPrimaryKeyConstraint('presence_key', ['event', 'ticket', 'zone'])
      .execute();
    // Holds all that counting the persons of a zone needs.
    await db.schema.createIndex('presence_by_zone').on('presence').columns(['event', 'zone', 'persons']).execute();
    await db.schema
      .createTable('central_writer')
      .addColumn('boot', 'text', (column) => column.primaryKey().notNull())
      .addColumn('seen_at_ms', 'bigint', required)
      .addColumn('ended', 'integer', required)
      .addColumn('at_ms', 'bigint', required)
      .addColumn('at_counter', 'integer', required)
      .execute();
    await db.schema
      .createTable('method_toggle')
      .addColumn('event', 'bigint', required)
      .addColumn('method', 'text', required)
      .addColumn('enabled', 'integer', required)
      .addColumn('changed_at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('method_toggle_key', ['event', 'method'])
      .execute();
    await db.schema
      .createTable('credential')
      .addColumn('event', 'bigint', required)
      .addColumn('ticket', 'text', required)
      .addColumn('method', 'text', required)
      .addColumn('credential', 'text', required)
      .addColumn('epoch', 'bigint', required)
      .addColumn('generated_at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('credential_key', ['event', 'ticket', 'method', 'credential'])
      .execute();
  },
};
