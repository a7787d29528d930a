// Turnstiles of which only one may be open at a time: two doors of a lock, or the two directions of one turnstile. An opening waits
// until the one before it is over; whoever gives up waiting opens nothing. Rest is never waited for: an exit is free at once.
import type { Actuator } from '@postern/shared';

/** Wraps the actuators that share it. */
export type Interlock = (actuator: Actuator) => Actuator;

export function createInterlock(): Interlock {
  let last: Promise<unknown> = Promise.resolve();
  return (actuator) => ({
    id: actuator.id,
    rest: actuator.rest,
    open: (direction, persons, signal) => {
      const before = last;
      const opening = (async () => {
        await untilDone(before, signal);
        return actuator.open(direction, persons, signal);
      })();
      // The next one waits for this one's end, and for those that this one waited for even if it gives up.
      last = Promise.allSettled([before, opening]);
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
