// Goal: whoever was let in at a gate is checked in at the pretix server, once and with the time at which it happened, however late and often it is
// told; what did not happen is taken back, and what the server will not take is seen and not tried for ever.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  foreignTicketId,
  pretixCheckInPageSchema,
  ticketListSchema,
  type Mark,
  type PretixCheckInPage,
  type TicketResponse,
} from '@postern/shared';
import type { Asked, Instead } from '../../../../scripts/lib/pretix-stand-in/server.ts';
import type { ShopCheckIn, ShopPosition } from '../../../../scripts/lib/pretix-stand-in/shop.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../../support/cloud.ts';
import { aMark, baseOf, eveningMs } from '../../../support/marks.ts';
import { openPretixRig, type PretixRig } from '../../../support/pretix.ts';

let cloud: TestCloud;
let event = 0;
let rig: PretixRig;
let gates: Readonly<Record<'a' | 'b', TestGate>>;
let tickets: readonly TicketResponse[];
const rigs: PretixRig[] = [];

beforeAll(async () => {
  cloud = await createTestCloud();
  // The evening of the marks.
  cloud.time.jump(eveningMs - cloud.time.clock.wallMs() + 3_600_000);
});
afterAll(async () => {
  await Promise.all(rigs.map(({ standIn }) => standIn.stop()));
  await cloud.close();
});
beforeEach(async () => {
  event += 1;
  await cloud.json('POST', '/api/events', { ...someEvent, event, types: [] });
  rig = await openPretixRig(cloud, event, {
    sell: (shop) => {
      const { id: item } = shop.addItem('Standing');
      for (let index = 0; index < 4; index++) shop.addOrder({ positions: [{ item }] });
    },
  });
  rigs.push(rig);
  await rig.connect();
  await rig.sync();
  gates = {
    a: await enrolTestGate(cloud, event, `gate-a${event}`),
    b: await enrolTestGate(cloud, event, `gate-b${event}`),
  };
  const all = ticketListSchema.parse(await cloud.json('GET', `/api/tickets?event=${event}`)).tickets;
  tickets = rig.shop.orders.flatMap(({ code }) => all.filter(({ holder }) => holder?.order === code));
});

const at = (seconds: number): { readonly ms: number; readonly counter: number } => ({
  ms: eveningMs + seconds * 1_000,
  counter: 0,
});
/** What is the same in every mark about the ticket `index`. */
const base = (gate: TestGate, sequence: number, index: number, seconds: number) => ({
  ...baseOf({ sequence, gate: gate.id }),
  event,
  ticketId: tickets[index]?.id ?? '',
  at: at(seconds),
  method: 'code',
});
const entered = (gate: TestGate, sequence: number, index: number, seconds: number): Mark =>
  aMark(base(gate, sequence, index, seconds));
const position = (index: number): ShopPosition => {
  const found = rig.shop.orders[index]?.positions[0];
  if (found === undefined) throw new Error('no such position');
  return found;
};
const push = async (gate: TestGate, marks: readonly Mark[]): Promise<void> => {
  const answer = await gate.push([await gate.chunk(marks)]);
  expect(answer.refusals).toEqual([]);
};
/** What the server has of a position, as type and seconds of the evening. */
const checkedIn = (index: number): readonly (readonly [string, number])[] =>
  rig.shop
    .checkInsOf(position(index))
    .filter(({ successful }) => successful)
    .map(seen);
const seen = ({ type, datetimeMs }: ShopCheckIn): readonly [string, number] => [type, (datetimeMs - eveningMs) / 1_000];
const listed = async (state: string): Promise<PretixCheckInPage['checkIns']> =>
  pretixCheckInPageSchema.parse(await cloud.json('GET', `/api/events/${event}/pretix/check-ins?state=${state}`))
    .checkIns;
/** From here on `how` answers to check-ins. */
const answerCheckIns = (how: (asked: Asked) => Instead | undefined): void =>
  rig.standIn.intercept((asked) => (asked.path.includes('/checkinrpc/') ? how(asked) : undefined));
