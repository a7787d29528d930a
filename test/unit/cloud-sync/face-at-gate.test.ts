// Goal: a face reaches gates sealed, with its key, and leaves them when its consent ends: used no more from the next contact on, written over on
// the disk, and over by the gate's own clock where there is no contact at all.
import { copyFileSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openFace, type TicketResponse } from '@postern/shared';
import { openDatabase } from '../../../gate-agent/src/store/database.ts';
import { openFeedCache } from '../../../gate-agent/src/store/feed-cache.ts';
import { createTestCloud, silentLog, someEvent, type TestCloud } from '../../support/cloud.ts';
import { allowFaces, enrolledTemplate, enrolmentOf, readySetup } from '../../support/face.ts';
import { openFeedGate, type FeedGate } from '../../support/feed-gate.ts';

const diskKey = '5e'.repeat(32);
let test: TestCloud;
let gate: FeedGate;
let ticket: TicketResponse;
let endsAtMs: number;
const gates: FeedGate[] = [];
const openGate = async (id: string, key?: string): Promise<FeedGate> => {
  const opened = await openFeedGate(test, id, undefined, key);
  gates.push(opened);
  return opened;
};
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
  ticket = await test.json('POST', '/api/tickets', { event: 1, type: 1 });
  endsAtMs = await allowFaces(test);
  gate = await openGate('gate-a', diskKey);
  await test.json('POST', `/api/tickets/${ticket.id}/face`, enrolmentOf(1));
  await test.cloud.feed.publish(1);
  await gate.poll();
});
afterEach(async () => {
  for (const opened of gates.splice(0)) opened.close();
  await test.close();
});

const known = ({ cache }: Pick<FeedGate, 'cache'>): Uint8Array | undefined => {
  const found = cache.faces.find(ticket.id);
  return found === undefined ? undefined : openFace(found.face.sealed, { event: 1, ...found.face }, found.key);
};
const withdraw = async (): Promise<void> => {
  expect((await test.api('DELETE', `/api/tickets/${ticket.id}/face`)).status).toBe(204);
  await test.cloud.feed.publish(1);
};
/** What is in the gate's file of faces, unsealed, log included: also what SQLite has given up and not written over. */
const onDisk = (): Buffer => {
  const copy = join(gate.folder, 'looked-at.db');
  for (const part of readdirSync(gate.folder).filter((name) => name.startsWith('faces.db')))
    copyFileSync(join(gate.folder, part), copy + part.slice('faces.db'.length));
  const database = openDatabase(copy, { key: diskKey });
  database.pragma('journal_mode = DELETE');
  database.pragma("rekey = ''");
  database.close();
  return readFileSync(copy);
};

it('opens for the ticket that it was sealed for, and for no other', () => {
  expect(known(gate)).toEqual(enrolledTemplate(1));
  const found = gate.cache.faces.find(ticket.id);
  const moved = { event: 1, ...found?.face, ticketId: '0'.repeat(32), epoch: 0, model: 1, version: 1 };
  expect(openFace(found?.face.sealed ?? new Uint8Array(0), moved, found?.key ?? new Uint8Array(0))).toBeUndefined();
});

it('after a withdrawal is used no more and written over on the disk', async () => {
  const { face, key } = gate.cache.faces.find(ticket.id) ?? {};
  const parts = [Buffer.from(face?.sealed ?? []), Buffer.from(key ?? [])];
  const holds = (): boolean[] => parts.map((part) => part.length > 0 && onDisk().includes(part));
  expect(holds()).toEqual([true, true]);
  await withdraw();
  expect(await gate.poll()).toBe('changed');
  expect(known(gate)).toBeUndefined();
  expect(holds()).toEqual([false, false]);
});

it('is gone from a gate that cannot fetch what the newest list names', async () => {
  const other = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
  await test.json('POST', `/api/tickets/${other.id}/face`, enrolmentOf(2));
  await test.cloud.feed.publish(1);
  const late = await openGate('gate-b', diskKey);
  // Somebody withdraws between the list and its files.
  const { gate: identity } = late;
  const offered = await identity.request('GET', '/feed/1/manifest');
  await withdraw();
  expect(offered.status).toBe(200);
  const offer = late.cache.consider(new Uint8Array(await offered.arrayBuffer()));
  if (!offer.ok) throw new Error(offer.error.type);
  expect((await identity.request('GET', `/feed/files/${offer.value.manifest.faces?.keys.sha256}`)).status).toBe(404);
  expect(await late.poll()).toBe('changed');
  expect(known(late)).toBeUndefined();
  expect(late.cache.faces.find(other.id)).toBeDefined();
});

it('survives a start where the disk is sealed, and nowhere else', async () => {
  const open = gate.gate.enrolment.feedKeys;
  const plain = await openGate('gate-c');
  expect(await plain.poll()).toBe('changed');
  expect(known(plain)).toEqual(enrolledTemplate(1));
  expect(readdirSync(plain.folder).filter((name) => name.startsWith('faces'))).toEqual([]);
  for (const [{ folder, cache }, key, expected] of [
    [gate, diskKey, enrolledTemplate(1)],
    [plain, undefined, undefined],
  ] as const) {
    cache.close();
    const again = await openFeedCache({
      folder,
      key,
      event: 1,
      enrolledKeys: open,
      nowMs: test.time.clock.wallMs,
      logger: silentLog,
    });
    expect(known({ cache: again })).toEqual(expected);
    again.close();
  }
  const back = await plain.enrolAgain();
  gates.push(back);
  expect(await back.poll()).toBe('unchanged');
  expect(known(back)).toEqual(enrolledTemplate(1));
});

it('is over by the clock of a gate that nobody reaches any more', async () => {
  expect(onDisk().includes(Buffer.from(gate.cache.faces.find(ticket.id)?.key ?? []))).toBe(true);
  const { key } = gate.cache.faces.find(ticket.id) ?? {};
  await test.time.advance(endsAtMs + readySetup.keepHours * 3_600_000 - test.time.clock.wallMs() - 1);
  expect(known(gate)).toBeDefined();
  await test.time.advance(1);
  expect(known(gate)).toBeUndefined();
  gate.cache.faces.expire();
  expect(onDisk().includes(Buffer.from(key ?? []))).toBe(false);
});

it('goes with the list when the lease is over or the gate is wiped', async () => {
  gate.cache.endLease(test.time.clock.wallMs());
  expect(known(gate)).toBeUndefined();
  expect(gate.cache.faces.count()).toBe(0);
});
