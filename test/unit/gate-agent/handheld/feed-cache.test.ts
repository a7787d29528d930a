// Goal: a phone finds in the packed list what a gate finds in it with SQLite, believes nothing that was not signed, and has its list again
// after a restart, or has forgotten it when it was told to.
import 'fake-indexeddb/auto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ready, shortCode } from '@postern/shared';
import type { FeedFiles } from '../../../../gate-agent/src/feed-store.ts';
import { deviceDatabaseName, openDeviceDatabase } from '../../../../gate-agent/src/handheld/core/databases.ts';
import { openPhoneFeed, type PhoneFeed } from '../../../../gate-agent/src/handheld/core/feed-cache.ts';
import { openSqliteImage } from '../../../../gate-agent/src/handheld/core/sqlite-image.ts';
import {
  announce,
  buildDelta,
  buildSnapshot,
  feedCodeHashKey,
  feedEvent,
  feedKeys,
  feedStartMs,
  generatedTicket,
  signedManifest,
  type BuiltDelta,
  type BuiltSnapshot,
  type CodedTicket,
  type ManifestParts,
} from '../../../../scripts/lib/build-feed.ts';
import { silentLogger } from '../../../support/gate-rig.ts';
import { temporaryFolder } from '../../../support/gate-store-harness.ts';

beforeAll(() => ready);

const noSignal = new AbortController().signal;
const tickets: readonly CodedTicket[] = [
  ...Array.from({ length: 2_000 }, (_, index) => generatedTicket(index)),
  ...Array.from({ length: 1_500 }, (_, index) => generatedTicket(index, true)),
];
let phones = 0;
let name: string;
let nowMs: number;
beforeEach(() => {
  name = deviceDatabaseName(`feed-${++phones}`);
  nowMs = feedStartMs;
});

async function openFeed(): Promise<PhoneFeed> {
  const database = await openDeviceDatabase(name);
  onTestFinished(() => database.close());
  return openPhoneFeed({
    database,
    event: feedEvent,
    enrolledKeys: [announce(feedKeys('a'), 'active')],
    nowMs: () => nowMs,
    logger: silentLogger,
    breathe: async () => undefined,
  });
}

const snapshotOf = (some: readonly CodedTicket[], version: number): BuiltSnapshot =>
  buildSnapshot({ path: join(temporaryFolder(), 's.gz'), tickets: some, version, event: feedEvent });
const filesOf = (snapshot: BuiltSnapshot | undefined, ...deltas: readonly BuiltDelta[]): FeedFiles => ({
  snapshot: snapshot && new Uint8Array(readFileSync(snapshot.path)),
  deltas: new Map(deltas.map((delta) => [delta.reference.sha256, delta.bytes])),
});

async function offer(feed: PhoneFeed, parts: ManifestParts, files: FeedFiles): Promise<string> {
  const considered = feed.consider(signedManifest(parts));
  if (!considered.ok) return considered.error.type;
  const applied = await feed.apply(considered.value, files, noSignal);
  return applied.ok ? 'applied' : applied.error.type;
}

describe('an SQLite file in memory', () => {
  it('gives every row that SQLite gives, by key and in order, and nothing for other keys', () => {
    const packed = readFileSync(snapshotOf(tickets, 5).path);
    const bytes = gunzipSync(packed);
    const image = openSqliteImage(new Uint8Array(bytes));
    const database = new Sqlite(bytes);
    for (const table of ['ticket', 'code']) {
      const rows = database.prepare(`SELECT * FROM ${table}`).raw().all() as unknown[][];
      const plain = rows.map((row) => row.map((value) => (Buffer.isBuffer(value) ? new Uint8Array(value) : value)));
      const inOrder = image.range(table, new Uint8Array(0), new Uint8Array(17).fill(0xff), 10_000);
      expect(
        inOrder.map((row) => row.map((value) => (value instanceof Uint8Array ? Uint8Array.from(value) : value))),
      ).toEqual(plain);
      for (const row of plain) {
        const key = row[0] as Uint8Array;
        expect(image.find(table, key)?.slice(1)).toEqual(row.slice(1));
        expect(image.find(table, Uint8Array.from([...key, 0]))).toBeUndefined();
      }
    }
    database.close();
  });

  it('throws its one error, and never runs on, for a file that was cut or altered', () => {
    const bytes = new Uint8Array(gunzipSync(readFileSync(snapshotOf(tickets.slice(0, 300), 5).path)));
    const key = Uint8Array.from(bytes.subarray(0, 16));
    for (let round = 0; round < 800; round++) {
      const altered = Uint8Array.from(bytes);
      for (let hit = 0; hit < 8; hit++)
        altered[(round * 7_919 + hit * 104_729) % altered.length] = (round * 31 + hit) & 0xff;
      try {
        const image = openSqliteImage(altered);
        for (const table of image.tables) {
          image.find(table, key);
          image.range(table, new Uint8Array(0), new Uint8Array(17).fill(0xff), 100);
        }
      } catch (cause) {
        expect(['ImageDamaged', 'RangeError']).toContain(
          cause instanceof RangeError ? 'RangeError' : cause?.constructor.name,
        );
      }
    }
    expect(() => openSqliteImage(bytes.subarray(0, 5_000))).toThrow('not an SQLite file');
    expect(() => openSqliteImage(new Uint8Array(0))).toThrow('not an SQLite file');
  });
});

