// Faces: what an event says of them, consent texts, sealed templates with the consents they stand on, and apart from them their data keys.
import type { Kysely, Migration } from 'kysely';

export const face: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('face_setup')
      .addColumn('event', 'bigint', (column) => column.primaryKey())
      .addColumn('text_version', 'text')
      .addColumn('dpia', 'text')
      .addColumn('age_min', 'bigint')
      .addColumn('keep_hours', 'bigint', (column) => column.notNull())
      .addColumn('rules', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('face_text')
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('version', 'text', (column) => column.notNull())
      .addColumn('language', 'text', (column) => column.notNull())
      .addColumn('text', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('face_text_key', ['event', 'version', 'language'])
      .execute();
    await db.schema
      .createTable('face')
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('ticket', 'text', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('model', 'bigint', (column) => column.notNull())
      .addColumn('version', 'bigint', (column) => column.notNull())
      .addColumn('sealed', 'text')
      .addColumn('quality', 'text')
      .addColumn('consent', 'text')
      .addColumn('agreed_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('ended_at_ms', 'bigint')
      .addColumn('ended_because', 'text')
      .addColumn('from_revision', 'bigint', (column) => column.notNull())
      .addColumn('until_revision', 'bigint')
      .addPrimaryKeyConstraint('face_key_of', ['event', 'subject'])
      .execute();
    await db.schema.createIndex('face_by_ticket').on('face').columns(['ticket']).execute();
    await db.schema
      .createTable('face_key')
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('sealed_key', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('face_key_key', ['event', 'subject'])
      .execute();
    await db.schema
      .createTable('face_link')
      .addColumn('token_hash', 'text', (column) => column.primaryKey())
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('ticket', 'text', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('subject', 'text')
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('face_link_by_ticket').on('face_link').columns(['ticket']).execute();
  },
};
