import {
  confirmWithinMs,
  createConfirmations,
  createGateOrders,
  createStewardOrders,
  err,
  isOrderFoldMark,
  ok,
  orderMarksPerGateMax,
  type Lane,
  type Mark,
  type MarkDraft,
  type Operator,
  type Result,
  type StoreError,
} from '@postern/shared';
import { describe, expect, test } from 'vitest';
import { createRig, rigEvent, silentLogger, type Rig } from '../../../support/lane-rig.ts';
import { createVirtualTime, type VirtualTime } from '../../../support/virtual-time.ts';

const listed = [
  { id: 'north', zone: 'hall' },
  { id: 'south', zone: 'hall' },
  { id: 'west', zone: 'garden' },
];
const supervisor: Operator = { operator: 'op2superv', role: 'supervisor' };

/** Every mark that any gate has made. Which of them a gate has heard of, the test decides. */
interface Venue {
  readonly time: VirtualTime;
  readonly made: Mark[];
}
const createVenue = (): Venue => ({ time: createVirtualTime(), made: [] });

function createGate(
  venue: Venue,
  gate: string,
  lanes: readonly Lane[],
  { heard = [] }: { heard?: readonly Mark[] } = {},
) {
  const zone = listed.find(({ id }) => id === gate)?.zone ?? '';
  let known: readonly Mark[] = heard;
  let works = true;
  const append = async (draft: MarkDraft): Promise<Result<Mark, StoreError>> => {
    if (!works) return err({ type: 'store-stopped' });
    const identity = { gate, boot: '00000000000000aa', sequence: venue.made.length + 1 };
    const at = { ms: venue.time.clock.wallMs(), counter: venue.made.length };
    const mark: Mark = { ...draft, ...identity, at, monotonicMs: 0, clock: { source: 'server', uncertaintyMs: 10 } };
    venue.made.push(mark);
    known = [...known, mark];
    return ok(mark);
  };
  let changes = 0;
  let forgotten: readonly Mark[] = [];
  const orders = createGateOrders({
    gate,
    zone,
    event: rigEvent,
    lanes,
    news: () => [
      ...known.map((mark) => ({ type: 'learned' as const, mark })),
      ...forgotten.map((id) => ({ type: 'unlearned' as const, id })),
    ],
    append,
    gates: () => listed,
    timer: venue.time.timer,
    logger: silentLogger,
    changed: () => void changes++,
  });
  return {
    orders,
    known: () => known,
    changes: () => changes,
    /** The replication has brought everything. */
    hear: () => {
      known = [...venue.made];
      orders.look();
    },
    /** It was the word of a gate that is revoked, and nobody else has it. */
    forget: (isGone: (mark: Mark) => boolean) => {
      forgotten = known.filter(isGone);
      known = known.filter((mark) => !isGone(mark));
      orders.look();
    },
    setWorks: (now: boolean) => void (works = now),
    acknowledged: () => venue.made.filter((mark) => mark.kind === 'acknowledged' && mark.gate === gate).length,
  };
}

/** Rigs have a time of their own; all of them move on together. */
const settle = async (venue: Venue, rigs: readonly Rig[], ms = 1_000): Promise<void> => {
  for (let passed = 0; passed < ms; passed += 100) {
    for (const rig of rigs) await rig.time.advance(100);
    await venue.time.advance(100);
  }
};

describe('one gate with several lanes', () => {
  test('an order acts on all of them, at once, and is acknowledged when all obey', async () => {
    const venue = createVenue();
    const rigs = [
      await createRig(),
      await createRig({ id: 'lane-2' }),
      await createRig({ id: 'out', direction: 'exit' }),
    ];
    const gate = createGate(
      venue,
      'north',
      rigs.map(({ lane }) => lane),
    );
    // Somebody is walking through the second one.
    await rigs[1]?.scan('T1', 100);
    expect(await gate.orders.give('stop-entry', '', supervisor)).toMatchObject({ ok: true });
    expect(rigs.map((rig) => rig.state())).toEqual(['closed', 'open', 'idle']);
    await venue.time.advance(300);
    expect(gate.acknowledged()).toBe(0);
    await settle(venue, rigs);
    expect(rigs.map((rig) => rig.state())).toEqual(['closed', 'closed', 'idle']);
    expect(gate.acknowledged()).toBe(1);
    expect(gate.orders.statuses()).toMatchObject([{ acknowledged: ['north'], missing: ['south', 'west'] }]);
  });

  test('a lane that staff close closes no other', async () => {
    const venue = createVenue();
    const rigs = [await createRig(), await createRig({ id: 'lane-2' })];
    const gate = createGate(
      venue,
      'north',
      rigs.map(({ lane }) => lane),
    );
    rigs[0]?.lane.close();
    await settle(venue, rigs);
    expect(rigs.map((rig) => rig.state())).toEqual(['closed', 'idle']);
    await gate.orders.give('stop-entry', 'hall', supervisor);
    await gate.orders.lift('stop-entry', 'hall', supervisor);
    await settle(venue, rigs);
    expect(rigs.map((rig) => rig.state())).toEqual(['closed', 'idle']);
  });

  test('an order for another zone leaves its lanes alone and is not for it to acknowledge', async () => {
    const venue = createVenue();
    const rig = await createRig();
    const gate = createGate(venue, 'north', [rig.lane]);
    await gate.orders.give('evacuate', 'garden', supervisor);
    await settle(venue, [rig]);
    expect(rig.state()).toBe('idle');
    expect(gate.acknowledged()).toBe(0);
    expect(gate.orders.statuses()).toMatchObject([{ acknowledged: [], missing: ['west'] }]);
  });
});

