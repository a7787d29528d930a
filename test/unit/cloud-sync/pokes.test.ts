// Goal: pokes wake this process at once and the others in batches, and nobody twice.
import { expect, it } from 'vitest';
import { createPokes, pokesGatherMs, type Pokes } from '../../../cloud-sync/src/services/pokes.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

const time = createVirtualTime();
const messages: string[] = [];

/** Two processes on one channel, as PostgreSQL's: whoever sends hears it too. */
function createTwo(): readonly [Pokes, Pokes] {
  messages.length = 0;
  const all: Pokes[] = [];
  const send = async (message: string): Promise<void> => {
    messages.push(message);
    for (const pokes of all) pokes.receive(message);
  };
  all.push(createPokes({ timer: time.timer, send, processId: 'a' }));
  all.push(createPokes({ timer: time.timer, send, processId: 'b' }));
  return all as unknown as readonly [Pokes, Pokes];
}

it('wakes its own listeners at once, and those of the other process a moment later, once', async () => {
  const [a, b] = createTwo();
  const woken: string[] = [];
  a.listen(7, () => woken.push('a7'));
  b.listen(7, () => woken.push('b7'));
  b.listen(8, () => woken.push('b8'));
  a.poke(7);
  expect(woken).toEqual(['a7']);
  await time.advance(pokesGatherMs);
  expect(woken).toEqual(['a7', 'b7']);
});

it('sends one message for all pokes of a moment, and none when there were none', async () => {
  const [a, b] = createTwo();
  const woken: number[] = [];
  for (const event of [1, 2]) b.listen(event, () => woken.push(event));
  for (let round = 0; round < 100; round++) a.poke(1 + (round % 2));
  await time.advance(10 * pokesGatherMs);
  expect([messages, woken]).toEqual([['a 1 2'], [1, 2]]);
  a.poke(2);
  await time.advance(pokesGatherMs);
  expect(messages).toEqual(['a 1 2', 'a 2']);
});

it('keeps every message below what PostgreSQL takes', async () => {
  const [a, b] = createTwo();
  const woken = new Set<number>();
  const events = Array.from({ length: 1_200 }, (_, index) => 4_294_960_000 + index);
  for (const event of events) b.listen(event, () => woken.add(event));
  for (const event of events) a.poke(event);
  await time.advance(pokesGatherMs);
  expect(Math.max(...messages.map((message) => message.length))).toBeLessThan(8_000);
  expect(woken.size).toBe(1_200);
});

it('wakes everybody when messages may have been lost, and nobody who has stopped listening', () => {
  const [a] = createTwo();
  const woken: number[] = [];
  a.listen(1, () => woken.push(1));
  a.listen(2, () => woken.push(2))();
  a.wakeAll();
  expect(woken).toEqual([1]);
});
