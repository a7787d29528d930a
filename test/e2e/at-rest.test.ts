// Goal: what a stolen gate yields. A gate and its cloud as separate processes: nothing is found in the gate's files while it works; revoked, it
// forgets everything at its next contact but the marks that nobody else has, which only the cloud can open.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  eventResponseSchema,
  summarySchema,
  ticketBatchResponseSchema,
  ticketKey,
  utf8,
  hexToBytes,
  type Decision,
  type Summary,
  type TicketResponse,
} from '@postern/shared';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createCloudClient,
  firstToken,
  freePort,
  runCloud,
  temporaryFolder,
  type CloudClient,
  type CloudProcess,
} from '../support/cloud-process.ts';
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
const typeName = 'Friends of Trillian McMillan';

describe('a stolen gate', () => {
  const folder = temporaryFolder();
  const data = join(folder.path, 'gate-a');
  const configPath = join(data, 'gate.toml');
  const database = `sqlite:${join(folder.path, 'cloud.db')}`;
  const sealedFile = (): string => join(data, 'sealed', `postern-event-${event}-gate-a.sealed`);
  let cloud: CloudProcess;
  let cloudUrl = '';
  let port = 0;
  let client: CloudClient;
  let event = 0;
  let tickets: readonly TicketResponse[] = [];
  let gate: GateProcess;
  let events: GateEvents;
  let url = '';

  const startCloud = async (at: number): Promise<void> => {
    cloud = runCloud('serve', '--database', database, '--port', String(at));
    cloudUrl = await cloud.ready;
  };
  const stopCloud = async (): Promise<void> => {
    cloud.kill('SIGTERM');
    await cloud.ended;
  };
  const summary = async (): Promise<Summary> =>
    summarySchema.parse(await client.json('GET', `/api/events/${event}/summary`));
  const startGate = async (environment: NodeJS.ProcessEnv = {}): Promise<void> => {
    gate = startGateProcess(configPath, environment);
    ({ url } = await gate.ready);
    events = await listenToGate(url);
  };
  const scan = async (index: number): Promise<Decision> => {
    const { id, text = '' } = tickets[index] ?? {};
    return (await showCode(gate, events, text, ({ decision }) => decision.claim?.ticketId === id)).decision;
  };
  const health = async (): Promise<Record<string, unknown>> =>
    (await (await fetch(`${url}/health`)).json()) as Record<string, unknown>;

  /** Whether a stream of events says this before it is quiet for long. */
  const firstOf = async (address: string, text: string): Promise<boolean> => {
    const response = await fetch(address, { signal: AbortSignal.timeout(happensMsMax) });
    let said = '';
    for await (const piece of response.body ?? []) {
      said += Buffer.from(piece).toString();
      if (said.includes(text)) return true;
    }
    return false;
  };

  /** Names of what must not be found and is, in any file of the data folder. */
  const found = (): readonly string[] => {
    const files = readdirSync(data, { recursive: true, encoding: 'utf8' })
      .map((name) => join(data, name))
      .filter((path) => statSync(path).isFile())
      .map((path) => readFileSync(path));
    const secrets: Record<string, Uint8Array> = { 'name of a type': utf8(typeName) };
    for (const [index, { id }] of tickets.entries()) {
      secrets[`ticket ${index} in a mark`] = hexToBytes(id) ?? new Uint8Array();
      secrets[`ticket ${index} in the list`] = ticketKey(id);
      secrets[`ticket ${index} as text`] = utf8(id);
    }
    return Object.keys(secrets).filter((name) => files.some((file) => file.includes(Buffer.from(secrets[name] ?? []))));
  };

  beforeAll(async () => {
    port = await freePort();
    await startCloud(port);
    client = createCloudClient(() => cloudUrl, firstToken(cloud));
    ({ event } = eventResponseSchema.parse(
      await client.json('POST', '/api/events', {
        name: 'Night',
        types: [{ id: 1, name: typeName }],
        zones: [{ id: 'arena', name: 'Arena' }],
        leaseDays: 7,
      }),
    ));
    ({ tickets } = ticketBatchResponseSchema.parse(
      await client.json('POST', '/api/tickets/batch', {
        event,
        tickets: Array.from({ length: 5 }, () => ({ type: 1 })),
      }),
    ));
    const lanes = [{ id: 'one', readers: ['stdin://'], actuator: 'sim://one?pass-ms=20' }];
    const post = (path: string, body: unknown): Promise<unknown> => client.json('POST', path, body);
    await enrolGate({ url: cloudUrl, post, event, folder: data, lanes });
    await post(`/admin/events/${event}/publish`, {});
    await startGate();
  }, 240_000);

  afterAll(async () => {
    events?.close();
    gate?.kill('SIGKILL');
    cloud?.kill('SIGKILL');
    await Promise.all([gate?.ended, cloud?.ended]);
    folder.remove();
  });

  test('holds nothing that can be read, while it works and when its power is cut', async () => {
    expect(await scan(0)).toMatchObject({ kind: 'admit' });
    expect(await waitUntil(async () => (await summary()).admitted === 1, happensMsMax)).toBe(true);
    expect(await health()).toMatchObject({ disk: { sealed: true } });
    expect(found()).toEqual([]);
    gate.kill('SIGKILL');
    await gate.ended;
    events.close();
    expect(found()).toEqual([]);
    const doctor = await runGateCommand('doctor', '--data', data);
    expect(doctor.out).toMatch(/✓ at rest +encrypted, with the key on the same disk/);
    expect(doctor.out).toMatch(/✓ journal +1 marks, sound/);
  });

  test('does not start with another key, and says what to do', async () => {
    const path = join(data, 'identity/disk-key');
    const right = readFileSync(path, 'utf8');
    writeFileSync(path, '0'.repeat(64));
    const wrong = await runGateCommand('run', '--config', configPath);
    expect([wrong.code, wrong.errors]).toEqual([
      2,
      expect.stringContaining('is not the key that sealed the databases'),
    ]);
    expect(wrong.errors).toContain('bring the right key back');
    expect((await runGateCommand('status', '--data', data)).code).toBe(2);
    writeFileSync(path, right);
    await startGate();
    expect(await scan(0)).toMatchObject({ kind: 'refuse', refusal: { type: 'already-used' } });
  });

  test('kept from its cloud for longer than its lease, it forgets the list by its own clock, says so, and has it again', async () => {
    const stop = async (): Promise<void> => {
      gate.kill('SIGTERM');
      await gate.ended;
      events.close();
      rmSync(join(data, 'clock.json'));
    };
    await stop();
    await stopCloud();
    const toml = readFileSync(configPath, 'utf8');
    writeFileSync(configPath, `${toml}\n[clock]\nrtc = true\n`);
    const later = 'const now = Date.now; Date.now = () => now() + 8 * 86400000;';
    const options = `--import=data:text/javascript,${encodeURIComponent(later)}`;
    await startGate({ NODE_OPTIONS: options });
    expect(await waitUntil(async () => (await health())['feed'] === undefined, happensMsMax)).toBe(true);
    expect(await health()).toMatchObject({
      state: 'red',
      problems: expect.arrayContaining([
        { severity: 'fail', what: expect.stringContaining('forgotten'), next: expect.stringContaining('to the cloud') },
      ]) as unknown,
    });
    expect(await firstOf(`${url}/events`, 'the ticket list is forgotten')).toBe(true);
    expect(
      readdirSync(join(data, 'events', String(event), 'feed')).filter((name) => name.startsWith('snapshot')),
    ).toEqual([]);
    expect((await runGateCommand('doctor', '--data', data)).out).toMatch(/✗ ticket list +forgotten on/);
    await stop();
    writeFileSync(configPath, toml);
    await startCloud(port);
    await startGate();
    expect(await scan(0)).toMatchObject({ kind: 'refuse', refusal: { type: 'already-used' } });
  });

  test('revoked, at its next contact it forgets everything and keeps its undelivered marks sealed', async () => {
    await stopCloud();
    expect(await scan(1)).toMatchObject({ kind: 'admit' });
    expect(await scan(2)).toMatchObject({ kind: 'admit' });
    // Where the gate does not look.
    await startCloud(0);
    await client.json('POST', `/admin/events/${event}/gates/gate-a/revoke`, { reason: 'stolen at the bar' });
    expect(await summary()).toMatchObject({ admitted: 1 });
    await stopCloud();
    const keyBefore = readFileSync(join(data, 'identity/disk-key'), 'utf8');
    await startCloud(port);
    expect(await waitUntil(async () => existsSync(sealedFile()), happensMsMax)).toBe(true);
    const isGone = async (): Promise<boolean> => !existsSync(join(data, 'events', String(event)));
    expect(await waitUntil(isGone, happensMsMax)).toBe(true);
    expect(await health()).toMatchObject({
      state: 'red',
      problems: [{ next: expect.stringContaining(`carry ${sealedFile()} to the cloud`) as string }],
    });
    expect((await showCode(gate, events, tickets[3]?.text ?? '')).decision.kind).toBe('refuse');
    expect(found()).toEqual([]);
    const isReplaced = async (): Promise<boolean> =>
      readFileSync(join(data, 'identity/disk-key'), 'utf8') !== keyBefore;
    expect(await waitUntil(isReplaced, happensMsMax)).toBe(true);
  });

  test('goes on saying so after a restart, and does not seal again', async () => {
    gate.kill('SIGTERM');
    await gate.ended;
    events.close();
    expect((await runGateCommand('doctor', '--data', data)).out).toMatch(/✗ revoked/);
    expect((await runGateCommand('export', join(folder.path, 'stick'), '--data', data)).errors).toContain(
      'cloud-sync import-sealed',
    );
    await startGate();
    const { state, feed } = await health();
    expect([state, feed]).toEqual(['red', undefined]);
    gate.kill('SIGTERM');
    expect((await gate.ended).code).toBe(0);
    events.close();
    expect(readdirSync(join(data, 'sealed'))).toHaveLength(1);
    expect(found()).toEqual([]);
  });

  test('the cloud opens what somebody carries there: put aside first, let in when a person says so, once', async () => {
    const take = (...more: readonly string[]) =>
      runCloud('import-sealed', sealedFile(), '--database', database, ...more).ended;
    const aside = await take();
    expect(aside.out).toMatch(/0 new marks in the history/);
    expect(aside.out).toMatch(/put aside: by the gate's own clock \d+ from before it was revoked/);
    expect(aside.code).toBe(1);
    expect(await summary()).toMatchObject({ admitted: 1 });
    const released = await take('--release');
    expect([released.code, released.out]).toEqual([0, expect.stringMatching(/[234] new marks in the history/)]);
    expect(await summary()).toMatchObject({ admitted: 3, aside: 0 });
    const again = await take('--release');
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('0 new marks')]);
  });

  test('another cloud cannot open it', async () => {
    const other = `sqlite:${join(folder.path, 'other', 'cloud.db')}`;
    const eventFile = join(folder.path, 'event.json');
    writeFileSync(
      eventFile,
      JSON.stringify({ name: 'Other', types: [{ id: 1, name: 'A' }], zones: [{ id: 'arena', name: 'Arena' }] }),
    );
    expect((await runCloud('event', '--file', eventFile, '--database', other).ended).code).toBe(0);
    const refused = await runCloud('import-sealed', sealedFile(), '--database', other).ended;
    expect([refused.code, refused.errors]).toEqual([2, expect.stringContaining('sealed to another cloud')]);
  });
});
