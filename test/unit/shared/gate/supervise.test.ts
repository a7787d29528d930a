import { describe, expect, test } from 'vitest';
import {
  backoffFirstMs,
  backoffMaxMs,
  backoffMs,
  createSupervisor,
  stableAfterMs,
  type Presentation,
  type Reader,
} from '@postern/shared';
import { silentLogger } from '../../../support/readers.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const lowest = (bytes: number): Uint8Array => new Uint8Array(bytes);
const highest = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(255);

/** A supervised reader whose every run is ended by hand. */
function createRig(more: Partial<Reader> = {}) {
  const time = createVirtualTime();
  const runs: {
    readonly end: () => void;
    readonly fail: (message: string) => void;
    readonly deliver: (presentation: Presentation) => void;
  }[] = [];
  const delivered: string[] = [];
  const reader: Reader = {
    id: 'cam',
    run: (deliver, signal) =>
      new Promise((resolve, reject) => {
        const settle = (then: () => void): void => {
          signal.removeEventListener('abort', onAbort);
          then();
        };
        const onAbort = (): void => settle(resolve);
        signal.addEventListener('abort', onAbort);
        runs.push({ end: onAbort, fail: (message) => settle(() => reject(new Error(message))), deliver });
      }),
    ...more,
  };
  const stop = new AbortController();
  const supervisor = createSupervisor({
    reader,
    deliver: ({ text }) => delivered.push(text),
    clock: time.clock,
    timer: time.timer,
    random: highest,
    logger: silentLogger,
  });
  const running = supervisor.run(stop.signal);
  return { time, runs, delivered, stop, supervisor, running };
}

const presentation: Presentation = { medium: 'optical', text: 'PN1:A', readerId: 'cam', seenAtMs: 0 };

describe('a reader that ends', () => {
  test('is started again after a wait that doubles, with its trouble in health', async () => {
    const { time, runs, supervisor } = createRig();
    await time.advance(100);
    expect(supervisor.health()).toEqual({ readerId: 'cam', state: 'running', sinceMs: 0, attempts: 1 });
    runs[0]?.fail('no camera at /dev/video0');
    await time.advance(0);
    expect(supervisor.health()).toEqual({
      readerId: 'cam',
      state: 'restarting',
      sinceMs: 100,
      attempts: 1,
      lastError: 'no camera at /dev/video0',
      retryInMs: 250,
    });
    await time.advance(249);
    expect(runs).toHaveLength(1);
    await time.advance(1);
    expect(runs).toHaveLength(2);
    expect(supervisor.health()).toMatchObject({ state: 'running', attempts: 2, lastError: 'no camera at /dev/video0' });
    runs[1]?.end();
    await time.advance(0);
    expect(supervisor.health()).toMatchObject({
      state: 'restarting',
      sinceMs: 100,
      attempts: 2,
      lastError: 'the device went away',
      retryInMs: 500,
    });
  });

  test('waits no longer than the limit, however often it fails', async () => {
    const { time, runs, supervisor } = createRig();
    for (let attempt = 0; attempt < 30; attempt++) {
      await time.advance(0);
      runs[attempt]?.fail('still no camera');
      await time.advance(0);
      expect(supervisor.health().retryInMs).toBeLessThanOrEqual(backoffMaxMs);
      await time.advance(supervisor.health().retryInMs ?? 0);
    }
    expect(runs).toHaveLength(31);
    expect(supervisor.health().attempts).toBe(31);
  });

  test('has recovered once it has been up for a while: the next wait is short again', async () => {
    const { time, runs, supervisor } = createRig();
    for (let attempt = 0; attempt < 5; attempt++) {
      await time.advance(0);
      runs[attempt]?.fail('flapping');
      await time.advance(0);
      await time.advance(supervisor.health().retryInMs ?? 0);
    }
    expect(supervisor.health()).toMatchObject({ state: 'running', attempts: 6, lastError: 'flapping' });
    await time.advance(stableAfterMs);
    expect(supervisor.health()).toMatchObject({ state: 'running', attempts: 1 });
    expect(supervisor.health().lastError).toBeUndefined();
    runs[5]?.fail('unplugged');
    await time.advance(0);
    expect(supervisor.health()).toMatchObject({
      state: 'restarting',
      retryInMs: backoffFirstMs,
      lastError: 'unplugged',
    });
  });

  test('is done when it is finite and resolves, but not when it fails', async () => {
    const { time, runs, supervisor, running } = createRig({ finite: true });
    await time.advance(0);
    runs[0]?.fail('read error');
    await time.advance(backoffFirstMs);
    runs[1]?.end();
    await running;
    expect(supervisor.health()).toMatchObject({ state: 'ended' });
    expect(runs).toHaveLength(2);
  });

  test('a reader that throws at once, or throws something odd, is treated alike', async () => {
    for (const thrown of [new Error('x'.repeat(10_000)), 'text', undefined]) {
      const { time, supervisor } = createRig({
        run: () => {
          throw thrown;
        },
      });
      await time.advance(0);
      expect(supervisor.health().state).toBe('restarting');
      expect(supervisor.health().lastError?.length).toBeLessThanOrEqual(500);
    }
  });
});

describe('stopping', () => {
  test('ends a running reader, delivers nothing afterwards and starts nothing', async () => {
    const { time, runs, delivered, stop, supervisor, running } = createRig();
    await time.advance(0);
    runs[0]?.deliver(presentation);
    stop.abort();
    runs[0]?.deliver(presentation);
    await running;
    await time.advance(backoffMaxMs);
    expect(delivered).toEqual(['PN1:A']);
    expect(runs).toHaveLength(1);
    expect(supervisor.health().state).toBe('stopped');
  });

  test('ends the wait before a restart', async () => {
    const { time, runs, stop, supervisor, running } = createRig();
    await time.advance(0);
    runs[0]?.fail('gone');
    await time.advance(0);
    stop.abort();
    await running;
    expect(supervisor.health().state).toBe('stopped');
    expect(runs).toHaveLength(1);
  });
});

test('the wait is between half and all of a doubling amount', () => {
  expect([1, 2, 3, 20].map((attempts) => backoffMs(attempts, lowest))).toEqual([125, 250, 500, backoffMaxMs / 2]);
  expect([1, 2, 3, 20, 10_000].map((attempts) => backoffMs(attempts, highest))).toEqual([
    250,
    500,
    1_000,
    backoffMaxMs,
    backoffMaxMs,
  ]);
});
