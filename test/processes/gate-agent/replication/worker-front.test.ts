// The replication thread seen from the main thread: real threads, real files, a real cloud on a loopback port, and two gates that also
// reach each other. Waits for what it expects, never for a time.
import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { serve as listen, type ServerType } from '@hono/node-server';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  bytesToHex,
  keyId,
  ok,
  verifyManifest,
  type AcceptedHead,
  type CaseView,
  type Mark,
  type OrderNews,
  type Summary,
  type Verdict,
} from '@postern/shared';
import type { AddressInfo } from 'node:net';
import { seedToPem } from '../../../../gate-agent/src/identity.ts';
import type { ReplicationSettings, ToReplication } from '../../../../gate-agent/src/replication/messages.ts';
import { startReplication, type Replication } from '../../../../gate-agent/src/replication/worker-front.ts';
import { createGateStore, type GateStore } from '../../../../gate-agent/src/store/store.ts';
import { createSystemClock, createSystemRandom, createSystemTimer } from '../../../../gate-agent/src/system.ts';
import { createTestCloud, silentLog, someEvent, type TestCloud, type TestGate } from '../../../support/cloud.ts';
import { aPolicy } from '../../../support/marks.ts';
import { enrolGates } from '../../../support/replicating-gate.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const event = 7;
const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const ticket = (number: number): string => number.toString(16).padStart(32, '0');

let folder: string;
let cloud: TestCloud;
let server: ServerType;
let enrolled: ReadonlyMap<string, TestGate>;
let running: Agent[];