const countCheckIns = (): number => rig.standIn.asked.filter(({ path }) => path.endsWith('/redeem/')).length;

describe('what happened at the doors', () => {
  test('goes back with its own time, in whatever order gates deliver, once', async () => {
    await push(gates.b, [entered(gates.b, 1, 1, 50)]);
    await rig.sync();
    // Gate A was out of touch.
    await push(gates.a, [entered(gates.a, 1, 0, 10), entered(gates.a, 2, 2, 20)]);
    expect(await rig.sync()).toMatchObject({ checkIns: { sent: 2, failed: 0 } });
    expect([0, 1, 2, 3].map(checkedIn)).toEqual([[['entry', 10]], [['entry', 50]], [['entry', 20]], []]);
    expect(await rig.sync()).toMatchObject({ checkIns: { sent: 0 } });
    expect((await rig.view()).checkIns).toEqual({ waiting: 0, sent: 3, failed: 0, skipped: 0 });
  });

  test('also with a ticket that came in later: the gate went by the signature', async () => {
    const secret = 'sold-at-the-last-minute';
    const bySignature = { ...base(gates.a, 2, 0, 20), ticketId: foreignTicketId(event, secret), method: 'pretix' };
    await push(gates.a, [entered(gates.a, 1, 0, 10), aMark(bySignature), entered(gates.a, 3, 1, 30)]);
    expect(await rig.sync()).toMatchObject({ checkIns: { sent: 2 } });

    const { id: item } = rig.shop.items[0] ?? { id: 0 };
    const [sold] = rig.shop.addOrder({ positions: [{ item, secret }] }).positions;
    if (sold === undefined) throw new Error('no position');
    expect(await rig.sync()).toMatchObject({ tickets: { created: 1 }, checkIns: { sent: 1 } });
    expect(rig.shop.checkInsOf(sold).map(seen)).toEqual([['entry', 20]]);
    expect([0, 1].map(checkedIn)).toEqual([[['entry', 10]], [['entry', 30]]]);
  });

  test('an exit is an exit, and a double entry is there twice: it has happened', async () => {
    await push(gates.a, [
      entered(gates.a, 1, 0, 10),
      { ...base(gates.a, 2, 0, 20), kind: 'exited', zone: 'arena' },
      entered(gates.a, 3, 1, 30),
    ]);
    await push(gates.b, [entered(gates.b, 1, 1, 31)]);
    await rig.sync();
    expect(checkedIn(0)).toEqual([
      ['entry', 10],
      ['exit', 20],
    ]);
    expect(checkedIn(1).toSorted((x, y) => x[1] - y[1])).toEqual([
      ['entry', 30],
      ['entry', 31],
    ]);
    expect(rig.shop.checkInsOf(position(1)).filter(({ forced }) => forced)).toHaveLength(1);
  });

  test('a ticket that the server has cancelled, blocked or not been paid for is checked in nevertheless', async () => {
    await push(
      gates.a,
      [0, 1, 2].map((index) => entered(gates.a, index + 1, index, index)),
    );
    rig.shop.setStatus(rig.shop.orders[0] ?? position(0).order, 'c');
    rig.shop.block(position(1), ['admin']);
    rig.shop.setStatus(position(2).order, 'n');
    expect(await rig.sync()).toMatchObject({ checkIns: { sent: 3, failed: 0 } });
    expect([0, 1, 2].map((index) => checkedIn(index).length)).toEqual([1, 1, 1]);
  });

  test('an answer that is lost makes no second check-in', async () => {
    await push(gates.a, [entered(gates.a, 1, 0, 10)]);
    const lost = new Set<string>();
    let stored: Promise<unknown> | undefined;
    rig.standIn.intercept((asked) => {
      if (!asked.path.endsWith('/redeem/') || lost.has(asked.body)) return undefined;
      lost.add(asked.body);
      // It is stored, and nobody hears of it.
      stored = fetch(`${rig.standIn.url}${asked.path}`, {
        method: 'POST',
        headers: { Authorization: `Token ${rig.standIn.token}`, 'Content-Type': 'application/json' },
        body: asked.body,
      });
      return 'drop';
    });
    await rig.sync();
    await stored;
    expect(countCheckIns()).toBe(4);
    expect(checkedIn(0)).toEqual([['entry', 10]]);
    expect(await listed('sent')).toHaveLength(1);
  });

  test('after all was forgotten here, it is told again and is there once', async () => {
    await push(gates.a, [entered(gates.a, 1, 0, 10)]);
    await rig.sync();
    await cloud.api('DELETE', `/api/events/${event}/pretix`);
    await rig.connect();
    expect(await rig.sync()).toMatchObject({ checkIns: { sent: 1 } });
    expect(checkedIn(0)).toEqual([['entry', 10]]);
  });

  test('goes onto the list of its zone', async () => {
    const other = rig.shop.addList('Arena');
    await rig.connect({ lists: [{ id: rig.list.id }, { id: other.id, zone: 'arena' }] });
    await push(gates.a, [entered(gates.a, 1, 0, 10)]);
    await rig.sync();
    expect(rig.shop.checkInsOf(position(0)).map(({ list }) => list)).toEqual([other.id]);
  });
});

