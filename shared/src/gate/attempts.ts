// Limits guessing: so many misses in a window, counted by who made them (a reader, an operator). Bounded memory.

export interface AttemptRules {
  readonly missesMax: number;
  readonly windowMs: number;
}

export interface AttemptLimit {
  /** Monotonic time at which `key` may try again, or undefined when it may now. */
  readonly blockedUntilMs: (key: string, nowMs: number) => number | undefined;
  readonly miss: (key: string, nowMs: number) => void;
  readonly forgive: (key: string) => void;
}

/** Sources counted at once; beyond it the one whose last miss lies furthest back is forgotten. */
export const attemptKeysMax = 1_000;

export function createAttemptLimit({ missesMax, windowMs }: AttemptRules): AttemptLimit {
  /** Times of the newest misses, at most `missesMax` a key; keys in the order of their last miss. */
  const misses = new Map<string, number[]>();
  return {
    blockedUntilMs: (key, nowMs) => {
      const times = misses.get(key);
      const first = times?.[0];
      if (times === undefined || first === undefined || times.length < missesMax) return undefined;
      return first + windowMs > nowMs ? first + windowMs : undefined;
    },
    miss: (key, nowMs) => {
      const times = [...(misses.get(key) ?? []), nowMs].slice(-missesMax);
      misses.delete(key);
      misses.set(key, times);
      const stalest = misses.keys().next().value;
      if (misses.size > attemptKeysMax && stalest !== undefined) misses.delete(stalest);
    },
    forgive: (key) => void misses.delete(key),
  };
}
