// Readings that take long: made seldom, shared, and never waited for while there is an older one.
import { expect, it } from 'vitest';
import { readSparingly } from '../../../cloud-sync/src/services/sparing-reads.ts';
import { createVirtualTime, virtualStartMs } from '../../support/virtual-time.ts';

/** A reading ends when the test says so, with how many there have been. */
function createSlowReading() {
  const time = createVirtualTime();
  const ends: (() => void)[] = [];
  let begun = 0;
  const read = readSparingly(time.clock, async () => {
    const number = ++begun;
    await new Promise<void>((resolve) => void ends.push(resolve));
    if (number === 3) throw new Error('the database is gone');
    return number;
  });
  const end = (ms: number): void => {
    time.jump(ms);
    ends.shift()?.();
  };
  return { time, read, end, begun: () => begun };
}

it('shares one reading, and makes the next after a multiple of what it took', async () => {
  const { time, read, end, begun } = createSlowReading();
  const [first, second] = [read(1), read(1)];
  end(100);
  expect(await first).toEqual({ value: 1, atMs: virtualStartMs });
  expect(await second).toEqual(await first);
  time.jump(1_999);
  expect((await read(1)).value).toBe(1);
  expect(begun()).toBe(1);
  time.jump(1);
  const third = read(1);
  end(0);
  expect((await third).value).toBe(2);
});

it('answers with the older one while the next takes long', async () => {
  const { time, read, end } = createSlowReading();
  const first = read(1);
  end(100);
  await first;
  time.jump(5_000);
  expect((await read(1)).value).toBe(1);
  end(0);
  await expect.poll(async () => (await read(1)).value).toBe(2);
});

it('counts each event by itself', async () => {
  const { read, end } = createSlowReading();
  const [one, other] = [read(1), read(2)];
  end(1);
  end(1);
  expect([(await one).value, (await other).value]).toEqual([1, 2]);
});

it('lets a reading that fails be tried again', async () => {
  const { time, read, end } = createSlowReading();
  for (const value of [1, 2]) {
    const reading = read(value);
    end(1);
    await reading;
  }
  const failed = read(3);
  end(1);
  await expect(failed).rejects.toThrow('the database is gone');
  time.jump(1_000);
  const again = read(3);
  end(1);
  expect((await again).value).toBe(4);
});
