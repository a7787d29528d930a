// Goal: with both networks dead, a stick carries what one gate has let in to another, which then refuses it; beside a running agent and
// without one.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ok, syncContentType, type ImportedGate, type TicketResponse } from '@postern/shared';
import { enrol } from '../../../../gate-agent/src/commands/enrol.ts';
import { exportMarks, renderExport, type Exported } from '../../../../gate-agent/src/commands/export-marks.ts';
import { findGateFolder, type GateFolder } from '../../../../gate-agent/src/commands/gate-folder.ts';
import {
  importExitCode,
  importMarks,
  renderImport,
  type ImportedFile,
} from '../../../../gate-agent/src/commands/import-marks.ts';
import { openKnownMarks } from '../../../../gate-agent/src/commands/known-marks.ts';
import { feedFolder, journalPath, prepareEventFolder, replicaPath } from '../../../../gate-agent/src/event-folder.ts';
import { createFeedClient } from '../../../../gate-agent/src/feed-client.ts';
import { loadIdentity } from '../../../../gate-agent/src/identity.ts';
import { createImportRoute } from '../../../../gate-agent/src/local-api/import-route.ts';
import { createGateFetch } from '../../../../gate-agent/src/peers/gate-auth.ts';
import { openFeedCache } from '../../../../gate-agent/src/store/feed-cache.ts';
import { createGateStore } from '../../../../gate-agent/src/store/store.ts';
import { createTestCloud, silentLog, someEvent, type TestCloud } from '../../../support/cloud.ts';
import { temporaryFolder } from '../../../support/gate-store-harness.ts';
import { aMark, aPolicy } from '../../../support/marks.ts';

const signal = new AbortController().signal;
const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
const url = 'https://cloud.test';

let cloud: TestCloud;
let event: number;
let ticket: string;
let stick: string;
let boots = 0;

beforeEach(async () => {
  cloud = await createTestCloud();
  onTestFinished(() => cloud.close());
  ({ event } = await cloud.json<{ event: number }>('POST', '/api/events', someEvent));
  ({ id: ticket } = await cloud.json<TicketResponse>('POST', '/api/tickets', { event, type: 1 }));
  stick = temporaryFolder();
});

const send = (async (input: string | URL, init?: RequestInit) =>
  cloud.cloud.app.request(String(input).replace(url, ''), init)) as typeof fetch;

/** Enrolled, and with the list of gates that is published then. */
async function enrolGate(id: string): Promise<GateFolder> {
  const { code } = await cloud.json<{ code: string }>('POST', `/admin/events/${event}/gates`, {
    id,
    name: id,
    zone: 'arena',
    lanes: [{ id: 'main' }],
  });
  const data = join(temporaryFolder(), id);
  const enrolled = await enrol(
    { url, code, data, lan: 'off' },
    { clock: cloud.time.clock, random, machineBoot: 'machine', fetch: send },
  );
  if (!enrolled.ok) throw new Error(enrolled.error.message);
  const found = findGateFolder({ data, environment: {} });
  if (!found.ok) throw new Error(found.error.message);
  return found.value;
}

async function fetchFeed({ data }: GateFolder): Promise<void> {
  const identity = await loadIdentity(data);
  if (!identity.ok) throw new Error(identity.error.type);
  const folder = feedFolder(data, event);
  mkdirSync(folder, { recursive: true });
  const { clock } = cloud.time;
  const feedKeys = identity.value.feedKeys;
  const cache = await openFeedCache({ folder, event, enrolledKeys: feedKeys, nowMs: clock.wallMs, logger: silentLog });
  const { gate, keys } = identity.value;
  const fetchAsGate = createGateFetch({ gate: gate.id, keys, clock, fetch: send });
  const deps = { cloudUrl: url, event, cache, fetch: fetchAsGate, random, logger: silentLog, ...cloud.time };
  const polled = await createFeedClient(deps).poll(signal);
  cache.close();
  if (!polled.ok) throw new Error(polled.error.type);
}

