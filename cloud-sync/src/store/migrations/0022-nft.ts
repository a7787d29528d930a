// Tokens of tickets on a chain: what was minted and mirrored, the transactions that are ours, and how far the chain was read.
import { sql, type ColumnDefinitionBuilder, type Kysely, type Migration } from 'kysely';

const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();

export const nft: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('nft_token')
      .addColumn('event', 'bigint', required)
      .addColumn('chain', 'text', required)
      .addColumn('token', 'text', required)
      .addColumn('ticket', 'text', required)
      .addColumn('epoch', 'bigint', required)
      .addColumn('wallet', 'text', required)
      .addColumn('reference', 'text', required)
      .addColumn('created_at_ms', 'bigint', required)
      .addColumn('mint', 'text')
      .addColumn('owner', 'text')
      .addColumn('followed', 'text')
      .addColumn('handed_on', 'integer', required)
      .addColumn('locked', 'integer', required)
      .addColumn('consumed', 'integer', required)
      .addColumn('block', 'bigint')
      .addColumn('consumption', 'text')
      .addColumn('revision', 'bigint', required)
      .addPrimaryKeyConstraint('nft_token_key', ['event', 'chain', 'token'])
      .execute();
    await db.schema.createIndex('nft_token_by_ticket').on('nft_token').columns(['event', 'ticket']).execute();
    await db.schema.createIndex('nft_token_by_revision').on('nft_token').columns(['event', 'revision']).execute();
    // Few at a time: the ticket has to follow, or the token waits to be minted.
    await sql`create index nft_token_by_hands on nft_token (chain) where handed_on = ${sql.lit(1)}`.execute(db);
    await sql`create index nft_token_by_mint on nft_token (chain, created_at_ms) where mint is null`.execute(db);
    await db.schema
      .createTable('nft_transaction')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('chain', 'text', required)
      .addColumn('account', 'text', required)
      .addColumn('nonce', 'bigint', required)
      .addColumn('kind', 'text', required)
      .addColumn('data', 'text', required)
      .addColumn('gas', 'bigint', required)
      .addColumn('attempts', 'text', required)
      .addColumn('state', 'text', required)
      .addColumn('created_at_ms', 'bigint', required)
      .addColumn('signed_at_ms', 'bigint', required)
      .addColumn('block', 'bigint')
      .addColumn('reason', 'text')
      .addUniqueConstraint('nft_transaction_nonce', ['account', 'nonce'])
      .execute();
    await db.schema.createIndex('nft_transaction_by_state').on('nft_transaction').columns(['chain', 'state']).execute();
    await db.schema
      .createTable('nft_chain')
      .addColumn('chain', 'text', (column) => column.primaryKey())
      .addColumn('next_block', 'bigint', required)
      .addColumn('block_at_ms', 'bigint')
      .addColumn('head', 'bigint', required)
      .addColumn('read_at_ms', 'bigint')
      .addColumn('problem', 'text')
      .addColumn('rewound', 'bigint', required)
      .execute();
    await db.schema
      .createTable('nft_block')
      .addColumn('chain', 'text', required)
      .addColumn('number', 'bigint', required)
      .addColumn('hash', 'text', required)
      .addPrimaryKeyConstraint('nft_block_key', ['chain', 'number'])
      .execute();
    await db.schema
      .createTable('nft_change')
      .addColumn('chain', 'text', required)
      .addColumn('block', 'bigint', required)
      .addColumn('position', 'bigint', required)
      .addColumn('event', 'bigint', required)
      .addColumn('token', 'text', required)
      .addColumn('before', 'text', required)
      .addPrimaryKeyConstraint('nft_change_key', ['chain', 'block', 'position'])
      .execute();
  },
};
