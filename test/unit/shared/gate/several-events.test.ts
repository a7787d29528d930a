import {
  createLane,
  createMethodRegistry,
  decide,
  err,
  ok,
  shareLanes,
  type EventAccess,
  type Lookups,
  type Mark,
  type OrderMark,
  type VerificationMethod,
} from '@postern/shared';
import { describe, expect, test } from 'vitest';
import { createSimulatedTurnstile } from '../../../../gate-agent/src/actuators/simulated.ts';
import { policy, rigEvent, silentLogger, ticketId, tickets } from '../../../support/lane-rig.ts';
import { anOrder } from '../../../support/lane-scenario.ts';
import { createMemoryStore, withFaults } from '../../../support/memory-store.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const campingEvent = 8;
const noCodes: Omit<Lookups, 'event'> = {
  issuerKey: () => undefined,
  ticketByCode: () => undefined,
  ticketByShortCode: () => undefined,
  tag: () => ({ type: 'unbound' }),
};
const signal = new AbortController().signal;

/** Believes `EVENT:TICKET`, whichever event asks; looks everything else up as a code. */
const method: VerificationMethod = {
  id: 'trusting',
  assurance: 'signed',
  generates: false,
  accepts: () => true,
  verify: async ({ text }, lookups) => {
    const [, event, ticket] = /^(\d+):(\d+)$/.exec(text) ?? [];
    if (event !== undefined)
      return ok({
        method: 'trusting',
        event: Number(event),
        ticketId: ticketId(Number(ticket)),
        epoch: 0,
        type: 0,
        assurance: 'signed',
      });
    if (text === 'forged') return err({ type: 'signature-invalid' });
    const known = lookups.ticketByCode(text);
    if (known === undefined) return err({ type: 'code-unknown' });
    return ok({ method: 'code', event: lookups.event, ticketId: known.id, epoch: 0, type: 0, assurance: 'looked-up' });
  },
  generate: async () => err({ type: 'nothing-to-generate' }),
};

const lookupsOf = (event: number, codes: Readonly<Record<string, number>>): Lookups => ({
  ...noCodes,
  event,
  ticketByCode: (code) => {
    const n = codes[code];
    return n === undefined ? undefined : { id: ticketId(n), epoch: 0, type: 0 };
  },
});

async function createGateOfTwoEvents() {
  const time = createVirtualTime();
  const accessOf = (event: number, zone: string) => {
    const rules = { ...policy, event, zones: [{ ...policy.zones[0], id: zone, name: zone }] } as typeof policy;
    const memory = createMemoryStore({ ...time, policy: rules, tickets });
    const faulty = withFaults(memory.store);
    const access: EventAccess = {
      zone,
      store: faulty.store,
      context: {
        policy: () => rules,
        time: () => ({ nowMs: time.clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 10 }),
        feedAgeMs: () => 0,
        inTouch: () => ({ inTouch: true, peersReachable: 0 }),
        gate: 'north',
        clock: time.clock,
      },
    };
    return { access, marks: (): readonly Mark[] => memory.marks, fault: faulty.fault };
  };
  const concert = accessOf(rigEvent, 'hall');
  const camping = accessOf(campingEvent, 'meadow');
  const registry = createMethodRegistry({
    methods: [method],
    lookups: lookupsOf(rigEvent, { shared: 1 }),
    furtherLookups: [lookupsOf(campingEvent, { shared: 2, tent: 3 })],
    clock: time.clock,
    logger: silentLogger,
  });
  const answers: string[] = [];
  const lane = createLane(
    { id: 'lane-1', zone: 'hall', direction: 'entry', onFailure: 'locked', holdTimeoutMs: 1_000 },
    {
      ...concert.access,
      registry,
      furtherEvents: [camping.access],
      actuator: createSimulatedTurnstile({ id: 'sim', passAfterMs: 100, passageTimeoutMs: 1_000 }, time).actuator,
      decide,
      timer: time.timer,
      logger: silentLogger,
      listener: (event) => {
        if (event.type === 'decision')
          answers.push(event.decision.kind === 'refuse' ? event.decision.refusal.type : event.decision.kind);
      },
    },
  );
  await lane.start();
  const scan = async (text: string): Promise<string | undefined> => {
    lane.present({ medium: 'optical', text, readerId: 'camera', seenAtMs: time.clock.monotonicMs() });
    await time.advance(6_000);
    return answers.at(-1);
  };
  return { time, lane, registry, concert, camping, scan };
}

