// Goal: an organiser with pretix, as the README says it: 5,000 tickets come in by two commands, a gate without its cloud admits every one of them, and
// when it is back each admission is at the pretix server, once and with the time at which it happened.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  eventResponseSchema,
  gateResponseSchema,
  pretixViewSchema,
  summarySchema,
  type Decision,
  type Mark,
  type PretixView,
  type Summary,
} from '@postern/shared';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPretixStandIn, type PretixStandIn } from '../../scripts/lib/pretix-stand-in/server.ts';
import { createShop, type ShopPosition } from '../../scripts/lib/pretix-stand-in/shop.ts';
import {
  createCloudClient,
  firstToken,
  runCloud,
  temporaryFolder,
  type CloudClient,
  type CloudProcess,
  type Finished,
} from '../support/cloud-process.ts';
import { waitUntil } from '../support/demo-process.ts';
import {
  listenToGate,
  runGateCommand,
  showCode,
  startGateProcess,
  type GateEvents,
  type GateProcess,
} from '../support/gate-process.ts';

const orders = 5_000;
const happensMsMax = 60_000;
const hourMs = 3_600_000;

describe('an organiser with pretix', () => {
  const folder = temporaryFolder();
  const database = `sqlite:${join(folder.path, 'cloud.db')}`;
  const gateFolder = join(folder.path, 'gate-a');
  const configPath = join(gateFolder, 'gate.toml');
  // Sold an hour ago.
  let nowMs = (): number => Date.now() - hourMs;
  const shop = createShop({ now: () => nowMs() });
  let standIn: PretixStandIn;
  let cloud: CloudProcess;
  let cloudUrl = '';
  let client: CloudClient;
  let event = 0;
  let gate: GateProcess;
  let events: GateEvents;
  const positions: ShopPosition[] = [];
  /** When each ticket was let in, as its gate has it. */
  const admittedAtMs = new Map<ShopPosition, number>();

  const pretix = (command: string, ...more: readonly string[]): Promise<Finished> =>
    runCloud('pretix', command, '--event', String(event), '--database', database, ...more).ended;
  const view = async (): Promise<PretixView> =>
    pretixViewSchema.parse(await client.json('GET', `/api/events/${event}/pretix`));
  const summary = async (): Promise<Summary> =>
    summarySchema.parse(await client.json('GET', `/api/events/${event}/summary`));
  const startCloud = async (port: number): Promise<void> => {
    cloud = runCloud('serve', '--database', database, '--port', String(port));
    cloudUrl = await cloud.ready;
  };
  const scan = async (code: string): Promise<{ readonly decision: Decision; readonly mark?: Mark | undefined }> => {
    return showCode(gate, events, code);
  };

  beforeAll(async () => {
    const { id: item } = shop.addItem('Day ticket');
    for (let index = 0; index < orders; index++) positions.push(...shop.addOrder({ positions: [{ item }] }).positions);
    shop.addList('Entrance');
    nowMs = () => Date.now();
    standIn = await startPretixStandIn({ shop });
    await startCloud(0);
    client = createCloudClient(() => cloudUrl, firstToken(cloud));
    ({ event } = eventResponseSchema.parse(
      await client.json('POST', '/api/events', {
        name: 'Festival',
        types: [],
        zones: [{ id: 'arena', name: 'Arena' }],
      }),
    ));
  });
  afterAll(async () => {
    events?.close();
    gate?.kill('SIGKILL');
    cloud?.kill('SIGKILL');
    await Promise.all([gate?.ended, cloud?.ended, standIn?.stop()]);
    folder.remove();
  });

  test('connects and imports with two commands', async () => {
    const tokenFile = join(folder.path, 'token');
    writeFileSync(tokenFile, `${standIn.token}\n`);
    const place = ['--server', standIn.url, '--organizer', standIn.organizer, '--slug', standIn.slug];
    const connected = await pretix('connect', ...place, '--list', String(shop.lists[0]?.id), '--token-file', tokenFile);
    expect(connected).toMatchObject({ code: 0, errors: '' });
    expect(connected.out).toContain('Day ticket: ticket type 1');
    const imported = await pretix('import');
    expect(imported).toMatchObject({ code: 0, errors: '' });
    const status = await pretix('status');
    expect(status.out).toContain(`${orders} tickets\n`);
    expect(await view()).toMatchObject({ complete: true, tickets: orders, problemCount: 0 });
  });

  test('a gate has them all, and loses its cloud', async () => {
    const invited = { id: 'gate-a', name: 'Gate A', zone: 'arena', lanes: [{ id: 'lane-1', readers: ['stdin://'] }] };
    const { code } = gateResponseSchema.parse(await client.json('POST', `/admin/events/${event}/gates`, invited));
    await client.json('POST', `/admin/events/${event}/publish`, {});
    expect(await runGateCommand('enrol', cloudUrl, code, '--data', gateFolder, '--lan', '127.0.0.1:0')).toMatchObject({
      code: 0,
    });
    appendFileSync(configPath, '\n[local]\nport = 0\n');
    gate = startGateProcess(configPath);
    const { url } = await gate.ready;
    events = await listenToGate(url);
    const last = positions.at(-1)?.secret ?? '';
    const knows = async (): Promise<boolean> => (await runGateCommand('verify', '--data', gateFolder, last)).code === 0;
    expect(await waitUntil(knows, happensMsMax)).toBe(true);
    cloud.kill('SIGTERM');
    await cloud.ended;
  });

  test('each is admitted once, offline, by the code that pretix printed', async () => {
    for (const position of positions) {
      const { decision, mark } = await scan(position.secret);
      if (decision.kind !== 'admit' || mark?.kind !== 'admitted') throw new Error(JSON.stringify(decision));
      admittedAtMs.set(position, mark.at.ms);
    }
    expect(admittedAtMs.size).toBe(orders);
    expect((await scan(positions[0]?.secret ?? '')).decision).toMatchObject({
      kind: 'refuse',
      refusal: { type: 'already-used' },
    });
  }, 600_000);

  test('and is checked in at pretix once the cloud is back, with the time at which it was', async () => {
    await startCloud(Number(new URL(cloudUrl).port));
    expect(await waitUntil(async () => (await summary()).admitted === orders, happensMsMax)).toBe(true);
    expect((await pretix('import')).code).toBe(0);
    expect(await waitUntil(async () => (await view()).checkIns.sent === orders, happensMsMax)).toBe(true);
    expect((await view()).checkIns).toEqual({ waiting: 0, sent: orders, failed: 0, skipped: 0 });
    expect(shop.checkIns).toHaveLength(orders);
    for (const position of positions)
      expect(shop.checkInsOf(position)).toMatchObject([
        { type: 'entry', successful: true, datetimeMs: admittedAtMs.get(position), list: shop.lists[0]?.id },
      ]);
    // All of it once more changes nothing.
    expect((await pretix('import', '--full')).code).toBe(0);
    expect(shop.checkIns).toHaveLength(orders);
  }, 600_000);
});
