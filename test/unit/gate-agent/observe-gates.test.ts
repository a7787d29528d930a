import { expect, it } from 'vitest';
import { compareHybrid, createHybridClock, remoteAheadMaxMs, type Logger } from '@postern/shared';
import { createGateObserver } from '../../../gate-agent/src/observe-gates.ts';
import { silentLogger } from '../../support/gate-rig.ts';

const nowMs = 1_790_017_200_000;
const heard = (ms: number, counter = 0) => ({ gates: [{ gate: 'gate-b', through: { ms, counter }, marks: 1 }] });

it('puts the next timestamp above what another gate, a little ahead, has said', () => {
  const hybrid = createHybridClock(() => nowMs);
  const observe = createGateObserver({ hybrid, logger: silentLogger });
  const theirs = { ms: nowMs + remoteAheadMaxMs, counter: 7 };
  observe(heard(theirs.ms, theirs.counter));
  expect(compareHybrid(hybrid.tick(), theirs)).toBeGreaterThan(0);
});

it('follows no gate further ahead, and says so once while it lasts', () => {
  let wallMs = nowMs;
  const hybrid = createHybridClock(() => wallMs);
  const warned: unknown[] = [];
  const logger: Logger = { ...silentLogger, warn: ({ gate }) => void warned.push(gate) };
  const observe = createGateObserver({ hybrid, logger });
  const farMs = nowMs + remoteAheadMaxMs + 1;
  observe(heard(farMs));
  observe(heard(farMs));
  expect(hybrid.tick()).toEqual({ ms: nowMs, counter: 0 });
  expect(warned).toEqual(['gate-b']);
  wallMs += 1;
  observe(heard(farMs));
  expect(hybrid.last()).toEqual({ ms: farMs, counter: 0 });
  observe(heard(farMs + 3_600_000));
  expect(warned).toEqual(['gate-b', 'gate-b']);
});
