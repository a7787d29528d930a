// Keys that rotate: their generations and times, at most one active and one next key a purpose, and which key has signed which
// ticket's pass. Until now one issuer key has signed everything.
import { sql, type Kysely, type Migration } from 'kysely';

export const keys: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .alterTable('key')
      .addColumn('generation', 'integer', (column) => column.notNull().defaultTo(1))
      .execute();
    await db.schema.alterTable('key').addColumn('announcement', 'text').execute();
    for (const time of ['activated_at_ms', 'retired_at_ms', 'revoked_at_ms'])
      await db.schema.alterTable('key').addColumn(time, 'bigint').execute();
    await db.schema.alterTable('key').addColumn('reason', 'text').execute();
    await sql`update "key" set activated_at_ms = created_at_ms`.execute(db);
    for (const state of ['active', 'next'])
      await sql`create unique index ${sql.ref(`key_${state}`)} on "key" (purpose) where state = ${sql.lit(state)}`.execute(
        db,
      );
    await db.schema
      .createTable('signed_pass')
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('key_id', 'text', (column) => column.notNull())
      .addColumn('ticket', 'text', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('signed_at_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('signed_pass_key', ['event', 'key_id', 'ticket'])
      .execute();
    await sql`
      insert into signed_pass (event, key_id, ticket, epoch, signed_at_ms)
      select ticket.event, "key".id, ticket.id, ticket.epoch, ticket.created_at_ms
      from ticket inner join "key" on "key".purpose = 'issuer' and "key".state = 'active'
      where ticket.code_hash is null`.execute(db);
  },
};
