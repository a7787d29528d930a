// A phone that a wallet has named is known by its key from then on, so that it can ask how its ticket stands. Those named before have none here.
import type { Kysely, Migration } from 'kysely';

export const walletHolders: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema.alterTable('wallet_binding').addColumn('holder', 'text').execute();
    await db.schema.alterTable('wallet_binding').addColumn('public_key', 'text').execute();
    await db.schema.createIndex('wallet_binding_by_holder').on('wallet_binding').columns(['holder']).unique().execute();
  },
};
