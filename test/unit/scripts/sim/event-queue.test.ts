// Simulated time: in order, never waiting, and nothing happens for something that has ended.
import { expect, test } from 'vitest';
import { createEventQueue, mortalQueue } from '../../../../scripts/sim/event-queue.ts';

test('what is due runs in the order of its time, then of its asking, and what it sets off comes first', async () => {
  const queue = createEventQueue();
  const seen: string[] = [];
  const note = (text: string) => (): void => void seen.push(`${text} ${queue.nowMs()}`);
  queue.after(20, note('late'));
  queue.after(10, () => void Promise.resolve().then(note('set off')));
  queue.after(10, note('second'));
  queue.after(5, note('early'));
  await queue.runUntil(15);
  expect(seen).toEqual(['early 5', 'set off 10', 'second 10']);
  expect(queue.nowMs()).toBe(15);
  await queue.runUntil(100);
  expect(seen.at(-1)).toBe('late 20');
});

test('what was cancelled does not run, and what has ended is not called', async () => {
  const queue = createEventQueue();
  let alive = true;
  let calls = 0;
  queue.after(1, () => void calls++)();
  mortalQueue(queue, () => alive).after(2, () => void calls++);
  alive = false;
  await queue.runUntil(10);
  expect(calls).toBe(0);
});

test('a thousand events in random order come out sorted', async () => {
  const queue = createEventQueue();
  const seen: number[] = [];
  for (let index = 0; index < 1_000; index++) queue.after((index * 7_919) % 1_009, () => void seen.push(queue.nowMs()));
  await queue.runUntil(2_000);
  expect(seen.length).toBe(1_000);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
});
