import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { createBell, withAbort, withDeadline } from '../../../gate-agent/src/waiting.ts';
import { createTestTimer } from '../../support/gate-rig.ts';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

it('leaves nothing on a signal that lives on, however a wait ends', async () => {
  const { signal } = new AbortController();
  const timer = createTestTimer();
  const bell = createBell(timer);
  const rung = bell.wait(bell.rings(), 1_000, signal);
  expect(listeners(signal)).toBe(1);
  bell.ring();
  expect(await rung).toBe(true);
  const timedOut = bell.wait(bell.rings(), 1_000, signal);
  timer.runAll();
  expect(await timedOut).toBe(false);
  await withDeadline(signal, 60_000, async () => expect(listeners(signal)).toBe(1));
  await expect(withAbort(signal, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  expect([listeners(signal), timer.waitsMs()]).toEqual([0, []]);
});

it('does not lose a ring between two waits', async () => {
  const bell = createBell(createTestTimer());
  const seen = bell.rings();
  bell.ring();
  expect(await bell.wait(seen, 1_000, new AbortController().signal)).toBe(true);
});

it('ends a wait when the signal aborts, also before it begins', async () => {
  const stopping = new AbortController();
  const bell = createBell(createTestTimer());
  const waiting = bell.wait(bell.rings(), 1_000, stopping.signal);
  stopping.abort();
  expect(await waiting).toBe(false);
  expect(await bell.wait(bell.rings(), 1_000, stopping.signal)).toBe(false);
});

it('ends a task with its parent or at its deadline, and says which', async () => {
  const parent = new AbortController();
  const untilAborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve());
    });
  const byTime = await withDeadline(parent.signal, 1, async (deadline) => {
    await untilAborted(deadline.signal);
    return deadline.passed();
  });
  const byParent = withDeadline(parent.signal, 60_000, async (deadline) => {
    await untilAborted(deadline.signal);
    return deadline.passed();
  });
  parent.abort();
  const before = await withAbort(parent.signal, async ({ signal }) => signal.aborted);
  expect([byTime, await byParent, before]).toEqual([true, false, true]);
});
