// The state of the live page, read once for all who watch and never for more than a tenth of the time: a million marks make the page
// slower, not the gates.
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, LiveState, Result } from '@postern/shared';
import type { ReadLive } from './live.ts';
import type { Failure } from './problems.ts';

/** After a reading that took this long, times so much, comes the next one. */
const restFactor = 9;

export interface LiveStates {
  /** A state that was read after this call; the figures that take long to count may be older (`countedAtMs`). */
  readonly read: (event: number) => Promise<Result<LiveState, Failure>>;
}

export function createLiveStates({
  readLive,
  clock,
}: {
  readonly readLive: ReadLive;
  readonly clock: Clock;
}): LiveStates {
  /** Readings that have not begun yet: whoever comes now shares them. */
  const waiting = new Map<number, Promise<Result<LiveState, Failure>>>();
  let tail: Promise<unknown> = Promise.resolve();
  let nextAtMs = 0;

  const readNow = async (event: number): Promise<Result<LiveState, Failure>> => {
    const restMs = nextAtMs - clock.monotonicMs();
    if (restMs > 0) await delay(restMs, undefined, { ref: false });
    waiting.delete(event);
    const beganMs = clock.monotonicMs();
    try {
      return await readLive(event);
    } finally {
      const endedMs = clock.monotonicMs();
      nextAtMs = endedMs + restFactor * (endedMs - beganMs);
    }
  };

  return {
    read: (event) => {
      const shared = waiting.get(event);
      if (shared !== undefined) return shared;
      const reading = tail.then(() => readNow(event));
      waiting.set(event, reading);
      tail = reading.catch(() => {
        // Whoever asked has the rejection; the next reading must not inherit it.
      });
      return reading;
    },
  };
}
