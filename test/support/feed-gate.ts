// A gate as far as the feed and passes go: enrolled at a test cloud, with the real feed cache, feed client and verification, polling
// only when a test says so. Between two polls it is offline.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decide,
  foldTicketHistory,
  knownMethods,
  pretixOf,
  qrMethod,
  type Lookups,
  type Presentation,
} from '@postern/shared';
import { createFeedClient } from '../../gate-agent/src/feed-client.ts';
import { openFeedCache, type FeedCache } from '../../gate-agent/src/store/feed-cache.ts';
import { enrolTestGate, silentLog, type TestCloud, type TestGate } from './cloud.ts';

export interface FeedGate {
  readonly gate: TestGate;
  readonly cache: FeedCache;
  readonly folder: string;
  /** `changed`, `unchanged`, or what was wrong. */
  readonly poll: () => Promise<string>;
  /** What the gate makes of a pass by the feed it has: `good`, or the refusal. */
  readonly scan: (text: string) => Promise<string>;
  /** What it says to a code of any kind by its feed and no marks: `admit`, `hold`, or why not. `nowMs`: by its clock, else the cloud's. */
  readonly present: (text: string, nowMs?: number) => Promise<string>;
  /** A new one-time code for the same machine: what it had stays, its identity is new. */
  readonly enrolAgain: () => Promise<FeedGate>;
  readonly close: () => void;
}

export async function openFeedGate(
  test: TestCloud,
  id = 'gate-a',
  folder = mkdtempSync(join(tmpdir(), 'postern-feed-gate-')),
  key?: string,
): Promise<FeedGate> {
  const event = 1;
  const gate = await enrolTestGate(test, event, id);
  const cache = await openFeedCache({
    folder,
    key,
    event,
    enrolledKeys: gate.enrolment.feedKeys,
    nowMs: test.time.clock.wallMs,
    logger: silentLog,
  });
  const client = createFeedClient({
    cloudUrl: 'https://cloud.test',
    event,
    cache,
    fetch: async (url, { headers }) => gate.request('GET', new URL(url).pathname, undefined, headers),
    ...test.time,
    random: (bytes) => new Uint8Array(bytes),
    logger: silentLog,
  });
  const lookups: Lookups = {
    event,
    issuerKey: (keyId) => cache.current()?.tickets.issuerKey(keyId),
    ticketByCode: () => undefined,
    ticketByShortCode: () => undefined,
    tag: () => ({ type: 'unbound' }),
  };
  const present: FeedGate['present'] = async (text, nowMs = test.time.clock.wallMs()) => {
    const feed = cache.current();
    if (feed === undefined) throw new Error('the gate has no feed');
    const shown: Presentation = { medium: 'optical', text, readerId: 'camera', seenAtMs: 0 };
    const { policy } = feed.manifest;
    const known: Lookups = { ...feed.tickets, tag: () => ({ type: 'unbound' }), pretix: () => pretixOf(policy) };
    const method = knownMethods.find((candidate) => candidate.accepts(shown));
    const claim = await method?.verify(shown, known, new AbortController().signal);
    if (claim === undefined) return 'not-a-ticket';
    if (!claim.ok) return claim.error.type;
    const ticket = feed.tickets.ticket(claim.value.ticketId);
    const decision = decide({
      claim: claim.value,
      ticket,
      history: foldTicketHistory([], policy, ticket),
      policy,
      time: { nowMs, trusted: true, source: 'server', uncertaintyMs: 50 },
      lane: { id: 'lane-1', gate: id, zone: 'arena', direction: 'entry' },
      occupancy: () => ({ known: 0, spentOutOfTouch: 0 }),
      feedAgeMs: 0,
      inTouch: true,
    });
    return decision.kind === 'refuse' ? decision.refusal.type : decision.kind;
  };
  return {
    gate,
    cache,
    folder,
    present,
    poll: async () => {
      const polled = await client.poll(new AbortController().signal);
      return polled.ok ? polled.value : polled.error.type;
    },
    scan: async (text) => {
      const verified = await qrMethod.verify(
        { medium: 'optical', text, readerId: 'test', seenAtMs: 0 },
        lookups,
        new AbortController().signal,
      );
      return verified.ok ? 'good' : verified.error.type;
    },
    enrolAgain: () => {
      cache.close();
      return openFeedGate(test, id, folder, key);
    },
    close: () => {
      cache.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
