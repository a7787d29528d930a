// Time that stands still until a test moves it: a Clock and a Timer on one virtual axis. Between two due timers every promise
// that can settle has settled, so that a test sees the same order on every run.
import type { Clock, Timer } from '@postern/shared';

export interface VirtualTime {
  readonly clock: Clock;
  readonly timer: Timer;
  /** Lets every promise settle, then moves on by `ms`, stopping at each timer on the way. */
  readonly advance: (ms: number) => Promise<void>;
  /** Moves on at once, as for a process that was suspended: what has become due fires with the next `advance`. */
  readonly jump: (ms: number) => void;
}

/** 14 November 2023, 22:13:20 UTC. */
export const virtualStartMs = 1_700_000_000_000;

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export function createVirtualTime(): VirtualTime {
  let nowMs = 0;
  let order = 0;
  const due = new Map<number, { readonly atMs: number; readonly fn: () => void }>();
  const nextDue = (untilMs: number): number | undefined => {
    let next: number | undefined;
    for (const [key, { atMs }] of due)
      if (atMs <= untilMs && (next === undefined || atMs < (due.get(next)?.atMs ?? 0))) next = key;
    return next;
  };
  return {
    clock: { wallMs: () => virtualStartMs + nowMs, monotonicMs: () => nowMs },
    timer: {
      after: (ms, fn) => {
        const key = order++;
        due.set(key, { atMs: nowMs + Math.max(0, ms), fn });
        return () => void due.delete(key);
      },
    },
    jump: (ms) => {
      nowMs += ms;
    },
    advance: async (ms) => {
      const untilMs = nowMs + ms;
      await settled();
      for (let key = nextDue(untilMs); key !== undefined; key = nextDue(untilMs)) {
        const entry = due.get(key);
        due.delete(key);
        nowMs = Math.max(nowMs, entry?.atMs ?? nowMs);
        entry?.fn();
        await settled();
      }
      nowMs = untilMs;
    },
  };
}