describe('what did not happen', () => {
  const lapsed = (gate: TestGate, sequence: number, index: number, seconds: number, of: number): Mark => ({
    ...base(gate, sequence, index, seconds),
    kind: 'lapsed',
    of: { boot: baseOf({}).boot, sequence: of },
    uses: 1,
  });

  test('is not told where both are known', async () => {
    await push(gates.a, [entered(gates.a, 1, 0, 10), lapsed(gates.a, 2, 0, 25, 1)]);
    expect(await rig.sync()).toMatchObject({ checkIns: { sent: 0 } });
    expect(countCheckIns()).toBe(1);
    expect(checkedIn(0)).toEqual([]);
    expect((await rig.view()).checkIns).toMatchObject({ skipped: 2, waiting: 0 });
  });

  test('is taken back where it was told, once', async () => {
    await push(gates.a, [entered(gates.a, 1, 0, 10)]);
    await rig.sync();
    await push(gates.a, [entered(gates.a, 1, 0, 10), lapsed(gates.a, 2, 0, 25, 1)]);
    let drops = 0;
    rig.standIn.intercept((asked) => {
      if (!asked.path.endsWith('/annul/') || drops > 0) return undefined;
      drops += 1;
      Object.assign(rig.shop.checkInsOf(position(0))[0] ?? {}, { successful: false, errorReason: 'annulled' });
      return 'drop';
    });
    await rig.sync();
    expect(checkedIn(0)).toEqual([]);
    expect(await listed('sent')).toHaveLength(2);
  });

  test('taken back a quarter of an hour later, or by an old server, is seen as what it is', async () => {
    await push(gates.a, [entered(gates.a, 1, 0, 10)]);
    await rig.sync();
    await push(gates.a, [entered(gates.a, 1, 0, 10), lapsed(gates.a, 2, 0, 2_000, 1)]);
    await rig.sync();
    expect(await listed('failed')).toMatchObject([{ kind: 'annul', reason: 'annulment_refused' }]);
    expect(checkedIn(0)).toEqual([['entry', 10]]);
  });

  test('taken back by another gate waits for the entry that it is about', async () => {
    await push(gates.b, [
      {
        ...base(gates.b, 1, 0, 25),
        kind: 'undone',
        of: { gate: gates.a.id, boot: baseOf({}).boot, sequence: 1 },
        reason: 'wrong-person',
      },
    ]);
    await rig.sync();
    expect(await listed('waiting')).toMatchObject([{ kind: 'annul', reason: 'check_in_unknown' }]);
    await push(gates.a, [entered(gates.a, 1, 0, 10)]);
    await rig.sync();
    expect(checkedIn(0)).toEqual([]);
    expect((await rig.view()).checkIns).toMatchObject({ waiting: 0, skipped: 2 });
  });
});

