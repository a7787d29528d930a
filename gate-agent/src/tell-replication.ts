// Passes on to the replication thread what the main thread learns: which gates the feed lists and what time it is.
import type { ClockTrust } from './clock-trust.ts';
import type { FeedCache } from './store/feed-cache.ts';
import { listedGates } from './peers/gate-directory.ts';
import type { Replication } from './replication/worker-front.ts';

export function tellReplication(
  replication: Replication,
  cache: FeedCache,
  trust: ClockTrust,
  monotonicMs: number,
): void {
  const manifest = cache.current()?.manifest;
  if (manifest !== undefined) replication.setGates(listedGates(manifest), manifest.cloud?.url);
  const { nowMs, trusted, uncertaintyMs } = trust.now();
  replication.setTime({ atMs: nowMs, timeTrusted: trusted, monotonicMs, uncertaintyMs });
}
