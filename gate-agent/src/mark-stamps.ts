// When a gate's own marks happened, at a gate and in a handheld alike: one hybrid clock a process start, never behind what its journal holds, and
// with each timestamp what is known of the clock.
import {
  compareHybrid,
  createHybridClock,
  type Clock,
  type ClockQuality,
  type HybridClock,
  type HybridTimestamp,
  type TrustedTime,
} from '@postern/shared';

/** When something happened; the journal adds who wrote it and its place in the sequence. */
export interface Stamp {
  readonly at: HybridTimestamp;
  readonly monotonicMs: number;
  readonly clock: ClockQuality;
}

export interface MarkStamps {
  /** Stays the same object when its floor is raised. */
  readonly hybrid: HybridClock;
  readonly stamp: () => Stamp;
  /** Nothing is stamped at or before `latest` any more. */
  readonly raiseTo: (latest: HybridTimestamp) => void;
}

export function createMarkStamps(time: () => TrustedTime, { monotonicMs }: Pick<Clock, 'monotonicMs'>): MarkStamps {
  let running = createHybridClock(() => time().nowMs);
  const hybrid: HybridClock = {
    tick: () => running.tick(),
    observe: (remote) => running.observe(remote),
    last: () => running.last(),
  };
  return {
    hybrid,
    stamp: () => {
      const { source, uncertaintyMs } = time();
      return {
        at: hybrid.tick(),
        monotonicMs: Math.round(monotonicMs()),
        clock: { source, uncertaintyMs: Math.ceil(uncertaintyMs) },
      };
    },
    raiseTo: (latest) => {
      if (compareHybrid(latest, hybrid.last()) > 0) running = createHybridClock(() => time().nowMs, latest);
    },
  };
}
