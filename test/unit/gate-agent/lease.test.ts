// How long a gate may keep its list without its cloud, on real files: never over while people come in, nor by a time that is not certain; and
// what it remembers of a list that it has forgotten.
import { join } from 'node:path';
import { leaseEndMs, ready, type FeedKey, type Mark, type TrustedTime } from '@postern/shared';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createLease, type Lease } from '../../../gate-agent/src/lease.ts';
import { openFeedCache, type FeedCache } from '../../../gate-agent/src/store/feed-cache.ts';
import { readFeed } from '../../../gate-agent/src/store/read-feed.ts';
import {
  announce,
  buildSnapshot,
  feedEvent,
  feedKeys,
  feedPolicy,
  feedStartMs,
  generatedTicket,
  signedManifest,
  type ManifestParts,
} from '../../../scripts/lib/build-feed.ts';
import { silentLogger } from '../../support/gate-rig.ts';
import { temporaryFolder } from '../../support/gate-store-harness.ts';
import { aMark } from '../../support/marks.ts';
import { foundIn, listName } from '../../support/unsealed-folder.ts';

const dayMs = 86_400_000;
const leaseDays = 14;
const signal = new AbortController().signal;
let folder: string;
let nowMs: number;
let source: TrustedTime['source'];
let marks: readonly Mark[];
let cache: FeedCache;
beforeEach(async () => {
  await ready;
  folder = temporaryFolder();
  nowMs = feedStartMs;
  source = 'server';
  marks = [];
  cache = await open();
});

async function open(enrolled: readonly FeedKey[] = [announce(feedKeys('a'), 'active')]): Promise<FeedCache> {
  const opened = await openFeedCache({
    folder: join(folder, 'feed'),
    event: feedEvent,
    enrolledKeys: enrolled,
    nowMs: () => nowMs,
    logger: silentLogger,
  });
  onTestFinished(() => opened.close());
  return opened;
}
const leaseOf = (of = cache): Lease =>
  createLease({
    event: feedEvent,
    cache: of,
    recentMarks: () => marks,
    time: () => ({ nowMs, trusted: source !== 'none', source, uncertaintyMs: 1_000 }),
    logger: silentLogger,
  });
/** Offers a list; the error's type, or `applied`. */
async function offer(parts: Partial<ManifestParts> = {}, version = 1, signer = feedKeys('a')): Promise<string> {
  const snapshot = buildSnapshot({ path: join(folder, `${version}.gz`), version, tickets: [generatedTicket(1)] });
  const considered = cache.consider(
    signedManifest({ snapshot: snapshot.reference, policy: { ...feedPolicy, leaseDays }, ...parts }, signer),
  );
  if (!considered.ok) return considered.error.type;
  const applied = await cache.apply(considered.value, { snapshot: snapshot.path, deltas: new Map() }, signal);
  return applied.ok ? 'applied' : applied.error.type;
}
const admittedAt = (ms: number, clock: Mark['clock']['source'] = 'server'): Mark =>
  aMark({ at: { ms, counter: 0 }, clock: { source: clock, uncertaintyMs: 20 } });

