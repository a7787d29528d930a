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

/** On the console: what a developer looks at; never a code's text or a person's name. */
export const createConsoleLogger = (): Logger => ({
  info: (fields, message) => console.info(message, fields),
  warn: (fields, message) => console.warn(message, fields),
  // Failures are shown on the page; an error of the console is a fault of the program.
  error: (fields, message) => console.warn(message, fields),
});