/** One start of the gate, in which it lets this ticket in. */
async function admit({ data, config }: GateFolder, ticketId: string): Promise<void> {
  if (!config.ok) throw new Error(config.error.message);
  const gate = config.value.gate.id;
  const { clock, timer } = cloud.time;
  prepareEventFolder(data, event);
  const store = createGateStore({
    journalPath: journalPath(data, event),
    replicaPath: replicaPath(data, event),
    event,
    gate,
    boot: (++boots).toString(16).padStart(16, '0'),
    clock,
    timer,
    logger: silentLog,
    time: () => ({ nowMs: clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 20 }),
    policy: () => aPolicy({ types: someEvent.types, zones: someEvent.zones }),
    ticket: (id) => ({ id, type: 1, epoch: 0, status: 'valid', party: 1 }),
  });
  const {
    sequence: _,
    gate: __,
    boot: ___,
    at: ____,
    monotonicMs: _____,
    clock: ______,
    ...mark
  } = aMark({ event, ticketId });
  const admitted = await store.admit(ticketId, () => ({ decision: undefined, mark }));
  await store.close();
  if (!admitted.ok) throw new Error(admitted.error.type);
}

const deps = { logger: silentLog, random, signal, userId: undefined };
async function exportFrom(folder: GateFolder, target = stick): Promise<readonly Exported[]> {
  const exported = await exportMarks({ folder, target }, deps);
  if (!exported.ok) throw new Error(exported.error.message);
  return exported.value;
}
async function importTo(folder: GateFolder, source = stick, agent?: typeof fetch): Promise<readonly ImportedFile[]> {
  const imported = await importMarks({ folder, source }, { ...deps, ...(agent === undefined ? {} : { fetch: agent }) });
  if (!imported.ok) throw new Error(imported.error.message);
  return imported.value;
}
const usesKnownAt = ({ data }: GateFolder): readonly string[] => {
  const known = openKnownMarks({ data, event, clock: cloud.time.clock, logger: silentLog });
  const gates = known.ofTicket(ticket).map(({ gate }) => gate);
  known.close();
  return gates;
};

describe('a stick between two gates that do not run', () => {
  test('carries a use from one to the other, once', async () => {
    const [a, b] = [await enrolGate('gate-a'), await enrolGate('gate-b')];
    await cloud.json('POST', `/admin/events/${event}/publish`, {}, 200);
    await fetchFeed(b);
    await admit(a, ticket);
    const exported = await exportFrom(a);
    expect(exported).toMatchObject([{ file: join(stick, `postern-event-${event}-gate-a.marks`), marks: 1, gates: 1 }]);
    expect(renderExport(exported)[0]).toContain('1 mark of 1 gate');
    expect(usesKnownAt(b)).toEqual([]);
    const imported = await importTo(b);
    expect(renderImport(imported)).toEqual([
      `postern-event-${event}-gate-a.marks:`,
      '  gate-a: 1 new mark',
      '✓ 1 new mark in all',
    ]);
    expect(usesKnownAt(b)).toEqual(['gate-a']);
    expect(renderImport(await importTo(b)).at(-1)).toBe('✓ 0 new marks in all');
    // It goes on from there: b carries a's mark as a has signed it.
    await admit(b, 'ab'.repeat(16));
    expect(await exportFrom(b)).toMatchObject([{ marks: 2, gates: 2 }]);
    expect(readdirSync(stick).toSorted()).toEqual(['a', 'b'].map((id) => `postern-event-${event}-gate-${id}.marks`));
  });

  test('from a gate that is not in the list is refused in words, and taken once it is', async () => {
    const [a, b] = [await enrolGate('gate-a'), await enrolGate('gate-b')];
    await admit(a, ticket);
    await exportFrom(a);
    const imported = await importTo(b);
    expect(renderImport(imported)).toContain("  gate-a: nothing new; 1 refused: not a gate in this gate's list");
    expect(importExitCode(imported)).toBe(1);
    await cloud.json('POST', `/admin/events/${event}/publish`, {}, 200);
    await fetchFeed(b);
    expect(importExitCode(await importTo(b))).toBe(0);
    expect(usesKnownAt(b)).toEqual(['gate-a']);
  });

  test.each([
    ['cut off', (file: string) => truncateSync(file, readFileSync(file).length - 3), 'ends early'],
    ['something else', (file: string) => writeFileSync(file, 'holiday pictures'), 'not a file of marks'],
    [
      'of another event',
      (file: string) =>
        writeFileSync(file, readFileSync(file, 'latin1').replace(/event \d+/, 'event 99'), { encoding: 'latin1' }),
      'another event',
    ],
  ])('that holds a file %s says so', async (_what, spoil, words) => {
    const [a, b] = [await enrolGate('gate-a'), await enrolGate('gate-b')];
    await cloud.json('POST', `/admin/events/${event}/publish`, {}, 200);
    await fetchFeed(b);
    await admit(a, ticket);
    spoil((await exportFrom(a))[0]?.file ?? '');
    const imported = await importTo(b);
    expect(renderImport(imported).join('\n')).toContain(words);
    expect(importExitCode(imported)).toBe(1);
  });

  test('with nothing on it, or that is not there, is an error in words', async () => {
    const a = await enrolGate('gate-a');
    expect(await importMarks({ folder: a, source: stick }, deps)).toMatchObject({
      ok: false,
      error: { type: 'nothing-to-import' },
    });
    expect(await importMarks({ folder: a, source: join(stick, 'gone') }, deps)).toMatchObject({
      ok: false,
      error: { type: 'import-failed' },
    });
    expect(await exportMarks({ folder: a, target: join(stick, 'no/such/folder/x.marks') }, deps)).toMatchObject({
      ok: false,
      error: { type: 'export-failed' },
    });
    expect(existsSync(join(stick, 'no'))).toBe(false);
  });
});

