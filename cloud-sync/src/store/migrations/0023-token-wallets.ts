// Phones that show a ticket because the wallet that holds its token has said so.
import type { Kysely, Migration } from 'kysely';

export const tokenWallets: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('wallet_binding')
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('nonce', 'text', (column) => column.notNull())
      .addColumn('ticket', 'text', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('token', 'text', (column) => column.notNull())
      .addColumn('wallet', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('signature_hash', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('wallet_binding_key', ['event', 'nonce'])
      .execute();
    await db.schema.createIndex('wallet_binding_by_ticket').on('wallet_binding').columns(['event', 'ticket']).execute();
  },
};
