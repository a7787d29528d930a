// The life of a ticket: foreign codes with the epoch they were printed for, holders (in the cloud only), a version to update against,
// and the answers kept for repeated requests.
import { sql, type ColumnDefinitionBuilder, type Kysely, type Migration } from 'kysely';

const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();

export const tickets: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('ticket_code')
      .addColumn('event', 'bigint', required)
      .addColumn('hash', 'text', required)
      .addColumn('ticket', 'text', required)
      .addColumn('epoch', 'bigint', required)
      .addColumn('revision', 'bigint', required)
      .addPrimaryKeyConstraint('ticket_code_key', ['event', 'hash'])
      .addUniqueConstraint('ticket_code_by_ticket', ['event', 'ticket', 'epoch'])
      .execute();
    await db.schema
      .createIndex('ticket_code_by_revision')
      .on('ticket_code')
      .columns(['event', 'revision'] as never)
      .execute();
    await sql`
      insert into ticket_code (event, hash, ticket, epoch, revision)
      select event, code_hash, id, epoch, revision from ticket where code_hash is not null
    `.execute(db);
    await db.schema.alterTable('ticket').dropColumn('code_hash').execute();

    await db.schema
      .alterTable('ticket')
      .addColumn('version', 'integer', (column) => column.notNull().defaultTo(1))
      .execute();
    await db.schema.alterTable('ticket').addColumn('transferred_at_ms', 'bigint').execute();
    await db.schema
      .createIndex('ticket_by_status')
      .on('ticket')
      .columns(['event', 'status', 'id'] as never)
      .execute();
    await db.schema
      .createIndex('ticket_by_type')
      .on('ticket')
      .columns(['event', 'type', 'id'] as never)
      .execute();
    await sql`create index ticket_transferred on ticket (event, id) where transferred_at_ms is not null`.execute(db);
    // The part of an id that a short typed code is looked up by: see `shortCodeTail`.
    await sql`create index ticket_by_tail on ticket (event, (substr(id, 27)))`.execute(db);

    await db.schema
      .createTable('ticket_holder')
      .addColumn('event', 'bigint', required)
      .addColumn('ticket', 'text', required)
      .addColumn('name', 'text')
      .addColumn('email', 'text')
      .addColumn('order_reference', 'text')
      .addColumn('account', 'text')
      .addColumn('name_key', 'text')
      .addColumn('email_key', 'text')
      .addColumn('order_key', 'text')
      .addPrimaryKeyConstraint('ticket_holder_key', ['event', 'ticket'])
      .execute();
    for (const key of ['name_key', 'email_key', 'order_key'])
      await db.schema
        .createIndex(`ticket_holder_by_${key}`)
        .on('ticket_holder')
        .columns(['event', key] as never)
        .execute();

    await db.schema.createIndex('ticket_holder_by_account').on('ticket_holder').columns(['account']).execute();

    await db.schema
      .createTable('idempotency')
      .addColumn('actor', 'text', required)
      .addColumn('route', 'text', required)
      .addColumn('key_hash', 'text', required)
      .addColumn('request_hash', 'text', required)
      .addColumn('claim', 'text', required)
      .addColumn('claimed_at_ms', 'bigint', required)
      .addColumn('answer', 'text')
      .addPrimaryKeyConstraint('idempotency_key', ['actor', 'route', 'key_hash'])
      .execute();
    await db.schema
      .createIndex('idempotency_by_time')
      .on('idempotency')
      .columns(['claimed_at_ms'] as never)
      .execute();
  },
};
