// Goal: what is called complete is complete. One process start that may still tell of something holds the whole event back, unless a
// person has declared its gate lost.
import { coverageOf, gatesLost, gatesNotHeard, isProvisional, mayChangeText, type SegmentState } from '@postern/shared';
import { expect, it } from 'vitest';
import { bootOfTests } from '../../support/marks.ts';

const state = (gate: string, throughMs: number, fields: Partial<SegmentState> = {}): SegmentState => ({
  event: 7,
  gate,
  boot: bootOfTests,
  segment: 0,
  firstSequence: 1,
  count: 3,
  hash: '00',
  closed: false,
  through: { ms: throughMs, counter: 0 },
  ...fields,
});
const gates = ['gate-a', 'gate-b'].map((id) => ({ id }));

it('is complete up to the least of what the gates have signed', () => {
  const coverage = coverageOf([state('gate-a', 500), state('gate-b', 300)], gates);
  expect(coverage.completeUpToMs).toBe(300);
  expect([299, 300, 301].map((atMs) => isProvisional(coverage, atMs))).toEqual([false, false, true]);
  expect(gatesNotHeard(coverage, 400)).toEqual(['gate-b']);
  expect(gatesNotHeard(coverage, 501)).toEqual(['gate-a', 'gate-b']);
});

it('is complete up to nothing while a gate has not been heard at all', () => {
  expect(coverageOf([state('gate-a', 500)], gates)).toMatchObject({ completeUpToMs: 0 });
});

it('waits for an older process start whose last segment is open, and for none that has been closed', () => {
  const later = state('gate-a', 900, { boot: 'ffffffffffffffff' });
  const only = [{ id: 'gate-a' }];
  expect(coverageOf([state('gate-a', 200), later], only).completeUpToMs).toBe(200);
  expect(coverageOf([state('gate-a', 200, { closed: true }), later], only).completeUpToMs).toBe(900);
});

it('does not wait for a lost gate, and names it where it may have kept something to itself', () => {
  const coverage = coverageOf(
    [state('gate-a', 500), state('gate-b', 300)],
    [{ id: 'gate-a' }, { id: 'gate-b', lost: true }],
  );
  expect(coverage.completeUpToMs).toBe(500);
  expect(gatesNotHeard(coverage, 400)).toEqual([]);
  expect([300, 400].map((atMs) => gatesLost(coverage, atMs))).toEqual([[], ['gate-b']]);
});

it('has nothing to wait for without gates, and nothing is provisional then', () => {
  const coverage = coverageOf([], []);
  expect(coverage.completeUpToMs).toBeUndefined();
  expect(isProvisional(coverage, 1)).toBe(false);
});

it('says how many gates could still change a history', () => {
  expect([0, 1, 2].map(mayChangeText)).toEqual([
    undefined,
    'May change: 1 gate not heard from',
    'May change: 2 gates not heard from',
  ]);
});
