// The only place of the handheld that asks the browser for time and randomness. Everything else receives a Clock, a Random or a Timer, so
// that tests can hand in their own.
import type { Clock, Logger, Random, Timer } from '@postern/shared';

/** A page that was asleep has missed as much time as the wall clock has moved without it. */
const sleptMsMin = 2_000;

/**
 * Wall time, and milliseconds since the page was opened. Browsers stop `performance.now()` while a phone sleeps; trust in the time would
 * survive that and be wrong by hours. So what the wall clock has gone ahead by counts as time, too.
 */
export function createBrowserClock(): Clock {
  let sleptMs = 0;
  let differenceMs = Date.now() - performance.now();
  return {
    wallMs: () => Date.now(),
    monotonicMs: () => {
      const nowMs = performance.now();
      const movedMs = Date.now() - nowMs - differenceMs;
      if (Math.abs(movedMs) > sleptMsMin) {
        differenceMs += movedMs;
        sleptMs += Math.max(0, movedMs);
      }
      return nowMs + sleptMs;
    },
  };
}

export const createBrowserRandom = (): Random => (bytes) => crypto.getRandomValues(new Uint8Array(bytes));

export const createBrowserTimer = (): Timer => ({
  after: (ms, fn) => {
    const timeout = setTimeout(fn, ms);
    return () => clearTimeout(timeout);
  },
});

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Unix ms, by the phone's own clock. */
  readonly atMs: number;
}

const logLinesMax = 200;

/** The last lines in memory, for whoever looks into a phone that misbehaves; never a code's text or a person's name. */
export function createMemoryLogger(wallMs: () => number): Logger & { readonly lines: () => readonly LogLine[] } {
  let lines: readonly LogLine[] = [];
  const logAs =
    (level: LogLine['level']): Logger['info'] =>
    (fields, message) => {
      lines = [...lines, { level, message, fields, atMs: wallMs() }].slice(-logLinesMax);
    };
  return { info: logAs('info'), warn: logAs('warn'), error: logAs('error'), lines: () => lines };
}
