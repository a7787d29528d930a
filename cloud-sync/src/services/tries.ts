// What is known of the tries under one limit and key, and what one more makes of it: a few numbers and no clock of its own, so that a
// process can keep them in memory and a deployment in a row.
import type { Tries } from '../store/shared-tries.ts';
import type { BackOff, Bucket, RateLimit } from './rate-limits.ts';

export const waitMs = (tries: Tries | undefined, nowMs: number): number => Math.max(0, (tries?.nextMs ?? 0) - nowMs);

/** Counts one more try, also one before its time: whoever does not wait waits longer. */
export function oneMore(limit: RateLimit, tries: Tries | undefined, nowMs: number): Tries {
  const known = tries !== undefined && tries.forgetMs > nowMs ? tries : undefined;
  return 'windowMs' in limit ? fill(limit, known, nowMs) : waitLonger(limit, known, nowMs);
}

/**
 * A bucket as the moment when it will be full again (the generic cell rate algorithm): each try moves that on by what it takes to
 * refill. A clock that was set back makes nobody wait longer than two windows.
 */
function fill({ max, windowMs }: Bucket, known: Tries | undefined, nowMs: number): Tries {
  const refillMs = windowMs / max;
  const forgetMs = Math.max(nowMs, Math.min(known?.forgetMs ?? 0, nowMs + 2 * windowMs)) + refillMs;
  return { count: 0, nextMs: forgetMs + refillMs - windowMs, forgetMs };
}

function waitLonger(limit: BackOff, known: Tries | undefined, nowMs: number): Tries {
  const count = (known?.count ?? 0) + 1;
  const doubled = limit.firstWaitMs * 2 ** Math.min(30, count - limit.freeTries);
  const waits = count < limit.freeTries ? 0 : Math.min(limit.longestWaitMs, doubled);
  return { count, nextMs: nowMs + waits, forgetMs: nowMs + limit.forgottenAfterMs };
}