describe('the end of a lease', () => {
  test('is so many days after the cloud was last heard, as the signed rules say', async () => {
    await offer();
    const lease = leaseOf();
    expect(lease.endsMs()).toBe(feedStartMs + leaseDays * dayMs);
    lease.heard(feedStartMs + 2 * dayMs);
    expect(lease.endsMs()).toBe(feedStartMs + 16 * dayMs);
    cache.close();
    cache = await open();
    expect(leaseOf().endsMs()).toBe(feedStartMs + 16 * dayMs);
  });

  test('is none where the event has none', async () => {
    await offer({ policy: feedPolicy });
    nowMs += 10_000 * dayMs;
    expect([leaseOf().endsMs(), leaseOf().check()]).toEqual([undefined, false]);
  });

  test('moves with each entry, so that a gate at work keeps its list however long it is alone', async () => {
    await offer();
    const lease = leaseOf();
    for (let day = 1; day <= 60; day++) {
      nowMs = feedStartMs + day * dayMs;
      marks = [admittedAt(nowMs - 3_600_000)];
      expect([day, lease.check()]).toEqual([day, false]);
    }
    nowMs += leaseDays * dayMs;
    expect(lease.check()).toBe(true);
  });

  test('does not move for what is no entry, nor for one that a clock of doubtful origin has dated', async () => {
    await offer();
    nowMs = feedStartMs + (leaseDays + 1) * dayMs;
    marks = [
      admittedAt(nowMs, 'none'),
      admittedAt(nowMs, 'person'),
      { ...admittedAt(nowMs), kind: 'refused' } as unknown as Mark,
    ];
    expect(leaseOf().check()).toBe(true);
  });

  test('is not before the last window of a ticket type is over', () => {
    const types = [
      { ...feedPolicy.types[0], validUntilS: feedStartMs / 1_000 + 40 * 86_400 },
    ] as typeof feedPolicy.types;
    expect(leaseEndMs({ leaseDays: 7, types }, { contactMs: feedStartMs, entryMs: undefined })).toBe(
      feedStartMs + 40 * dayMs,
    );
  });

  test.each(['none', 'person'] as const)('does not come by a time of source %s', async (untrusted) => {
    await offer();
    const lease = leaseOf();
    nowMs = feedStartMs + 1_000 * dayMs;
    source = untrusted;
    expect(lease.check()).toBe(false);
    source = 'rtc';
    expect(lease.check()).toBe(true);
  });
});

describe('when it is over', () => {
  const end = async (parts: Partial<ManifestParts> = {}): Promise<void> => {
    await offer(
      { policy: { ...feedPolicy, leaseDays, types: [{ ...feedPolicy.types[0], name: listName }] as never }, ...parts },
      5,
    );
    nowMs = feedStartMs + (leaseDays + 1) * dayMs;
    expect(leaseOf().check()).toBe(true);
  };

  test('the list is gone from memory and disk, and a restart and commands know why', async () => {
    await end();
    expect(cache.current()).toBeUndefined();
    expect(cache.leaseEndedMs()).toBe(nowMs - 1_000);
    expect(foundIn(join(folder, 'feed'))).toEqual([]);
    expect(leaseOf().check()).toBe(false);
    cache.close();
    cache = await open();
    expect([cache.current(), cache.trouble(), cache.leaseEndedMs()]).toEqual([undefined, undefined, nowMs - 1_000]);
    expect(await readFeed(join(folder, 'feed'), feedEvent, signal)).toEqual({
      ok: false,
      error: { type: 'feed-lease-over', endedMs: nowMs - 1_000 },
    });
  });

  test('a newer list ends it, an older one is refused as ever', async () => {
    await end();
    cache.close();
    cache = await open();
    expect(await offer({}, 4)).toBe('feed-rollback');
    leaseOf().heard(nowMs);
    expect(await offer({ createdAtMs: nowMs }, 6)).toBe('applied');
    expect(cache.leaseEndedMs()).toBeUndefined();
    expect(leaseOf().endsMs()).toBe(nowMs + leaseDays * dayMs);
  });

  test('a key that the forgotten list knew to be revoked is not believed again', async () => {
    const enrolled = [announce(feedKeys('a'), 'active'), announce(feedKeys('b'), 'active')];
    cache.close();
    cache = await open(enrolled);
    await end({ keys: [announce(feedKeys('a'), 'active'), announce(feedKeys('b'), 'revoked')] });
    cache.close();
    cache = await open(enrolled);
    expect(cache.feedKeys().map(({ state }) => state)).toEqual(['active', 'revoked']);
    expect(await offer({ createdAtMs: nowMs }, 7, feedKeys('b'))).toBe('feed-signature-invalid');
  });
});
