import { expect, test } from 'vitest';
import { attemptKeysMax, createAttemptLimit } from '../../../../shared/src/gate/attempts.ts';

const rules = { missesMax: 3, windowMs: 1_000 };

test('the limit slides: the oldest miss leaves the window first', () => {
  const limit = createAttemptLimit(rules);
  for (const atMs of [0, 400, 800]) limit.miss('a', atMs);
  expect(limit.blockedUntilMs('a', 900)).toBe(1_000);
  expect(limit.blockedUntilMs('a', 1_000)).toBeUndefined();
  limit.miss('a', 1_100);
  expect(limit.blockedUntilMs('a', 1_200)).toBe(1_400);
});

test('success forgets earlier misses', () => {
  const limit = createAttemptLimit(rules);
  for (const atMs of [0, 1, 2]) limit.miss('a', atMs);
  limit.forgive('a');
  expect(limit.blockedUntilMs('a', 3)).toBeUndefined();
});

test('however many keys there are, the number remembered is bounded, and the most recent ones stay', () => {
  const limit = createAttemptLimit(rules);
  for (const atMs of [0, 1, 2]) limit.miss('first', atMs);
  for (let n = 0; n < attemptKeysMax - 1; n++) limit.miss(`key ${n}`, 3);
  expect(limit.blockedUntilMs('first', 4)).toBe(1_000);
  limit.miss('one too many', 4);
  expect(limit.blockedUntilMs('first', 4)).toBeUndefined();
});
