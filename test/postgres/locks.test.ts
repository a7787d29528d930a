// Goal: whoever locks tickets is told which of them have no marks yet, and nobody else comes in between.
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../cloud-sync/src/store/database.ts';
import { lockTickets } from '../../cloud-sync/src/store/locks.ts';
import { missingPostgres } from '../../scripts/lib/postgres-programs.ts';
import { openTestDatabase } from '../support/database.ts';
import { describeOrReport } from '../support/not-run.ts';

describeOrReport('locked tickets', missingPostgres(), () => {
  let database: Database;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ database, close } = await openTestDatabase());
  });
  afterEach(() => close());

  it('are new once, and only if they stay', async () => {
    const lock = (...ids: readonly string[]): Promise<readonly string[]> =>
      database.transaction().execute(async (queries) => [...(await lockTickets(queries, 1, ids))]);
    expect(await lock('b', 'a')).toEqual(['a', 'b']);
    expect(await lock('a', 'c')).toEqual(['c']);
    await expect(
      database.transaction().execute(async (queries) => {
        expect([...(await lockTickets(queries, 1, ['d']))]).toEqual(['d']);
        throw new Error('not committed');
      }),
    ).rejects.toThrow('not committed');
    expect(await lock('d')).toEqual(['d']);
    expect(await database.selectFrom('story').select('ticket').orderBy('ticket').execute()).toHaveLength(4);
  });

  it('that another has just made are not new to who has waited for them', async () => {
    const order: string[] = [];
    let second: Promise<void> | undefined;
    await database.transaction().execute(async (queries) => {
      expect([...(await lockTickets(queries, 1, ['a']))]).toEqual(['a']);
      second = database.transaction().execute(async (others) => {
        const isNew = await lockTickets(others, 1, ['a']);
        order.push('second');
        expect([...isNew]).toEqual([]);
      });
      // Long enough for the other to stand at the lock; were there none, it would be first.
      await new Promise((resolve) => setTimeout(resolve, 100));
      order.push('first');
    });
    await second;
    expect(order).toEqual(['first', 'second']);
  });
});
