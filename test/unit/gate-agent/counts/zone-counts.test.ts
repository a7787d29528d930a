// Goal: a gate goes on from the recount that counts, its own as long as nobody else can have heard of it, and otherwise by the times that
// everybody knows of.
import { expect, test } from 'vitest';
import type { Mark } from '@postern/shared';
import { countPersons, createZoneCounts, type ZoneOfOthers } from '../../../../gate-agent/src/counts/zone-counts.ts';
import { aMark, baseOf, eveningMs } from '../../../support/marks.ts';

const minuteMs = 60_000;
const timeOf = (minutes: number): { readonly ms: number; readonly counter: number } => ({
  ms: eveningMs + minutes * minuteMs,
  counter: 0,
});
const entered = (sequence: number, minutes: number): Mark => ({ ...aMark({ sequence }), at: timeOf(minutes) });
function recounted(sequence: number, minutes: number, persons: number): Extract<Mark, { kind: 'recounted' }> {
  const { ticketId: _ticket, epoch: _epoch, method: _method, ...base } = baseOf({ sequence });
  return { ...base, at: timeOf(minutes), kind: 'recounted', zone: 'arena', persons };
}

/** A journal in which somebody counted 50 at minute 30, and one came at minute 20 and one at 40. */
function personsBeside(others: ZoneOfOthers): number {
  const own = createZoneCounts(() => undefined);
  for (const mark of [entered(1, 20), recounted(2, 30, 50), entered(3, 40)]) own.note(mark);
  return countPersons(baseOf().event, 'arena', own, others);
}
const elsewhere = (minutes: number, persons: number): ZoneOfOthers['recount'] => ({
  mark: { ...baseOf({ sequence: 1 }), gate: 'gate-z' },
  atMs: timeOf(minutes).ms,
  persons,
});

test('its own recount holds while the replicator has not heard of it, and of others only what it has heard since', () => {
  expect(personsBeside({ persons: 7, recount: elsewhere(10, 90), hasHeardOf: () => false })).toBe(51);
  expect(personsBeside({ persons: 7, recount: undefined, hasHeardOf: () => false })).toBe(51);
});

test("a later recount of others holds, with everybody's entries after it", () => {
  expect(personsBeside({ persons: 7, recount: elsewhere(35, 90), hasHeardOf: () => false })).toBe(90 + 7 + 1);
});

test('its own recount holds no longer where others know that its clock was wrong, and another one was later', () => {
  // Restored from an old image: the correction is gone from the journal.
  expect(personsBeside({ persons: 7, recount: elsewhere(10, 90), hasHeardOf: () => true })).toBe(90 + 7 + 2);
});
