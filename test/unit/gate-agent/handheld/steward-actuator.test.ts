// Goal: whoever was let in has passed; of a party, those whom the steward has counted.
import { expect, test } from 'vitest';
import { createStewardTurnstile } from '../../../../gate-agent/src/handheld/core/steward-actuator.ts';
import { createTestTimer } from '../../../support/gate-rig.ts';

const signal = new AbortController().signal;

test('one person passes at once', async () => {
  const turnstile = createStewardTurnstile('entry', createTestTimer());
  expect(await turnstile.open('entry', 1, signal)).toEqual({ type: 'passed', persons: 1 });
});

test('a party passes as counted, at most all of it, at least nobody', async () => {
  const turnstile = createStewardTurnstile('entry', createTestTimer());
  for (const [counted, passage] of [
    [2, { type: 'passed', persons: 2 }],
    [9, { type: 'passed', persons: 4 }],
    [0, { type: 'lapsed' }],
    [-1, { type: 'lapsed' }],
  ] as const) {
    const opened = turnstile.open('entry', 4, signal);
    turnstile.partyPassed(counted);
    expect(await opened).toEqual(passage);
  }
});

test('a party that nobody counts has passed', async () => {
  const timer = createTestTimer();
  const opened = createStewardTurnstile('entry', timer).open('entry', 4, signal);
  timer.runAll();
  expect(await opened).toEqual({ type: 'passed', persons: 4 });
});

test('a stop ends the counting, and a count that comes later is about nobody', async () => {
  const stopping = new AbortController();
  const turnstile = createStewardTurnstile('entry', createTestTimer());
  const opened = turnstile.open('entry', 4, stopping.signal);
  stopping.abort();
  await expect(opened).rejects.toThrow('stopped');
  turnstile.partyPassed(2);
  const next = turnstile.open('entry', 3, signal);
  turnstile.partyPassed(1);
  expect(await next).toEqual({ type: 'passed', persons: 1 });
});
