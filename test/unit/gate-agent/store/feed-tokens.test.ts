// Tokens on their way into a gate: a signed snapshot with a table of them, deltas that say who has bought one, and what a scan then finds.
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  decodeDelta,
  decodeDeltaChunk,
  encodeDelta,
  encodeTokenRow,
  nftRulesSchema,
  ready,
  type Address,
  type FeedToken,
} from '@postern/shared';
import { openFeedCache, type FeedCache } from '../../../../gate-agent/src/store/feed-cache.ts';
import { readFeed } from '../../../../gate-agent/src/store/read-feed.ts';
import {
  announce,
  buildDelta,
  buildSnapshot,
  feedEvent,
  feedKeys,
  feedPolicy,
  feedStartMs,
  generatedTicket,
  signedManifest,
  type BuiltDelta,
  type BuiltSnapshot,
} from '../../../../scripts/lib/build-feed.ts';
import { silentLogger } from '../../../support/gate-rig.ts';
import { temporaryFolder } from '../../../support/gate-store-harness.ts';

const contract: Address = `0x${'c0'.repeat(20)}`;
const [alice, bob]: readonly Address[] = [`0x${'a1'.repeat(20)}`, `0x${'b2'.repeat(20)}`];
const policy = { ...feedPolicy, nft: nftRulesSchema.parse({ chainId: 31_337, contract }) };
const chain = { block: 90, atMs: feedStartMs - 30_000 };
const tickets = Array.from({ length: 20 }, (_, index) => generatedTicket(index).ticket);
const tokenOf = (index: number, more: Partial<FeedToken> = {}): FeedToken => ({
  contract,
  tokenId: (7n << 224n) + BigInt(index),
  ticketId: tickets[index]?.id ?? '',
  epoch: 0,
  owner: alice ?? contract,
  consumed: false,
  block: 50,
  ...more,
});
const diskKey = '04'.repeat(32);

let folder: string;
beforeEach(async () => {
  await ready;
  folder = temporaryFolder();
});

const open = async (key?: string): Promise<FeedCache> => {
  const cache = await openFeedCache({
    folder: join(folder, 'feed'),
    key,
    event: feedEvent,
    enrolledKeys: [announce(feedKeys('a'), 'active')],
    nowMs: () => feedStartMs,
    logger: silentLogger,
  });
  onTestFinished(() => cache.close());
  return cache;
};

async function apply(
  cache: FeedCache,
  manifest: Uint8Array,
  snapshot?: BuiltSnapshot,
  delta?: BuiltDelta,
): Promise<string> {
  const offer = cache.consider(manifest);
  if (!offer.ok) return offer.error.type;
  const deltas = new Map(delta === undefined ? [] : [[delta.reference.sha256, delta.bytes]]);
  const applied = await cache.apply(offer.value, { snapshot: snapshot?.path, deltas }, new AbortController().signal);
  return applied.ok ? 'applied' : applied.error.type;
}

const snapshotWithTokens = (): BuiltSnapshot =>
  buildSnapshot({
    path: join(folder, 'tokens.gz'),
    withTokens: true,
    tickets: tickets.map((ticket, index) => ({ ticket, token: encodeTokenRow(tokenOf(index)) })),
  });
const ownerOf = (cache: FeedCache, index: number) => cache.current()?.tickets.nft?.()?.token(tokenOf(index).tokenId);

