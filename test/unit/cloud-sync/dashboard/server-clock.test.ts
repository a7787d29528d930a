// The cloud's time on a page whose own clock is wrong, or is set while the page is open.
import { expect, it } from 'vitest';
import { createServerClock } from '../../../../cloud-sync/src/dashboard/server-clock.ts';

it('goes by the browser until the cloud has said what time it is, then by the cloud', () => {
  const browser = { wallMs: 1_000_000, monotonicMs: 50 };
  const clock = createServerClock({ wallMs: () => browser.wallMs, monotonicMs: () => browser.monotonicMs });
  expect(clock.nowMs()).toBe(1_000_000);
  expect(clock.aheadMs()).toBe(0);
  clock.heard(700_000);
  expect(clock.nowMs()).toBe(700_000);
  expect(clock.aheadMs()).toBe(300_000);
  browser.monotonicMs += 2_000;
  // Somebody sets the browser's clock: the cloud's goes on as before.
  browser.wallMs = 5;
  expect(clock.nowMs()).toBe(702_000);
  expect(clock.aheadMs()).toBe(5 - 702_000);
});

it('learns from the second at which an answer was sent that the browser is wrong, and does not lose what it knew better', () => {
  const clock = createServerClock({ wallMs: () => 1_000_000, monotonicMs: () => 50 });
  clock.heardRoughly(1_002_000);
  expect(clock.aheadMs()).toBe(0);
  clock.heardRoughly(8_000_000);
  expect(clock.nowMs()).toBe(8_000_000);
  clock.heard(8_000_700);
  clock.heardRoughly(8_000_000);
  expect(clock.nowMs()).toBe(8_000_700);
});