describe('one lane, two events', () => {
  test('admits the tickets of both, each into the journal and the zone of its event', async () => {
    const { scan, concert, camping } = await createGateOfTwoEvents();
    expect([await scan(`${rigEvent}:1`), await scan(`${campingEvent}:1`)]).toEqual(['admit', 'admit']);
    expect(concert.marks()).toMatchObject([{ kind: 'admitted', event: rigEvent, zone: 'hall', ticketId: ticketId(1) }]);
    expect(camping.marks()).toMatchObject([
      { kind: 'admitted', event: campingEvent, zone: 'meadow', ticketId: ticketId(1) },
    ]);
  });

  test('knows of each event what is used there', async () => {
    const { scan, camping } = await createGateOfTwoEvents();
    await scan(`${campingEvent}:2`);
    expect(await scan(`${campingEvent}:2`)).toBe('already-used');
    expect(await scan(`${rigEvent}:2`)).toBe('admit');
    expect(camping.marks().map(({ kind }) => kind)).toEqual(['admitted', 'refused']);
  });

  test('refuses a third event, and what is forged, once', async () => {
    const { scan, concert, camping } = await createGateOfTwoEvents();
    expect([await scan('9:1'), await scan('forged')]).toEqual(['other-event', 'signature-invalid']);
    expect([concert.marks().length, camping.marks().length]).toEqual([2, 0]);
  });

  test('looks a code up in the order of the events', async () => {
    const { registry } = await createGateOfTwoEvents();
    const verify = (text: string) =>
      registry.verify({ medium: 'optical', text, readerId: 'camera', seenAtMs: 0 }, signal);
    expect(await verify('shared')).toMatchObject({ value: { event: rigEvent, ticketId: ticketId(1) } });
    expect(await verify('tent')).toMatchObject({ value: { event: campingEvent, ticketId: ticketId(3) } });
    expect(await verify('nothing')).toMatchObject({ error: { type: 'code-unknown' } });
  });

  test('lets a person in for the event of the ticket that was refused, else for its own', async () => {
    const { lane, scan, time, concert, camping } = await createGateOfTwoEvents();
    const by = { operator: 'steward1', role: 'steward' } as const;
    lane.present({ medium: 'optical', text: `${campingEvent}:7`, readerId: 'camera', seenAtMs: 0 });
    await time.advance(1_000);
    for (let n = 0; n < 2; n++) {
      const opened = lane.override(by, 'lost-code', 1);
      await time.advance(10_000);
      expect((await opened).ok).toBe(true);
    }
    expect(camping.marks()).toMatchObject([{ kind: 'refused' }, { kind: 'overridden', ticketId: ticketId(7) }]);
    expect(concert.marks()).toMatchObject([{ kind: 'overridden', zone: 'hall', ticketId: '' }]);
    expect(await scan(`${campingEvent}:1`)).toBe('admit');
  });

  test('stays shut while one of the journals does not work, and comes back when it does', async () => {
    const { lane, scan, time, camping } = await createGateOfTwoEvents();
    camping.fault('before');
    expect(await scan(`${campingEvent}:1`)).toBe('store-failed');
    expect(lane.state()).toMatchObject({ name: 'closed', why: 'store' });
    await time.advance(5_000);
    expect(lane.state()).toMatchObject({ name: 'closed', why: 'store' });
    camping.fault('none');
    await time.advance(2_000);
    expect(lane.state()).toMatchObject({ name: 'idle' });
    expect(await scan(`${rigEvent}:1`)).toBe('admit');
  });
});

describe('lanes under the orders of several events', () => {
  test('obey the strongest of them, until the last one is lifted', () => {
    const obeyed: (string | undefined)[] = [];
    const [concert = [], camping = []] = shareLanes(
      [{ obey: (order) => void obeyed.push(order?.order), isObeying: () => true }],
      2,
    );
    const say = (lanes: typeof concert, order: OrderMark | undefined): void =>
      lanes.forEach((lane) => lane.obey(order));
    say(concert, anOrder('stop-entry'));
    say(camping, undefined);
    say(camping, anOrder('evacuate'));
    say(concert, undefined);
    say(camping, undefined);
    expect(obeyed).toEqual(['stop-entry', 'stop-entry', 'evacuate', 'evacuate', undefined]);
  });
});
