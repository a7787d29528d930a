// Gathers what a running gate knows about itself into the facts that health is made of.
import { changedRows, type Lane, type OrdersView, type Supervisor } from '@postern/shared';
import type { ClockTrust } from './clock-trust.ts';
import type { GateConfig } from './config.ts';
import type { FeedClientStatus } from './feed-client.ts';
import type { FeedView } from './feed-view.ts';
import type { FireWatch } from './fire-input.ts';
import type { FeedHealth, GateFacts } from './local-api/health.ts';
import type { Reach } from './reach.ts';
import type { Replication } from './replication/worker-front.ts';
import type { FeedCache } from './store/feed-cache.ts';
import type { GateStore } from './store/store.ts';

export interface FactsDeps {
  readonly config: GateConfig;
  readonly name: string;
  readonly boot: string;
  readonly version: string;
  readonly certificateExpiresMs: number | undefined;
  readonly lanes: readonly Lane[];
  readonly readers: readonly { readonly lane: string; readonly supervisor: Supervisor }[];
  readonly store: GateStore;
  readonly cache: FeedCache;
  readonly feed: FeedView;
  readonly feedClient: () => FeedClientStatus | undefined;
  readonly trust: ClockTrust;
  readonly replication: Replication;
  readonly reach: Reach;
  readonly fire: FireWatch | undefined;
  readonly orders: () => OrdersView;
  readonly monotonicMs: () => number;
}

export function createFacts(deps: FactsDeps): () => GateFacts {
  const startedMs = deps.monotonicMs();
  const { config, lanes, readers, store, trust, replication, reach, fire } = deps;
  return () => {
    const { peers, drainError, lan, alarms } = replication.status();
    return {
      gate: config.gate.id,
      name: deps.name,
      event: config.gate.event,
      zone: config.gate.zone,
      boot: deps.boot,
      pid: process.pid,
      version: deps.version,
      upMs: Math.round(deps.monotonicMs() - startedMs),
      clock: trust.statement(),
      store: { healthy: store.healthy(), trouble: store.trouble() },
      feed: feedHealth(deps),
      feedTrouble: deps.cache.trouble()?.type ?? deps.feedClient()?.error?.type,
      lanes: lanes.map((lane) => ({
        ...lane.health(),
        id: lane.id,
        direction: lane.settings.direction,
        onFailure: lane.settings.onFailure,
      })),
      readers: readers.map(({ lane, supervisor }) => ({ ...supervisor.health(), lane })),
      contact: { noContactSinceMs: reach.noContactSinceMs(), peers, lan, trouble: drainError, alarms },
      orders: deps.orders().orders,
      offline: store.offline(),
      certificateExpiresMs: deps.certificateExpiresMs,
      fire: { configured: fire !== undefined, on: fire?.isOn() ?? false, trouble: fire?.trouble() },
    };
  };
}

function feedHealth({ cache, feed }: FactsDeps): FeedHealth | undefined {
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
  };
}
