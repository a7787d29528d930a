// The feed as lanes and methods ask for it: always something to ask, also on a new gate that has no feed yet (then no ticket type
// is known and every scan is refused with what to do), and always the newest without restarting anything.
import {
  admissionPolicySchema,
  geofenceOf,
  pretixOf,
  sleep,
  type AdmissionPolicy,
  type Clock,
  type Lookups,
  type TagMedium,
  type Ticket,
  type Timer,
  type TrustedTime,
} from '@postern/shared';
import type { FeedClient, FeedClientStatus } from './feed-client.ts';
import type { FaceStore, FeedStore } from './feed-store.ts';

export interface FeedView {
  readonly policy: () => AdmissionPolicy;
  readonly lookups: Omit<Lookups, 'tag'>;
  /** The tag as marks name it; undefined before the first list, which brings the key. */
  readonly tagHash: (medium: TagMedium, id: Uint8Array) => string | undefined;
  readonly ticket: (ticketId: string) => Ticket | undefined;
  /** Since the cloud last said that this is its newest feed; infinite without a feed, or with one that has expired. */
  readonly ageMs: () => number;
  readonly nowMs: () => number;
  /** A gate's name on screens. */
  readonly gateName: (gate: string) => string;
}

export interface FeedViewDeps {
  readonly cache: Pick<FeedStore, 'current'> & {
    readonly faces: Pick<FaceStore, 'find'>;
    readonly expired: () => boolean;
  };
  readonly event: number;
  readonly clock: Clock;
  readonly time: () => TrustedTime;
  readonly clientStatus: () => FeedClientStatus | undefined;
}

export function createFeedView({ cache, event, clock, time, clientStatus }: FeedViewDeps): FeedView {
  const noPolicy = admissionPolicySchema.parse({ event, name: 'no ticket list yet', types: [], zones: [] });
  return {
    policy: () => cache.current()?.manifest.policy ?? noPolicy,
    ticket: (ticketId) => cache.current()?.tickets.ticket(ticketId),
    lookups: {
      event,
      issuerKey: (keyIdHex) => cache.current()?.tickets.issuerKey(keyIdHex),
      ticketByCode: (code) => cache.current()?.tickets.ticketByCode(code),
      ticketByShortCode: (shortCode) => cache.current()?.tickets.ticketByShortCode(shortCode),
      pretix: () => pretixOf(cache.current()?.manifest.policy),
      geofence: () => geofenceOf(cache.current()?.manifest.policy),
      nft: () => cache.current()?.tickets.nft?.(),
      face: () => {
        const rules = cache.current()?.manifest.policy.face;
        return rules === undefined ? undefined : { rules, find: cache.faces.find };
      },
    },
    tagHash: (medium, id) => cache.current()?.tickets.tagHash(medium, id),
    ageMs: () => {
      const manifest = cache.current()?.manifest;
      if (manifest === undefined || cache.expired()) return Number.POSITIVE_INFINITY;
      const sinceMadeMs = Math.max(0, time().nowMs - manifest.createdAtMs);
      const lastContactMs = clientStatus()?.lastContactMs;
      return lastContactMs === undefined ? sinceMadeMs : Math.min(sinceMadeMs, clock.monotonicMs() - lastContactMs);
    },
    nowMs: () => time().nowMs,
    gateName: (gate) => {
      const manifest = cache.current()?.manifest;
      return (
        [...(manifest?.gates ?? []), ...(manifest?.revokedGates ?? [])].find(({ id }) => id === gate)?.name ?? gate
      );
    },
  };
}

/** How long a new gate waits for the cloud before it says that it is ready, and how often it looks. */
const firstFeedMsMax = 3_000;
const firstFeedLookMs = 20;

/** A new gate has something to answer with before it says that it is ready, if the cloud is there; it does not wait long for it. */
export async function waitForFirstFeed(
  client: Pick<FeedClient, 'status'>,
  cache: Pick<FeedStore, 'current'>,
  timer: Timer,
  signal: AbortSignal,
): Promise<void> {
  for (
    let waitedMs = 0;
    waitedMs < firstFeedMsMax && cache.current() === undefined && client.status().failures === 0;
    waitedMs += firstFeedLookMs
  ) {
    if (signal.aborted) return;
    await sleep(timer, firstFeedLookMs, signal);
  }
}
