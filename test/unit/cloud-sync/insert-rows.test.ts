// Goal: rows that are inserted in numbers are there as they were given, whichever the database, and one that is there already is treated
// as was asked.
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../../cloud-sync/src/store/database.ts';
import { createRowBatch, insertRows } from '../../../cloud-sync/src/store/insert-rows.ts';
import { openTestDatabase } from '../../support/database.ts';

let database: Database;
let close: () => Promise<void>;
beforeEach(async () => {
  ({ database, close } = await openTestDatabase());
});
afterEach(() => close());

const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => !value.includes('\0'));
const integer = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const small = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const marks = fc.array(
  fc.record({
    event: small,
    gate: text,
    boot: text,
    ticket: fc.option(text),
    kind: text,
    at_ms: integer,
    at_counter: small,
    count: small,
    bytes: fc.uint8Array({ maxLength: 200 }),
    received_at_ms: integer,
    session: fc.option(fc.constantFrom('a1', 'b2')),
  }),
  { maxLength: 150 },
);

it('keep half of a surrogate pair as the replacement character', async () => {
  const row = { event: 1, ticket: 'a', zone: 'half \ud83d of it, \\ud83d', persons: 1 };
  await insertRows(database, 'presence', [row]);
  const [stored] = await database.selectFrom('presence').select('zone').execute();
  expect(stored?.zone).toBe('half \ufffd of it, \\ud83d');
});

it('come back with every text, number and byte', async () => {
  await fc.assert(
    fc.asyncProperty(marks, async (given) => {
      await sql`delete from mark`.execute(database);
      const rows = given.map((row, sequence) => ({ ...row, sequence, bytes: Buffer.from(row.bytes) }));
      await insertRows(database, 'mark', rows);
      const stored = await database.selectFrom('mark').selectAll().orderBy('sequence').execute();
      expect(stored.map((row) => ({ ...row, bytes: Buffer.from(row.bytes) }))).toEqual(rows);
    }),
    { numRuns: 30 },
  );
});

it('are as many as were given, however many that is', async () => {
  for (const count of [0, 1, 63, 64, 65, 127, 200, 1_001, 2_500]) {
    await database.deleteFrom('presence').execute();
    const rows = Array.from({ length: count }, (_, ticket) => ({
      event: 1,
      ticket: `${ticket}`,
      zone: 'z',
      persons: 1,
    }));
    await insertRows(database, 'presence', rows);
    const { stored } = await database
      .selectFrom('presence')
      .select(({ fn }) => fn.countAll<number>().as('stored'))
      .executeTakeFirstOrThrow();
    expect(stored).toBe(count);
  }
});

const story = (uses_spent: number, inside = 0): Parameters<typeof insertRows<'story'>>[2][number] => ({
  event: 1,
  ticket: 'a',
  uses_spent,
  inside,
  epoch_seen: 0,
});
const stories = (): Promise<unknown> => database.selectFrom('story').select(['uses_spent', 'inside']).execute();

it('are refused, kept, or replaced where one is there already', async () => {
  await insertRows(database, 'story', [story(1, 1)]);
  await expect(insertRows(database, 'story', [story(2)])).rejects.toThrow(/unique/i);
  await insertRows(database, 'story', [story(3)], 'keep');
  expect(await stories()).toEqual([{ uses_spent: 1, inside: 1 }]);
  await insertRows(database, 'story', [story(5, 2)], 'replace');
  expect(await stories()).toEqual([{ uses_spent: 5, inside: 2 }]);
});

it('of several tables are stored together, each table as was asked', async () => {
  await insertRows(database, 'story', [story(1)]);
  const batch = createRowBatch();
  batch.add('story', [story(2)], 'replace');
  batch.add('presence', []);
  batch.add(
    'presence',
    Array.from({ length: 1_500 }, (_, ticket) => ({ event: 1, ticket: `t${ticket}`, zone: 'main', persons: 1 })),
  );
  batch.add('story', [{ ...story(7), ticket: 'b' }], 'keep');
  batch.add('story', [story(3)], 'replace');
  await batch.write(database);
  await batch.write(database);
  const { count } = await database
    .selectFrom('presence')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  expect(count).toBe(1_500);
  const stored = await database.selectFrom('story').select(['ticket', 'uses_spent']).orderBy('ticket').execute();
  expect(stored).toEqual([
    { ticket: 'a', uses_spent: 3 },
    { ticket: 'b', uses_spent: 7 },
  ]);
});

it('of several tables are stored all or not at all', async () => {
  await insertRows(database, 'story', [story(1)]);
  const batch = createRowBatch();
  batch.add('presence', [{ event: 1, ticket: 'a', zone: 'main', persons: 1 }]);
  batch.add('story', [story(2)]);
  await expect(database.transaction().execute((queries) => batch.write(queries))).rejects.toThrow(/unique/i);
  expect(await database.selectFrom('presence').selectAll().execute()).toEqual([]);
});
