// The feed as a gate gets it: signed, versioned, every file under its hash, and after any number of changes the tickets a gate has put
// together are the ones the cloud has.
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  decodeDelta,
  decodeDeltaChunk,
  decodeTicketRow,
  hexToBytes,
  codeHash,
  ticketKey,
  trustedFeedKeys,
  verifyManifest,
  type Manifest,
  type Ticket,
  type TicketResponse,
} from '@postern/shared';
import { overlookedDelayMs } from '../../../cloud-sync/src/services/feed.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';

let test: TestCloud;
let gate: TestGate;
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
  gate = await enrolTestGate(test, 1, 'gate-a');
});
afterEach(() => test.close());

const publish = (): Promise<{ version: number; snapshotVersion: number; deltas: number }> =>
  test.json('POST', '/admin/events/1/publish');
const issue = (count: number, fields: object = {}): Promise<{ tickets: TicketResponse[] }> =>
  test.json('POST', '/api/tickets/batch', {
    event: 1,
    tickets: Array.from({ length: count }, () => ({ type: 1, ...fields })),
  });

async function manifest(): Promise<Manifest> {
  const response = await gate.request('GET', '/feed/1/manifest');
  return verify(new Uint8Array(await response.arrayBuffer()));
}

function verify(bytes: Uint8Array): Manifest {
  const verified = verifyManifest(bytes, trustedFeedKeys({ keys: gate.enrolment.feedKeys }));
  if (!verified.ok) throw new Error(verified.error.type);
  return verified.value;
}

async function file({ sha256, bytes }: { readonly sha256: string; readonly bytes: number }): Promise<Uint8Array> {
  const response = await gate.request('GET', `/feed/files/${sha256}`);
  const body = new Uint8Array(await response.arrayBuffer());
  expect([createHash('sha256').update(body).digest('hex'), body.length]).toEqual([sha256, bytes]);
  expect(response.headers.get('Cache-Control')).toContain('immutable');
  return body;
}

/** What a gate puts together from a manifest's snapshot and deltas. */
async function ticketsOf({
  snapshot,
  deltas,
}: Manifest): Promise<{ readonly tickets: ReadonlyMap<string, Ticket>; readonly codes: ReadonlyMap<string, string> }> {
  const database = new Sqlite(gunzipSync(await file(snapshot)));
  const tickets = new Map<string, Ticket>();
  const codes = new Map<string, string>();
  for (const row of database.prepare('SELECT * FROM ticket').raw().all() as unknown[][]) {
    const ticket = decodeTicketRow(row);
    if (ticket !== undefined) tickets.set(ticket.id, ticket);
  }
  for (const [hash, key] of database.prepare('SELECT hash, ticket FROM code').raw().all() as Buffer[][])
    codes.set(hash?.toString('hex') ?? '', key?.toString('hex') ?? '');
  expect(database.prepare('SELECT name, value FROM meta ORDER BY name').raw().all()).toEqual([
    ['event', 1],
    ['format', 1],
    ['tickets', snapshot.tickets],
    ['version', snapshot.version],
  ]);
  database.close();
  for (const reference of deltas) {
    const delta = decodeDelta(await file(reference));
    if (!delta.ok) throw new Error(delta.error.type);
    expect(delta.value).toMatchObject({ event: 1, from: reference.from, to: reference.to });
    for (const chunk of delta.value.chunks) {
      const rows = decodeDeltaChunk(chunk);
      if (!rows.ok) throw new Error(rows.error.type);
      for (const ticket of rows.value.tickets) tickets.set(ticket.id, ticket);
      for (const [hash, key] of rows.value.codes)
        if (key !== null) codes.set(Buffer.from(hash).toString('hex'), Buffer.from(key).toString('hex'));
    }
  }
  return { tickets, codes };
}

