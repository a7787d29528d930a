// A gate for benchmarks: the real feed cache, store and methods on a real disk; only the timer is in the benchmark's hands, so that
// idle work happens between measurements as it would between visitors.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  bytesToHex,
  decide,
  encodePass,
  qrMethod,
  type AdmissionPolicy,
  type Claim,
  type Decision,
  type Logger,
  type Manifest,
  type Mark,
  type Lookups,
  type Presentation,
  type Timer,
} from '@postern/shared';
import type { DiskKey } from '../../gate-agent/src/store/database.ts';
import { openFeedCache, type FeedCache } from '../../gate-agent/src/store/feed-cache.ts';
import { quietMs } from '../../gate-agent/src/store/quiet-work.ts';
import { createGateStore, type GateStore } from '../../gate-agent/src/store/store.ts';
import { createSystemClock, createSystemRandom } from '../../gate-agent/src/system.ts';
import {
  announce,
  feedEvent,
  feedKeys,
  feedPolicy,
  feedStartMs,
  signedManifest,
  type BuiltSnapshot,
} from '../lib/build-feed.ts';

export const silentLogger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Every ticket may enter as often as it likes, so that a long history does not end a benchmark. */
export const benchPolicy: AdmissionPolicy = {
  ...feedPolicy,
  types: feedPolicy.types.map((type) => ({ ...type, uses: 0 })),
};

/** A folder on the repository's own disk: the system's temporary folder may be memory, where fsync costs nothing. */
export function benchFolder(): { readonly path: string; readonly remove: () => void } {
  const parent = join(import.meta.dirname, '../../.cache/bench');
  mkdirSync(parent, { recursive: true });
  const path = mkdtempSync(join(parent, 'run-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export async function openBenchFeed(folder: string, key?: DiskKey): Promise<FeedCache> {
  return openFeedCache({
    folder,
    key,
    event: feedEvent,
    enrolledKeys: [announce(feedKeys('a'), 'active')],
    nowMs: () => feedStartMs,
    logger: silentLogger,
  });
}

export async function applySnapshot(
  cache: FeedCache,
  snapshot: BuiltSnapshot,
  more: Partial<Pick<Manifest, 'policy' | 'chain'>> = {},
): Promise<void> {
  const offer = cache.consider(
    signedManifest({
      snapshot: snapshot.reference,
      policy: benchPolicy,
      keys: [announce(feedKeys('a'), 'active'), announce(feedKeys('issuer'), 'active', 'issuer')],
      ...more,
    }),
  );
  if (!offer.ok) throw new Error(offer.error.type);
  const applied = await cache.apply(
    offer.value,
    { snapshot: snapshot.path, deltas: new Map() },
    new AbortController().signal,
  );
  if (!applied.ok) throw new Error(applied.error.type);
}

export interface BenchGate {
  readonly store: GateStore;
  /** Text as a decoder delivers it, to a committed mark. */
  readonly scan: (text: string) => Promise<{ readonly decision: Decision; readonly mark: Mark | undefined }>;
  /** What a gate does when nobody comes for a moment. */
  readonly rest: () => void;
  readonly close: () => Promise<void>;
}

export function createBenchGate(folder: string, cache: FeedCache, key?: DiskKey): BenchGate {
  const system = createSystemClock();
  let skippedMs = 0;
  const clock = { wallMs: () => feedStartMs, monotonicMs: () => system.monotonicMs() + skippedMs };
  let pending: (() => void)[] = [];
  const timer: Timer = {
    after: (_ms, fn) => {
      pending.push(fn);
      return () => void (pending = pending.filter((other) => other !== fn));
    },
  };
  const feed = cache.current();
  if (feed === undefined) throw new Error('no feed');
  const time = { nowMs: feedStartMs, trusted: true, source: 'server', uncertaintyMs: 20 } as const;
  const store = createGateStore({
    journalPath: join(folder, 'journal.db'),
    replicaPath: join(folder, 'replica.db'),
    key,
    event: feedEvent,
    gate: 'gate-1',
    boot: bytesToHex(createSystemRandom()(8)),
    clock,
    timer,
    logger: silentLogger,
    time: () => time,
    policy: () => feed.manifest.policy,
    ticket: feed.tickets.ticket,
  });
  if (!store.healthy()) throw new Error(store.trouble());
  const lane = { id: 'a', gate: 'gate-1', zone: 'main', direction: 'entry' } as const;
  const signal = new AbortController().signal;

  const admit = (claim: Claim): ReturnType<typeof store.admit<Decision>> =>
    store.admit<Decision>(claim.ticketId, ({ ticket, history, occupancy }) => {
      const decision = decide({
        claim,
        ticket,
        history,
        occupancy,
        policy: feed.manifest.policy,
        time,
        lane,
        feedAgeMs: 0,
        inTouch: true,
      });
      if (decision.kind !== 'admit') return { decision, mark: undefined };
      const { id: ticketId, epoch, type: ticketType } = decision.ticket;
      return {
        decision,
        mark: {
          kind: 'admitted',
          event: feedEvent,
          lane: 'a',
          ticketId,
          epoch,
          method: claim.method,
          ticketType,
          zone: 'main',
          uses: 1,
          outOfTouch: false,
          peersReachable: 3,
        },
      };
    });

  const lookups: Lookups = { ...feed.tickets, tag: () => ({ type: 'unbound' }) };
  return {
    store,
    scan: async (text) => {
      const presentation: Presentation = { medium: 'optical', text, readerId: 'bench', seenAtMs: 0 };
      const claim = await qrMethod.verify(presentation, lookups, signal);
      if (!claim.ok) throw new Error(claim.error.type);
      const answer = await admit(claim.value);
      if (!answer.ok) throw new Error(answer.error.type);
      return answer.value;
    },
    rest: () => {
      skippedMs += quietMs + 1;
      const due = pending;
      pending = [];
      for (const fn of due) fn();
    },
    close: () => store.close(),
  };
}

/** The pass of a generated ticket, as one flat string: that is what a decoder makes, and joining strings is not what is measured. */
export const benchPass = (ticketId: string, type: number): string =>
  Buffer.from(encodePass({ ticketId, event: feedEvent, type, epoch: 0 }, feedKeys('issuer')), 'latin1').toString(
    'latin1',
  );
