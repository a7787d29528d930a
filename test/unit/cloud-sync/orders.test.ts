// Goal: an order from the cloud takes a press and a confirmation by the same person, reaches gates as a mark, and who has not
// acknowledged is seen; entry stops in the cloud too; a blocked ticket is refused until it is issued again; the roll-call says what it
// cannot know.
import {
  confirmWithinMs,
  loadLedger,
  ordersInForce,
  type Mark,
  type MarkName,
  type OrderConfirmation,
  type OrdersView,
  type OrderView,
  type RollCallView,
  type TicketResponse,
  type VerifyResponse,
} from '@postern/shared';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createTestCloud, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { askAs, createPerson, typeOf, type TestPerson } from '../../support/people.ts';
import {
  createNetwork,
  enrolGates,
  startReplicatingGate,
  type ReplicatingGate,
} from '../../support/replicating-gate.ts';

let test: TestCloud;
let supervisor: TestPerson;
let enrolled: ReadonlyMap<string, TestGate>;
let gates: Map<string, ReplicatingGate>;
let known: Map<string, readonly Mark[]>;
beforeEach(async () => {
  test = await createTestCloud();
  onTestFinished(() => test.close());
  await test.json('POST', '/api/events', someEvent);
  supervisor = await createPerson(test, 'supervisor', 1);
  const invited = await enrolGates(test, 1, ['gate-a', 'gate-b']);
  // As the ticket list names it to gates: the cloud writes marks too.
  enrolled = new Map([...invited, ['cloud', { keys: test.cloud.keys.central } as TestGate]]);
  gates = new Map();
  known = new Map();
});

/** Started when it is first needed. */
const gate = async (id: string): Promise<ReplicatingGate> => {
  const running = gates.get(id);
  if (running !== undefined) return running;
  const started = await startReplicatingGate({
    cloud: test,
    network: createNetwork(),
    ledger: await loadLedger(),
    event: 1,
    id,
    folder: test.folder,
    gates: enrolled,
  });
  onTestFinished(() => started.close());
  gates.set(id, started);
  return started;
};
const press = async (body: object, by = supervisor): Promise<OrderConfirmation> => {
  const response = await askAs(test, by, 'POST', '/api/events/1/orders', body);
  expect(response.status).toBe(200);
  return (await response.json()) as OrderConfirmation;
};
const confirm = (token: string, by = supervisor): Promise<Response> =>
  askAs(test, by, 'POST', '/api/events/1/orders/confirm', { token });
const order = async (body: object): Promise<readonly OrderView[]> => {
  const response = await confirm((await press(body)).token);
  expect(response.status).toBe(200);
  return ((await response.json()) as OrdersView).orders;
};
const listed = async (): Promise<readonly OrderView[]> =>
  ((await (await askAs(test, supervisor, 'GET', '/api/events/1/orders')).json()) as OrdersView).orders;
const missing = async (): Promise<readonly string[] | undefined> =>
  (await listed())[0]?.missing.map(({ name }) => name);
/** Orders in force as a gate knows them: the store gives each mark of others once. */
const atGate = async (id: string): Promise<readonly Mark[]> => {
  const news = (await gate(id)).store().newsOfOrders();
  const learned = news.flatMap((one) => (one.type === 'learned' ? [one.mark] : []));
  known.set(id, [...(known.get(id) ?? []), ...learned]);
  return ordersInForce(known.get(id) ?? []);
};
const acknowledge = async (id: string, { gate: by, boot, sequence }: MarkName): Promise<void> => {
  const of = { gate: by, boot, sequence };
  await (await gate(id)).store().append({ kind: 'acknowledged', event: 1, lane: '', of });
  await (await gate(id)).sync('cloud');
};
/** The cloud signs its marks for gates a moment after they were made: that moment is over. */
const settle = (): Promise<void> => test.cloud.central.drain();

