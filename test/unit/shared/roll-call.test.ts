import { rateOf, rateWindowMs, rollCall, rollCallSchema, type GateActivity } from '@postern/shared';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aMark, baseOf, eveningMs } from '../../support/marks.ts';

const minute = 60_000;
const now = eveningMs + 60 * minute;
const gate = (fields: Partial<GateActivity> = {}): GateActivity => ({
  id: 'gate-a',
  name: 'Gate A',
  zone: 'hall',
  throughMs: now - 1_000,
  entriesPerMinute: 12,
  exitsPerMinute: 3,
  ...fields,
});
const hall = { id: 'hall', name: 'Hall', inside: 100 };
const zoneOf = (gates: readonly GateActivity[]) => rollCall(7, [hall], gates, now).zones[0];

describe('the roll-call', () => {
  test('is exact while every gate of the zone is heard from', () => {
    expect(zoneOf([gate()])).toEqual({
      zone: 'hall',
      name: 'Hall',
      inside: 100,
      insideLeast: 100,
      insideMost: 100,
      notHeardFrom: [],
    });
  });

  test('goes on at the last rate of a gate that has fallen silent, and says since when', () => {
    expect(zoneOf([gate(), gate({ id: 'gate-b', name: 'Gate B', throughMs: now - 10 * minute })])).toMatchObject({
      inside: 100,
      insideLeast: 70,
      insideMost: 220,
      notHeardFrom: [{ id: 'gate-b', name: 'Gate B', sinceMs: now - 10 * minute, entriesPerMinute: 12 }],
    });
  });

  test('sets no upper figure when a gate of the zone has never been heard from', () => {
    const { insideMost, notHeardFrom } = zoneOf([gate({ throughMs: undefined })]) ?? {};
    expect(insideMost).toBeUndefined();
    expect(notHeardFrom).toMatchObject([{ id: 'gate-a' }]);
  });

  test('a silent gate of another zone changes nothing', () => {
    expect(zoneOf([gate({ zone: 'garden', throughMs: undefined })])).toMatchObject({
      insideMost: 100,
      notHeardFrom: [],
    });
  });

  test('whatever gates say, nobody is counted below none and the least is never above the most', () => {
    const anyGate = fc.record({
      throughMs: fc.option(fc.integer({ min: eveningMs, max: now + 5 * minute }), { nil: undefined }),
      entriesPerMinute: fc.nat(200),
      exitsPerMinute: fc.nat(200),
    });
    fc.assert(
      fc.property(fc.array(anyGate, { maxLength: 5 }), fc.nat(1_000), (gates, inside) => {
        const view = rollCall(7, [{ ...hall, inside }], gates.map(gate), now);
        const [zone] = rollCallSchema.parse(view).zones;
        expect(zone?.insideLeast).toBeLessThanOrEqual(inside);
        expect(zone?.insideMost ?? inside).toBeGreaterThanOrEqual(inside);
      }),
    );
  });
});

describe('the rate of a gate before it fell silent', () => {
  const admitted = (minutesBefore: number, uses = 1) =>
    aMark({ uses, at: { ms: now - minutesBefore * minute, counter: 0 } });

  test('counts persons over the last quarter of an hour', () => {
    const marks = [
      admitted(1, 4),
      admitted(14, 26),
      admitted(16, 100),
      { ...baseOf(), kind: 'exited', zone: 'hall', at: { ms: now - 2 * minute, counter: 0 } } as const,
    ];
    expect(rateOf(marks, now, true)).toEqual({ entriesPerMinute: 2, exitsPerMinute: 0.1 });
    expect(rateWindowMs).toBe(15 * minute);
  });

  test('takes back what nobody used', () => {
    const lapsed = { ...baseOf(), kind: 'lapsed', of: { boot: '00112233aabbccdd', sequence: 1 }, uses: 15 } as const;
    expect(rateOf([admitted(1, 30), { ...lapsed, at: { ms: now, counter: 0 } }], now, true).entriesPerMinute).toBe(1);
  });

  test('is that of the time which the marks cover when there are more than were looked at', () => {
    expect(rateOf([admitted(1, 10), admitted(2, 10)], now, false).entriesPerMinute).toBe(10);
  });
});