describe('several gates', () => {
  test('hear of an order as marks, obey, and whoever gave it sees who has not', async () => {
    const venue = createVenue();
    const [atNorth, atSouth] = [await createRig(), await createRig()];
    const north = createGate(venue, 'north', [atNorth.lane]);
    const south = createGate(venue, 'south', [atSouth.lane]);
    await north.orders.give('stop-entry', 'hall', supervisor);
    await settle(venue, [atNorth, atSouth]);
    expect(atSouth.state()).toBe('idle');
    expect(north.orders.statuses()).toMatchObject([{ acknowledged: ['north'], missing: ['south'] }]);
    south.hear();
    expect(atSouth.state()).toBe('closed');
    await settle(venue, [atNorth, atSouth]);
    north.hear();
    expect(north.orders.statuses()).toMatchObject([{ acknowledged: ['north', 'south'], missing: [] }]);

    await south.orders.lift('stop-entry', 'hall', supervisor);
    await settle(venue, [atNorth, atSouth]);
    expect([atNorth.state(), atSouth.state()]).toEqual(['closed', 'idle']);
    expect(south.orders.statuses()).toMatchObject([{ lift: { gate: 'south' }, missing: ['north'] }]);
    north.hear();
    await settle(venue, [atNorth, atSouth]);
    expect(atNorth.state()).toBe('idle');
    south.hear();
    expect(south.orders.statuses()).toMatchObject([{ missing: [] }]);
  });

  test('a gate that starts again obeys before its lanes open, and does not acknowledge twice', async () => {
    const venue = createVenue();
    const before = await createRig();
    const gate = createGate(venue, 'north', [before.lane]);
    await gate.orders.give('evacuate', '', supervisor);
    await settle(venue, [before]);
    gate.orders.stop();
    const rig = await createRig({ start: false });
    const again = createGate(venue, 'north', [rig.lane], { heard: gate.known() });
    await rig.lane.start();
    expect(rig.lane.state()).toMatchObject({ name: 'closed', why: 'order' });
    await settle(venue, [rig]);
    expect(again.acknowledged()).toBe(1);
  });

  test('of a gate that is revoked obey no longer what the cloud had not taken in', async () => {
    const venue = createVenue();
    const [atNorth, atSouth] = [await createRig(), await createRig()];
    const north = createGate(venue, 'north', [atNorth.lane]);
    const south = createGate(venue, 'south', [atSouth.lane]);
    await south.orders.give('stop-entry', '', supervisor);
    north.hear();
    await settle(venue, [atNorth, atSouth]);
    expect(atNorth.state()).toBe('closed');
    north.forget(({ kind, gate }) => kind === 'ordered' && gate === 'south');
    await settle(venue, [atNorth, atSouth]);
    expect(atNorth.state()).toBe('idle');
    expect(north.orders.statuses()).toEqual([]);
  });

  test('two orders of the same kind, given apart, both have to be lifted; one lift names all that are known', async () => {
    const venue = createVenue();
    const [atNorth, atSouth] = [await createRig(), await createRig()];
    const north = createGate(venue, 'north', [atNorth.lane]);
    const south = createGate(venue, 'south', [atSouth.lane]);
    await north.orders.give('stop-entry', '', supervisor);
    await south.orders.give('stop-entry', '', supervisor);
    await north.orders.lift('stop-entry', '', supervisor);
    for (const gate of [north, south]) gate.hear();
    await settle(venue, [atNorth, atSouth]);
    expect([atNorth.state(), atSouth.state()]).toEqual(['closed', 'closed']);
    await north.orders.lift('stop-entry', '', supervisor);
    for (const gate of [north, south]) gate.hear();
    await settle(venue, [atNorth, atSouth]);
    expect([atNorth.state(), atSouth.state()]).toEqual(['idle', 'idle']);
  });

  test('a gate that cannot write acknowledges as soon as it can', async () => {
    const venue = createVenue();
    const [atNorth, atSouth] = [await createRig(), await createRig()];
    const north = createGate(venue, 'north', [atNorth.lane]);
    const south = createGate(venue, 'south', [atSouth.lane]);
    await north.orders.give('stop-entry', '', supervisor);
    south.setWorks(false);
    south.hear();
    await settle(venue, [atNorth, atSouth]);
    expect(atSouth.state()).toBe('closed');
    expect(south.acknowledged()).toBe(0);
    south.setWorks(true);
    await settle(venue, [atNorth, atSouth]);
    expect(south.acknowledged()).toBe(1);
  });
});

