// Goal: what somebody has counted in a zone is where occupancy goes on from, in the order of time and not of arrival, and the capacity that
// the cloud goes by is that number.
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeMark, type Mark } from '@postern/shared';
import { deriveStories } from '../../../cloud-sync/src/services/stories.ts';
import { deriveRecounts } from '../../../cloud-sync/src/services/recounts.ts';
import { followCorrections } from '../../../cloud-sync/src/services/corrected-stories.ts';
import { storeCorrections } from '../../../cloud-sync/src/store/corrections.ts';
import type { Database } from '../../../cloud-sync/src/store/database.ts';
import { createRowBatch, insertRows } from '../../../cloud-sync/src/store/insert-rows.ts';
import { toMarkRow } from '../../../cloud-sync/src/store/mark-rows.ts';
import { countZonePersons } from '../../../cloud-sync/src/store/zone-persons.ts';
import { openTestDatabase } from '../../support/database.ts';
import { aMark, aPolicy, baseOf, eveningMs } from '../../support/marks.ts';

const event = 7;
const clock = { wallMs: () => eveningMs, monotonicMs: () => 0 };
const at = (minutes: number): { readonly ms: number; readonly counter: number } => ({
  ms: eveningMs + minutes * 60_000,
  counter: 0,
});

let database: Database;
let close: () => Promise<void>;
beforeEach(async () => {
  ({ database, close } = await openTestDatabase());
  const policy = JSON.stringify({ ...aPolicy({ type: { uses: 0, reentry: true } }), event });
  await database
    .insertInto('event')
    .values({ id: event, policy, code_hash_key: '00', revision: 0, rules_revision: 0, created_at_ms: 0 })
    .execute();
});
afterEach(() => close());

const ticketOf = (index: number): string => index.toString(16).padStart(32, '0');
const entered = (gate: string, sequence: number, minutes: number, uses = 1): Mark =>
  aMark({ gate, sequence, at: at(minutes), uses, ticketId: ticketOf(sequence) });
const left = (gate: string, sequence: number, minutes: number, of: number): Mark => ({
  ...baseOf({ gate, sequence }),
  at: at(minutes),
  ticketId: ticketOf(of),
  kind: 'exited',
  zone: 'arena',
});
const ofGate = (gate: string, sequence: number, minutes: number): object => {
  const { ticketId: _ticket, epoch: _epoch, method: _method, ...base } = baseOf({ gate, sequence });
  return { ...base, at: at(minutes) };
};
const recounted = (gate: string, sequence: number, minutes: number, persons: number): Mark =>
  ({ ...ofGate(gate, sequence, minutes), kind: 'recounted', zone: 'arena', persons }) as Mark;
const corrected = (gate: string, sequence: number, minutes: number, offsetMinutes: number): Mark =>
  ({ ...ofGate(gate, sequence, minutes), kind: 'corrected', offsetMs: offsetMinutes * 60_000 }) as Mark;

async function take(...marks: readonly Mark[]): Promise<void> {
  await database.transaction().execute(async (queries) => {
    await insertRows(
      queries,
      'mark',
      marks.map((mark) => toMarkRow(mark, { mark, bytes: encodeMark(mark) }, 0)),
    );
    await storeCorrections(queries, marks);
    const touched = new Set(marks.flatMap((mark) => ('ticketId' in mark ? [mark.ticketId] : [])));
    const batch = createRowBatch();
    await deriveStories(queries, batch, clock, event, touched, marks);
    await batch.write(queries);
    await deriveRecounts(queries, event, marks);
  });
  await followCorrections(database, clock, event);
}
const inArena = async (): Promise<number | undefined> =>
  (await countZonePersons(database, event, ['arena'])).get('arena');

it('goes on from the latest recount with the entries and exits after it', async () => {
  await take(entered('gate-a', 1, 0, 3), entered('gate-a', 2, 1));
  expect(await inArena()).toBe(4);
  await take(recounted('gate-a', 3, 10, 250));
  expect(await inArena()).toBe(250);
  await take(entered('gate-a', 4, 11, 2), left('gate-a', 5, 12, 2));
  expect(await inArena()).toBe(251);
});

it('does not count a second time what is heard late of the time before a recount', async () => {
  await take(recounted('gate-a', 1, 10, 250));
  await take(entered('gate-b', 2, 5, 4), entered('gate-b', 3, 20));
  expect(await inArena()).toBe(251);
});

it('goes by the latest recount in time, not by the last that arrived', async () => {
  await take(recounted('gate-b', 2, 30, 300));
  await take(recounted('gate-a', 1, 10, 100));
  expect(await inArena()).toBe(300);
});

it('puts a recount of a gate with a wrong clock where it belongs', async () => {
  await take(recounted('gate-a', 1, 10, 100), entered('gate-b', 2, 20));
  expect(await inArena()).toBe(101);
  await take(corrected('gate-a', 2, 60, 30));
  expect(await inArena()).toBe(100);
});

it('knows of no more persons than zero, and of nobody in a zone without marks', async () => {
  await take(entered('gate-a', 1, 0), recounted('gate-a', 2, 5, 0), left('gate-a', 3, 10, 1));
  expect(await inArena()).toBe(0);
  expect(await countZonePersons(database, event, ['arena', 'vip'])).toEqual(
    new Map([
      ['arena', 0],
      ['vip', 0],
    ]),
  );
  expect(await countZonePersons(database, event, [])).toEqual(new Map());
});

it('comes to the same in whatever order and batches the marks arrive', async () => {
  const marks = [
    entered('gate-a', 1, 0, 3),
    recounted('gate-a', 2, 8, 40),
    entered('gate-a', 3, 9),
    corrected('gate-a', 4, 12, 15),
    entered('gate-b', 5, 20, 2),
    recounted('gate-b', 6, 21, 60),
    left('gate-b', 7, 25, 5),
    entered('gate-b', 8, 26),
  ];
  await take(...marks);
  const expected = await inArena();
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(marks, { minLength: marks.length }), fc.nat(7), async (shuffled, cut) => {
      for (const table of ['mark', 'story', 'entry', 'departure', 'presence', 'recount', 'correction', 'case'] as const)
        await database.deleteFrom(table).execute();
      await take(...shuffled.slice(0, cut));
      await take(...shuffled.slice(cut));
      expect(await inArena()).toBe(expected);
    }),
    { numRuns: 40 },
  );
});