describe('what the server does not take', () => {
  test('with a secret that was replaced is told with the new one', async () => {
    await push(gates.a, [entered(gates.a, 1, 0, 10)]);
    // Behind the last reading, as it were: orders are not to be had, check-ins are.
    rig.shop.regenerate(position(0));
    rig.standIn.intercept(({ path, query }) =>
      path.endsWith('/orders/') && query.has('page_size') ? { status: 403, body: '{}' } : undefined,
    );
    expect(await rig.sync()).toMatchObject({ checkIns: { sent: 1 }, failure: { type: 'pretix-refused' } });
    expect(checkedIn(0)).toEqual([['entry', 10]]);
  });

  test('for a position that is gone there is listed with the reason, and not sent again by itself', async () => {
    await push(gates.a, [entered(gates.a, 1, 0, 10), entered(gates.a, 2, 1, 11)]);
    rig.shop.cancelPosition(position(0));
    expect(await rig.sync()).toMatchObject({ checkIns: { sent: 1, failed: 1 } });
    expect(await listed('failed')).toMatchObject([
      { kind: 'entry', order: rig.shop.orders[0]?.code, ticket: tickets[0]?.id, reason: 'invalid', atMs: at(10).ms },
    ]);
    const sent = countCheckIns();
    cloud.time.jump(86_400_000);
    await rig.sync();
    expect(countCheckIns()).toBe(sent);

    position(0).canceled = false;
    expect(await cloud.json('POST', `/api/events/${event}/pretix/check-ins/retry`, undefined, 200)).toEqual({
      checkIns: 1,
    });
    await rig.sync();
    expect(checkedIn(0)).toEqual([['entry', 10]]);
    expect(await listed('failed')).toEqual([]);
  });

  test('because it fails is tried again, each time later, and given up in the end', async () => {
    await push(gates.a, [entered(gates.a, 1, 0, 10)]);
    answerCheckIns(() => ({ status: 200, body: '<html>oops</html>' }));
    await rig.sync();
    const [first] = await listed('waiting');
    expect(first).toMatchObject({ tries: 1, reason: 'pretix-answer-wrong' });
    const firstWaitMs = (first?.nextAtMs ?? 0) - cloud.time.clock.wallMs();
    const sent = countCheckIns();
    await rig.sync();
    expect(countCheckIns()).toBe(sent);
    cloud.time.jump(firstWaitMs);
    await rig.sync();
    const [second] = await listed('waiting');
    expect(second?.tries).toBe(2);
    expect((second?.nextAtMs ?? 0) - cloud.time.clock.wallMs()).toBeGreaterThan(firstWaitMs);
    for (let tries = 2; tries < 24; tries++) {
      cloud.time.jump(3_600_000);
      await rig.sync();
    }
    expect(await listed('failed')).toMatchObject([{ reason: 'pretix-answer-wrong', tries: 24 }]);
  });

  test('when the token is taken away stops all of it, and goes on when it is back', async () => {
    await push(
      gates.a,
      [0, 1, 2, 3].map((index) => entered(gates.a, index + 1, index, index)),
    );
    answerCheckIns(() => ({ status: 403, body: '{}' }));
    const sent = countCheckIns();
    expect(await rig.sync()).toMatchObject({ failure: { type: 'pretix-refused' }, checkIns: { sent: 0 } });
    // One for each that was under way, no storm.
    expect(countCheckIns() - sent).toBeLessThanOrEqual(4);
    expect(await listed('waiting')).toHaveLength(4);
    rig.standIn.intercept(undefined);
    expect(await rig.sync()).toMatchObject({ checkIns: { sent: 4 } });
  });
});
