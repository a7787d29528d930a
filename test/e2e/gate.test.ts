// Goal: one gate and one cloud as separate processes, as a venue runs them: enrolled with a one-time code, a picture of a QR code
// opens the lane once, people act at it, it survives being killed and the cloud going away, and nothing is lost.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  eventResponseSchema,
  gateResponseSchema,
  staffResponseSchema,
  summarySchema,
  ticketBatchResponseSchema,
  type Decision,
  type Summary,
  type TicketResponse,
} from '@postern/shared';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createCloudClient,
  firstToken,
  runCloud,
  temporaryFolder,
  type CloudClient,
  type CloudProcess,
} from '../support/cloud-process.ts';
import {
  listenToGate,
  runGateCommand,
  showCode,
  startGateProcess,
  type GateEvents,
  type GateProcess,
} from '../support/gate-process.ts';
import { describeOrReport, missingPrograms } from '../support/not-run.ts';
import { waitUntil } from '../support/demo-process.ts';
import { listenAsSystemd, type FakeSystemd } from '../support/fake-systemd.ts';

const happensMsMax = 60_000;
const lane = 'lane-1';

describeOrReport('a gate and its cloud', missingPrograms('ffmpeg'), () => {
  const folder = temporaryFolder();
  const gateFolder = join(folder.path, 'gate-a');
  const configPath = join(gateFolder, 'gate.toml');
  const picture = join(folder.path, 'code.png');
  let cloud: CloudProcess;
  let cloudUrl = '';
  let client: CloudClient;
  let event = 0;
  let tickets: readonly TicketResponse[] = [];
  let steward = { operator: '', pin: '4711' };
  let code = '';
  let gate: GateProcess;
  let url = '';
  let events: GateEvents;
  let systemd: FakeSystemd | undefined;

  const summary = async (): Promise<Summary> =>
    summarySchema.parse(await client.json('GET', `/api/events/${event}/summary`));
  const startCloud = async (port: number): Promise<void> => {
    cloud = runCloud('serve', '--database', `sqlite:${join(folder.path, 'cloud.db')}`, '--port', String(port));
    cloudUrl = await cloud.ready;
  };
  const startGate = async (): Promise<void> => {
    gate = startGateProcess(configPath, systemd?.environment);
    ({ url } = await gate.ready);
    events = await listenToGate(url);
  };
  const scan = async (index: number): Promise<Decision> => {
    const { id, text = '' } = tickets[index] ?? {};
    // The camera goes on showing its picture after every restart: only this ticket's answer counts.
    return (await showCode(gate, events, text, ({ decision }) => decision.claim?.ticketId === id)).decision;
  };
  const idle = async (): Promise<unknown> => events.next('state', ({ state }) => state.name === 'idle');
  const act = async (
    action: Record<string, unknown>,
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> => {
    const response = await fetch(`${url}/steward`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...steward, action: { lane, ...action } }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const verify = async (
    index: number,
  ): Promise<{ readonly code: number | null; readonly answer: Record<string, unknown> }> => {
    const { code: exitCode, out } = await runGateCommand('verify', '--data', gateFolder, tickets[index]?.text ?? '');
    return { code: exitCode, answer: JSON.parse(out) as Record<string, unknown> };
  };

  beforeAll(async () => {
    systemd = await listenAsSystemd(folder.path, 200);
    await startCloud(0);
    client = createCloudClient(() => cloudUrl, firstToken(cloud));
    const types = [
      { id: 1, name: 'Standing' },
      { id: 2, name: 'Under 18', hold: 'under-18' },
    ];
    ({ event } = eventResponseSchema.parse(
      await client.json('POST', '/api/events', { name: 'Test night', types, zones: [{ id: 'arena', name: 'Arena' }] }),
    ));
    ({ tickets } = ticketBatchResponseSchema.parse(
      await client.json('POST', '/api/tickets/batch', {
        event,
        tickets: [{ type: 1 }, { type: 1 }, { type: 2 }, { type: 1 }, { type: 1 }],
      }),
    ));
    steward = {
      ...steward,
      operator: staffResponseSchema.parse(
        await client.json('POST', `/admin/events/${event}/staff`, { role: 'supervisor', pin: steward.pin }),
      ).operator,
    };
    writeFileSync(
      picture,
      Buffer.from(await (await client.send('GET', `/api/tickets/${tickets[0]?.id ?? ''}/qr.png`)).arrayBuffer()),
    );
    const invited = {
      id: 'gate-a',
      name: 'Gate A',
      zone: 'arena',
      lanes: [{ id: lane, readers: [`camera://${picture}`, 'stdin://'], actuator: 'sim://turnstile?pass-ms=50' }],
    };
    ({ code } = gateResponseSchema.parse(await client.json('POST', `/admin/events/${event}/gates`, invited)));
    await client.json('POST', `/admin/events/${event}/publish`, {});
  });

  afterAll(async () => {
    events?.close();
    gate?.kill('SIGKILL');
    cloud?.kill('SIGKILL');
    await Promise.all([gate?.ended, cloud?.ended]);
    systemd?.close();
    folder.remove();
  });

  test('a machine without an identity says how to get one', async () => {
    writeFileSync(
      join(folder.path, 'bare.toml'),
      `[gate]\nid = "gate-a"\nevent = ${event}\nzone = "arena"\ndata = "nowhere"\n[[lanes]]\nid = "one"\nreaders = ["stdin://"]\n`,
    );
    const { code: exitCode, errors } = await runGateCommand('run', '--config', join(folder.path, 'bare.toml'));
    expect(exitCode).toBe(2);
    expect(errors).toContain('gate-agent enrol URL CODE');
  });

  test('a one-time code enrols one gate, with the lanes that the cloud has planned, and no second one', async () => {
    const first = await runGateCommand('enrol', cloudUrl, code, '--data', gateFolder, '--lan', '127.0.0.1:0');
    expect(first).toMatchObject({ code: 0, errors: '' });
    expect(readFileSync(configPath, 'utf8')).toContain('sim://turnstile?pass-ms=50');
    const second = await runGateCommand('enrol', cloudUrl, code, '--data', join(folder.path, 'gate-b'));
    expect(second.code).toBe(2);
    expect(second.errors).toMatch(/^gate-agent: the code is wrong, was used before, or is too old[^\n]*\n$/);
  });

  test('a port that is in use is named, with what to do', async () => {
    const busy = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => busy.once('listening', resolve));
    const { port } = busy.address() as AddressInfo;
    const original = readFileSync(configPath, 'utf8');
    writeFileSync(configPath, `${original}\n[local]\nport = ${port}\n`);
    const { code: exitCode, errors } = await runGateCommand('run', '--config', configPath);
    busy.close();
    writeFileSync(configPath, original);
    expect(exitCode).toBe(2);
    expect(errors).toContain(`port ${port} on 127.0.0.1 is in use`);
    expect(errors).toContain('[local] port');
  });

  test('a picture of a code opens the lane, and the mark reaches the cloud', async () => {
    appendFileSync(configPath, '\n[local]\nport = 0\n');
    await startGate();
    const decided = await events.next('decision');
    expect(decided).toMatchObject({
      lane,
      decision: { kind: 'admit', ticket: { id: tickets[0]?.id } },
      mark: { kind: 'admitted', sequence: 1, clock: { source: 'server' } },
    });
    expect(await events.next('passage')).toMatchObject({ passage: { type: 'passed', persons: 1 } });
    expect(await waitUntil(async () => (await summary()).admitted === 1, happensMsMax)).toBe(true);
  });

  test('the same ticket is refused, also by a dry run beside the running gate, which leaves no mark', async () => {
    await idle();
    const lastSequence = async (): Promise<number> =>
      ((await (await fetch(`${url}/status`)).json()) as { lastSequence: number }).lastSequence;
    const before = await lastSequence();
    const { code: exitCode, answer } = await verify(0);
    expect([exitCode, answer['decision'], answer['code']]).toEqual([1, 'refuse', 'already-used']);
    expect((await verify(1)).code).toBe(0);
    expect((await verify(2)).code).toBe(3);
    expect(await lastSequence()).toBe(before);
    expect(await scan(0)).toMatchObject({
      kind: 'refuse',
      refusal: { type: 'already-used', detail: { gate: 'gate-a' } },
    });
  });

  test('a held ticket waits for a person with a PIN, whose wrong PIN opens nothing', async () => {
    expect(await scan(2)).toMatchObject({ kind: 'hold', reason: 'under-18' });
    const held = await events.next('state', ({ state }) => state.name === 'held');
    const holdId = held.state.name === 'held' ? held.state.holdId : '';
    const right = steward;
    steward = { ...right, pin: '0000' };
    expect(await act({ type: 'accept-hold', holdId })).toMatchObject({ status: 401, body: { type: 'pin-wrong' } });
    steward = right;
    expect(await act({ type: 'accept-hold', holdId })).toMatchObject({
      status: 200,
      body: { decision: { kind: 'admit' } },
    });
    expect((await events.next('decision')).mark).toMatchObject({ kind: 'admitted', operator: steward.operator });
    await events.next('passage');
  });

  test('taking back the last entry makes its ticket good again', async () => {
    await idle();
    expect(await act({ type: 'undo', reason: 'scanned-by-mistake' })).toMatchObject({
      status: 200,
      body: { mark: { kind: 'undone' } },
    });
    expect((await verify(2)).code).toBe(3);
  });

  test('SIGKILL loses no mark, and the next start goes on with a new boot', async () => {
    expect(await scan(1)).toMatchObject({ kind: 'admit' });
    const { boot } = await gate.ready;
    gate.kill('SIGKILL');
    await gate.ended;
    events.close();
    expect((await verify(1)).code).toBe(1);
    await startGate();
    expect((await gate.ready).boot).not.toBe(boot);
    expect(await scan(1)).toMatchObject({ kind: 'refuse', refusal: { type: 'already-used' } });
    expect(await waitUntil(async () => (await summary()).admitted === 2, happensMsMax)).toBe(true);
  });

  test('without its cloud the gate says so, goes on admitting, and tells everything later', async () => {
    const port = Number(new URL(cloudUrl).port);
    cloud.kill('SIGTERM');
    await cloud.ended;
    const health = async () =>
      (await (await fetch(`${url}/health`)).json()) as {
        state: string;
        contact: { noContactSinceMs?: number };
        clock: { trusted: boolean };
      };
    expect(await waitUntil(async () => (await health()).contact.noContactSinceMs !== undefined, happensMsMax)).toBe(
      true,
    );
    expect(await health()).toMatchObject({ state: 'yellow', clock: { trusted: true } });
    expect(await scan(3)).toMatchObject({ kind: 'admit', warnings: ['out-of-touch'] });
    await startCloud(port);
    expect(await waitUntil(async () => (await summary()).admitted === 3, happensMsMax)).toBe(true);
    expect(await waitUntil(async () => (await health()).contact.noContactSinceMs === undefined, happensMsMax)).toBe(
      true,
    );
    const status = (await (await fetch(`${url}/status`)).json()) as { historyHash: string };
    expect(status.historyHash).toBe((await summary()).historyHash);
  });

  test('a rehearsal begun in the cloud is followed, survives being killed, is left at the gate without the cloud, and has counted nothing', async () => {
    type Rehearsing = { readonly rehearsal?: { readonly of: string } };
    const health = async (): Promise<Rehearsing> => (await (await fetch(`${url}/health`)).json()) as Rehearsing;
    const rehearses = async (): Promise<boolean> => (await health()).rehearsal?.of === 'event';
    await client.json('POST', `/api/events/${event}/rehearsal`, {});
    expect(await waitUntil(rehearses, happensMsMax)).toBe(true);
    gate.kill('SIGKILL');
    await gate.ended;
    events.close();
    await startGate();
    expect(await waitUntil(rehearses, happensMsMax)).toBe(true);
    expect(await scan(4)).toMatchObject({ kind: 'admit' });
    expect((await verify(4)).answer).toMatchObject({ decision: 'refuse', code: 'already-used', rehearsal: true });

    const port = Number(new URL(cloudUrl).port);
    cloud.kill('SIGTERM');
    await cloud.ended;
    const left = await fetch(`${url}/steward`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...steward, action: { type: 'leave-rehearsal' } }),
    });
    expect(left.status).toBe(200);
    expect((await health()).rehearsal).toBeUndefined();
    expect(await verify(4)).toMatchObject({ code: 0 });
    expect(await scan(4)).toMatchObject({ kind: 'admit' });

    await startCloud(port);
    expect(await waitUntil(async () => (await summary()).admitted === 4, happensMsMax)).toBe(true);
    expect(await client.json('GET', `/api/events/${event}/rehearsal`)).toMatchObject({
      gates: [{ gate: 'gate-a', state: 'left', operator: steward.operator }],
      alarms: [],
    });
  });

  test('a second process on the same folder is refused', async () => {
    const { code: exitCode, errors } = await runGateCommand('run', '--config', configPath);
    expect(exitCode).toBe(2);
    expect(errors).toContain(`running already (process ${gate.pid}`);
  });

  test('SIGTERM closes everything and ends with 0', async () => {
    gate.kill('SIGTERM');
    expect(await gate.ended).toMatchObject({ code: 0 });
    // Built wherever the tests run; a gate without it works as well.
    expect(systemd?.told[0]).toBe('READY=1');
    expect(systemd?.told.filter((line) => line === 'WATCHDOG=1').length).toBeGreaterThan(5);
    expect(systemd?.told.at(-1)).toBe('STOPPING=1');
    expect((await runGateCommand('status', '--data', gateFolder)).code).toBe(1);
  });
});
