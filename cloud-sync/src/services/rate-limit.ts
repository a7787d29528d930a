// A bucket of attempts that refills with time: enough for one process. Several processes would count in the database.
import type { Clock } from '@postern/shared';

export interface RateLimit {
  readonly isSpent: () => boolean;
  /** Takes one attempt. */
  readonly spend: () => void;
}

export function createRateLimit({ clock, perMinuteMax }: { readonly clock: Clock; readonly perMinuteMax: number }): RateLimit {
  let left = perMinuteMax;
  let refilledAtMs = clock.monotonicMs();
  const refill = (): void => {
    const nowMs = clock.monotonicMs();
    left = Math.min(perMinuteMax, left + ((nowMs - refilledAtMs) / 60_000) * perMinuteMax);
    refilledAtMs = nowMs;
  };
  return {
    isSpent: () => {
      refill();
      return left < 1;
    },
    spend: () => {
      refill();
      left = Math.max(0, left - 1);
    },
  };
}
