// Goal: a database of the first schema comes up to date with its foreign codes where they now belong, and its tickets can live on.
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { start } from '../../../cloud-sync/src/store/migrations/0001-start.ts';
import { tickets } from '../../../cloud-sync/src/store/migrations/0005-tickets.ts';
import { surnames } from '../../../cloud-sync/src/store/migrations/0032-surnames.ts';
import { isPostgres } from '../../../cloud-sync/src/store/database.ts';
import { createPortableTypes } from '../../../cloud-sync/src/store/portable-types.ts';
import { readViews } from '../../../cloud-sync/src/services/ticket-views.ts';
import { openCloudDatabase, withDatabase } from '../../../scripts/lib/cloud-database.ts';
import { createTestCloud, someEvent } from '../../support/cloud.ts';

describe('the migration of tickets', () => {
  it('keeps tickets and moves their codes', async () => {
    const database = openCloudDatabase('sqlite::memory:');
    await start.up(database);
    const old = { event: 1, type: 1, epoch: 0, status: 'valid', party: 1, revision: 3, created_at_ms: 5 };
    await database
      .insertInto('ticket' as never)
      .values([
        { ...old, id: 'a'.repeat(32), code_hash: '0011223344556677' },
        { ...old, id: 'b'.repeat(32), code_hash: null },
      ] as never)
      .execute();

    await tickets.up(database);
    expect(await database.selectFrom('ticket_code').selectAll().execute()).toEqual([
      { event: 1, hash: '0011223344556677', ticket: 'a'.repeat(32), epoch: 0, revision: 3 },
    ]);
    const rows = await database.selectFrom('ticket').selectAll().orderBy('id').execute();
    expect((await readViews(database, rows)).map(({ id, foreign, version }) => [id[0], foreign, version])).toEqual([
      ['a', true, 1],
      ['b', false, 1],
    ]);
    await database.destroy();
  });
});

describe('the migration of last words of names', () => {
  it('makes of names that are there what new ones get', async () => {
    const test = await createTestCloud();
    try {
      await test.json('POST', '/api/events', someEvent);
      const names = [
        'Ada Lovelace',
        'Ludwig van  Beethoven',
        'Cher',
        'مريم ميرزاخاني',
        '👩‍👧 Ö  ÄÖ',
        'x 100%',
        "D'Arcy ' or 1=1",
      ];
      await test.json('POST', '/api/tickets/batch', {
        event: 1,
        tickets: names.map((name) => ({ type: 1, holder: { name } })),
      });
      const read = (): Promise<readonly unknown[]> =>
        withDatabase(test.databaseUrl, (database) =>
          database.selectFrom('ticket_holder').select(['name', 'surname_key']).orderBy('ticket').execute(),
        );
      const before = await read();
      expect(before).toContainEqual({ name: 'Ada Lovelace', surname_key: 'lovelace' });
      await withDatabase(test.databaseUrl, async (database) => {
        await sql`drop index ticket_holder_by_surname`.execute(database);
        await sql`alter table ticket_holder drop column surname_key`.execute(database);
        // As the service runs them: other tests get this database after this one.
        await surnames.up(isPostgres(database) ? database.withPlugin(createPortableTypes()) : database);
      });
      expect(await read()).toEqual(before);
    } finally {
      await test.close();
    }
  });
});