test('a gate that floods the venue with orders can be outlived: no more than so many of its marks count', async () => {
  const venue = createVenue();
  const rig = await createRig();
  const gate = createGate(venue, 'north', [rig.lane]);
  const flood = (sequence: number, of: number): Mark => ({
    kind: 'acknowledged',
    event: rigEvent,
    gate: 'south',
    boot: '00000000000000bb',
    sequence,
    at: { ms: sequence, counter: 0 },
    monotonicMs: 0,
    clock: { source: 'server', uncertaintyMs: 10 },
    lane: '',
    of: { gate: 'south', boot: '00000000000000bb', sequence: of },
  });
  venue.made.push(...Array.from({ length: orderMarksPerGateMax }, (_, index) => flood(index + 1, index)));
  gate.hear();
  const changes = gate.changes();
  venue.made.push(flood(orderMarksPerGateMax + 1, 1));
  gate.hear();
  expect(gate.changes()).toBe(changes);
  // Everybody else's orders go on as before.
  await gate.orders.give('stop-entry', '', supervisor);
  expect(rig.state()).toBe('closed');
});

describe('a supervisor gives an order in two steps', () => {
  const createDesk = async () => {
    const venue = createVenue();
    const rig = await createRig();
    const { orders } = createGate(venue, 'north', [rig.lane]);
    const steward = createStewardOrders({
      events: [{ orders, gates: () => listed, zones: () => [{ id: 'hall' }, { id: 'garden' }] }],
      confirmations: createConfirmations({
        clock: venue.time.clock,
        random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
      }),
    });
    const press = async (): Promise<string> => {
      const asked = await steward(supervisor, { type: 'give-order', order: 'stop-entry', zone: 'hall' });
      return asked.ok ? (asked.value.confirmation?.token ?? '') : '';
    };
    return { venue, rig, orders, steward, press };
  };

  test('the press does nothing but say whom it would concern; the confirmation does it', async () => {
    const { rig, steward, venue } = await createDesk();
    const asked = await steward(supervisor, { type: 'give-order', order: 'stop-entry', zone: 'hall' });
    expect(asked).toMatchObject({
      value: { confirmation: { lift: false, order: 'stop-entry', zone: 'hall', gates: ['north', 'south'] } },
    });
    expect(venue.made.filter(isOrderFoldMark)).toEqual([]);
    expect(rig.state()).toBe('idle');
    const token = asked.ok ? (asked.value.confirmation?.token ?? '') : '';
    expect(await steward(supervisor, { type: 'confirm-order', token })).toMatchObject({
      value: { orders: [{ order: { order: 'stop-entry', operator: 'op2superv' }, missing: ['north', 'south'] }] },
    });
    expect(rig.state()).toBe('closed');
  });

  test('a token works once, for the same person, for a short time', async () => {
    const { venue, steward, press } = await createDesk();
    const other: Operator = { operator: 'op3superv', role: 'supervisor' };
    const gone = { error: { type: 'confirmation-gone' } };
    expect(await steward(other, { type: 'confirm-order', token: await press() })).toMatchObject(gone);
    const late = await press();
    venue.time.jump(confirmWithinMs);
    expect(await steward(supervisor, { type: 'confirm-order', token: late })).toMatchObject(gone);
    const token = await press();
    expect(await steward(supervisor, { type: 'confirm-order', token })).toMatchObject({ ok: true });
    expect(await steward(supervisor, { type: 'confirm-order', token })).toMatchObject(gone);
  });

  test('what is so already, and a zone that is none, are said at the press', async () => {
    const { steward, press } = await createDesk();
    const lift = { type: 'lift-order', order: 'stop-entry', zone: 'hall' } as const;
    expect(await steward(supervisor, lift)).toMatchObject({ error: { type: 'order-not-in-force' } });
    await steward(supervisor, { type: 'confirm-order', token: await press() });
    expect(await steward(supervisor, { ...lift, type: 'give-order' })).toMatchObject({
      error: { type: 'order-in-force' },
    });
    expect(await steward(supervisor, { ...lift, zone: 'cellar' })).toMatchObject({ error: { type: 'zone-unknown' } });
  });
});