describe('an order from the cloud', () => {
  it('does nothing when it is asked about, and says whom it would concern', async () => {
    expect(await press({ order: 'stop-entry' })).toMatchObject({
      lift: false,
      order: 'stop-entry',
      zone: '',
      text: 'Stop entry in all zones: 2 gates will let nobody in until this is lifted.',
      gates: [{ name: 'Gate A' }, { name: 'Gate B' }],
    });
    expect(await listed()).toEqual([]);
  });

  it('reaches gates as a mark; those that have not acknowledged are named until they have', async () => {
    expect(await order({ order: 'evacuate', zone: 'arena' })).toMatchObject([
      {
        order: 'evacuate',
        zone: 'arena',
        state: 'in-force',
        given: { gate: 'cloud' },
        missing: [{ id: 'gate-a' }, { id: 'gate-b' }],
      },
    ]);
    await settle();
    await (await gate('gate-a')).sync('cloud');
    const [mark] = await atGate('gate-a');
    expect(mark).toMatchObject({ kind: 'ordered', order: 'evacuate', gate: 'cloud' });
    expect(await missing()).toEqual(['Gate A', 'Gate B']);
    if (mark !== undefined) await acknowledge('gate-a', mark);
    expect(await missing()).toEqual(['Gate B']);
    // The other one hears of both through its neighbour, without the cloud.
    await (await gate('gate-b')).sync(await gate('gate-a'));
    expect(await atGate('gate-b')).toEqual([mark]);
  });

  it('given at a gate is known in the cloud, and can be lifted there', async () => {
    await (await gate('gate-a')).store().append({
      kind: 'ordered',
      event: 1,
      lane: '',
      operator: 'op2superv',
      order: 'stop-entry',
      zone: '',
    });
    await (await gate('gate-a')).sync('cloud');
    expect(await listed()).toMatchObject([{ given: { gate: 'gate-a', gateName: 'Gate A', operator: 'op2superv' } }]);
    expect(await order({ lift: true, order: 'stop-entry' })).toMatchObject([
      { state: 'lifted', lifted: { gate: 'cloud' } },
    ]);
    await settle();
    // What is new at the cloud it hears of in one exchange, and fetches in this one or the next.
    for (let turn = 0; turn < 2; turn++) await (await gate('gate-a')).sync('cloud');
    expect(await atGate('gate-a')).toEqual([]);
  });

  it('takes a token of the same person, for a short time and only as it was signed', async () => {
    const other = await createPerson(test, 'supervisor', 1);
    const { token } = await press({ order: 'stop-entry' });
    expect(await typeOf(await confirm(token, other))).toBe('409 confirmation-gone');
    expect(await typeOf(await confirm(`${token}0`))).toBe('409 confirmation-gone');
    expect(await typeOf(await confirm(token.replace('.', '')))).toBe('409 confirmation-gone');
    await test.time.advance(confirmWithinMs);
    expect(await typeOf(await confirm(token))).toBe('409 confirmation-gone');
    expect(await listed()).toEqual([]);
  });

  it('is turned down where it would change nothing', async () => {
    const asked = async (body: object): Promise<string> =>
      typeOf(await askAs(test, supervisor, 'POST', '/api/events/1/orders', body));
    expect(await asked({ order: 'stop-entry', zone: 'cellar' })).toBe('422 zone-unknown');
    expect(await asked({ lift: true, order: 'stop-entry' })).toBe('409 order-not-in-force');
    const { token } = await press({ order: 'stop-entry' });
    expect((await confirm(token)).status).toBe(200);
    expect(await typeOf(await confirm(token))).toBe('409 order-in-force');
    expect(await asked({ order: 'stop-entry' })).toBe('409 order-in-force');
    expect(await asked({ order: 'stop-entry', zone: 'arena' })).toBe('200');
  });

  it('is not for stewards, and its audit entry names its mark', async () => {
    const steward = await createPerson(test, 'steward', 1);
    expect(await typeOf(await askAs(test, steward, 'POST', '/api/events/1/orders', { order: 'evacuate' }))).toBe(
      '403 role-too-low',
    );
    await order({ order: 'evacuate' });
    await order({ lift: true, order: 'evacuate' });
    const { entries } = await test.json<{ entries: { action: string; actor: string; mark?: string }[] }>(
      'GET',
      '/audits/log?event=1&limit=1000',
    );
    expect(entries.filter(({ action }) => action.startsWith('order-'))).toMatchObject([
      { action: 'order-lifted', actor: supervisor.id, mark: expect.stringMatching(/^1\/cloud\//) },
      { action: 'order-given', actor: supervisor.id, mark: expect.stringMatching(/^1\/cloud\//) },
    ]);
  });
});

describe('entry that is stopped', () => {
  it('is stopped for central verification and overrides too, and exits are not', async () => {
    const ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    const verify = (body: object = {}): Promise<VerifyResponse> =>
      test.json('POST', `/api/tickets/${ticket.id}/methods/qr/verify`, { presented_data: ticket.text, ...body }, 200);
    await order({ order: 'stop-entry', zone: 'arena' });
    expect(await verify()).toMatchObject({ success: false, reason: 'entry-stopped' });
    expect(await verify({ direction: 'exit' })).toMatchObject({ reason: 'not-inside' });
    const override = await askAs(test, supervisor, 'POST', '/api/events/1/overrides', {
      reason: 'other',
      zone: 'arena',
    });
    expect(await typeOf(override)).toBe('409 entry-stopped');
    await order({ lift: true, order: 'stop-entry', zone: 'arena' });
    expect(await verify()).toMatchObject({ success: true });
  });
});

describe('a ticket blocked from the cloud', () => {
  it('is refused here and at gates, whatever the ticket list says, until it is issued again', async () => {
    const steward = await createPerson(test, 'steward', 1);
    const ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    const verify = (text = ticket.text): Promise<VerifyResponse> =>
      test.json('POST', `/api/tickets/${ticket.id}/methods/qr/verify`, { presented_data: text }, 200);
    const denied = await askAs(test, steward, 'POST', `/api/tickets/${ticket.id}/deny`);
    expect(denied.status).toBe(200);
    expect(await denied.json()).toMatchObject({ ticket: ticket.id, epoch: 0, mark: { gate: 'cloud' } });
    expect(await verify()).toMatchObject({ success: false, reason: 'denied' });
    await settle();
    await (await gate('gate-a')).sync('cloud');
    expect((await gate('gate-a')).store().marksOf(ticket.id)).toMatchObject([
      { kind: 'denied', epoch: 0, gate: 'cloud' },
    ]);
    const again = await test.json<TicketResponse>('POST', `/api/tickets/${ticket.id}/reissue`, {}, 200);
    expect(await verify(again.text)).toMatchObject({ success: true });
  });

  it('is not for a holder, and an unknown ticket is none', async () => {
    const attendee = await createPerson(test, 'attendee');
    const ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    const deny = async (id: string, by: TestPerson): Promise<string> =>
      typeOf(await askAs(test, by, 'POST', `/api/tickets/${id}/deny`));
    expect(await deny(ticket.id, attendee)).toBe('404 ticket-unknown');
    expect(await deny('0'.repeat(32), supervisor)).toBe('404 ticket-unknown');
  });
});

describe('the roll-call', () => {
  const call = async (): Promise<RollCallView['zones'][number] | undefined> =>
    ((await (await askAs(test, supervisor, 'GET', '/api/events/1/roll-call')).json()) as RollCallView).zones[0];
  const id = (n: number): string => n.toString(16).padStart(32, '0');

  it('counts who is inside, names the gates not heard from, and goes on at their last rate', async () => {
    expect(await call()).toMatchObject({ inside: 0, notHeardFrom: [{ id: 'gate-a' }, { id: 'gate-b' }] });
    expect((await call())?.insideMost).toBeUndefined();
    for (let n = 1; n <= 15; n++) await (await gate('gate-a')).admit(id(n));
    await (await gate('gate-b')).admit(id(16));
    for (const one of gates.values()) await one.sync('cloud');
    expect(await call()).toMatchObject({ inside: 16, insideLeast: 16, insideMost: 16, notHeardFrom: [] });
    await test.time.advance(10 * 60_000);
    await (await gate('gate-b')).admit(id(17));
    await (await gate('gate-b')).sync('cloud');
    expect(await call()).toMatchObject({
      inside: 17,
      insideLeast: 17,
      insideMost: 27,
      notHeardFrom: [{ id: 'gate-a', name: 'Gate A', entriesPerMinute: 1, exitsPerMinute: 0 }],
    });
  });

  it('counts who has left since the zone was evacuated', async () => {
    for (let n = 1; n <= 3; n++) await (await gate('gate-a')).admit(id(n));
    const leave = async (n: number): Promise<unknown> =>
      (await gate('gate-a'))
        .store()
        .append({ kind: 'exited', event: 1, lane: 'out', ticketId: id(n), epoch: 0, method: 'qr', zone: 'arena' });
    await test.time.advance(1_000);
    await leave(1);
    await (await gate('gate-a')).sync('cloud');
    expect((await call())?.leftSinceEvacuation).toBeUndefined();
    await test.time.advance(1_000);
    await order({ order: 'evacuate' });
    expect(await call()).toMatchObject({ inside: 2, leftSinceEvacuation: 0 });
    await test.time.advance(1_000);
    await leave(2);
    await (await gate('gate-a')).sync('cloud');
    expect(await call()).toMatchObject({ inside: 1, leftSinceEvacuation: 1 });
  });
});