describe('the list on a phone', () => {
  const snapshot = (): BuiltSnapshot => snapshotOf(tickets, 5);

  it('answers by ticket id, by foreign code and by short code, before and after a restart', async () => {
    const built = snapshot();
    const feed = await openFeed();
    expect(await offer(feed, { snapshot: built.reference }, filesOf(built))).toBe('applied');
    const again = await openFeed();
    for (const source of [feed.current()?.tickets, again.current()?.tickets]) {
      expect(source).toBeDefined();
      for (const { ticket, code } of tickets.filter((_, index) => index % 37 === 0)) {
        expect(source?.ticket(ticket.id)).toEqual(ticket);
        if (code !== undefined) expect(source?.ticketByCode(code)).toEqual(ticket);
        expect(source?.ticketByShortCode(shortCode(feedCodeHashKey, ticket.id, ticket.epoch))).toEqual(ticket);
      }
      expect(source?.ticketByCode('nobody has this')).toBeUndefined();
    }
  });

  it('follows deltas, also over a restart', async () => {
    const built = snapshot();
    const [changed] = tickets;
    if (changed === undefined) throw new Error('there are tickets');
    const revoked = { ...changed.ticket, status: 'revoked' as const };
    const delta = buildDelta(5, 6, [revoked]);
    const feed = await openFeed();
    expect(await offer(feed, { snapshot: built.reference }, filesOf(built))).toBe('applied');
    const parts = { snapshot: built.reference, deltas: [delta.reference], version: 6 };
    expect(await offer(feed, parts, filesOf(undefined, delta))).toBe('applied');
    expect(feed.current()?.tickets.ticket(revoked.id)).toEqual(revoked);
    expect((await openFeed()).current()?.tickets.ticket(revoked.id)).toEqual(revoked);
  });

  it('keeps what it has when what is offered is older, cut off, altered or signed by somebody else', async () => {
    const built = snapshot();
    const newer = snapshotOf(tickets.slice(0, 100), 9);
    const feed = await openFeed();
    expect(await offer(feed, { snapshot: built.reference }, filesOf(built))).toBe('applied');
    const older = snapshotOf(tickets.slice(0, 10), 4);
    expect(await offer(feed, { snapshot: older.reference }, filesOf(older))).toBe('feed-rollback');
    const whole = filesOf(newer).snapshot as Uint8Array;
    const offers: readonly [Uint8Array, string][] = [
      [whole.subarray(0, -1), 'feed-cut-off'],
      [Uint8Array.from([...whole, 0]), 'feed-too-large'],
      [whole.map((byte, index) => (index === 500 ? byte ^ 1 : byte)), 'feed-hash-mismatch'],
    ];
    for (const [file, type] of offers)
      expect(await offer(feed, { snapshot: newer.reference }, { snapshot: file, deltas: new Map() })).toBe(type);
    const strange = feed.consider(signedManifest({ snapshot: newer.reference }, feedKeys('b')));
    expect(strange).toMatchObject({ ok: false, error: { type: 'feed-signature-invalid' } });
    expect(feed.current()?.manifest.version).toBe(5);
    expect((await openFeed()).current()?.manifest.version).toBe(5);
  });

  it('does not use a file that has changed on the phone', async () => {
    const built = snapshot();
    await offer(await openFeed(), { snapshot: built.reference }, filesOf(built));
    const database = await openDeviceDatabase(name);
    const [key] = await database.getAllKeys('file');
    if (key === undefined) throw new Error('the snapshot is kept');
    const bytes = (await database.get('file', key)) ?? new Uint8Array(0);
    bytes[9_000] = (bytes[9_000] ?? 0) ^ 1;
    await database.put('file', bytes, key);
    database.close();
    const feed = await openFeed();
    expect(feed.current()).toBeUndefined();
    expect(feed.trouble()).toMatchObject({ type: 'feed-hash-mismatch' });
    expect(await offer(feed, { snapshot: built.reference }, filesOf(built))).toBe('applied');
  });

  it('forgets the list with its lease, but not how new it was', async () => {
    const built = snapshot();
    const feed = await openFeed();
    await offer(feed, { snapshot: built.reference }, filesOf(built));
    feed.endLease(nowMs);
    await feed.settled();
    const after = await openFeed();
    expect(after.current()).toBeUndefined();
    expect(after.leaseEndedMs()).toBe(nowMs);
    const database = await openDeviceDatabase(name);
    expect(await database.count('file')).toBe(0);
    database.close();
    const older = snapshotOf(tickets.slice(0, 10), 4);
    expect(await offer(after, { snapshot: older.reference }, filesOf(older))).toBe('feed-rollback');
    expect(await offer(after, { snapshot: built.reference }, filesOf(built))).toBe('applied');
    expect(after.leaseEndedMs()).toBeUndefined();
  });

  it('forgets everything when it is wiped', async () => {
    const built = snapshot();
    const feed = await openFeed();
    await offer(feed, { snapshot: built.reference }, filesOf(built));
    feed.wipe();
    await feed.settled();
    const after = await openFeed();
    expect(after.current()).toBeUndefined();
    expect(after.contactMs()).toBeUndefined();
  });
});
