// Goal: the bounds of an event day are where its date begins and ends, in every time zone.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventDay, eventDayBounds } from '@postern/shared';

describe('an event day', () => {
  it('begins and ends where its date does, also when clocks change', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Pacific/Kiritimati',
      'Pacific/Pago_Pago',
      'Asia/Kolkata',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2035, 0, 1) }),
        (timeZone, dayStartsAtHour, ms) => {
          const rules = { timeZone, dayStartsAtHour };
          const date = eventDay(ms, rules);
          const { fromMs, toMs } = eventDayBounds(date, rules);
          expect(fromMs <= ms && ms < toMs).toBe(true);
          expect(eventDay(fromMs, rules)).toBe(date);
          expect(eventDay(fromMs - 1, rules) < date).toBe(true);
          expect(eventDay(toMs - 1, rules)).toBe(date);
          expect(eventDay(toMs, rules) > date).toBe(true);
          expect([23, 24, 25]).toContain((toMs - fromMs) / 3_600_000);
        },
      ),
    );
  });

  it('is one with bounds for every time that a mark can say, however far away', () => {
    for (const ms of [0, 253_402_300_799_999, 253_402_300_800_000, 300_000_000_000_000, 8_640_000_000_000_000])
      for (const timeZone of ['UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago']) {
        const rules = { timeZone, dayStartsAtHour: 0 };
        const day = eventDay(ms, rules);
        expect(day).toMatch(/^\d{4}-\d{2}-\d{2}$/);
        const { fromMs, toMs } = eventDayBounds(day, rules);
        expect(fromMs < toMs).toBe(true);
      }
  });
});
