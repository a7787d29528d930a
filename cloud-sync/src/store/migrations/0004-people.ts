// People and programs: accounts with passwords, roles at events, one-time links, identities of OpenID providers, clients, tokens and
// API keys. Everything that proves somebody is kept as a hash.
import type { ColumnDefinitionBuilder, CreateTableBuilder, Kysely, Migration } from 'kysely';

type Builder<C extends string = never> = CreateTableBuilder<string, C>;
const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();
const key = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.primaryKey().notNull();
const zero = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull().defaultTo(0);
const empty = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull().defaultTo('');

export const people: Migration = {
  up: async (db: Kysely<never>) => {
    const create = (table: string): Builder => db.schema.createTable(table);

    // One column a statement: SQLite adds no more.
    await db.schema.alterTable('user').addColumn('email', 'text').execute();
    await db.schema.alterTable('user').addColumn('language', 'text').execute();
    await db.schema.alterTable('user').addColumn('password_salt', 'text').execute();
    await db.schema.alterTable('user').addColumn('password_hash', 'text').execute();
    await db.schema.alterTable('user').addColumn('disabled', 'integer', zero).execute();
    await db.schema.createIndex('user_by_email').on('user').columns(['email']).unique().execute();
    await db.schema.alterTable('session').addColumn('created_at_ms', 'bigint', zero).execute();
    await db.schema.alterTable('session').addColumn('last_used_at_ms', 'bigint', zero).execute();
    await db.schema.alterTable('session').addColumn('device', 'text', empty).execute();
    await db.schema.createIndex('session_by_user').on('session').columns(['user_id']).execute();
    await db.schema.alterTable('staff').addColumn('code_hash', 'text').execute();
    await create('membership')
      .addColumn('event', 'bigint', required)
      .addColumn('user_id', 'text', required)
      .addColumn('role', 'text', required)
      .addColumn('created_at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('membership_key', ['event', 'user_id'])
      .execute();
    await db.schema.createIndex('membership_by_user').on('membership').columns(['user_id']).execute();
    await create('reset_link')
      .addColumn('id', 'text', key)
      .addColumn('user_id', 'text', required)
      .addColumn('expires_at_ms', 'bigint', required)
      .addColumn('used_at_ms', 'bigint')
      .execute();
    await create('identity')
      .addColumn('issuer', 'text', required)
      .addColumn('subject', 'text', required)
      .addColumn('user_id', 'text', required)
      .addColumn('created_at_ms', 'bigint', required)
      .addPrimaryKeyConstraint('identity_key', ['issuer', 'subject'])
      .execute();
    await create('client')
      .addColumn('id', 'text', key)
      .addColumn('name', 'text', required)
      .addColumn('secret_hash', 'text', required)
      .addColumn('scopes', 'text', required)
      .addColumn('events', 'text')
      .addColumn('created_at_ms', 'bigint', required)
      .addColumn('revoked_at_ms', 'bigint')
      .execute();
    await create('token_family')
      .addColumn('id', 'text', key)
      .addColumn('client', 'text', required)
      .addColumn('scopes', 'text', required)
      .addColumn('created_at_ms', 'bigint', required)
      .addColumn('expires_at_ms', 'bigint', required)
      .addColumn('revoked_at_ms', 'bigint')
      .execute();
    await create('refresh_token')
      .addColumn('id', 'text', key)
      .addColumn('family', 'text', required)
      .addColumn('created_at_ms', 'bigint', required)
      .addColumn('used_at_ms', 'bigint')
      .execute();
    await db.schema.createIndex('refresh_token_by_family').on('refresh_token').columns(['family']).execute();
    await create('revoked_token').addColumn('id', 'text', key).addColumn('expires_at_ms', 'bigint', required).execute();
    await create('api_key')
      .addColumn('id', 'text', key)
      .addColumn('name', 'text', required)
      .addColumn('secret_hash', 'text', required)
      .addColumn('scopes', 'text', required)
      .addColumn('events', 'text')
      .addColumn('created_by', 'text', required)
      .addColumn('created_at_ms', 'bigint', required)
      .addColumn('expires_at_ms', 'bigint')
      .addColumn('last_used_at_ms', 'bigint')
      .addColumn('revoked_at_ms', 'bigint')
      .execute();
  },
};