describe('beside a running agent', () => {
  const token = 'ab'.repeat(16);
  /** This test's own process stands for the agent. */
  const startAgent = ({ data }: GateFolder, shownToken = token): void =>
    writeFileSync(
      join(data, 'run.json'),
      JSON.stringify({ pid: process.pid, url: 'http://127.0.0.1:8137', boot: '00112233aabbccdd', token: shownToken }),
    );

  test('it takes the messages in, for who may read its folder', async () => {
    const [a, b] = [await enrolGate('gate-a'), await enrolGate('gate-b')];
    await admit(a, ticket);
    await exportFrom(a);
    const taken: string[] = [];
    const route = createImportRoute({
      token,
      importMessage: async (_message, from) => {
        taken.push(from);
        return ok<readonly ImportedGate[]>([{ gate: 'gate-a', marks: 1, refused: {} }]);
      },
    });
    const agent = (async (input: string, init?: RequestInit) =>
      input.endsWith('/health')
        ? new Response('{}')
        : route.request(input.replace('http://127.0.0.1:8137/import', '/'), init)) as typeof fetch;
    startAgent(b);
    expect(renderImport(await importTo(b, stick, agent))).toContain('  gate-a: 1 new mark');
    expect(taken).toEqual([`postern-event-${event}-gate-a.marks`]);
    startAgent(b, 'cd'.repeat(16));
    expect(await importMarks({ folder: b, source: stick }, { ...deps, fetch: agent })).toMatchObject({
      ok: false,
      error: { type: 'token-wrong' },
    });
    expect(taken).toHaveLength(1);
  });

  test('its door for messages is bounded, and one at a time', async () => {
    let release = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (release = resolve));
    const route = createImportRoute({
      token,
      importMessage: async () => {
        await waiting;
        return ok<readonly ImportedGate[]>([]);
      },
    });
    const post = (body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, from = 'x.marks') =>
      route.request(`/?from=${from}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': syncContentType, ...headers },
        body,
      });
    expect((await post(new Uint8Array(1), { Authorization: '' })).status).toBe(401);
    expect((await post(new Uint8Array(1), { 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await post(new Uint8Array(1), {}, '../../x')).status).toBe(400);
    expect((await post(new Uint8Array(3_000_000), { 'Content-Length': '3000000' })).status).toBe(413);
    const first = post(new Uint8Array(1));
    await expect.poll(async () => (await post(new Uint8Array(1))).status).toBe(429);
    release();
    expect((await first).status).toBe(200);
  });
});
