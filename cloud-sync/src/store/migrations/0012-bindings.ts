// What has replaced a wristband's binding stands beside it, so that what holds of a tag or a ticket is found by an index, however many
// bindings of it there are. The rows are derived, and made anew at the start.
import { sql, type Kysely, type Migration } from 'kysely';

export const bindings: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema.dropTable('binding').execute();
    await db.schema
      .createTable('binding')
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('gate', 'text', (column) => column.notNull())
      .addColumn('boot', 'text', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('tag', 'text', (column) => column.notNull())
      .addColumn('ticket', 'text', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('replaced', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('binding_key', ['event', 'gate', 'boot', 'sequence'])
      .execute();
    const mark = ['gate', 'boot', 'sequence'];
    await db.schema
      .createIndex('binding_by_tag')
      .on('binding')
      .columns(['event', 'tag', 'replaced', 'ticket', 'epoch', ...mark])
      .execute();
    await db.schema
      .createIndex('binding_by_ticket')
      .on('binding')
      .columns(['event', 'ticket', 'replaced', 'epoch', 'tag', ...mark])
      .execute();
    await db.schema
      .createTable('binding_named')
      .addColumn('event', 'bigint', (column) => column.notNull())
      .addColumn('gate', 'text', (column) => column.notNull())
      .addColumn('boot', 'text', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('by_gate', 'text', (column) => column.notNull())
      .addColumn('by_boot', 'text', (column) => column.notNull())
      .addColumn('by_sequence', 'bigint', (column) => column.notNull())
      .addColumn('tag', 'text', (column) => column.notNull())
      .addColumn('ticket', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('binding_named_key', [
        'event',
        'by_gate',
        'by_boot',
        'by_sequence',
        'gate',
        'boot',
        'sequence',
      ])
      .execute();
    for (const column of ['tag', 'ticket'])
      await db.schema
        .createIndex(`binding_named_by_${column}`)
        .on('binding_named')
        .columns(['event', ...mark, column])
        .execute();
    await sql`
      insert into projection_outdated (event)
      select distinct event from mark where kind = 'bound' and event not in (select event from projection_outdated)
    `.execute(db);
  },
};
