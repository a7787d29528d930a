// Goal: a database of the first schema comes up to date with its foreign codes where they now belong, and its tickets can live on.
import { describe, expect, it } from 'vitest';
import { start } from '../../../cloud-sync/src/store/migrations/0001-start.ts';
import { tickets } from '../../../cloud-sync/src/store/migrations/0005-tickets.ts';
import { readViews } from '../../../cloud-sync/src/services/ticket-views.ts';
import { openCloudDatabase } from '../../../scripts/lib/cloud-database.ts';

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
