// Under which addresses gates and people have been told to reach the service.
import type { ColumnDefinitionBuilder, Kysely, Migration } from 'kysely';

const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();

export const publicAddress: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('public_address')
      .addColumn('url', 'text', (column) => column.primaryKey())
      .addColumn('since_ms', 'bigint', required)
      .execute();
  },
};
