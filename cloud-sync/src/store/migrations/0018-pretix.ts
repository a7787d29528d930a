// Tickets that a pretix server sells: connections, products, positions, secrets that are dead there, and admissions that go back.
import type { ColumnDefinitionBuilder, Kysely, Migration } from 'kysely';

const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();
const zero = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull().defaultTo(0);

export const pretix: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('pretix_connection')
      .addColumn('event', 'bigint', (column) => column.primaryKey())
      .addColumn('server', 'text', required)
      .addColumn('organizer', 'text', required)
      .addColumn('slug', 'text', required)
      .addColumn('sealed_token', 'text', required)
      .addColumn('sealed_key', 'text', required)
      .addColumn('lists', 'text', required)
      .addColumn('chosen_types', 'text', required)
      .addColumn('names', 'integer', required)
      .addColumn('allow_http', 'integer', required)
      .addColumn('connected_at_ms', 'bigint', required)
      .addColumn('orders_since_ms', 'bigint')
      .addColumn('revoked_since_ms', 'bigint')
      .addColumn('blocked_since_ms', 'bigint')
      .addColumn('begun_at_ms', 'bigint')
      .addColumn('resume_from_ms', 'bigint')
      .addColumn('items_at_ms', 'bigint', zero)
      .addColumn('lease', 'text')
      .addColumn('lease_until_ms', 'bigint', zero)
      .addColumn('last_run_at_ms', 'bigint')
      .addColumn('last_good_at_ms', 'bigint')
      .addColumn('last_error', 'text')
      .addColumn('wait_until_ms', 'bigint', zero)
      .execute();
    await db.schema
      .createTable('pretix_item')
      .addColumn('event', 'bigint', required)
      .addColumn('item', 'bigint', required)
      .addColumn('variation', 'bigint', required)
      .addColumn('name', 'text', required)
      .addColumn('type', 'bigint')
      .addPrimaryKeyConstraint('pretix_item_key', ['event', 'item', 'variation'])
      .execute();
    await db.schema
      .createTable('pretix_position')
      .addColumn('event', 'bigint', required)
      .addColumn('position', 'bigint', required)
      .addColumn('order_code', 'text', required)
      .addColumn('ticket', 'text', required)
      .addColumn('hash', 'text', required)
      .addColumn('sealed_secret', 'text', required)
      .addColumn('state', 'text', required)
      .addPrimaryKeyConstraint('pretix_position_key', ['event', 'position'])
      .execute();
    await db.schema
      .createIndex('pretix_position_by_ticket')
      .on('pretix_position')
      .columns(['event', 'ticket'])
      .unique()
      .execute();
    await db.schema.createIndex('pretix_position_by_hash').on('pretix_position').columns(['event', 'hash']).execute();
    await db.schema
      .createTable('pretix_secret')
      .addColumn('event', 'bigint', required)
      .addColumn('hash', 'text', required)
      .addColumn('revoked', 'integer', required)
      .addColumn('blocked', 'integer', required)
      .addPrimaryKeyConstraint('pretix_secret_key', ['event', 'hash'])
      .execute();
    await db.schema
      .createTable('pretix_problem')
      .addColumn('event', 'bigint', required)
      .addColumn('order_code', 'text', required)
      .addColumn('position', 'bigint', required)
      .addColumn('problem', 'text', required)
      .addPrimaryKeyConstraint('pretix_problem_key', ['event', 'order_code', 'position'])
      .execute();
    await db.schema
      .createTable('pretix_writer')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('boot', 'text', required)
      .addColumn('sequence', 'bigint', required)
      .addPrimaryKeyConstraint('pretix_writer_key', ['event', 'gate', 'boot'])
      .execute();
    await db.schema
      .createTable('pretix_check_in')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('boot', 'text', required)
      .addColumn('sequence', 'bigint', required)
      .addColumn('position', 'bigint', required)
      .addColumn('ticket', 'text', required)
      .addColumn('kind', 'text', required)
      .addColumn('of', 'text')
      .addColumn('at_ms', 'bigint', required)
      .addColumn('list', 'bigint', required)
      .addColumn('state', 'text', required)
      .addColumn('tries', 'bigint', required)
      .addColumn('next_at_ms', 'bigint', required)
      .addColumn('reason', 'text')
      .addPrimaryKeyConstraint('pretix_check_in_key', ['event', 'gate', 'boot', 'sequence'])
      .execute();
    await db.schema
      .createIndex('pretix_check_in_by_state')
      .on('pretix_check_in')
      .columns(['event', 'state', 'next_at_ms'])
      .execute();
    await db.schema.createIndex('pretix_check_in_by_of').on('pretix_check_in').columns(['event', 'of']).execute();
  },
};
