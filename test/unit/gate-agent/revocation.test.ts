// A gate that is revoked, with a real cloud: what it forgets, what it keeps, and whom it believes.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bytesToHex,
  hexToBytes,
  keyPairFromSeed,
  ready,
  signRevocationNotice,
  verifyRevocationNotice,
  type Logger,
} from '@postern/shared';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventFolder, feedFolder, journalPath } from '../../../gate-agent/src/event-folder.ts';
import { createFeedClient } from '../../../gate-agent/src/feed-client.ts';
import { createGateFetch } from '../../../gate-agent/src/peers/gate-auth.ts';
import { openRevocation, readRevoked } from '../../../gate-agent/src/revocation.ts';
import { openFeedCache, type FeedCache } from '../../../gate-agent/src/store/feed-cache.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { temporaryFolder } from '../../support/gate-store-harness.ts';
import { silentLogger } from '../../support/lane-rig.ts';

const event = 1;
const url = 'https://cloud.test';
const signal = new AbortController().signal;
let cloud: TestCloud;
let gate: TestGate;
let data: string;
let cache: FeedCache;
let sealKeys: Uint8Array[];
let canSeal: boolean;

beforeEach(async () => {
  await ready;
  cloud = await createTestCloud();
  await cloud.json('POST', '/api/events', someEvent);
  gate = await enrolTestGate(cloud, event, 'gate-a');
  await cloud.json('POST', `/admin/events/${event}/publish`, {}, 200);
  data = temporaryFolder();
  sealKeys = [];
  canSeal = true;
  mkdirSync(eventFolder(data, event), { recursive: true });
  writeFileSync(journalPath(data, event), 'who was let in');
  cache = await openFeedCache({
    folder: feedFolder(data, event),
    event,
    enrolledKeys: gate.enrolment.feedKeys,
    nowMs: cloud.time.clock.wallMs,
    logger: silentLogger,
  });
});
afterEach(async () => {
  cache.close();
  await cloud.close();
});

const feedKeyOf = (keyId: string): Uint8Array | undefined =>
  hexToBytes(gate.enrolment.feedKeys.find((key) => key.keyId === keyId)?.publicKey ?? '');
const seal = async (sealKey: Uint8Array): Promise<boolean> => {
  sealKeys.push(sealKey);
  return canSeal;
};
const open = (logger: Logger = silentLogger) =>
  openRevocation({ data, gate: 'gate-a', feedKeyOf, wipe: cache.wipe, seal, logger });
const startGate = () => {
  const revocation = open();
  const client = createFeedClient({
    cloudUrl: url,
    event,
    cache,
    fetch: createGateFetch({
      gate: 'gate-a',
      keys: gate.keys,
      clock: cloud.time.clock,
      onRevoked: revocation.hear,
      fetch: (input, init) => cloud.request(new URL(input instanceof Request ? input.url : input).pathname, init),
    }),
    random: (bytes) => new Uint8Array(bytes),
    logger: silentLogger,
    ...cloud.time,
  });
  return { revocation, poll: () => client.poll(signal) };
};
const revoke = () => cloud.json('POST', `/admin/events/${event}/gates/gate-a/revoke`, { reason: 'stolen' }, 200);
const stored = (): string =>
  readdirSync(feedFolder(data, event))
    .map((name) => readFileSync(join(feedFolder(data, event), name), 'latin1'))
    .join('');

