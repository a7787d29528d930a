// A few simulated evenings in every run; `POSTERN_FAULTS=big` plays many.
import { beforeAll, expect, test } from 'vitest';
import { loadLedger, ready, type Ledger } from '@postern/shared';
import { simulate } from '../../scripts/sim/simulation.ts';

const seeds = process.env['POSTERN_FAULTS'] === 'big' ? 500 : 4;

let ledger: Ledger;
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});

test(`${seeds} seeds of loss, repetition, partitions, crashes and restored images violate no invariant`, async () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const { marks, violations } = await simulate({ seed, gates: 3, hours: 3, ledger });
    expect(violations).toEqual([]);
    expect(marks).toBeGreaterThan(100);
  }
});

test('the same seed gives the same trace, another one another', async () => {
  const run = (seed: number): ReturnType<typeof simulate> => simulate({ seed, gates: 2, hours: 1, ledger });
  expect((await run(11)).traceHash).toBe((await run(11)).traceHash);
  expect((await run(11)).traceHash).not.toBe((await run(12)).traceHash);
});
