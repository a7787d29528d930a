// The first schema. Written once for SQLite and PostgreSQL: text, integer and bigint, and one type for bytes that the two name differently.
import {
  PostgresAdapter,
  sql,
  type ColumnDefinitionBuilder,
  type CreateTableBuilder,
  type Kysely,
  type Migration,
  type RawBuilder,
} from 'kysely';

type Builder<C extends string = never> = CreateTableBuilder<string, C>;
const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();

export const start: Migration = {
  up: async (db: Kysely<never>) => {
    const bytes: RawBuilder<unknown> = db.getExecutor().adapter instanceof PostgresAdapter ? sql`bytea` : sql`blob`;
    const create = (table: string): Builder => db.schema.createTable(table);

    await create('user')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('name', 'text', required)
      .addColumn('role', 'text', required)
      .addColumn('salt', 'text', required)
      .addColumn('token_hash', 'text', required)
      .addColumn('created_at_ms', 'bigint', required)
      .execute();
    await create('session')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('user_id', 'text', required)
      .addColumn('expires_at_ms', 'bigint', required)
      .execute();
    await create('key')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('purpose', 'text', required)
      .addColumn('state', 'text', required)
      .addColumn('public_key', 'text', required)
      .addColumn('sealed_secret', 'text', required)
      .addColumn('certificate', 'text')
      .addColumn('created_at_ms', 'bigint', required)
      .execute();
    await create('event')
      .addColumn('id', 'bigint', (column) => column.primaryKey().notNull())
      .addColumn('policy', 'text', required)
      .addColumn('code_hash_key', 'text', required)
      .addColumn('revision', 'bigint', required)
      .addColumn('rules_revision', 'bigint', required)
      .addColumn('created_at_ms', 'bigint', required)
      .execute();
    await create('ticket')
      .addColumn('event', 'bigint', required)
      .addColumn('id', 'text', required)
      .addColumn('type', 'integer', required)
      .addColumn('epoch', 'bigint', required)
      .addColumn('status', 'text', required)
      .addColumn('party', 'integer', required)
      .addColumn('hold', 'text')
      .addColumn('valid_from_s', 'bigint')
      .addColumn('valid_until_s', 'bigint')
      .addColumn('code_hash', 'text')
      .addColumn('revision', 'bigint', required)
      .addColumn('created_at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('ticket_key', ['event', 'id'])
      .execute();
    await db.schema.createIndex('ticket_by_id').on('ticket').columns(['id']).execute();
    await db.schema.createIndex('ticket_by_revision').on('ticket').columns(['event', 'revision']).execute();
    await create('staff')
      .addColumn('event', 'bigint', required)
      .addColumn('operator', 'text', required)
      .addColumn('role', 'text', required)
      .addColumn('salt', 'text', required)
      .addColumn('pin_hash', 'text', required)
      .addColumn('created_at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('staff_key', ['event', 'operator'])
      .execute();
    await create('gate')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('event', 'bigint', required)
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
      .execute();
    await create('enrolment')
      .addColumn('code_hash', 'text', (column) => column.primaryKey().notNull())
      .addColumn('gate', 'text', required)
      .addColumn('expires_at_ms', 'bigint', required)
      .addColumn('used_at_ms', 'bigint')
      .execute();
    await create('feed_file')
      .addColumn('sha256', 'text', (column) => column.primaryKey().notNull())
      .addColumn('event', 'bigint', required)
      .addColumn('bytes', 'bigint', required)
      .addColumn('created_at_ms', 'bigint', required)
      .execute();
    await create('feed')
      .addColumn('event', 'bigint', required)
      .addColumn('version', 'bigint', required)
      .addColumn('revision', 'bigint', required)
      .addColumn('rules_revision', 'bigint', required)
      .addColumn('files', 'text', required)
      .addColumn('delta_rows', 'bigint', required)
      .addColumn('manifest', bytes as never, required)
      .addColumn('created_at_ms', 'bigint', required)
      .addColumn('expires_at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('feed_key', ['event', 'version'])
      .execute();
    await create('mark')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('boot', 'text', required)
      .addColumn('sequence', 'bigint', required)
      .addColumn('ticket', 'text')
      .addColumn('kind', 'text', required)
      .addColumn('at_ms', 'bigint', required)
      .addColumn('at_counter', 'integer', required)
      .addColumn('count', 'integer', required)
      .addColumn('bytes', bytes as never, required)
      .addColumn('received_at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('mark_key', ['event', 'gate', 'boot', 'sequence'])
      .execute();
    await db.schema.createIndex('mark_by_ticket').on('mark').columns(['event', 'ticket']).execute();
    await db.schema.createIndex('mark_by_time').on('mark').columns(['event', 'at_ms']).execute();
    // Holds all that counting needs, so that counting reads no mark.
    await db.schema.createIndex('mark_by_kind').on('mark').columns(['event', 'kind', 'count']).execute();
    await create('story')
      .addColumn('event', 'bigint', required)
      .addColumn('ticket', 'text', required)
      .addColumn('uses_spent', 'integer', required)
      .addColumn('inside', 'integer', required)
      .addColumn('epoch_seen', 'bigint', required)
      .addPrimaryKeyConstraint('story_key', ['event', 'ticket'])
      .execute();
    await create('entry')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('boot', 'text', required)
      .addColumn('sequence', 'bigint', required)
      .addColumn('ticket', 'text', required)
      .addColumn('lane', 'text', required)
      .addColumn('kind', 'text', required)
      .addColumn('at_ms', 'bigint', required)
      .addColumn('uncertainty_ms', 'bigint', required)
      .addColumn('persons', 'integer', required)
      .addPrimaryKeyConstraint('entry_key', ['event', 'gate', 'boot', 'sequence'])
      .execute();
    await db.schema.createIndex('entry_by_ticket').on('entry').columns(['event', 'ticket']).execute();
    await db.schema.createIndex('entry_by_time').on('entry').columns(['event', 'at_ms']).execute();
    await db.schema.createIndex('entry_by_gate').on('entry').columns(['event', 'gate', 'persons']).execute();
    await create('case')
      .addColumn('event', 'bigint', required)
      .addColumn('id', 'text', required)
      .addColumn('ticket', 'text', required)
      .addColumn('day', 'text', required)
      .addColumn('state', 'text', required)
      .addColumn('entries', 'text', required)
      .addColumn('order_uncertain', 'integer', required)
      .addColumn('last_at_ms', 'bigint', required)
      .addColumn('opened_at_ms', 'bigint', required)
      .addColumn('changed_at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('case_key', ['event', 'id'])
      .execute();
    await db.schema.createIndex('case_by_ticket').on('case').columns(['event', 'ticket']).execute();
    await create('segment')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('boot', 'text', required)
      .addColumn('segment', 'integer', required)
      .addColumn('first_sequence', 'bigint', required)
      .addColumn('count', 'integer', required)
      .addColumn('hash', 'text', required)
      .addColumn('closed', 'integer', required)
      .addColumn('through_ms', 'bigint', required)
      .addColumn('through_counter', 'integer', required)
      .addPrimaryKeyConstraint('segment_key', ['event', 'gate', 'boot', 'segment'])
      .execute();
    await create('chunk')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('boot', 'text', required)
      .addColumn('segment', 'integer', required)
      .addColumn('from_mark', 'integer', required)
      .addColumn('count', 'integer', required)
      .addColumn('whole', 'integer', required)
      .addColumn('bytes', bytes as never, required)
      .addPrimaryKeyConstraint('chunk_key', ['event', 'gate', 'boot', 'segment', 'from_mark', 'count', 'whole'])
      .execute();
    await create('quarantine')
      .addColumn('event', 'bigint', required)
      .addColumn('gate', 'text', required)
      .addColumn('boot', 'text', required)
      .addColumn('sha256', 'text', required)
      .addColumn('reason', 'text', required)
      .addColumn('sender', 'text', required)
      .addColumn('bytes', bytes as never, required)
      .addColumn('received_at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('quarantine_key', ['event', 'gate', 'boot', 'sha256'])
      .execute();
  },
};
