import {
  markKey,
  orderFor,
  orderStatuses,
  ordersInForce,
  type LiftMark,
  type Mark,
  type Order,
  type OrderMark,
} from '@postern/shared';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { bootOfTests, eveningMs } from '../../support/marks.ts';

const base = (gate: string, sequence: number, atMs = eveningMs + sequence) =>
  ({
    event: 7,
    gate,
    boot: bootOfTests,
    sequence,
    at: { ms: atMs, counter: 0 },
    monotonicMs: 0,
    clock: { source: 'server', uncertaintyMs: 100 },
    lane: '',
  }) as const;
const name = ({ gate, boot, sequence }: Mark) => ({ gate, boot, sequence });
const ordered = (gate: string, sequence: number, order: Order, zone = '', atMs?: number): OrderMark => ({
  ...base(gate, sequence, atMs),
  kind: 'ordered',
  order,
  zone,
});
const lifted = (gate: string, sequence: number, of: Mark, atMs?: number): LiftMark => ({
  ...base(gate, sequence, atMs),
  kind: 'lifted',
  of: name(of),
});
const acknowledged = (gate: string, sequence: number, of: Mark): Mark => ({
  ...base(gate, sequence),
  kind: 'acknowledged',
  of: name(of),
});

describe('which orders are in force', () => {
  test('an order is, until it is lifted', () => {
    const stop = ordered('a', 1, 'stop-entry');
    expect(ordersInForce([stop])).toEqual([stop]);
    expect(ordersInForce([stop, lifted('b', 1, stop)])).toEqual([]);
    // The lift may be heard of before what it lifts.
    expect(ordersInForce([lifted('b', 1, stop), stop])).toEqual([]);
  });

  test('whoever lifts one order does not lift another that they had not heard of, whatever the clocks say', () => {
    const first = ordered('a', 1, 'stop-entry');
    const second = ordered('b', 1, 'stop-entry', '', eveningMs - 86_400_000);
    expect(ordersInForce([first, second, lifted('c', 1, first, eveningMs + 86_400_000)])).toEqual([second]);
  });

  test('an order of a gate whose clock is years ahead can be lifted', () => {
    const ahead = ordered('a', 1, 'stop-entry', '', eveningMs + 3 * 31_536_000_000);
    expect(ordersInForce([ahead, lifted('b', 1, ahead)])).toEqual([]);
  });

  test('evacuation outranks stop-entry, and an order for one zone is none for another', () => {
    const stop = ordered('a', 1, 'stop-entry');
    const evacuate = ordered('a', 2, 'evacuate', 'hall');
    const inForce = ordersInForce([stop, evacuate]);
    expect(orderFor(inForce, 'hall')).toEqual(evacuate);
    expect(orderFor(inForce, 'garden')).toEqual(stop);
    expect(orderFor(ordersInForce([evacuate]), 'garden')).toBeUndefined();
    expect(orderFor(ordersInForce([stop, evacuate, lifted('b', 1, evacuate)]), 'hall')).toEqual(stop);
  });
});

describe('who has acknowledged', () => {
  const gates = [
    { id: 'a', zone: 'hall' },
    { id: 'b', zone: 'hall' },
    { id: 'c', zone: 'garden' },
  ];

  test('everybody of the zone who has not said so is missing', () => {
    const stop = ordered('a', 1, 'stop-entry', 'hall');
    expect(orderStatuses([stop, acknowledged('a', 2, stop), acknowledged('c', 1, stop)], gates)).toEqual([
      { order: stop, acknowledged: ['a'], missing: ['b'] },
    ]);
  });

  test('a lift has its own acknowledgements, and goes when the same is ordered again', () => {
    const stop = ordered('a', 1, 'stop-entry');
    const lift = lifted('a', 3, stop);
    const marks = [stop, acknowledged('b', 1, stop), lift, acknowledged('a', 4, lift)];
    expect(orderStatuses(marks, gates)).toEqual([{ order: stop, lift, acknowledged: ['a'], missing: ['b', 'c'] }]);
    const again = ordered('b', 2, 'stop-entry');
    expect(orderStatuses([...marks, again], gates)).toEqual([
      { order: again, acknowledged: [], missing: ['a', 'b', 'c'] },
    ]);
  });
});

// A small world: orders, lifts of some of them, acknowledgements, by several gates with clocks that say anything.
const anyMarks: fc.Arbitrary<readonly Mark[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('ordered', 'lifted', 'acknowledged'),
      gate: fc.constantFrom('a', 'b', 'c'),
      order: fc.constantFrom<Order>('stop-entry', 'evacuate'),
      zone: fc.constantFrom('', 'hall', 'garden'),
      atMs: fc.nat(),
      of: fc.nat(),
    }),
    { maxLength: 24 },
  )
  .map((steps) => {
    const made: Mark[] = [];
    for (const [index, { kind, gate, order, zone, atMs, of }] of steps.entries()) {
      const target = made[of % Math.max(1, made.length)];
      if (kind === 'ordered') made.push(ordered(gate, index + 1, order, zone, atMs));
      else if (target !== undefined)
        made.push(kind === 'lifted' ? lifted(gate, index + 1, target, atMs) : acknowledged(gate, index + 1, target));
    }
    return made;
  });
const zones = ['', 'hall', 'garden'];
const gates = ['a', 'b', 'c'].map((id) => ({ id, zone: 'hall' }));

describe('the fold of orders', () => {
  it('depends on the set of marks alone: neither order of arrival nor repetition matters', () => {
    fc.assert(
      fc.property(
        anyMarks.chain((marks) =>
          fc.tuple(fc.constant(marks), fc.shuffledSubarray([...marks, ...marks], { minLength: marks.length * 2 })),
        ),
        ([marks, shuffled]) => {
          expect(ordersInForce(shuffled)).toEqual(ordersInForce(marks));
          expect(orderStatuses(shuffled, gates)).toEqual(orderStatuses(marks, gates));
          for (const zone of zones)
            expect(orderFor(ordersInForce(shuffled), zone)).toEqual(orderFor(ordersInForce(marks), zone));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('learns monotonically: a mark more can end the order that it names, and no other', () => {
    fc.assert(
      fc.property(anyMarks, fc.nat(), (marks, of) => {
        const before = ordersInForce(marks);
        const target = before[of % Math.max(1, before.length)];
        if (target === undefined) return;
        const after = ordersInForce([...marks, lifted('c', 99, target)]);
        expect(after.map(markKey)).toEqual(before.map(markKey).filter((key) => key !== markKey(target)));
      }),
      { numRuns: 1_000 },
    );
  });
});
