// Goal: a newer version takes over at a press, also in a tab that has it because somebody pressed in another one; whoever stands at the lane is
// answered first, and the gate is closed with all that it knows before the page goes.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Handheld } from '../../../../gate-agent/src/handheld/core/handheld.ts';
import {
  newVersion,
  takeNewVersion,
  updating,
  watchUpdates,
} from '../../../../gate-agent/src/handheld/page/updates.ts';

class FakeWorker extends EventTarget {
  state: ServiceWorkerState = 'installed';
  readonly told: unknown[] = [];
  postMessage(message: unknown): void {
    this.told.push(message);
  }
}
let container: EventTarget & { controller: FakeWorker | null };
let waiting: FakeWorker | null;
let loadedAgain = 0;
let lane: { name: 'idle' | 'held' | 'closed'; isBusy: boolean };
let gateCloses: Promise<void>;
const handheld = {
  lane: () => ({
    state: () => ({ name: lane.name }),
    close: () => {
      if (lane.isBusy) return { ok: false };
      lane.name = 'closed';
      return { ok: true };
    },
  }),
  close: () => gateCloses,
} as unknown as Handheld;

beforeEach(() => {
  vi.useFakeTimers();
  waiting = null;
  loadedAgain = 0;
  newVersion.value = false;
  updating.value = false;
  lane = { name: 'idle', isBusy: false };
  gateCloses = Promise.resolve();
  const register = async () => Object.assign(new EventTarget(), { waiting, installing: null });
  container = Object.assign(new EventTarget(), { controller: null, register });
  vi.stubGlobal('navigator', { serviceWorker: container });
  vi.stubGlobal('location', { reload: () => (loadedAgain += 1) });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
const takesOver = (): void => void container.dispatchEvent(new Event('controllerchange'));

test('the very first one is nothing new; one that took over in another tab is offered, and cuts off no scan by itself', async () => {
  await watchUpdates();
  takesOver();
  expect(newVersion.value).toBe(false);
  takesOver();
  expect([newVersion.value, loadedAgain]).toEqual([true, 0]);
  await takeNewVersion(handheld);
  expect(loadedAgain).toBe(1);
});

test('one that waits is told to take over, and then the page is loaded again', async () => {
  container.controller = new FakeWorker();
  waiting = new FakeWorker();
  await watchUpdates();
  expect(newVersion.value).toBe(true);
  await takeNewVersion(handheld);
  expect([waiting.told, loadedAgain]).toEqual([['take-over'], 0]);
  takesOver();
  expect(loadedAgain).toBe(1);
});

test('whoever stands at the lane is answered first, and nothing goes before the gate has closed', async () => {
  let close = (): void => undefined;
  gateCloses = new Promise((resolve) => (close = resolve));
  lane = { name: 'held', isBusy: true };
  container.controller = new FakeWorker();
  waiting = new FakeWorker();
  await watchUpdates();
  const pressed = takeNewVersion(handheld);
  await vi.advanceTimersByTimeAsync(10_000);
  lane.name = 'idle';
  // Between the answer and the next visitor a code may be on its way already.
  await vi.advanceTimersByTimeAsync(1_000);
  expect([updating.value, lane.name]).toEqual([false, 'idle']);
  lane.isBusy = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect([updating.value, lane.name, waiting.told]).toEqual([true, 'closed', []]);
  close();
  await pressed;
  expect(waiting.told).toEqual(['take-over']);
});

test('a worker that takes over nothing keeps nobody waiting', async () => {
  container.controller = new FakeWorker();
  waiting = new FakeWorker();
  await watchUpdates();
  await takeNewVersion(handheld);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(loadedAgain).toBe(1);
});
