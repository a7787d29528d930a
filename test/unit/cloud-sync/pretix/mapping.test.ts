// Goal: a ticket here admits exactly when pretix would let its position in, whatever the order's and the position's state and whenever it is.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TicketStatus } from '@postern/shared';
import { reasonAgainst } from '../../../../scripts/lib/pretix-stand-in/check-in.ts';
import { showOrder } from '../../../../scripts/lib/pretix-stand-in/representation.ts';
import { createShop, type OrderStatus } from '../../../../scripts/lib/pretix-stand-in/shop.ts';
import { toTicketState, withSecret, type TicketState } from '../../../../cloud-sync/src/services/pretix/mapping.ts';
import { orderSchema } from '../../../../cloud-sync/src/services/pretix/messages.ts';

const nowMs = 1_790_017_200_000;
const everything = new URLSearchParams({ include_canceled_positions: 'true' });
const typeOf = (): number => 1;

const state = fc.record({
  status: fc.constantFrom<OrderStatus>('n', 'p', 'e', 'c'),
  requireApproval: fc.boolean(),
  validIfPending: fc.boolean(),
  canceled: fc.boolean(),
  blocked: fc.constantFrom(null, [], ['admin']),
  // Half seconds: pretix counts finer than tickets here do.
  fromMs: fc.option(fc.integer({ min: -4, max: 4 }).map((halves) => nowMs + halves * 500)),
  untilMs: fc.option(fc.integer({ min: -4, max: 4 }).map((halves) => nowMs + halves * 500)),
});
type State = typeof state extends fc.Arbitrary<infer S> ? S : never;

const make = ({ status, requireApproval, validIfPending, canceled, blocked, fromMs, untilMs }: State) => {
  const shop = createShop({ now: () => nowMs });
  const list = shop.addList('Entrance');
  const order = shop.addOrder({
    status,
    requireApproval,
    validIfPending,
    positions: [
      {
        item: shop.addItem('Ticket').id,
        ...(fromMs === null ? {} : { validFrom: new Date(fromMs).toISOString() }),
        ...(untilMs === null ? {} : { validUntil: new Date(untilMs).toISOString() }),
      },
    ],
  });
  const [position] = order.positions;
  if (position === undefined) throw new Error('an order has a position');
  Object.assign(position, { canceled, blocked });
  const read = orderSchema.parse(showOrder(shop, order, everything));
  const [seen] = read.positions;
  if (seen === undefined) throw new Error('a position is shown');
  return { list, position, mapped: toTicketState(read, seen, { typeOf }) };
};

const admitsAt = ({ status, validFromS, validUntilS }: TicketState, atMs: number): boolean =>
  status === 'valid' && (validFromS ?? 0) * 1_000 <= atMs && (validUntilS === null || atMs < validUntilS * 1_000);

describe('a position of an order', () => {
  test('admits when pretix lets it in, but for less than a second at the ends of its window', () => {
    fc.assert(
      fc.property(state, fc.integer({ min: -4, max: 4 }), (given, seconds) => {
        const atMs = nowMs + seconds * 1_000;
        const { list, position, mapped } = make(given);
        const asked = { list, type: 'entry', datetimeMs: atMs, ignoreUnpaid: false } as const;
        const ours = mapped.ok && mapped.value !== undefined && admitsAt(mapped.value, atMs);
        const isAtEdge = given.fromMs !== null && given.untilMs !== null && given.untilMs - given.fromMs < 1_000;
        if (!isAtEdge) expect(ours).toBe(reasonAgainst(position, asked) === undefined);
        // Never where pretix would not, whatever the window.
        else if (ours) expect(reasonAgainst(position, asked)).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  test.each<[OrderStatus, Partial<State>, TicketStatus]>([
    ['p', {}, 'valid'],
    ['n', {}, 'unpaid'],
    ['n', { validIfPending: true }, 'valid'],
    ['n', { validIfPending: true, requireApproval: true }, 'unpaid'],
    ['e', {}, 'revoked'],
    ['c', {}, 'revoked'],
    ['p', { canceled: true }, 'revoked'],
    ['p', { blocked: ['admin'] }, 'blocked'],
    ['n', { blocked: ['admin'] }, 'blocked'],
    ['p', { blocked: [] }, 'valid'],
  ])('of an order %s with %j is %s', (status, given, expected) => {
    const plain = {
      requireApproval: false,
      validIfPending: false,
      canceled: false,
      blocked: null,
      fromMs: null,
      untilMs: null,
    };
    const { mapped } = make({ ...plain, ...given, status });
    expect(mapped).toMatchObject({ ok: true, value: { status: expected } });
  });

  test('a listed secret takes away and never gives', () => {
    const [revoked, blocked] = [
      { revoked: true, blocked: false },
      { revoked: false, blocked: true },
    ];
    expect(withSecret('valid', undefined)).toBe('valid');
    expect(withSecret('valid', blocked)).toBe('blocked');
    expect(withSecret('unpaid', blocked)).toBe('blocked');
    expect(withSecret('valid', revoked)).toBe('revoked');
    expect(withSecret('revoked', blocked)).toBe('revoked');
    expect(withSecret('unpaid', { revoked: false, blocked: false })).toBe('unpaid');
  });
});
