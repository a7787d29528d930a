// Phones that say where they are, each bound to one ticket.
import type { Kysely, Migration } from 'kysely';

export const geofence: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('geofence_sender')
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('ticket', 'text', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('secret_hash', 'text')
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('revoked_at_ms', 'bigint')
      .addColumn('seen_s', 'bigint', (column) => column.notNull())
      .addColumn('number', 'bigint', (column) => column.notNull())
      .addColumn('position', 'text')
      .addColumn('presence', 'text', (column) => column.notNull())
      .addColumn('zones_sent', 'text', (column) => column.notNull())
      .addColumn('told_at_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('geofence_sender_key', ['event', 'id'])
      .execute();
    await db.schema.createIndex('geofence_sender_by_ticket').on('geofence_sender').columns(['ticket']).execute();
  },
};
