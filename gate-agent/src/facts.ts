// Gathers what a running gate knows about itself into the facts that health is made of.
import {
  assert,
  changedRows,
  isOwnerStale,
  movedFrom,
  type Lane,
  type Manifest,
  type OrderView,
  type Supervisor,
} from '@postern/shared';
import type { ClockTrust } from './clock-trust.ts';
import type { GateConfig } from './config.ts';
import type { EventAtGate } from './event-at-gate.ts';
import type { FeedView } from './feed-view.ts';
import type { FireWatch } from './fire-input.ts';
import type { EventFacts, FeedHealth, GateFacts } from './local-api/health.ts';
import { readMachine } from './machine.ts';
import type { StaffCall } from './staff-calls.ts';
import type { FeedCache } from './store/feed-cache.ts';

export interface FactsDeps {
  readonly config: GateConfig;
  readonly name: string;
  readonly boot: string;
  readonly version: string;
  readonly certificateExpiresMs: number | undefined;
  readonly revokedAtMs: () => number | undefined;
  readonly sealedMarks: () => readonly string[];
  readonly sealed: boolean;
  readonly lanes: readonly Lane[];
  readonly readers: readonly { readonly lane: string; readonly supervisor: Supervisor }[];
  /** The gate's own one first. */
  readonly events: readonly EventInFacts[];
  readonly trust: ClockTrust;
  readonly fire: FireWatch | undefined;
  readonly calls: () => readonly StaffCall[];
  readonly monotonicMs: () => number;
}

export interface EventInFacts extends Pick<
  EventAtGate,
  'event' | 'zone' | 'cache' | 'feed' | 'feedStatus' | 'journal' | 'lease' | 'rehearsal' | 'replication' | 'reach'
> {
  readonly orders: () => readonly OrderView[];
}

export function createFacts(deps: FactsDeps): () => GateFacts {
  const startedMs = deps.monotonicMs();
  const { config, lanes, readers, trust, fire } = deps;
  return () => {
    const [own, ...also] = deps.events.map(eventFacts);
    assert(own !== undefined, 'a gate has an event');
    return {
      ...own,
      also,
      gate: config.gate.id,
      name: deps.name,
      boot: deps.boot,
      pid: process.pid,
      version: deps.version,
      upMs: Math.round(deps.monotonicMs() - startedMs),
      clock: trust.statement(),
      lanes: lanes.map((lane) => ({
        ...lane.health(),
        id: lane.id,
        direction: lane.settings.direction,
        onFailure: lane.settings.onFailure,
      })),
      readers: readers.map(({ lane, supervisor }) => ({ ...supervisor.health(), lane })),
      certificateExpiresMs: deps.certificateExpiresMs,
      cloudMovedTo: movedFrom(newestManifest(deps.events)?.cloud, config.cloud?.url),
      revokedAtMs: deps.revokedAtMs(),
      sealedMarks: deps.revokedAtMs() === undefined ? [] : deps.sealedMarks(),
      disk: { sealed: deps.sealed },
      machine: readMachine(config.gate.data),
      calls: deps.calls(),
      fire: { configured: fire !== undefined, on: fire?.isOn() ?? false, trouble: fire?.trouble() },
    };
  };
}

/** The lists of further events may be older. */
const newestManifest = (events: readonly EventInFacts[]): Manifest | undefined =>
  events.flatMap(({ cache }) => cache.current()?.manifest ?? []).toSorted((a, b) => b.createdAtMs - a.createdAtMs)[0];

function eventFacts(of: EventInFacts): EventFacts {
  const { event, zone, journal, cache, feed, feedStatus, reach } = of;
  const { peers, drainError, lan, alarms, cloudBacklogMarks } = of.replication.status();
  return {
    event,
    eventName: feed.policy().name,
    zone,
    zoneKnown: cache.current()?.manifest.policy.zones.some(({ id }) => id === zone) ?? true,
    store: { healthy: journal.healthy(), trouble: journal.trouble() },
    feed: feedHealth(cache, feed),
    lease: { endsMs: of.lease.endsMs(), endedMs: cache.leaseEndedMs() },
    feedTrouble: cache.trouble()?.type ?? feedStatus()?.error?.type,
    contact: {
      noContactSinceMs: reach.noContactSinceMs(),
      peers,
      waitingMarks: cloudBacklogMarks,
      lan,
      trouble: drainError,
      alarms,
    },
    orders: of.orders(),
    rehearsal: of.rehearsal.current(),
    offline: journal.offline(),
  };
}

function owners(feed: FeedView): Pick<FeedHealth, 'owners'> {
  const { nft } = feed.lookups;
  const known = nft?.();
  if (known === undefined) return {};
  const { rules, head } = known;
  return {
    owners: { asOfMs: head?.atMs, stale: head === undefined || isOwnerStale(rules, head.atMs, feed.nowMs()) },
  };
}

function feedHealth(cache: FeedCache, feed: FeedView): FeedHealth | undefined {
  const manifest = cache.current()?.manifest;
  if (manifest === undefined) return undefined;
  const ageMs = feed.ageMs();
  return {
    version: manifest.version,
    tickets: manifest.snapshot.tickets,
    changes: changedRows(manifest),
    ageMs: Math.round(ageMs),
    stale: ageMs > manifest.policy.staleAfterMinutes * 60_000,
    expired: cache.expired(),
    ...owners(feed),
  };
}