interface Agent {
  readonly store: GateStore;
  readonly replication: Replication;
  readonly admit: (ticketId: string) => Promise<Mark | undefined>;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-worker-'));
  cloud = await createTestCloud();
  await cloud.json('POST', '/api/events', { ...someEvent, event });
  enrolled = await enrolGates(cloud, event, ['gate-a', 'gate-b']);
  server = await new Promise((resolve) => {
    const started = listen({ fetch: cloud.cloud.app.fetch, hostname: '127.0.0.1', port: 0 }, () => resolve(started));
  });
  running = [];
});
afterEach(async () => {
  for (const { replication, store } of running) {
    await replication.stop();
    await store.close();
  }
  await new Promise((resolve) => void server.close(resolve));
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

function startAgent(
  id: string,
  {
    lanPeers = [],
    cloudPort = (server.address() as AddressInfo).port,
    lanListen = '127.0.0.1:0',
    onOrders,
  }: {
    readonly lanPeers?: readonly string[];
    readonly cloudPort?: number;
    readonly lanListen?: string;
    readonly onOrders?: () => void;
  } = {},
): Agent {
  const gate = enrolled.get(id);
  if (gate === undefined) throw new Error(`${id} is not enrolled`);
  const boot = bytesToHex(createSystemRandom()(8));
  const paths = { journalPath: join(folder, `${id}-journal.db`), replicaPath: join(folder, `${id}-replica.db`) };
  const clock = createSystemClock();
  const timer = createSystemTimer();
  const store = createGateStore({
    ...paths,
    event,
    gate: id,
    boot,
    clock,
    timer,
    logger: silentLog,
    time: () => ({ nowMs: clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 100 }),
    policy: () => aPolicy({ types: someEvent.types, zones: someEvent.zones }),
    ticket: (ticketId) => ({ id: ticketId, type: 1, epoch: 0, status: 'valid', party: 1 }),
  });
  const replication = startReplication({
    settings: {
      ...paths,
      gate: id,
      event,
      boot,
      publicKey: gate.keys.publicKey,
      secretKey: gate.keys.secretKey,
      keyPem: seedToPem(gate.keys.secretKey.slice(0, 32)),
      certificate: fromBase64(gate.enrolment.certificate),
      ca: fromBase64(gate.enrolment.ca),
      cloudUrl: cloudPort === 0 ? undefined : `http://127.0.0.1:${cloudPort}`,
      lanListen,
      lanPeers,
      lanDiscover: false,
    },
    logger: silentLog,
    timer,
    random: createSystemRandom(),
    through: () => store.hybrid.tick(),
    ...(onOrders === undefined ? {} : { onOrders }),
  });
  replication.setGates(
    [...enrolled.values()].map(({ id: gateId, keys }) => ({ id: gateId, publicKey: bytesToHex(keys.publicKey) })),
  );
  replication.setTime({ atMs: cloud.time.clock.wallMs(), timeTrusted: true });
  const agent: Agent = {
    store,
    replication,
    admit: async (ticketId) => {
      const answer = await store.admit<undefined>(ticketId, ({ history }): Verdict<undefined> => ({
        decision: undefined,
        mark:
          history.usesSpent > 0
            ? undefined
            : {
                kind: 'admitted',
                event,
                lane: 'lane-1',
                ticketId,
                epoch: 0,
                method: 'qr',
                ticketType: 1,
                zone: 'arena',
                uses: 1,
                outOfTouch: false,
                peersReachable: 1,
              },
      }));
      replication.poke();
      return answer.ok ? answer.value.mark : undefined;
    },
  };
  running.push(agent);
  return agent;
}

const summary = (): Promise<Summary> => cloud.json('GET', `/api/events/${event}/summary`);
const hashOf = async ({ replication }: Agent): Promise<string> => {
  const hash = await replication.contentHash();
  return hash.ok ? hash.value : hash.error.cause;
};

/** As the next manifest names them. */
const headsOf = async (gate: string): Promise<readonly AcceptedHead[]> => {
  const published = await cloud.cloud.feed.publish(event);
  if (!published.ok) throw new Error(published.error.type);
  const trusted = (await cloud.cloud.keys.current()).feed.publicKey;
  const manifest = verifyManifest(published.value.manifest, [{ keyId: keyId(trusted), publicKey: trusted }]);
  if (!manifest.ok) throw new Error(manifest.error.type);
  return manifest.value.revokedGates?.find(({ id }) => id === gate)?.heads ?? [];
};

describe('the replication thread', () => {
  test('brings marks to the cloud and to the gate next door, whose next scan knows of them', async () => {
    const a = startAgent('gate-a');
    const b = startAgent('gate-b', { lanPeers: [`127.0.0.1:${await a.replication.lanPort()}`], cloudPort: 0 });
    for (let number = 1; number <= 5; number++) expect(await a.admit(ticket(number))).toBeDefined();
    for (let number = 6; number <= 8; number++) expect(await b.admit(ticket(number))).toBeDefined();
    await expect.poll(async () => (await summary()).marks, { timeout: 45_000 }).toBe(8);
    await expect.poll(() => hashOf(a), { timeout: 45_000 }).toBe((await summary()).historyHash);
    await expect.poll(() => hashOf(b), { timeout: 45_000 }).toBe((await summary()).historyHash);
    await expect.poll(() => b.admit(ticket(1)), { timeout: 45_000 }).toBeUndefined();
    await expect
      .poll(() => b.replication.status(), { timeout: 45_000 })
      .toMatchObject({ inTouch: true, peersReachable: 1, gates: [{ gate: 'gate-a', marks: 5 }], alarms: [] });
    await expect
      .poll(() => a.replication.status(), { timeout: 45_000 })
      .toMatchObject({ inTouch: true, cloudBacklogMarks: 0 });
  });

  test('admits and exchanges marks also where its LAN port is taken, and says so', async () => {
    const a = startAgent('gate-a', { cloudPort: 0 });
    const address = `127.0.0.1:${await a.replication.lanPort()}`;
    const b = startAgent('gate-b', { cloudPort: 0, lanListen: address, lanPeers: [address] });
    expect(await b.replication.lanPort()).toBeUndefined();
    expect(await b.admit(ticket(1))).toBeDefined();
    await expect.poll(async () => (await hashOf(a)) === (await hashOf(b)), { timeout: 45_000 }).toBe(true);
    await expect
      .poll(() => b.replication.status().lan.trouble?.what, { timeout: 45_000 })
      .toMatch(/cannot reach this one: port \d+ is taken/);
    await expect.poll(() => a.admit(ticket(1)), { timeout: 45_000 }).toBeUndefined();
  });

  test('says at once that it has heard of an order, and the store gives it, also after a restart', async () => {
    const a = startAgent('gate-a', { cloudPort: 0 });
    let heard: readonly OrderNews[] = [];
    const b: Agent = startAgent('gate-b', {
      lanPeers: [`127.0.0.1:${await a.replication.lanPort()}`],
      cloudPort: 0,
      onOrders: () => (heard = [...heard, ...b.store.newsOfOrders()]),
    });
    const given = await a.store.append({ kind: 'ordered', event, lane: '', order: 'evacuate', zone: '' });
    a.replication.poke();
    const news = [{ type: 'learned', mark: given.ok ? given.value : undefined }];
    await expect.poll(() => heard, { timeout: 45_000 }).toEqual(news);
    expect(b.store.newsOfOrders()).toEqual([]);
    await b.replication.stop();
    await b.store.close();
    running.pop();
    const again = startAgent('gate-b', { cloudPort: 0 });
    expect(again.store.newsOfOrders()).toEqual(news);
  });

  test('without anybody to talk to says so, and ships everything once somebody is there', async () => {
    const a = startAgent('gate-a', { cloudPort: 1 });
    expect(await a.admit(ticket(1))).toBeDefined();
    await expect
      .poll(() => a.replication.status().peers[0]?.lastError, { timeout: 45_000 })
      .toMatch(/^peer-unreachable/);
    expect(a.replication.status()).toMatchObject({ inTouch: false, peersReachable: 0, lastContactMs: undefined });
    await a.replication.stop();
    await a.store.close();
    running.pop();
    const again = startAgent('gate-a');
    await expect.poll(async () => (await summary()).marks, { timeout: 45_000 }).toBe(1);
    expect((await cloud.json<{ cases: CaseView[] }>('GET', `/api/events/${event}/cases`)).cases).toEqual([]);
    expect(again.replication.restarts()).toBe(0);
  });

  test('whose replica has lost a page sets it aside, says so, and learns everything again', async () => {
    const a = startAgent('gate-a');
    const b = startAgent('gate-b');
    await a.admit(ticket(1));
    await b.admit(ticket(2));
    await expect.poll(async () => (await summary()).marks, { timeout: 45_000 }).toBe(2);
    await expect.poll(() => hashOf(a), { timeout: 45_000 }).toBe((await summary()).historyHash);
    await a.replication.stop();
    await a.store.close();
    running.splice(running.indexOf(a), 1);

    const path = join(folder, 'gate-a-replica.db');
    const whole = new Sqlite(path);
    whole.pragma('wal_checkpoint(TRUNCATE)');
    whole.close();
    const replica = readFileSync(path);
    replica.fill(7, 4_096 * 3, 4_096 * 4);
    writeFileSync(path, replica);

    const again = startAgent('gate-a');
    await again.admit(ticket(3));
    await expect.poll(async () => (await summary()).marks, { timeout: 30_000 }).toBe(3);
    await expect.poll(() => hashOf(again), { timeout: 45_000 }).toBe((await summary()).historyHash);
    await expect.poll(() => again.admit(ticket(2)), { timeout: 45_000 }).toBeUndefined();
    expect(again.replication.restarts()).toBeGreaterThan(0);
    expect(existsSync(`${path}.damaged`)).toBe(true);
  });

  test('takes marks of a gate out of its history again that a newer feed does not accept of it, and says so', async () => {
    const a = startAgent('gate-a');
    await a.admit(ticket(1));
    await expect.poll(async () => (await summary()).marks, { timeout: 45_000 }).toBe(1);
    await a.replication.stop();
    await a.store.close();
    running.splice(running.indexOf(a), 1);

    const b = startAgent('gate-b', { cloudPort: 0 });
    const port = await b.replication.lanPort();
    const again = startAgent('gate-a', { cloudPort: 0, lanPeers: [`127.0.0.1:${port}`] });
    await again.admit(ticket(2));
    await expect
      .poll(() => b.replication.status().gates, { timeout: 45_000 })
      .toMatchObject([{ gate: 'gate-a', marks: 2 }]);
    expect(await b.admit(ticket(2))).toBeUndefined();

    await cloud.json('POST', `/admin/events/${event}/gates/gate-a/revoke`, { reason: 'stolen' }, 200);
    const { historyHash } = await summary();
    const accepted = await headsOf('gate-a');
    const listed = [...enrolled.values()].map(({ id, keys }) => ({ id, publicKey: bytesToHex(keys.publicKey) }));
    b.replication.setGates(listed.map((gate) => (gate.id === 'gate-a' ? { ...gate, accepted } : gate)));
    await expect.poll(() => hashOf(b), { timeout: 45_000 }).toBe(historyHash);
    await expect.poll(() => b.replication.status().alarms.map(({ type }) => type)).toContain('gate-revoked');
    await expect.poll(() => b.admit(ticket(2)), { timeout: 45_000 }).toBeDefined();

    await b.replication.stop();
    await b.store.close();
    running.splice(running.indexOf(b), 1);
    const restarted = startAgent('gate-b', { cloudPort: 0 });
    await expect
      .poll(() => restarted.replication.status().alarms, { timeout: 45_000 })
      .toMatchObject([{ type: 'gate-revoked', segment: { gate: 'gate-a' } }]);
  });

  test('closes its segments when it is stopped, so that the cloud holds them whole', async () => {
    const a = startAgent('gate-a');
    await a.admit(ticket(1));
    await expect.poll(async () => (await summary()).marks, { timeout: 45_000 }).toBe(1);
    await a.replication.stop();
    const b = enrolled.get('gate-b');
    const answer = await b?.push([]);
    expect(answer?.differences.flatMap(({ rows }) => rows)).toMatchObject([{ gate: 'gate-a', count: 1, closed: true }]);
  });
});

test('a thread that dies is started again and told what it has to know', async () => {
  const starts: Worker[] = [];
  const told: string[] = [];
  const replication = startReplication({
    settings: {
      gate: 'gate-a',
      event,
      boot: '0'.repeat(16),
      journalPath: '',
      replicaPath: '',
      publicKey: new Uint8Array(32),
      secretKey: new Uint8Array(64),
      keyPem: '',
      certificate: new Uint8Array(0),
      ca: new Uint8Array(0),
      cloudUrl: undefined,
      lanListen: undefined,
      lanPeers: [],
      lanDiscover: false,
    },
    logger: silentLog,
    random: () => new Uint8Array(2),
    through: () => undefined,
    timer: {
      after: (_ms, fn) => {
        const timer = setImmediate(fn);
        return () => clearImmediate(timer);
      },
    },
    startWorker: () => {
      const worker = new Worker(
        `const { parentPort } = require('node:worker_threads'); parentPort.on('message', (message) => { parentPort.postMessage({ type: 'log', level: 'info', fields: {}, message: message.type }); if (message.type === 'poke') throw { code: 'SQLITE_NOTADB' }; if (message.type === 'stop') parentPort.postMessage({ type: 'stopped' }); });`,
        { eval: true },
      );
      worker.on('message', ({ message }: { message?: string }) => void (message !== undefined && told.push(message)));
      starts.push(worker);
      return worker;
    },
  });
  replication.setGates([]);
  replication.setTime({ atMs: 1, timeTrusted: false });
  replication.poke();
  await expect.poll(() => starts.length, { timeout: 45_000 }).toBe(2);
  expect(replication.status()).toMatchObject({
    inTouch: false,
    drainError: 'the replication thread died: SQLITE_NOTADB',
  });
  await expect.poll(() => told.slice(-2)).toEqual(['gates', 'time']);
  expect(replication.restarts()).toBe(1);
  await replication.stop();
});

test('however many ask for the hash of all marks at once, the thread counts once', async () => {
  const asked: Extract<ToReplication, { readonly type: 'content-hash' }>[] = [];
  const thread = new EventEmitter();
  const worker = Object.assign(thread, {
    postMessage: (message: ToReplication) => {
      if (message.type === 'content-hash') asked.push(message);
      if (message.type === 'stop') thread.emit('message', { type: 'stopped' });
    },
    terminate: async () => 0,
  });
  const replication = startReplication({
    settings: {} as ReplicationSettings,
    logger: silentLog,
    timer: createVirtualTime().timer,
    random: (bytes) => new Uint8Array(bytes),
    through: () => undefined,
    startWorker: () => worker as unknown as Worker,
  });
  const answers = [replication.contentHash(), replication.contentHash()];
  expect(asked).toHaveLength(1);
  thread.emit('message', { type: 'answer', id: asked[0]?.id, answer: 'ab' });
  expect(await Promise.all(answers)).toEqual([ok('ab'), ok('ab')]);
  const later = replication.contentHash();
  expect(asked).toHaveLength(2);
  thread.emit('message', { type: 'answer', id: asked[1]?.id, answer: 'cd' });
  expect(await later).toEqual(ok('cd'));
  await replication.stop();
});
