// The two steps of what must not happen by a slip: a press says what it would do and gives a token, and only that person's token, within
// a short time and once, does it.
import { bytesToHex } from '../bytes.ts';
import type { Clock } from '../clock.ts';
import type { Random } from './ports.ts';

export const confirmWithinMs = 30_000;
/** People who may have something to confirm at once; past it the oldest is forgotten. */
export const confirmationsMax = 100;
const tokenBytes = 16;

export interface Confirmations<T> {
  /** What the person asked for before is forgotten. */
  readonly ask: (person: string, what: T) => { readonly token: string; readonly expiresInMs: number };
  /** Undefined for another's token, a used one, or one that is too old. */
  readonly take: (person: string, token: string) => T | undefined;
}

export function createConfirmations<T>({
  clock,
  random,
}: {
  readonly clock: Clock;
  readonly random: Random;
}): Confirmations<T> {
  const waiting = new Map<string, { readonly token: string; readonly what: T; readonly untilMs: number }>();
  return {
    ask: (person, what) => {
      const token = bytesToHex(random(tokenBytes));
      waiting.delete(person);
      const [oldest] = waiting.keys();
      if (waiting.size >= confirmationsMax && oldest !== undefined) waiting.delete(oldest);
      waiting.set(person, { token, what, untilMs: clock.monotonicMs() + confirmWithinMs });
      return { token, expiresInMs: confirmWithinMs };
    },
    take: (person, token) => {
      const asked = waiting.get(person);
      if (asked?.token !== token) return undefined;
      waiting.delete(person);
      return clock.monotonicMs() < asked.untilMs ? asked.what : undefined;
    },
  };
}
