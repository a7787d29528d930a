// Turnstiles of which only one may be open at a time: two doors of a lock, or the two directions of one turnstile. An opening waits
// until the one before it is over, and says so; whoever gives up waiting opens nothing. Rest is never waited for: an exit is free at once.
import type { Actuator } from '@postern/shared';

/** Wraps the actuators that share it. */
export type Interlock = (actuator: Actuator) => Actuator;

export function createInterlock(): Interlock {
  let last: Promise<unknown> = Promise.resolve();
  /** Openings that are not over yet, those that wait included. */
  let pending = 0;
  return (actuator) => ({
    id: actuator.id,
    rest: actuator.rest,
    open: (direction, persons, signal, hear) => {
      const before = last;
      const waits = pending++ > 0;
      const opening = (async () => {
        try {
          signal.throwIfAborted();
          if (!waits) return await actuator.open(direction, persons, signal, hear);
          hear?.('waits');
          await untilDone(before, signal);
          const opens = actuator.open(direction, persons, signal, hear);
          // After what is behind it may have said that it waits, too.
          hear?.('turn');
          return await opens;
        } finally {
          pending--;
        }
      })();
      // The next one waits for this one's end, and for those that this one waited for even if it gives up.
      // What came of them is not kept, or every opening of a season would be.
      last = Promise.allSettled([before, opening]).then(() => undefined);
      return opening;
    },
  });
}

/** Rejects as soon as `signal` aborts. */
async function untilDone(before: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let giveUp = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  });
  signal.addEventListener('abort', giveUp);
  try {
    await Promise.race([before, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
