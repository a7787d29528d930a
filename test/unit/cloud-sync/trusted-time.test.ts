// Goal: a phone whose clock is wrong, or set while the page is shown or closed, shows codes of the cloud's time, never of an earlier one than it
// has shown, and says when it cannot be sure.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createTrustedTime,
  unheard,
  type KeptTime,
  type TrustedTime,
} from '../../../cloud-sync/src/my-ticket/trusted-time.ts';

const noonMs = Date.UTC(2026, 10, 27, 12);
const hourMs = 3_600_000;

/** A phone with its own clocks, beside the true time. */
function createPhone(wrongMs = 0) {
  let trueMs = noonMs;
  let errorMs = wrongMs;
  let asleepMs = 0;
  const clocks = { wallMs: () => trueMs + errorMs, monotonicMs: () => trueMs - noonMs - asleepMs };
  return {
    clocks,
    pass: (ms: number) => void (trueMs += ms),
    /** The monotonic clock stands still. */
    sleep: (ms: number) => {
      trueMs += ms;
      asleepMs += ms;
    },
    set: (ms: number) => void (errorMs += ms),
    trueMs: () => trueMs,
    open: (kept: KeptTime = unheard): TrustedTime => createTrustedTime(clocks, kept),
  };
}

describe('the time on a phone', () => {
  it('is the cloud’s once it has been heard, also after the page was closed for a day', () => {
    const phone = createPhone(-3 * hourMs);
    const time = phone.open();
    time.learn(phone.trueMs(), phone.clocks.monotonicMs());
    expect([time.nowMs(), time.trouble()]).toEqual([phone.trueMs(), 'off']);
    phone.sleep(24 * hourMs);
    const later = phone.open(time.kept());
    expect([later.nowMs(), later.trouble()]).toEqual([phone.trueMs(), 'off']);
  });

  it('counts half of the way of the question and its answer', () => {
    const phone = createPhone();
    const time = phone.open();
    const askedMs = phone.clocks.monotonicMs();
    phone.pass(400);
    const cloudMs = phone.trueMs();
    phone.pass(400);
    time.learn(cloudMs, askedMs);
    expect(time.nowMs()).toBe(phone.trueMs());
    expect(time.trouble()).toBe('none');
  });

  it.each([
    ['ahead', 5 * hourMs],
    ['back', -5 * hourMs],
  ])('stays what it is when the clock is set %s while the page is shown, whoever notices first', (_what, byMs) => {
    for (const noticed of ['by a look', 'by a code'] as const) {
      const phone = createPhone();
      const time = phone.open();
      time.learn(phone.trueMs(), phone.clocks.monotonicMs());
      phone.pass(1_000);
      time.look(true);
      phone.set(byMs);
      if (noticed === 'by a code' && byMs < 0) time.nowMs();
      phone.pass(1_000);
      time.look(true);
      phone.pass(1_000);
      expect(Math.abs(time.nowMs() - phone.trueMs())).toBeLessThanOrEqual(2_000);
      expect(time.trouble()).toBe('set');
      time.learn(phone.trueMs(), phone.clocks.monotonicMs());
      expect([time.nowMs(), time.trouble()]).toEqual([phone.trueMs(), 'off']);
    }
  });

  it('goes on with the phone’s clock after a sleep, in which the other one stood still', () => {
    const phone = createPhone();
    const time = phone.open();
    time.learn(phone.trueMs(), phone.clocks.monotonicMs());
    phone.sleep(2 * hourMs);
    time.look(false);
    expect([time.nowMs(), time.trouble()]).toEqual([phone.trueMs(), 'none']);
  });

  it('set back while the page was closed is not earlier than it was, and says that it is not sure', () => {
    const phone = createPhone();
    const time = phone.open();
    time.learn(phone.trueMs(), phone.clocks.monotonicMs());
    phone.set(-hourMs);
    const later = phone.open(time.kept());
    expect([later.nowMs(), later.trouble()]).toEqual([time.kept().latestMs, 'set']);
  });

  it('never goes back, whatever happens, until the cloud says so', () => {
    const step = fc.oneof(
      fc.record({ what: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: hourMs }) }),
      fc.record({ what: fc.constant('sleep' as const), ms: fc.integer({ min: 0, max: hourMs }) }),
      fc.record({ what: fc.constant('set' as const), ms: fc.integer({ min: -hourMs, max: hourMs }) }),
      fc.record({ what: fc.constant('look' as const), ms: fc.constant(0) }),
      fc.record({ what: fc.constant('open' as const), ms: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const phone = createPhone();
        let time = phone.open();
        time.learn(phone.trueMs(), phone.clocks.monotonicMs());
        let beforeMs = time.nowMs();
        for (const { what, ms } of steps) {
          if (what === 'look') time.look(true);
          else if (what === 'open') time = phone.open(time.kept());
          else phone[what](ms);
          const nowMs = time.nowMs();
          expect(nowMs).toBeGreaterThanOrEqual(beforeMs);
          beforeMs = nowMs;
        }
      }),
    );
  });
});
