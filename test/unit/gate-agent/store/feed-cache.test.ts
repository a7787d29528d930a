import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import Sqlite from 'better-sqlite3';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  codeHash,
  encodeCodeRow,
  ready,
  shortCode,
  snapshotFormat,
  type KeyPair,
  type Manifest,
} from '@postern/shared';
import type { FeedFiles } from '../../../../gate-agent/src/feed-store.ts';
import { openFeedCache, type FeedCache } from '../../../../gate-agent/src/store/feed-cache.ts';
import {
  announce,
  buildDelta,
  buildManifest,
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

const tickets: readonly CodedTicket[] = [
  ...Array.from({ length: 50 }, (_, index) => generatedTicket(index)),
  ...Array.from({ length: 20 }, (_, index) => generatedTicket(index, true)),
];
const first = tickets[0]?.ticket ?? generatedTicket(0).ticket;
const noSignal = new AbortController().signal;

let folder: string;
let nowMs: number;
beforeEach(async () => {
  await ready;
  folder = temporaryFolder();
  nowMs = feedStartMs;
});

async function openCache(enrolled: KeyPair = feedKeys('a'), key?: string): Promise<FeedCache> {
  const cache = await openFeedCache({
    folder: join(folder, 'feed'),
    key,
    event: feedEvent,
    enrolledKeys: [announce(enrolled, 'active')],
    nowMs: () => nowMs,
    logger: silentLogger,
  });
  onTestFinished(() => cache.close());
  return cache;
}

const snapshotOf = (some: readonly CodedTicket[], version = 1, event = feedEvent): BuiltSnapshot =>
  buildSnapshot({ path: join(folder, `s${version}-${event}.gz`), tickets: some, version, event });
const filesOf = (snapshot: BuiltSnapshot | undefined, ...deltas: readonly BuiltDelta[]): FeedFiles => ({
  snapshot: snapshot?.path,
  deltas: new Map(deltas.map((delta) => [delta.reference.sha256, delta.bytes])),
});

async function offer(cache: FeedCache, manifest: Uint8Array, files: FeedFiles): Promise<string> {
  const considered = cache.consider(manifest);
  if (!considered.ok) return considered.error.type;
  const applied = await cache.apply(considered.value, files, noSignal);
  return applied.ok ? 'applied' : applied.error.type;
}

async function offerParts(cache: FeedCache, parts: ManifestParts, files: FeedFiles): Promise<string> {
  return offer(cache, signedManifest(parts), files);
}

/** A gate with the fifty tickets at version 5. */
async function gateWithFeed(): Promise<{ readonly cache: FeedCache; readonly snapshot: BuiltSnapshot }> {
  const cache = await openCache();
  const snapshot = snapshotOf(tickets, 5);
  expect(await offerParts(cache, { snapshot: snapshot.reference }, filesOf(snapshot))).toBe('applied');
  return { cache, snapshot };
}

const stillWorks = (cache: FeedCache): void => {
  expect(cache.current()?.manifest.version).toBe(5);
  expect(cache.current()?.tickets.ticket(first.id)).toEqual(first);
};

describe('a snapshot', () => {
  it('answers by ticket id, by foreign code and by short code', async () => {
    const { cache } = await gateWithFeed();
    const source = cache.current()?.tickets;
    for (const { ticket, code } of tickets) {
      expect(source?.ticket(ticket.id)).toEqual(ticket);
      if (code !== undefined) expect(source?.ticketByCode(`]Q1\\000026${code}\r\n`)).toEqual(ticket);
      expect(
        source?.ticketByShortCode(shortCode(feedCodeHashKey, ticket.id, 0).toLowerCase().replace('-', ' ')),
      ).toEqual(ticket);
    }
    expect(source?.ticket('0'.repeat(32))).toBeUndefined();
    expect(source?.ticketByCode('never sold')).toBeUndefined();
    expect(source?.ticketByShortCode('00000-00000')).toBeUndefined();
  });

  it.each([
    ['a plain', undefined],
    ['a sealed', '04'.repeat(32)],
  ])(
    'tells on %s disk which tickets have a language, whether they had one at first or get it by a delta',
    async (_name, key) => {
      const cache = await openCache(feedKeys('a'), key);
      const [spoken, plain, changed] = [1, 2, 3].map((index) => generatedTicket(index).ticket);
      if (spoken === undefined || plain === undefined || changed === undefined) throw new Error('three tickets');
      const withLanguage = { ...spoken, language: 'fr' } as const;
      const snapshot = buildSnapshot({
        path: join(folder, 'spoken.gz'),
        version: 5,
        tickets: [{ ticket: withLanguage }, { ticket: plain }, { ticket: changed }],
        withLanguages: true,
      });
      expect(await offerParts(cache, { snapshot: snapshot.reference }, filesOf(snapshot))).toBe('applied');
      const found = ({ id }: { readonly id: string }, from = cache) => from.current()?.tickets.ticket(id);
      expect([found(spoken), found(plain)]).toEqual([withLanguage, plain]);
      const delta = buildDelta(5, 6, [spoken, { ...changed, language: 'ar' }]);
      const next = { snapshot: snapshot.reference, deltas: [delta.reference], version: 6 };
      expect(await offerParts(cache, next, filesOf(undefined, delta))).toBe('applied');
      cache.close();
      const again = await openCache(feedKeys('a'), key);
      for (const { id, language } of [spoken, plain, { id: changed.id, language: 'ar' }])
        expect(found({ id }, again)?.language).toBe(language);
    },
  );

  it('learns of a language by a delta though the list that it came with had none', async () => {
    const { cache, snapshot } = await gateWithFeed();
    const delta = buildDelta(5, 6, [{ ...first, language: 'es' }]);
    const next = { snapshot: snapshot.reference, deltas: [delta.reference], version: 6 };
    expect(await offerParts(cache, next, filesOf(undefined, delta))).toBe('applied');
    expect(cache.current()?.tickets.ticket(first.id)).toEqual({ ...first, language: 'es' });
    expect(cache.current()?.tickets.ticket(tickets[1]?.ticket.id ?? '')).toEqual(tickets[1]?.ticket);
  });

  it('gives issuer keys with their state', async () => {
    const { cache } = await gateWithFeed();
    const issuer = feedKeys('issuer');
    expect(cache.current()?.tickets.issuerKey(announce(issuer, 'active').keyId)).toEqual({
      publicKey: issuer.publicKey,
      state: 'active',
    });
    expect(cache.current()?.tickets.issuerKey('0011223344556677')).toBeUndefined();
  });

  it('is there again after a restart', async () => {
    const { cache } = await gateWithFeed();
    cache.close();
    stillWorks(await openCache());
  });

  it('replaces an older one and removes its file', async () => {
    const { cache } = await gateWithFeed();
    const newer = snapshotOf(tickets.slice(0, 10), 6);
    expect(await offerParts(cache, { snapshot: newer.reference }, filesOf(newer))).toBe('applied');
    expect(cache.current()?.tickets.ticket(tickets[20]?.ticket.id ?? '')).toBeUndefined();
    expect(readdirSync(join(folder, 'feed')).filter((name) => name.startsWith('snapshot-'))).toEqual([
      `snapshot-${newer.reference.database.sha256}.db`,
    ]);
  });
});

describe('a snapshot that is not what was signed leaves the current one in use', () => {
  it.each<[string, (path: string) => void, string]>([
    ['corrupt', (path) => flipByte(path, 200), 'feed-hash-mismatch'],
    ['cut off half-way', (path) => truncateSync(path, Math.floor(statSync(path).size / 2)), 'feed-cut-off'],
    ['longer than signed', (path) => appendFileSync(path, 'x'), 'feed-too-large'],
  ])('%s', async (_name, damage, error) => {
    const { cache } = await gateWithFeed();
    const next = snapshotOf(tickets.slice(0, 10), 6);
    damage(next.path);
    expect(await offerParts(cache, { snapshot: next.reference }, filesOf(next))).toBe(error);
    stillWorks(cache);
    cache.close();
    stillWorks(await openCache());
  });

  it('an old one under a new manifest', async () => {
    const { cache } = await gateWithFeed();
    const old = snapshotOf(tickets.slice(0, 10), 3);
    expect(await offerParts(cache, { version: 6, snapshot: { ...old.reference, version: 6 } }, filesOf(old))).toBe(
      'feed-rollback',
    );
    stillWorks(cache);
  });

  it('one for another event', async () => {
    const { cache } = await gateWithFeed();
    const other = snapshotOf(tickets.slice(0, 10), 6, 8);
    expect(await offerParts(cache, { snapshot: other.reference }, filesOf(other))).toBe('feed-wrong-event');
    stillWorks(cache);
  });

  it.each<[string, Buffer, Partial<Manifest['snapshot']['database']>, string]>([
    ['no gzip', Buffer.from('not a gzip file at all'), {}, 'feed-malformed'],
    ['no database', gzipSync(Buffer.alloc(4_096, 1)), {}, 'feed-malformed'],
    ['a bomb', gzipSync(Buffer.alloc(20_000_000)), { bytes: 4_096 }, 'feed-too-large'],
    ['gzip that stops early', gzipSync(Buffer.alloc(100_000, 7)).subarray(0, 60), {}, 'feed-malformed'],
    [
      'another database than signed',
      gzipSync(Buffer.alloc(4_096, 2)),
      { sha256: '00'.repeat(32) },
      'feed-hash-mismatch',
    ],
  ])('%s', async (_name, packed, database, error) => {
    const { cache } = await gateWithFeed();
    const path = join(folder, 'odd.gz');
    writeFileSync(path, packed);
    const plain =
      _name === 'no database' || _name.startsWith('another')
        ? Buffer.alloc(4_096, _name === 'no database' ? 1 : 2)
        : Buffer.alloc(100_000, 7);
    const snapshot = {
      version: 6,
      tickets: 1,
      sha256: hashOf(packed),
      bytes: packed.length,
      database: { sha256: hashOf(plain), bytes: plain.length, ...database },
    };
    expect(await offerParts(cache, { snapshot }, { snapshot: path, deltas: new Map() })).toBe(error);
    stillWorks(cache);
    // Of a disk that it may have filled nothing stays taken.
    expect(readdirSync(join(folder, 'feed')).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('one that would leave no room for the journal is not even fetched', async () => {
    const { snapshot } = await gateWithFeed();
    const needed = snapshot.reference.bytes + snapshot.reference.database.bytes;
    const planWith = async (freeBytes: number): Promise<string> => {
      const fresh = await openFeedCache({
        folder: join(folder, `with-${freeBytes}`),
        event: feedEvent,
        enrolledKeys: [announce(feedKeys('a'), 'active')],
        nowMs: () => nowMs,
        logger: silentLogger,
        freeBytes: () => freeBytes,
      });
      onTestFinished(() => fresh.close());
      const considered = fresh.consider(signedManifest({ snapshot: snapshot.reference }));
      return considered.ok ? considered.value.plan.type : considered.error.type;
    };
    expect(await planWith(needed)).toBe('feed-storage-failed');
    expect(await planWith(needed + 1e9)).toBe('snapshot');
  });

  it('one with a view for a table', async () => {
    const { cache } = await gateWithFeed();
    const plainPath = join(folder, 'view.db');
    const database = new Sqlite(plainPath);
    database.exec(`
      CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
      INSERT INTO meta VALUES ('format', ${snapshotFormat}), ('event', ${feedEvent}), ('version', 6), ('tickets', 1);
      CREATE TABLE code (hash BLOB PRIMARY KEY, ticket BLOB NOT NULL);
      CREATE VIEW ticket AS WITH RECURSIVE forever (key) AS (SELECT 0 UNION ALL SELECT key + 1 FROM forever)
        SELECT key, 1 AS type, 0 AS epoch, 0 AS status, 1 AS party, NULL AS hold, NULL AS valid_from, NULL AS valid_until FROM forever;
    `);
    database.close();
    const plain = readFileSync(plainPath);
    const packed = gzipSync(plain);
    const path = join(folder, 'view.gz');
    writeFileSync(path, packed);
    const reference = { version: 6, tickets: 1, sha256: hashOf(packed), bytes: packed.length };
    const snapshot = { ...reference, database: { sha256: hashOf(plain), bytes: plain.length } };
    expect(await offerParts(cache, { snapshot }, { snapshot: path, deltas: new Map() })).toBe('feed-malformed');
    stillWorks(cache);
  });

  it('one that went bad on the disk is found at start: no feed, and the manifest still bars the way back', async () => {
    const { cache, snapshot } = await gateWithFeed();
    cache.close();
    flipByte(join(folder, 'feed', `snapshot-${snapshot.reference.database.sha256}.db`), 9_000);
    const restarted = await openCache();
    expect(restarted.current()).toBeUndefined();
    expect(restarted.trouble()).toMatchObject({ type: 'feed-hash-mismatch' });
    const older = snapshotOf(tickets, 4);
    expect(await offerParts(restarted, { snapshot: older.reference }, filesOf(older))).toBe('feed-rollback');
    expect(await offerParts(restarted, { snapshot: snapshot.reference }, filesOf(snapshot))).toBe('applied');
    stillWorks(restarted);
  });
});

describe('what the gate remembers of its feed, damaged,', () => {
  it.each<[string, (state: Buffer) => void]>([
    ['as no database any more', (state) => state.fill(7)],
    ['in a page', (state) => state.fill(7, 4_096)],
  ])('is set aside %s, and the feed can be had again', async (_name, damage) => {
    const { cache, snapshot } = await gateWithFeed();
    cache.close();
    const path = join(folder, 'feed', 'feed.db');
    const state = readFileSync(path);
    damage(state);
    writeFileSync(path, state);
    const restarted = await openCache();
    expect(restarted.current()).toBeUndefined();
    expect(restarted.trouble()).toMatchObject({ type: 'feed-storage-failed' });
    expect(await offerParts(restarted, { snapshot: snapshot.reference }, filesOf(snapshot))).toBe('applied');
    restarted.close();
    stillWorks(await openCache());
  });
});

describe('a manifest', () => {
  it.each<[string, (snapshot: Manifest['snapshot']) => Uint8Array, string]>([
    [
      'of a lower version',
      (snapshot) => signedManifest({ version: 4, snapshot: { ...snapshot, version: 4 } }),
      'feed-rollback',
    ],
    [
      'of the same version, signed earlier',
      (snapshot) => signedManifest({ snapshot, createdAtMs: feedStartMs - 1 }),
      'feed-rollback',
    ],
    [
      'of another event',
      (snapshot) => signedManifest({ snapshot, event: 8, policy: { ...buildManifest({ snapshot }).policy, event: 8 } }),
      'feed-wrong-event',
    ],
    [
      'by an unknown key',
      (snapshot) => signedManifest({ snapshot, version: 6 }, feedKeys('stranger')),
      'feed-signature-invalid',
    ],
    ['that is empty', () => new Uint8Array(0), 'feed-malformed'],
    ['over its bound', () => new Uint8Array(5 * 1024 * 1024), 'feed-too-large'],
  ])('%s is refused', async (_name, make, error) => {
    const { cache, snapshot } = await gateWithFeed();
    expect(await offer(cache, make(snapshot.reference), filesOf(snapshot))).toBe(error);
    stillWorks(cache);
  });

  it('with any byte changed is refused', async () => {
    const { cache, snapshot } = await gateWithFeed();
    const good = signedManifest({ snapshot: snapshot.reference, version: 6 });
    for (let index = 0; index < good.length; index += 7) {
      const bad = Uint8Array.from(good);
      bad[index] = (bad[index] ?? 0) ^ 0x10;
      expect(['feed-malformed', 'feed-signature-invalid']).toContain(await offer(cache, bad, filesOf(snapshot)));
    }
    stillWorks(cache);
  });

  it('refreshes its expiry without any file', async () => {
    const { cache, snapshot } = await gateWithFeed();
    nowMs += 86_400_000;
    expect(cache.expired()).toBe(true);
    expect(
      await offerParts(
        cache,
        { snapshot: snapshot.reference, createdAtMs: nowMs, expiresAtMs: nowMs + 86_400_000 },
        filesOf(undefined),
      ),
    ).toBe('applied');
    expect(cache.expired()).toBe(false);
    stillWorks(cache);
  });

  it('may be signed by the next key only after the current one has announced it', async () => {
    const { cache, snapshot } = await gateWithFeed();
    const [a, b, c] = [feedKeys('a'), feedKeys('b'), feedKeys('c')];
    const by = (version: number, keys: Manifest['keys'], signer: KeyPair): Promise<string> =>
      offer(cache, signedManifest({ snapshot: snapshot.reference, version, keys }, signer), filesOf(undefined));
    expect(await by(6, [announce(a, 'active'), announce(b, 'next')], b)).toBe('feed-signature-invalid');
    expect(await by(6, [announce(a, 'active'), announce(b, 'next')], a)).toBe('applied');
    expect(await by(7, [announce(a, 'retired'), announce(b, 'active'), announce(c, 'next')], b)).toBe('applied');
    expect(await by(8, [announce(a, 'active')], a)).toBe('feed-signature-invalid');
    cache.close();
    const restarted = await openCache();
    expect(restarted.current()?.manifest.version).toBe(7);
    expect(
      await offer(
        restarted,
        signedManifest({ snapshot: snapshot.reference, version: 8, keys: [announce(c, 'active')] }, c),
        filesOf(undefined),
      ),
    ).toBe('applied');
  });
});

describe('deltas', () => {
  const changed = { ...first, status: 'revoked' as const, epoch: 1 };
  const late = generatedTicket(999).ticket;

  it('are consulted before the snapshot, for tickets and for codes, and again after a restart', async () => {
    const { cache, snapshot } = await gateWithFeed();
    const coded = tickets[60];
    const code = coded?.code ?? '';
    const one = buildDelta(
      5,
      6,
      [changed, late],
      [encodeCodeRow(codeHash(feedCodeHashKey, 'new code'), late.id, 0), [codeHash(feedCodeHashKey, code), null]],
    );
    expect(
      await offerParts(
        cache,
        { version: 6, snapshot: snapshot.reference, deltas: [one.reference] },
        filesOf(undefined, one),
      ),
    ).toBe('applied');
    const two = buildDelta(6, 7, [{ ...late, status: 'blocked' }]);
    expect(
      await offerParts(
        cache,
        { version: 7, snapshot: snapshot.reference, deltas: [one.reference, two.reference] },
        filesOf(undefined, two),
      ),
    ).toBe('applied');
    const check = (source: FeedCache): void => {
      const lookups = source.current()?.tickets;
      expect(lookups?.ticket(first.id)).toEqual(changed);
      expect(lookups?.ticketByCode('new code')).toEqual({ ...late, status: 'blocked' });
      expect(lookups?.ticketByCode(code)).toBeUndefined();
      expect(lookups?.ticketByShortCode(shortCode(feedCodeHashKey, first.id, 1))).toEqual(changed);
      expect(lookups?.ticket(tickets[1]?.ticket.id ?? '')).toEqual(tickets[1]?.ticket);
    };
    check(cache);
    cache.close();
    check(await openCache());
  });

  it('that have a gap ask for a snapshot', async () => {
    const { cache } = await gateWithFeed();
    const newer = snapshotOf(tickets, 8);
    const considered = cache.consider(
      signedManifest({ version: 9, snapshot: newer.reference, deltas: [buildDelta(8, 9, [late]).reference] }),
    );
    expect(considered).toMatchObject({ ok: true, value: { plan: { type: 'snapshot' } } });
  });

  it.each<[string, (delta: BuiltDelta) => BuiltDelta, string]>([
    ['corrupt', (delta) => ({ ...delta, bytes: flipped(delta.bytes, 30) }), 'feed-hash-mismatch'],
    ['cut off', (delta) => ({ ...delta, bytes: delta.bytes.slice(0, -5) }), 'feed-cut-off'],
    ['too long', (delta) => ({ ...delta, bytes: Uint8Array.of(...delta.bytes, 0) }), 'feed-too-large'],
    ['for another event', () => relabelled(buildDelta(5, 6, [changed], [], 8)), 'feed-wrong-event'],
    ['between other versions', () => relabelled(buildDelta(4, 6, [changed])), 'feed-malformed'],
    [
      'with more rows than signed',
      (delta) => ({ ...delta, reference: { ...delta.reference, rows: 7 } }),
      'feed-malformed',
    ],
    ['without sense', () => garbage(), 'feed-malformed'],
  ])('%s are refused and change nothing', async (_name, damage, error) => {
    const { cache, snapshot } = await gateWithFeed();
    const delta = damage(buildDelta(5, 6, [changed]));
    expect(
      await offerParts(
        cache,
        { version: 6, snapshot: snapshot.reference, deltas: [delta.reference] },
        filesOf(undefined, delta),
      ),
    ).toBe(error);
    stillWorks(cache);
  });

  const relabelled = (delta: BuiltDelta): BuiltDelta => ({
    ...delta,
    reference: { ...delta.reference, from: 5, to: 6 },
  });
  const garbage = (): BuiltDelta => {
    const bytes = Uint8Array.from(Buffer.from('not CBOR at all, but the right bytes'));
    return { bytes, reference: { from: 5, to: 6, rows: 1, sha256: hashOf(bytes), bytes: bytes.length } };
  };
});

describe('a crash', () => {
  it('before the commit leaves the old feed, and what it left behind is removed', async () => {
    const { cache } = await gateWithFeed();
    cache.close();
    const next = snapshotOf(tickets.slice(0, 10), 6);
    // What an interrupted move leaves: a download, half an unpacked file, and a complete one that nothing names yet.
    for (const name of ['download-aa', 'snapshot-bb.db.part', `snapshot-${next.reference.database.sha256}.db`])
      copyFileSync(next.path, join(folder, 'feed', name));
    stillWorks(await openCache());
    expect(readdirSync(join(folder, 'feed')).filter((name) => /^(?:snapshot|download)-/.test(name))).toHaveLength(1);
  });
});

function flipByte(path: string, at: number): void {
  writeFileSync(path, flipped(readFileSync(path), at));
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x01;
  return copy;
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
