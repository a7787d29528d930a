// Goal: what a supervisor orders at one gate acts on the other one within moments, without any cloud: entry stops, an evacuation opens
// exits, a ticket is blocked; who has not acknowledged is seen; a gate that is killed comes back as ordered.
import { join } from 'node:path';
import {
  eventResponseSchema,
  ordersViewSchema,
  rollCallSchema,
  staffResponseSchema,
  ticketBatchResponseSchema,
  type Decision,
  type Order,
  type OrderView,
  type RollCallView,
  type TicketResponse,
} from '@postern/shared';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, startNewCloud, temporaryFolder, type CloudProcess } from '../support/cloud-process.ts';
import { waitUntil } from '../support/demo-process.ts';
import { enrolGate } from '../support/enrol-gate.ts';
import {
  listenToGate,
  runGateCommand,
  showCode,
  startGateProcess,
  type GateEvents,
  type GateProcess,
} from '../support/gate-process.ts';

const happensMsMax = 60_000;
const pin = '4711';

interface Running {
  readonly folder: string;
  readonly lanPort: number;
  process: GateProcess;
  url: string;
  events: GateEvents;
}

describe('two gates without a cloud', () => {
  const folder = temporaryFolder();
  let cloud: CloudProcess;
  let tickets: readonly TicketResponse[] = [];
  let supervisor = '';
  let steward = '';
  const gates = new Map<string, Running>();
  const gate = (id: string): Running => {
    const running = gates.get(id);
    if (running === undefined) throw new Error(`there is no ${id}`);
    return running;
  };

  const start = async (id: string): Promise<void> => {
    const running = gate(id);
    running.process = startGateProcess(join(running.folder, 'gate.toml'));
    ({ url: running.url } = await running.process.ready);
    running.events = await listenToGate(running.url);
  };
  const kill = async (id: string): Promise<void> => {
    gate(id).events.close();
    gate(id).process.kill('SIGKILL');
    await gate(id).process.ended;
  };
  const act = async (
    id: string,
    action: Record<string, unknown>,
    operator = supervisor,
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> => {
    const response = await fetch(`${gate(id).url}/steward`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ operator, pin, action }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const order = async (id: string, type: 'give-order' | 'lift-order', what: Order): Promise<void> => {
    const { body } = await act(id, { type, order: what });
    const { token } = body['confirmation'] as { token: string };
    expect(await act(id, { type: 'confirm-order', token })).toMatchObject({ status: 200 });
  };
  const orders = async (id: string): Promise<readonly OrderView[]> =>
    ordersViewSchema.parse(await (await fetch(`${gate(id).url}/orders`)).json()).orders;
  const rollCall = async (id: string): Promise<RollCallView['zones'][number] | undefined> =>
    rollCallSchema.parse(await (await fetch(`${gate(id).url}/roll-call`)).json()).zones[0];
  const missingAt = async (id: string): Promise<readonly string[] | undefined> =>
    (await orders(id))[0]?.missing.map(({ name }) => name);
  const laneIs = async (id: string, lane: string, state: string): Promise<boolean> => {
    const { lanes } = (await (await fetch(`${gate(id).url}/health`)).json()) as {
      lanes: { id: string; state: string; why?: string }[];
    };
    const found = lanes.find((candidate) => candidate.id === lane);
    return [found?.state, ...(found?.why === undefined ? [] : [found.why])].join(' ') === state;
  };
  const expectLane = async (id: string, lane: string, state: string): Promise<void> =>
    expect(await waitUntil(() => laneIs(id, lane, state), happensMsMax), `${id} ${lane} is ${state}`).toBe(true);
  const scan = async (id: string, index: number): Promise<Decision> => {
    const { process, events } = gate(id);
    const { id: ticketId, text = '' } = tickets[index] ?? {};
    return (await showCode(process, events, text, ({ decision }) => decision.claim?.ticketId === ticketId)).decision;
  };

  beforeAll(async () => {
    const started = await startNewCloud(folder.path);
    cloud = started.process;
    const { url: cloudUrl, post: api } = started;
    const types = [{ id: 1, name: 'Standing' }];
    const zones = [{ id: 'arena', name: 'Arena', exitsScanned: true }];
    const { event } = eventResponseSchema.parse(await api('/api/events', { name: 'Test night', types, zones }));
    ({ tickets } = ticketBatchResponseSchema.parse(
      await api('/api/tickets/batch', { event, tickets: Array.from({ length: 8 }, () => ({ type: 1 })) }),
    ));
    const staffWith = async (role: string): Promise<string> =>
      staffResponseSchema.parse(await api(`/admin/events/${event}/staff`, { role, pin })).operator;
    supervisor = await staffWith('supervisor');
    steward = await staffWith('steward');
    const lanes = [
      { id: 'in', readers: ['stdin://'], actuator: 'sim://in?pass-ms=20' },
      { id: 'in-2', readers: ['sim://'], actuator: 'sim://in-2?pass-ms=20' },
      { id: 'out', direction: 'exit' as const, readers: ['sim://'], actuator: 'sim://out?pass-ms=20' },
    ];
    const ports = new Map([
      ['gate-a', await freePort()],
      ['gate-b', await freePort()],
    ]);
    for (const [id, lanPort] of ports) {
      const data = join(folder.path, id);
      const peers = [...ports].filter(([other]) => other !== id).map(([, port]) => `"127.0.0.1:${port}"`);
      const settings = `[lan]\nlisten = "127.0.0.1:${lanPort}"\npeers = [${peers.join(', ')}]\n`;
      await enrolGate({ url: cloudUrl, post: api, event, folder: data, id, lanes, settings });
      gates.set(id, { folder: data, lanPort } as Running);
    }
    await api(`/admin/events/${event}/publish`, {});
    for (const id of gates.keys()) await start(id);
    cloud.kill('SIGKILL');
    await cloud.ended;
    // Both are there for each other.
    const hears = async (id: string): Promise<boolean> => {
      const status = (await (await fetch(`${gate(id).url}/status`)).json()) as {
        replication: { peersReachable: number; gates: { gate: string }[] };
      };
      return status.replication.peersReachable > 0;
    };
    for (const id of gates.keys()) expect(await waitUntil(() => hears(id), happensMsMax)).toBe(true);
  }, 240_000);

  afterAll(async () => {
    for (const running of gates.values()) {
      running.events?.close();
      running.process?.kill('SIGKILL');
      await running.process?.ended;
    }
    cloud?.kill('SIGKILL');
    await cloud?.ended;
    folder.remove();
  });

  test('a steward may not order anything, and a press alone orders nothing', async () => {
    expect(await act('gate-a', { type: 'give-order', order: 'stop-entry' }, steward)).toMatchObject({ status: 403 });
    const { status, body } = await act('gate-a', { type: 'give-order', order: 'stop-entry' });
    expect(status).toBe(200);
    expect(body['confirmation']).toMatchObject({
      order: 'stop-entry',
      gates: [{ name: 'Gate A' }, { name: 'Gate B' }],
      text: { en: 'Stop entry in all zones: 2 gates will let nobody in until this is lifted.' },
    });
    expect(await orders('gate-b')).toEqual([]);
  });

  test('stop entry closes every entry of both gates, and both acknowledge', async () => {
    await order('gate-a', 'give-order', 'stop-entry');
    for (const id of gates.keys()) for (const lane of ['in', 'in-2']) await expectLane(id, lane, 'closed order');
    expect(await waitUntil(async () => (await missingAt('gate-a'))?.length === 0, happensMsMax)).toBe(true);
    expect(await orders('gate-b')).toMatchObject([
      { order: 'stop-entry', state: 'in-force', given: { gate: 'gate-a', gateName: 'Gate A', operator: supervisor } },
    ]);
    const verified = await runGateCommand('verify', '--data', gate('gate-b').folder, tickets[0]?.text ?? '');
    expect(JSON.parse(verified.out)).toMatchObject({ decision: 'refuse', code: 'entry-stopped' });
    const { out } = await runGateCommand('status', '--data', gate('gate-b').folder);
    expect(out).toContain('order: stop-entry (all zones), in force; ');
  });

  test('a gate that is killed comes back as ordered: its entries never open', async () => {
    await kill('gate-b');
    await start('gate-b');
    for (const lane of ['in', 'in-2']) await expectLane('gate-b', lane, 'closed order');
    const { process, events } = gate('gate-b');
    expect(await showCode(process, events, tickets[0]?.text ?? '')).toMatchObject({
      decision: { kind: 'refuse', refusal: { type: 'entry-stopped' } },
    });
  });

  test('lifted at the other gate, both admit again', async () => {
    await order('gate-b', 'lift-order', 'stop-entry');
    for (const id of gates.keys()) await expectLane(id, 'in', 'idle');
    expect(await scan('gate-a', 0)).toMatchObject({ kind: 'admit' });
    expect(await scan('gate-b', 1)).toMatchObject({ kind: 'admit' });
  });

  test('the roll-call counts who is inside, whichever gate they came through', async () => {
    for (const id of gates.keys())
      expect(await waitUntil(async () => (await rollCall(id))?.inside === 2, happensMsMax)).toBe(true);
    expect(await rollCall('gate-a')).toMatchObject({ insideLeast: 2, insideMost: 2, notHeardFrom: [] });
  });

  test('a ticket blocked at one gate is refused at the other, though the ticket list says valid', async () => {
    const denied = await act('gate-a', { type: 'deny-ticket', lane: 'in', text: tickets[2]?.text }, steward);
    expect(denied).toMatchObject({ status: 200, body: { mark: { kind: 'denied', ticketId: tickets[2]?.id } } });
    const verdict = async (): Promise<unknown> => {
      const { out } = await runGateCommand('verify', '--data', gate('gate-b').folder, tickets[2]?.text ?? '');
      return (JSON.parse(out) as { code?: unknown }).code;
    };
    expect(await waitUntil(async () => (await verdict()) === 'denied', happensMsMax)).toBe(true);
    expect(await scan('gate-b', 2)).toMatchObject({ kind: 'refuse', refusal: { type: 'denied' } });
  });

  test('an evacuation sets the exits free and closes the entries; who is out of reach is named', async () => {
    await kill('gate-b');
    await order('gate-a', 'give-order', 'evacuate');
    await expectLane('gate-a', 'out', 'free order');
    await expectLane('gate-a', 'in', 'closed order');
    expect(await waitUntil(async () => (await missingAt('gate-a'))?.join() === 'Gate B', happensMsMax)).toBe(true);
    // The roll-call counts what the replica holds, which hears of the order a moment after the lanes.
    expect(await waitUntil(async () => (await rollCall('gate-a'))?.leftSinceEvacuation === 0, happensMsMax)).toBe(true);
    expect(await rollCall('gate-a')).toMatchObject({ inside: 2 });
    await start('gate-b');
    await expectLane('gate-b', 'out', 'free order');
    expect(await waitUntil(async () => (await missingAt('gate-a'))?.length === 0, happensMsMax)).toBe(true);
  });
});
