// Webhooks: endpoints that are told what happens at an event, and what they are told, until they have it.
import type { Kysely, Migration } from 'kysely';

export const webhooks: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('webhook_endpoint')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('url', 'text', (column) => column.notNull())
      .addColumn('types', 'text', (column) => column.notNull())
      .addColumn('sealed_secret', 'text', (column) => column.notNull())
      .addColumn('disabled', 'text')
      .addColumn('failing_since_ms', 'bigint')
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('webhook_endpoint_by_event').on('webhook_endpoint').columns(['event']).execute();
    await db.schema
      .createTable('webhook_delivery')
      .addColumn('endpoint', 'text', (column) => column.notNull())
      .addColumn('message', 'text', (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('next_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('ended_at_ms', 'bigint')
      .addColumn('last_status', 'integer')
      .addColumn('last_failure', 'text')
      .addPrimaryKeyConstraint('webhook_delivery_key', ['endpoint', 'message'])
      .execute();
    await db.schema
      .createIndex('webhook_delivery_due')
      .on('webhook_delivery')
      .columns(['state', 'next_at_ms'])
      .execute();
    await db.schema
      .createIndex('webhook_delivery_by_time')
      .on('webhook_delivery')
      .columns(['endpoint', 'created_at_ms'])
      .execute();
  },
};
