import { expect, test } from 'vitest';
import { createFramePump } from '../../../../gate-agent/src/readers/frame-pump.ts';
import type { GreyFrame } from '../../../../gate-agent/src/readers/frame.ts';

const frame = (number: number): GreyFrame => ({ width: 1, height: 1, grey: Uint8Array.of(number) });

test('while one frame is decoded only the newest waits; the others are dropped and counted', async () => {
  const handled: number[] = [];
  const finish: (() => void)[] = [];
  const pump = createFramePump((given) => {
    handled.push(given.grey[0] ?? -1);
    return new Promise((resolve) => finish.push(resolve));
  });
  for (let number = 1; number <= 100; number++) pump.offer(frame(number));
  expect(handled).toEqual([1]);
  expect(pump.dropped()).toBe(98);
  finish[0]?.();
  await Promise.resolve();
  await Promise.resolve();
  expect(handled).toEqual([1, 100]);
  finish[1]?.();
  await pump.idle();
  pump.offer(frame(101));
  expect(handled).toEqual([1, 100, 101]);
  expect(pump.dropped()).toBe(98);
});
