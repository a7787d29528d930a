// Waiting times that double with every wrong answer about the same thing, and end with a right one. For one process; several would
// count in the database.
import type { Clock } from '@postern/shared';

/** Things remembered at once; past it the one that was tried longest ago is forgotten. */
const rememberedMax = 10_000;
/** Wrong answers without a wait. */
const freeAttempts = 5;
const firstWaitMs = 1_000;
export const longestWaitMs = 15 * 60_000;
/** Forgotten when nobody has tried for this long. */
const forgottenAfterMs = 24 * 3_600_000;

export interface BackOff {
  /** Counts an attempt as wrong until it is forgiven, so that attempts at once count too; milliseconds to wait if it is too early. */
  readonly take: (key: string) => number;
  readonly forgive: (key: string) => void;
}

export function createBackOff(clock: Clock): BackOff {
  const attempts = new Map<string, { readonly count: number; readonly nextMs: number; readonly atMs: number }>();
  return {
    take: (key) => {
      const nowMs = clock.monotonicMs();
      const known = attempts.get(key);
      const last = known !== undefined && nowMs - known.atMs < forgottenAfterMs ? known : undefined;
      if (last !== undefined && nowMs < last.nextMs) return last.nextMs - nowMs;
      const count = (last?.count ?? 0) + 1;
      const waitMs = count < freeAttempts ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** (count - freeAttempts));
      attempts.delete(key);
      const [oldest] = attempts.keys();
      if (attempts.size >= rememberedMax && oldest !== undefined) attempts.delete(oldest);
      attempts.set(key, { count, nextMs: nowMs + waitMs, atMs: nowMs });
      return 0;
    },
    forgive: (key) => void attempts.delete(key),
  };
}
