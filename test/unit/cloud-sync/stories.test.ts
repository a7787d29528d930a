// Goal: what is derived from marks does not depend on the batches in which they came: after each batch it is what all marks together make,
// also where a batch finds tickets that nothing was derived of yet and others that have a past.
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeMark, type Mark } from '@postern/shared';
import { deriveAllStories, deriveStories } from '../../../cloud-sync/src/services/stories.ts';
import type { Database } from '../../../cloud-sync/src/store/database.ts';
import { createRowBatch, insertRows } from '../../../cloud-sync/src/store/insert-rows.ts';
import { toMarkRow } from '../../../cloud-sync/src/store/mark-rows.ts';
import { openTestDatabase } from '../../support/database.ts';
import { aMark, aPolicy, baseOf } from '../../support/marks.ts';

const event = 7;
const tickets = ['a', 'b', 'c'].map((letter) => letter.repeat(32));
const clock = { wallMs: () => 1_790_017_200_000, monotonicMs: () => 0 };

let database: Database;
let close: () => Promise<void>;
beforeEach(async () => {
  ({ database, close } = await openTestDatabase());
});
afterEach(() => close());

const anyMark = fc.record({
  ticket: fc.constantFrom(...tickets),
  gate: fc.constantFrom('gate-a', 'gate-b'),
  kind: fc.constantFrom('admitted', 'exited', 'lapsed', 'refused'),
  of: fc.nat(20),
});
type Drawn = typeof anyMark extends fc.Arbitrary<infer T> ? T : never;

function toMark({ ticket: ticketId, gate, kind, of }: Drawn, index: number): Mark {
  const sequence = index + 1;
  const base = { ...baseOf({ sequence, gate }), ticketId };
  switch (kind) {
    case 'admitted':
      return aMark({ ...base });
    case 'exited':
      return { ...base, kind: 'exited', zone: 'arena' };
    case 'lapsed':
      return { ...base, kind: 'lapsed', of: { boot: base.boot, sequence: 1 + (of % sequence) }, uses: 1 };
    default:
      return { ...base, kind: 'refused', code: 'already-used', count: 1 };
  }
}

async function take(marks: readonly Mark[]): Promise<void> {
  await database.transaction().execute(async (queries) => {
    const rows = marks.map((mark) => toMarkRow(mark, { mark, bytes: encodeMark(mark) }, 0));
    await insertRows(queries, 'mark', rows);
    const touched = new Set(marks.flatMap((mark) => ('ticketId' in mark ? [mark.ticketId] : [])));
    const batch = createRowBatch();
    await deriveStories(queries, batch, clock, event, touched, marks);
    await batch.write(queries);
  });
}

const derived = async (): Promise<unknown> => ({
  stories: await database.selectFrom('story').selectAll().orderBy('ticket').execute(),
  entries: await database.selectFrom('entry').selectAll().orderBy('gate').orderBy('sequence').execute(),
  departures: await database.selectFrom('departure').selectAll().orderBy('gate').orderBy('sequence').execute(),
  presence: await database.selectFrom('presence').selectAll().orderBy('ticket').execute(),
  cases: await database.selectFrom('case').selectAll().where('state', '=', 'open').orderBy('id').execute(),
});

it('is the same after every batch as from all marks at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(anyMark, { minLength: 1, maxLength: 6 }), { maxLength: 5 }), async (batches) => {
      for (const table of ['mark', 'story', 'entry', 'departure', 'presence', 'case', 'event'] as const)
        await database.deleteFrom(table).execute();
      const policy = JSON.stringify({ ...aPolicy({}), event });
      const revisions = { revision: 0, rules_revision: 0, created_at_ms: 0 };
      await database
        .insertInto('event')
        .values({ id: event, policy, code_hash_key: '00', ...revisions })
        .execute();
      let drawn = 0;
      for (const batch of batches) {
        await take(batch.map((mark) => toMark(mark, drawn++)));
        const after = await derived();
        await deriveAllStories(database, clock, event);
        expect(after).toEqual(await derived());
      }
    }),
    { numRuns: 60 },
  );
});
