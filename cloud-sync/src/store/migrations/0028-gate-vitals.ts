// What gates say of themselves, orders to wipe one, and which gate came in whose place; entries and exits by time with all that a minute's
// count needs, so that the dashboard reads an index and no table.
import { sql, type ColumnDefinitionBuilder, type Kysely, type Migration } from 'kysely';

const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();

export const gateVitals: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('gate_vitals')
      .addColumn('gate', 'text', (column) => column.primaryKey())
      .addColumn('received_at_ms', 'bigint', required)
      .addColumn('offset_ms', 'bigint', required)
      .addColumn('vitals', 'text', required)
      .execute();
    await db.schema
      .createTable('gate_wipe')
      .addColumn('gate', 'text', (column) => column.primaryKey())
      .addColumn('id', 'text', required)
      .addColumn('reason', 'text', required)
      .addColumn('asked_at_ms', 'bigint', required)
      .addColumn('obstacle', 'text')
      .addColumn('done_at_ms', 'bigint')
      .execute();
    await db.schema.alterTable('gate').addColumn('replaces', 'text').execute();
    for (const [table, columns] of [
      ['entry', ['event', 'at_ms', 'zone', 'persons']],
      ['departure', ['event', 'at_ms', 'zone']],
    ] as const) {
      await db.schema.dropIndex(`${table}_by_time`).execute();
      await db.schema
        .createIndex(`${table}_by_time`)
        .on(table)
        .columns([...columns])
        .execute();
    }
    await sql`create index usage_refused on usage (event, reason, count) where kind = 'refused'`.execute(db);
  },
};
