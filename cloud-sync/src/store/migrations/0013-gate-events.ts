// A gate may stand at several events: one row each. SQLite cannot change a primary key, so the table is made anew on both.
import { sql, type ColumnDefinitionBuilder, type Kysely, type Migration } from 'kysely';

const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();

export const gateEvents: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('gate_at_event')
      .addColumn('event', 'bigint', required)
      .addColumn('id', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('zone', 'text', required)
      .addColumn('lanes', 'text', required)
      .addColumn('address', 'text')
      .addColumn('public_key', 'text')
      .addColumn('certificate', 'text')
      .addColumn('enrolled_at_ms', 'bigint')
      .addColumn('last_contact_ms', 'bigint')
      .addColumn('feed_version', 'bigint')
      .addColumn('created_at_ms', 'bigint', required)
      .addColumn('revoked_at_ms', 'bigint')
      .addColumn('revoked_reason', 'text')
      .addPrimaryKeyConstraint('gate_at_event_key', ['event', 'id'])
      .execute();
    const columns = sql.raw(
      'event, id, name, zone, lanes, address, public_key, certificate, enrolled_at_ms, last_contact_ms, feed_version, created_at_ms, revoked_at_ms, revoked_reason',
    );
    await sql`insert into gate_at_event (${columns}) select ${columns} from gate`.execute(db);
    await db.schema.dropTable('gate').execute();
    await db.schema.alterTable('gate_at_event').renameTo('gate').execute();
    await db.schema.createIndex('gate_by_id').on('gate').columns(['id']).execute();
  },
};
