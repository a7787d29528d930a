// Tickets on people's phones: the links with which a phone claims one, and the phones.
import type { Kysely, Migration } from 'kysely';

export const claim: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('claim_link')
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('ticket', 'text', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('secret_hash', 'text', (column) => column.notNull())
      .addColumn('claims_left', 'bigint', (column) => column.notNull())
      .addColumn('transferable', 'bigint', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('claim_link_key', ['event', 'id'])
      .execute();
    await db.schema.createIndex('claim_link_by_secret').on('claim_link').columns(['secret_hash']).unique().execute();
    await db.schema.createIndex('claim_link_by_ticket').on('claim_link').columns(['ticket']).execute();
    await db.schema
      .createTable('holder')
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('ticket', 'text', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('public_key', 'text', (column) => column.notNull())
      .addColumn('link', 'text', (column) => column.notNull())
      .addColumn('transferable', 'bigint', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('ended_as', 'text')
      .addPrimaryKeyConstraint('holder_key', ['event', 'ticket', 'epoch'])
      .execute();
    await db.schema.createIndex('holder_by_id').on('holder').columns(['id']).unique().execute();
  },
};
