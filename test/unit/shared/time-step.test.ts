// Goal: steps of 15 s that every phone and gate counts alike, and a window that errs towards the visitor by exactly the clock's doubt.
import { placeInTime, stepStartS, stepS, type TrustedTime } from '@postern/shared';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const time = (nowMs: number, uncertaintyMs = 0): TrustedTime => ({
  nowMs,
  uncertaintyMs,
  trusted: true,
  source: 'server',
});

it('begins a step every 15 seconds of Unix time', () => {
  expect([0, 14_999, 15_000, 1_790_017_214_999, 1_790_017_215_000].map(stepStartS)).toEqual([
    0, 0, 15, 1_790_017_200, 1_790_017_215,
  ]);
});

it('is in the past, now and in the future in this order, each once', () => {
  const places = Array.from({ length: 120 }, (_, second) => placeInTime(60, time(second * 1_000)));
  const changes = places.flatMap((place, second) => (place === places[second - 1] ? [] : [[second, place]]));
  expect(changes).toEqual([
    [0, 'future'],
    [45, 'now'],
    [90, 'past'],
  ]);
});

it('takes what any phone makes whose clock and the gate’s differ by at most one step', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 41 }), fc.integer({ min: -15_000, max: 15_000 }), (nowMs, skewMs) => {
      expect(placeInTime(stepStartS(Math.max(0, nowMs + skewMs)), time(nowMs))).toBe('now');
    }),
  );
});

it('gives the visitor the benefit of the gate’s uncertainty on both sides', () => {
  const uncertain = (offsetMs: number) => placeInTime(600, time(600_000 + offsetMs, 10_000));
  expect([-25_001, -25_000, 39_999, 40_000].map(uncertain)).toEqual(['future', 'now', 'now', 'past']);
  expect(stepS).toBe(15);
});
