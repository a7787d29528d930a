// Goal: a gate that stands at two events admits the tickets of both through one lane, writes each down where it belongs, tells the
// other gates of each event what it did without any cloud, and obeys what either orders.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  eventResponseSchema,
  staffResponseSchema,
  ticketBatchResponseSchema,
  type Decision,
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
const concert = 1;
const camping = 2;

interface Running {
  readonly folder: string;
  readonly process: GateProcess;
  readonly url: string;
  readonly events: GateEvents;
}

describe('a gate at two events, and one at the second only', () => {
  const folder = temporaryFolder();
  const running = new Map<string, Running>();
  const tickets = new Map<number, readonly TicketResponse[]>();
  let cloud: CloudProcess;
  let supervisor = '';
  const gate = (id: string): Running => {
    const found = running.get(id);
    if (found === undefined) throw new Error(`there is no ${id}`);
    return found;
  };
  const ticketOf = (event: number, index: number): TicketResponse => {
    const ticket = tickets.get(event)?.[index];
    if (ticket === undefined) throw new Error('there are tickets');
    return ticket;
  };
  const scan = async (id: string, event: number, index: number): Promise<Decision> => {
    const { text, id: ticketId } = ticketOf(event, index);
    const { process, events } = gate(id);
    return (await showCode(process, events, text ?? '', ({ decision }) => decision.claim?.ticketId === ticketId))
      .decision;
  };

  beforeAll(async () => {
    const started = await startNewCloud(folder.path);
    cloud = started.process;
    const { url: cloudUrl, post: api } = started;
    const lanes = [{ id: 'in', readers: ['stdin://'], actuator: 'sim://in?pass-ms=20' }];
    for (const [event, name, zone] of [
      [concert, 'Concert', 'arena'],
      [camping, 'Camping', 'meadow'],
    ] as const) {
      const types = [{ id: 1, name: 'Ticket' }];
      const made = eventResponseSchema.parse(
        await api('/api/events', { name, types, zones: [{ id: zone, name: zone }] }),
      );
      expect(made.event).toBe(event);
      const { tickets: issued } = ticketBatchResponseSchema.parse(
        await api('/api/tickets/batch', { event, tickets: Array.from({ length: 4 }, () => ({ type: 1 })) }),
      );
      tickets.set(event, issued);
      await api(`/admin/events/${event}/gates`, { id: 'gate-a', name: 'Gate A', zone, lanes });
    }
    supervisor = staffResponseSchema.parse(
      await api(`/admin/events/${concert}/staff`, { role: 'supervisor', pin }),
    ).operator;
    const port = await freePort();
    const lan = { 'gate-a': `peers = ["127.0.0.1:${port}"]`, 'gate-b': `listen = "127.0.0.1:${port}"` } as const;
    for (const id of ['gate-a', 'gate-b'] as const) {
      const settings = id === 'gate-b' ? `[lan]\n${lan[id]}\n` : '';
      const gateFolder = join(folder.path, id);
      await enrolGate({
        url: cloudUrl,
        post: api,
        event: camping,
        folder: gateFolder,
        id,
        zone: 'meadow',
        lanes,
        settings,
      });
    }
    const path = join(folder.path, 'gate-a', 'gate.toml');
    const toml = readFileSync(path, 'utf8');
    expect(toml).toMatch(/\[\[events\]\]\nid = 2\nzone = "meadow"\n/);
    writeFileSync(path, toml.replace(/(\[\[events\]\]\nid = 2\nzone = "meadow"\n)/, `$1lan = { ${lan['gate-a']} }\n`));
    for (const event of [concert, camping]) await api(`/admin/events/${event}/publish`, {});
    for (const id of ['gate-a', 'gate-b']) {
      const process = startGateProcess(join(folder.path, id, 'gate.toml'));
      const { url } = await process.ready;
      running.set(id, { folder: join(folder.path, id), process, url, events: await listenToGate(url) });
    }
    cloud.kill('SIGKILL');
    await cloud.ended;
  }, 240_000);

  afterAll(async () => {
    for (const { events, process } of running.values()) {
      events.close();
      process.kill('SIGKILL');
      await process.ended;
    }
    cloud?.kill('SIGKILL');
    await cloud?.ended;
    folder.remove();
  });

  test('admits tickets of both through one lane, once each', async () => {
    for (const event of [concert, camping]) {
      expect((await scan('gate-a', event, 0)).kind).toBe('admit');
      expect(await scan('gate-a', event, 1)).toMatchObject({ kind: 'admit', claim: { event } });
    }
    expect(readdirSync(join(gate('gate-a').folder, 'events')).toSorted()).toEqual(['1', '2']);
    const status = (await (await fetch(`${gate('gate-a').url}/status`)).json()) as Record<string, unknown>;
    expect(status).toMatchObject({
      event: concert,
      eventName: 'Concert',
      lastSequence: 2,
      also: [{ event: camping, eventName: 'Camping', zone: 'meadow', lastSequence: 2 }],
    });
  });

  test('what it did at the second event is known there to the other gate, without any cloud', async () => {
    const knows = async (): Promise<boolean> => {
      const { stdout, code } = await verifyAt('gate-b', ticketOf(camping, 0).text ?? '');
      return code === 1 && JSON.parse(stdout).code === 'already-used';
    };
    expect(await waitUntil(knows, happensMsMax)).toBe(true);
    expect(await scan('gate-b', camping, 0)).toMatchObject({
      refusal: { type: 'already-used', detail: { gate: 'gate-a' } },
    });
    expect(await scan('gate-b', concert, 2)).toMatchObject({ refusal: { type: 'other-event' } });
  });

  test('an order that a supervisor of the first event gives holds for the gates of both', async () => {
    const act = async (action: object): Promise<Record<string, unknown>> => {
      const response = await fetch(`${gate('gate-a').url}/steward`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ operator: supervisor, pin, action }),
      });
      return (await response.json()) as Record<string, unknown>;
    };
    const order = async (type: string): Promise<void> => {
      const { confirmation } = await act({ type, order: 'stop-entry' });
      expect(confirmation).toMatchObject({ gates: [{ name: 'Gate A' }, { name: 'Gate B' }] });
      await act({ type: 'confirm-order', token: (confirmation as { token: string }).token });
    };
    const isClosed = async (id: string): Promise<boolean> => {
      const { lanes } = (await (await fetch(`${gate(id).url}/health`)).json()) as { lanes: { why?: string }[] };
      return lanes[0]?.why === 'order';
    };
    await order('give-order');
    for (const id of running.keys()) expect(await waitUntil(() => isClosed(id), happensMsMax), id).toBe(true);
    await order('lift-order');
    for (const id of running.keys())
      expect(await waitUntil(async () => !(await isClosed(id)), happensMsMax), id).toBe(true);
    expect((await scan('gate-a', camping, 2)).kind).toBe('admit');
  });

  test('commands know both events: verify, status, doctor, export, projection', async () => {
    const { folder: data } = gate('gate-a');
    expect(JSON.parse((await verifyAt('gate-a', ticketOf(camping, 3).text ?? '')).stdout)).toMatchObject({
      decision: 'admit',
      event: camping,
    });
    const status = await runGateCommand('status', '--data', data);
    expect(status.out).toContain('event 1 "Concert":');
    expect(status.out).toContain('event 2 "Camping":');
    expect((await runGateCommand('doctor', '--data', data)).out).toContain('event 2: version');
    const stick = join(folder.path, 'stick');
    mkdirSync(stick);
    expect(await runGateCommand('export', join(stick, 'one.marks'), '--data', data)).toMatchObject({ code: 2 });
    expect(await runGateCommand('export', stick, '--data', data)).toMatchObject({ code: 0 });
    expect(readdirSync(stick).toSorted()).toEqual(['postern-event-1-gate-a.marks', 'postern-event-2-gate-a.marks']);
    // The other gate holds one of them, and leaves the other alone.
    expect(await runGateCommand('import', stick, '--data', gate('gate-b').folder)).toMatchObject({
      code: 0,
      out: expect.stringContaining('another event'),
    });
    expect(await runGateCommand('projection', '--data', data)).toMatchObject({ code: 0 });
  });

  const verifyAt = async (
    id: string,
    text: string,
  ): Promise<{ readonly stdout: string; readonly code: number | null }> => {
    const { out, code } = await runGateCommand('verify', '--data', gate(id).folder, text);
    return { stdout: out, code };
  };
});
