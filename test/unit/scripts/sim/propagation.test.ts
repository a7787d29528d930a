// Where word must have come to, by the links that were whole: what the referee holds gates to.
import { expect, test } from 'vitest';
import { hopMsMax, reachedBy } from '../../../../scripts/sim/propagation.ts';

/** A line of gates, and a cloud that all of them follow. */
const line = ['a', 'b', 'c', 'd'];
const isNext = (one: string, other: string): boolean => Math.abs(line.indexOf(one) - line.indexOf(other)) === 1;

function reached(afterMs: number, { sinceMs = 0, exempt = '' } = {}): Readonly<Record<string, number>> {
  const network = {
    listening: () => [...line, 'cloud'],
    wholeSinceMs: (one: string, other: string) =>
      one === 'cloud' || other === 'cloud' || isNext(one, other) ? sinceMs : undefined,
  };
  return Object.fromEntries(
    reachedBy({ network, nowMs: () => afterMs, isExempt: (address) => address === exempt }, 'a', 0),
  );
}

test('word goes one link further with every bound that passes', () => {
  expect(reached(hopMsMax - 1)).toEqual({ a: 0 });
  expect(reached(hopMsMax)).toEqual({ a: 0, b: 1, cloud: 1 });
  expect(reached(3 * hopMsMax)).toEqual({ a: 0, b: 1, cloud: 1, c: 2, d: 3 });
});

test('not over a link that was broken meanwhile, nor past somebody of whom nothing is promised', () => {
  expect(reached(3 * hopMsMax, { sinceMs: 1 })).toEqual({ a: 0 });
  expect(reached(3 * hopMsMax, { exempt: 'c' })).toEqual({ a: 0, b: 1, cloud: 1 });
});
