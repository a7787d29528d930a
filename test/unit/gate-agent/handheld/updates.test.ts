// Goal: a newer version takes over at a press, also in a tab that has it because somebody pressed in another one.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { newVersion, takeNewVersion, watchUpdates } from '../../../../gate-agent/src/handheld/page/updates.ts';

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

beforeEach(() => {
  vi.useFakeTimers();
  waiting = null;
  loadedAgain = 0;
  newVersion.value = false;
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
  takeNewVersion();
  expect(loadedAgain).toBe(1);
});

test('one that waits is told to take over, and then the page is loaded again', async () => {
  container.controller = new FakeWorker();
  waiting = new FakeWorker();
  await watchUpdates();
  expect(newVersion.value).toBe(true);
  takeNewVersion();
  expect([waiting.told, loadedAgain]).toEqual([['take-over'], 0]);
  takesOver();
  expect(loadedAgain).toBe(1);
});