describe('at the next contact', () => {
  test('it forgets its ticket list on the disk too, and keeps its journal', async () => {
    const { revocation, poll } = startGate();
    expect(await poll()).toMatchObject({ ok: true, value: 'changed' });
    const key = cache.current()?.manifest.codeHashKey ?? '';
    expect(stored()).toContain(key);
    expect(revocation.revokedAtMs()).toBeUndefined();

    await revoke();
    expect((await poll()).ok).toBe(false);
    expect(revocation.revokedAtMs()).toBe(cloud.time.clock.wallMs());
    expect(cache.current()).toBeUndefined();
    expect(stored()).not.toContain(key);
    expect(readdirSync(feedFolder(data, event)).filter((name) => name.startsWith('snapshot-'))).toEqual([]);
    expect(readFileSync(journalPath(data, event), 'utf8')).toBe('who was let in');
  });

  test('its marks are sealed to its cloud once that it is revoked has been noted, and never again', async () => {
    const { revocation, poll } = startGate();
    await poll();
    await revoke();
    await poll();
    await revocation.settled();
    expect(sealKeys).toEqual([cloud.cloud.keys.sealing.publicKey]);
    expect(readRevoked(data)).toMatchObject({ atMs: cloud.time.clock.wallMs(), sealed: true });
    await poll();
    await revocation.settled();
    expect(sealKeys).toHaveLength(1);
  });

  test('marks that could not be sealed are left to the next start', async () => {
    canSeal = false;
    const { revocation, poll } = startGate();
    await poll();
    await revoke();
    await poll();
    await revocation.settled();
    expect(readRevoked(data)).toMatchObject({ sealKey: cloud.cloud.keys.sealing.publicKey, sealed: false });
  });

  test('a cloud that names no key is obeyed, and its key taken once it names one', async () => {
    const revocation = open();
    const at = { gate: 'gate-a', revokedAtMs: 1_790_000_000_000 };
    const keys = (await cloud.cloud.keys.current()).feed;
    const notice = (more: { readonly sealKey?: Uint8Array } = {}): string =>
      Buffer.from(signRevocationNotice({ ...at, ...more }, keys)).toString('base64url');
    revocation.hear(notice());
    await revocation.settled();
    expect([revocation.revokedAtMs(), sealKeys]).toEqual([at.revokedAtMs, []]);
    revocation.hear(notice());
    revocation.hear(notice({ sealKey: new Uint8Array(32).fill(7) }));
    await revocation.settled();
    expect(sealKeys).toEqual([new Uint8Array(32).fill(7)]);
  });

  test('it knows after a restart, also where somebody has damaged the note', async () => {
    const { poll } = startGate();
    await poll();
    await revoke();
    await poll();
    await vi.waitFor(() => expect(existsSync(join(data, 'revoked.json'))).toBe(true));
    expect(open().revokedAtMs()).toBe(cloud.time.clock.wallMs());
    writeFileSync(join(data, 'revoked.json'), '{}');
    expect(open().revokedAtMs()).toBe(0);
  });

  test('a gate that is not revoked hears nothing of the kind', async () => {
    await enrolTestGate(cloud, event, 'gate-b');
    await cloud.json('POST', `/admin/events/${event}/gates/gate-b/revoke`, { reason: 'stolen' }, 200);
    const { revocation, poll } = startGate();
    expect((await poll()).ok).toBe(true);
    expect(revocation.revokedAtMs()).toBeUndefined();
  });
});

describe('a notice', () => {
  const base64url = (notice: Uint8Array): string => Buffer.from(notice).toString('base64url');

  test.each([
    ['is for another gate', async () => signRevocationNotice({ gate: 'gate-b', revokedAtMs: 1 }, await feedKey())],
    ['nobody of the deployment has signed', () => signRevocationNotice({ gate: 'gate-a', revokedAtMs: 1 }, stranger())],
    ['is something else that the feed key has signed', async () => otherSigned()],
    ['is no notice', () => new Uint8Array([1, 2, 3])],
  ])('that %s is not believed', async (_what, make) => {
    const { poll } = startGate();
    await poll();
    const warned: unknown[] = [];
    const revocation = open({ ...silentLogger, warn: (fields) => void warned.push(fields) });
    revocation.hear(base64url(await make()));
    expect(revocation.revokedAtMs()).toBeUndefined();
    expect(cache.current()).toBeDefined();
    expect(warned).toHaveLength(1);
  });

  test('with any bit flipped is not believed', async () => {
    const sealKey = new Uint8Array(32).fill(3);
    const notice = signRevocationNotice({ gate: 'gate-a', revokedAtMs: 1_790_000_000_000, sealKey }, await feedKey());
    expect(verifyRevocationNotice(notice, 'gate-a', feedKeyOf)).toMatchObject({ ok: true, value: { sealKey } });
    for (let bit = 0; bit < notice.length * 8; bit++) {
      const flipped = Uint8Array.from(notice);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect([bit, verifyRevocationNotice(flipped, 'gate-a', feedKeyOf).ok]).toEqual([bit, false]);
    }
  });

  const feedKey = async () => (await cloud.cloud.keys.current()).feed;
  const stranger = () => keyPairFromSeed(new Uint8Array(32).fill(9));
  const otherSigned = async (): Promise<Uint8Array> => {
    const answer = await cloud.request('/time', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ nonce: bytesToHex(new Uint8Array(16)) }),
    });
    return new Uint8Array(await answer.arrayBuffer());
  };
});
