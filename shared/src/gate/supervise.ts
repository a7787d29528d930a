// Keeps a reader running: starts it again when it ends or fails, waiting longer each time (doubling with jitter, up to a limit),
// and says how it is. A reader that has stayed up for a while starts from the shortest wait again. One that is `finite` (a file,
// standard input) is done when it resolves. Ends only through the signal or a finite reader's end; never rejects.
import type { Clock } from '../clock.ts';
import type { Presentation } from '../presentation.ts';
import type { Logger, Random, Reader, Timer } from './ports.ts';
import { sleep } from './sleep.ts';

export interface ReaderHealth {
  readonly readerId: string;
  /** `running`: started and not ended yet; `restarting`: waiting for the next attempt; `ended`: a finite reader is done; `stopped`: told to. */
  readonly state: 'starting' | 'running' | 'restarting' | 'ended' | 'stopped';
  /** Monotonic milliseconds at which this state began; for a reader in trouble, at which the trouble began. */
  readonly sinceMs: number;
  /** Starts since it was last up for `stableAfterMs`; more than 1 means trouble even if it runs at the moment. */
  readonly attempts: number;
  /** Why it last ended, until it has been up for `stableAfterMs`. */
  readonly lastError?: string;
  /** Wait before the next attempt, while `restarting`. */
  readonly retryInMs?: number;
}

export interface SuperviseDeps {
  readonly reader: Reader;
  readonly deliver: (presentation: Presentation) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly timer: Timer;
}

export interface Supervisor {
  /** Runs until `signal` aborts or a finite reader ends. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly health: () => ReaderHealth;
}

export const backoffFirstMs = 250;
export const backoffMaxMs = 30_000;
/** Up for this long counts as recovered. */
export const stableAfterMs = 10_000;
const errorCharsMax = 500;

export function createSupervisor({ reader, deliver, clock, random, logger, timer }: SuperviseDeps): Supervisor {
  let state: ReaderHealth['state'] = 'starting';
  let sinceMs = clock.monotonicMs();
  let troubleSinceMs: number | undefined;
  let startedAtMs = sinceMs;
  let attempts = 0;
  let lastError: string | undefined;
  let retryInMs: number | undefined;

  const enter = (next: ReaderHealth['state']): void => {
    state = next;
    sinceMs = clock.monotonicMs();
  };
  const recovered = (): boolean => clock.monotonicMs() - startedAtMs >= stableAfterMs;

  return {
    health: () => {
      if (state === 'running' && recovered()) return { readerId: reader.id, state, sinceMs, attempts: 1 };
      return {
        readerId: reader.id,
        state,
        sinceMs: state === 'restarting' ? (troubleSinceMs ?? sinceMs) : sinceMs,
        attempts,
        ...(lastError === undefined ? {} : { lastError }),
        ...(state === 'restarting' && retryInMs !== undefined ? { retryInMs } : {}),
      };
    },
    run: async (signal) => {
      while (!signal.aborted) {
        attempts++;
        startedAtMs = clock.monotonicMs();
        enter('running');
        const error = await runOnce(reader, (presentation) => !signal.aborted && deliver(presentation), signal);
        if (signal.aborted) break;
        if (error === undefined && reader.finite) {
          lastError = undefined;
          logger.info({ reader: reader.id }, 'The reader has come to its end');
          return enter('ended');
        }
        if (recovered()) [attempts, troubleSinceMs] = [1, undefined];
        troubleSinceMs ??= clock.monotonicMs();
        lastError = error ?? 'the device went away';
        retryInMs = backoffMs(attempts, random);
        enter('restarting');
        logger.warn(
          { reader: reader.id, attempts, retryInMs, error: lastError },
          'The reader ended and will be started again',
        );
        await sleep(timer, retryInMs, signal);
      }
      enter('stopped');
    },
  };
}

/** Undefined when the reader resolved, otherwise why it failed. */
async function runOnce(
  reader: Reader,
  deliver: (presentation: Presentation) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await reader.run(deliver, signal);
    return undefined;
  } catch (cause) {
    return (cause instanceof Error ? cause.message : String(cause)).slice(0, errorCharsMax);
  }
}

/** The wait before attempt `attempts + 1`: half of it fixed, half random, so that gates on one power strip do not move in step. */
export function backoffMs(attempts: number, random: Random): number {
  const full = Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(attempts - 1, 20));
  const [high = 0, low = 0] = random(2);
  return Math.round(full / 2 + (full / 2) * ((high * 256 + low) / 65_535));
}
