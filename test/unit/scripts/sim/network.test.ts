// What the simulated network promises to those who judge by it: whole links carry, cut ones do not, and bad luck has an end.
import { expect, test } from 'vitest';
import { createEventQueue, type EventQueue } from '../../../../scripts/sim/event-queue.ts';
import { badLuckMax, createNetwork, type Network, type Weather } from '../../../../scripts/sim/network.ts';
import { createSeededRandom } from '../../../../scripts/sim/seeded-random.ts';
import { createTrace } from '../../../../scripts/sim/trace.ts';

const calm: Weather = { lossPercent: 0, duplicationPercent: 0, latePercent: 0 };
const message = Uint8Array.of(1, 2, 3);

interface Rig {
  readonly queue: EventQueue;
  readonly network: Network;
  readonly heard: () => number;
  /** Asks b from a and waits for the end of it. */
  readonly ask: () => Promise<boolean>;
}

function rig(weather: Weather, seed = 1): Rig {
  const queue = createEventQueue();
  const network = createNetwork({
    queue,
    random: createSeededRandom(seed),
    trace: createTrace(queue.nowMs),
    weather,
  });
  let heard = 0;
  network.listen('a', async () => undefined);
  network.listen('b', async (_channel, _from, bytes) => {
    heard += 1;
    return bytes;
  });
  return {
    queue,
    network,
    heard: () => heard,
    ask: async () => {
      const answer = network.request('a', 'b', 'sync', message);
      await queue.runUntil(queue.nowMs() + 60_000);
      return (await answer).ok;
    },
  };
}

test('on a whole link a message arrives once and its answer comes back', async () => {
  const { ask, heard } = rig(calm);
  expect(await ask()).toBe(true);
  expect(heard()).toBe(1);
});

test('a cut direction carries nothing, whichever of the two it is', async () => {
  const there = rig(calm);
  there.network.cut('a', 'b');
  expect(await there.ask()).toBe(false);
  expect(there.heard()).toBe(0);
  const back = rig(calm);
  back.network.cut('b', 'a');
  expect(await back.ask()).toBe(false);
  expect(back.heard()).toBe(1);
});

test('a link is whole since it was last mended, and not while one direction is cut or one end is off', async () => {
  const { queue, network } = rig(calm);
  network.follow('a', 'b');
  await queue.runUntil(1_000);
  expect(network.wholeSinceMs('a', 'b')).toBe(0);
  network.cut('b', 'a');
  expect(network.wholeSinceMs('a', 'b')).toBeUndefined();
  await queue.runUntil(5_000);
  network.mend('b', 'a');
  expect(network.wholeSinceMs('b', 'a')).toBe(5_000);
  network.silence('b');
  expect(network.wholeSinceMs('a', 'b')).toBeUndefined();
});

test('a link that neither end follows is none, and one that was cut is whole from the peace on', async () => {
  const { queue, network } = rig(calm);
  expect(network.wholeSinceMs('a', 'b')).toBeUndefined();
  await queue.runUntil(1_000);
  network.follow('b', 'a');
  expect(network.wholeSinceMs('a', 'b')).toBe(1_000);
  network.cut('a', 'b');
  await queue.runUntil(2_000);
  network.heal();
  expect(network.wholeSinceMs('a', 'b')).toBe(2_000);
  network.unfollow('b', 'a');
  expect(network.wholeSinceMs('a', 'b')).toBeUndefined();
});

test('a message may arrive twice', async () => {
  const { ask, heard } = rig({ ...calm, duplicationPercent: 100 });
  expect(await ask()).toBe(true);
  expect(heard()).toBe(2);
});

test('chance never keeps two good exchanges in a row away for long', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { ask } = rig({ lossPercent: 60, duplicationPercent: 0, latePercent: 10 }, seed);
    let [sinceTwoGood, longest, before] = [0, 0, false];
    for (let exchange = 0; exchange < 100; exchange++) {
      const good = await ask();
      sinceTwoGood = good && before ? 0 : sinceTwoGood + 1;
      longest = Math.max(longest, sinceTwoGood);
      before = good;
    }
    expect(longest).toBeLessThanOrEqual(badLuckMax + 2);
    expect(longest).toBeGreaterThan(2);
  }
});