describe('tokens in the feed', () => {
  it.each([
    ['a plain', undefined],
    ['a sealed', diskKey],
  ])('are found on %s disk, changed by a delta, and there again after a restart', async (_name, key) => {
    const cache = await open(key);
    const snapshot = snapshotWithTokens();
    const parts = { policy, chain, snapshot: snapshot.reference };
    expect(await apply(cache, signedManifest(parts), snapshot)).toBe('applied');
    expect(cache.current()?.tickets.nft?.()).toMatchObject({ rules: policy.nft, head: chain });
    expect(ownerOf(cache, 3)).toEqual({ ticket: tickets[3], owner: alice, consumed: false });
    expect(cache.current()?.tickets.nft?.()?.token(99n)).toBeUndefined();

    const sold = encodeTokenRow(tokenOf(3, { owner: bob ?? contract, epoch: 1, block: 95 }));
    const spent = encodeTokenRow(tokenOf(4, { consumed: true, block: 96 }));
    const resold = { ...(tickets[3] ?? generatedTicket(3).ticket), epoch: 1 };
    const delta = buildDelta(1, 2, [resold], [], feedEvent, [sold, spent]);
    const later = { block: 100, atMs: feedStartMs };
    const next = { ...parts, version: 2, chain: later, deltas: [delta.reference] };
    expect(await apply(cache, signedManifest(next), undefined, delta)).toBe('applied');
    const expectAll = (found: FeedCache): void => {
      expect(found.current()?.tickets.nft?.()?.head).toEqual(later);
      expect(ownerOf(found, 3)).toEqual({ ticket: resold, owner: bob, consumed: false });
      expect(ownerOf(found, 4)).toMatchObject({ owner: alice, consumed: true });
      expect(ownerOf(found, 5)).toMatchObject({ owner: alice, consumed: false });
    };
    expectAll(cache);
    cache.close();
    expectAll(await open(key));
  });

  it('keep the epoch they stand for: after a transfer of the ticket the token is an old one', async () => {
    const cache = await open();
    const reissued = { ...(tickets[3] ?? generatedTicket(3).ticket), epoch: 2 };
    const snapshot = buildSnapshot({
      path: join(folder, 'tokens.gz'),
      withTokens: true,
      tickets: [{ ticket: reissued, token: encodeTokenRow(tokenOf(3, { epoch: 1 })) }],
    });
    await apply(cache, signedManifest({ policy, chain, snapshot: snapshot.reference }), snapshot);
    expect(ownerOf(cache, 3)?.ticket).toEqual({ ...reissued, epoch: 1 });
  });

  it('come by delta alone to a snapshot without a table of them', async () => {
    const cache = await open();
    const snapshot = buildSnapshot({ path: join(folder, 's.gz'), tickets: tickets.map((ticket) => ({ ticket })) });
    expect(await apply(cache, signedManifest({ snapshot: snapshot.reference }), snapshot)).toBe('applied');
    expect(cache.current()?.tickets.nft?.()).toBeUndefined();
    const delta = buildDelta(1, 2, [], [], feedEvent, [encodeTokenRow(tokenOf(3))]);
    const next = { version: 2, policy, chain, snapshot: snapshot.reference, deltas: [delta.reference] };
    expect(await apply(cache, signedManifest(next), undefined, delta)).toBe('applied');
    expect(ownerOf(cache, 3)).toMatchObject({ owner: alice });
    expect(ownerOf(cache, 4)).toBeUndefined();
    cache.close();
    const read = await readFeed(join(folder, 'feed'), feedEvent, new AbortController().signal);
    if (!read.ok) throw new Error(read.error.type);
    expect(read.value.tickets.nft?.()?.token(tokenOf(3).tokenId)).toMatchObject({ owner: alice });
    read.value.close();
  });

  it('with values that no cloud writes make the delta malformed', () => {
    const good = encodeTokenRow(tokenOf(3));
    const bad: readonly (readonly unknown[])[] = [
      good.with(0, new Uint8Array(7)),
      good.with(1, new Uint8Array(9)),
      good.with(2, new Uint8Array(19)),
      good.with(3, 2),
      good.with(4, -1),
      good.slice(0, 4),
      [...good, 0],
    ];
    const rowsOf = (row: readonly unknown[]) => {
      const encoded = encodeDelta(
        { event: feedEvent, from: 1, to: 2 },
        { tickets: [], codes: [], tokens: [row as never] },
      );
      const delta = decodeDelta(encoded);
      return delta.ok ? delta.value.chunks.map(decodeDeltaChunk) : [];
    };
    expect(rowsOf(good)).toEqual([{ ok: true, value: { tickets: [], codes: [], tokens: [good] } }]);
    for (const row of bad) expect(rowsOf(row)).toMatchObject([{ ok: false, error: { type: 'feed-malformed' } }]);
  });
});
