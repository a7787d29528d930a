// Buckets of attempts that refill with time, one a sender: enough for one process. Several processes would count in the database.
import type { Clock } from '@postern/shared';

/** Senders remembered at once; past it the one that tried longest ago is forgotten. */
const sendersMax = 10_000;

export interface RateLimit {
  readonly isSpent: (sender: string) => boolean;
  /** Takes one attempt. */
  readonly spend: (sender: string) => void;
  /** Seconds until there is an attempt; 0 when there is one. */
  readonly waitS: (sender: string) => number;
  /** Takes one attempt if there is one; otherwise seconds until there is. */
  readonly take: (sender: string) => number;
}

interface Bucket {
  readonly left: number;
  readonly atMs: number;
}

export function createRateLimit({
  clock,
  perMinuteMax,
}: {
  readonly clock: Clock;
  readonly perMinuteMax: number;
}): RateLimit {
  /** In order of the last attempt. */
  const buckets = new Map<string, Bucket>();
  const leftOf = (sender: string, nowMs: number): number => {
    const bucket = buckets.get(sender);
    return bucket === undefined
      ? perMinuteMax
      : Math.min(perMinuteMax, bucket.left + ((nowMs - bucket.atMs) / 60_000) * perMinuteMax);
  };
  const spend = (sender: string): void => {
    const nowMs = clock.monotonicMs();
    const left = Math.max(0, leftOf(sender, nowMs) - 1);
    buckets.delete(sender);
    const [oldest] = buckets.keys();
    if (buckets.size >= sendersMax && oldest !== undefined) buckets.delete(oldest);
    buckets.set(sender, { left, atMs: nowMs });
  };
  const waitS = (sender: string): number => {
    const left = leftOf(sender, clock.monotonicMs());
    return left < 1 ? Math.ceil(((1 - left) * 60) / perMinuteMax) : 0;
  };
  return {
    isSpent: (sender) => waitS(sender) > 0,
    spend,
    waitS,
    take: (sender) => {
      const wait = waitS(sender);
      if (wait === 0) spend(sender);
      return wait;
    },
  };
}