describe('publication', () => {
  it('brings every ticket to the gate, by snapshot and then by deltas', async () => {
    const { tickets } = await issue(50, {
      party: 3,
      hold: 'vip',
      validFromS: 1_700_000_000,
      validUntilS: 1_800_000_000,
    });
    expect(await publish()).toMatchObject({ version: 1, snapshotVersion: 1, deltas: 0 });
    const revoked = tickets[7]?.id ?? '';
    await test.json('PATCH', `/api/tickets/${revoked}`, { status: 'revoked' });
    expect(await publish()).toMatchObject({ version: 2, snapshotVersion: 1, deltas: 1 });
    const late = await issue(2, { language: 'fr' });
    expect(await publish()).toMatchObject({ version: 3, snapshotVersion: 1, deltas: 2 });
    const assembled = await ticketsOf(await manifest());
    expect(assembled.tickets.size).toBe(52);
    expect(assembled.tickets.get(revoked)?.status).toBe('revoked');
    expect(late.tickets[0]?.language).toBe('fr');
    for (const { id, type, epoch, party, hold, validFromS, validUntilS, language } of [...tickets, ...late.tickets])
      expect(assembled.tickets.get(id)).toEqual({
        id,
        type,
        epoch,
        party,
        hold,
        validFromS,
        validUntilS,
        language,
        status: id === revoked ? 'revoked' : 'valid',
      });
  });

  it('has a column of languages in a snapshot only where a ticket has one: older gates take every other', async () => {
    const columnsNow = async (): Promise<readonly unknown[]> => {
      const { snapshot } = await manifest();
      const database = new Sqlite(gunzipSync(await file(snapshot)));
      const columns = database.prepare("SELECT name FROM pragma_table_info('ticket')").pluck().all();
      database.close();
      return columns;
    };
    await issue(2);
    await publish();
    expect(await columnsNow()).toHaveLength(8);
    const { tickets } = await issue(1, { language: 'ar' });
    await test.cloud.feed.publish(1, { snapshot: true });
    expect((await columnsNow()).at(-1)).toBe('language');
    const assembled = await ticketsOf(await manifest());
    expect(assembled.tickets.size).toBe(3);
    expect(assembled.tickets.get(tickets[0]?.id ?? '')?.language).toBe('ar');
  });

  it('carries foreign codes only as keyed hashes', async () => {
    await publish();
    const code = ']Q1BOX-OFFICE-0815\r\n'.trim();
    const ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1, code });
    await publish();
    const published = await manifest();
    const { codes } = await ticketsOf(published);
    const hash = codeHash(hexToBytes(published.codeHashKey) as Uint8Array, 'BOX-OFFICE-0815');
    expect(codes.get(Buffer.from(hash).toString('hex'))).toBe(
      Buffer.from(ticketKey(ticket.id).slice(0, 8)).toString('hex'),
    );
    expect(Buffer.from(await file(published.deltas[0] ?? { sha256: '', bytes: 0 })).includes('BOX-OFFICE')).toBe(false);
    expect(ticket.text).toBeUndefined();
  });

  it('makes a new snapshot once deltas have outgrown the old one', async () => {
    await issue(10);
    await publish();
    await issue(1_000);
    expect(await publish()).toMatchObject({ version: 2, snapshotVersion: 1, deltas: 1 });
    await issue(1);
    expect(await publish()).toMatchObject({ version: 3, snapshotVersion: 3, deltas: 0 });
    expect((await ticketsOf(await manifest())).tickets.size).toBe(1_011);
  });

  it('says the same version until something changes, and then a higher one', async () => {
    await publish();
    expect(await publish()).toMatchObject({ version: 1 });
    await test.json('POST', '/admin/events/1/staff', { role: 'steward', pin: '471147114711' });
    expect(await publish()).toMatchObject({ version: 2, snapshotVersion: 1, deltas: 0 });
    const { staff, gates, ca } = await manifest();
    expect(staff).toMatchObject([{ role: 'steward' }]);
    expect(JSON.stringify(staff)).not.toContain('471147114711');
    expect(gates).toMatchObject([
      { id: 'gate-a', zone: 'arena' },
      { id: 'cloud', zone: '' },
    ]);
    expect(ca).toBe(gate.enrolment.ca);
  });

  it('follows a change by itself after a moment, several at once', async () => {
    await publish();
    await issue(3);
    await issue(3);
    expect((await manifest()).version).toBe(1);
    await test.time.advance(1_000);
    await expect.poll(async () => (await manifest()).version).toBe(2);
    expect((await ticketsOf(await manifest())).tickets.size).toBe(6);
  });

  it('brings a change whose process has died before it was published', async () => {
    await publish();
    await issue(3);
    const { folder, time } = test;
    await test.cloud.close();
    test = await createTestCloud({ folder, time });
    gate.turnTo(test);
    expect((await manifest()).version).toBe(1);
    await test.time.advance(overlookedDelayMs);
    await expect.poll(async () => (await manifest()).version).toBe(2);
    expect((await ticketsOf(await manifest())).tickets.size).toBe(3);
  });

  it('says where the cloud is, and once it is started under another address where it was before', async () => {
    await publish();
    const before = await manifest();
    expect(before.cloud).toEqual({ url: 'https://cloud.test', former: [] });
    const { folder, time } = test;
    await test.cloud.close();
    const former: string[] = [];
    for (const url of ['https://new.test', 'https://newer.test', 'https://cloud.test', 'https://cloud.test']) {
      const moved = await createTestCloud({ folder, time, publicUrl: url });
      const published = await moved.cloud.feed.publish(1);
      if (!published.ok) throw new Error(published.error.type);
      const told = verify(published.value.manifest);
      expect(told.version).toBeGreaterThan(before.version);
      former.push([told.cloud?.url, ...(told.cloud?.former ?? [])].join(' '));
      await moved.cloud.close();
    }
    expect(former).toEqual([
      'https://new.test https://cloud.test',
      'https://newer.test https://new.test https://cloud.test',
      'https://cloud.test https://newer.test https://new.test',
      'https://cloud.test https://newer.test https://new.test',
    ]);
    test = await createTestCloud({ folder, time });
  });

  it('is signed anew before it expires', async () => {
    await publish();
    const first = await manifest();
    await test.time.advance((first.expiresAtMs - first.createdAtMs) / 2);
    const second = await manifest();
    expect(second.version).toBeGreaterThan(first.version);
    expect(second.snapshot).toEqual(first.snapshot);
    expect(second.expiresAtMs).toBeGreaterThan(first.expiresAtMs);
  });

  it('answers 304 to a gate that has the newest manifest', async () => {
    await publish();
    const etag = (await gate.request('GET', '/feed/1/manifest')).headers.get('ETag') ?? '';
    const again = await gate.request('GET', '/feed/1/manifest', undefined, { 'If-None-Match': etag });
    expect([again.status, (await again.arrayBuffer()).byteLength]).toEqual([304, 0]);
    await issue(1);
    await publish();
    expect((await gate.request('GET', '/feed/1/manifest', undefined, { 'If-None-Match': etag })).status).toBe(200);
  });

  it('forgets files a day after the last manifest that named them, and never what the newest two name', async () => {
    const publishSnapshot = async (): Promise<Manifest> => {
      await issue(1_001);
      await publish();
      return manifest();
    };
    const [first, second] = [await publishSnapshot(), await publishSnapshot()];
    await test.time.advance(23 * 3_600_000);
    const third = await publishSnapshot();
    const isThere = async ({ snapshot }: Manifest): Promise<boolean> =>
      (await gate.request('GET', `/feed/files/${snapshot.sha256}`)).status === 200;
    expect([await isThere(first), await isThere(second), await isThere(third)]).toEqual([true, true, true]);
    await test.time.advance(2 * 3_600_000);
    const fourth = await publishSnapshot();
    expect([await isThere(first), await isThere(second), await isThere(third), await isThere(fourth)]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it('is nothing before the first publication', async () => {
    expect((await gate.request('GET', '/feed/1/manifest')).status).toBe(404);
  });
});
