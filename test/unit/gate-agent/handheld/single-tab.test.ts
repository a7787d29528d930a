// Goal: of all tabs of a browser one is the gate: the next one when it is closed, another when somebody says so, also where the one that has it
// does not answer.
import { expect, test } from 'vitest';
import { holdSingleTab, type SingleTab } from '../../../../gate-agent/src/handheld/core/single-tab.ts';
import { createTestTimer } from '../../../support/gate-rig.ts';

interface Waiting {
  readonly run: () => void;
  readonly signal: AbortSignal | undefined;
}

/** As the Web Locks API has it, for one name. */
function createLocks(): LockManager {
  let holder: { readonly stolen: () => void } | undefined;
  const queue: Waiting[] = [];
  const next = (): void => {
    if (holder !== undefined) return;
    queue.shift()?.run();
  };
  const hold = async (
    mine: typeof holder,
    task: (lock: Lock | null) => unknown,
    resolve: (value: unknown) => void,
  ): Promise<void> => {
    resolve(await task({ name: 'gate', mode: 'exclusive' }));
    if (holder === mine) holder = undefined;
    next();
  };
  const request = (_name: string, options: LockOptions, task: (lock: Lock | null) => unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const run = (): void => {
        const mine = { stolen: () => reject(new DOMException('stolen', 'AbortError')) };
        holder = mine;
        void hold(mine, task, resolve);
      };
      if (options.steal === true) {
        holder?.stolen();
        return run();
      }
      if (holder === undefined) return run();
      if (options.ifAvailable === true) return resolve(task(null));
      queue.push({ run, signal: options.signal });
    });
  return { request, query: async () => ({}) } as LockManager;
}

interface Tab {
  readonly tab: SingleTab;
  readonly told: string[];
}

function createBrowser() {
  const locks = createLocks();
  const timer = createTestTimer();
  const channels: EventTarget[] = [];
  const openChannel = (deaf: boolean): BroadcastChannel => {
    const channel = new EventTarget();
    if (!deaf) channels.push(channel);
    return Object.assign(channel, {
      postMessage: (data: unknown) => {
        for (const other of channels) if (other !== channel) other.dispatchEvent(new MessageEvent('message', { data }));
      },
      close: () => undefined,
    }) as unknown as BroadcastChannel;
  };
  const open = (deaf = false): Tab => {
    const told: string[] = [];
    const tab = holdSingleTab({
      name: 'gate',
      locks,
      timer,
      openChannel: () => openChannel(deaf),
      onHeld: () => told.push('held'),
      onWaiting: () => told.push('waiting'),
      onLost: async () => void told.push('lost'),
    });
    return { tab, told };
  };
  return { open, timer };
}

const settle = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve));

test('the second tab waits, and is the gate when the first is closed', async () => {
  const { open } = createBrowser();
  const [first, second] = [open(), open()];
  await settle();
  expect([first.told, second.told]).toEqual([['held'], ['waiting']]);
  first.tab.release();
  await settle();
  expect([first.told, second.told]).toEqual([['held'], ['waiting', 'held']]);
});

test('the first stops before the other begins, and waits from then on', async () => {
  const { open } = createBrowser();
  const [first, second] = [open(), open()];
  await settle();
  second.tab.takeOver();
  await settle();
  expect([first.told, second.told]).toEqual([
    ['held', 'lost', 'waiting'],
    ['waiting', 'held'],
  ]);
  first.tab.takeOver();
  await settle();
  expect([first.told.at(-1), second.told.at(-1)]).toEqual(['held', 'waiting']);
});

test('a tab that does not answer loses it all the same', async () => {
  const { open, timer } = createBrowser();
  const [first, second] = [open(true), open()];
  await settle();
  second.tab.takeOver();
  await settle();
  expect(second.told).toEqual(['waiting']);
  timer.runAll();
  await settle();
  expect([first.told.slice(0, 2), second.told]).toEqual([
    ['held', 'lost'],
    ['waiting', 'held'],
  ]);
});
