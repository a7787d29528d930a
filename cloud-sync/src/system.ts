// The service's clock and randomness: the only place that reads the machine's. Everything else is given them.
import { randomFillSync } from 'node:crypto';
import type { Clock, Random, Timer } from '@postern/shared';

export interface System {
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
}

export const createSystem = (): System => ({
  clock: { wallMs: () => Date.now(), monotonicMs: () => performance.now() },
  random: (bytes) => randomFillSync(new Uint8Array(bytes)),
  timer: {
    after: (ms, fn) => {
      const timeout = setTimeout(fn, ms);
      timeout.unref();
      return () => clearTimeout(timeout);
    },
  },
});
