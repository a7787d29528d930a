// The time steps of rotating codes: 15 s each, counted from the Unix epoch and named by the second they begin with. A code is
// accepted in its own step and the one on either side, and a gate that is not sure of its clock gives the visitor the benefit of it.
import type { TrustedTime } from './clock.ts';

/** Length of a step in seconds. */
export const stepS = 15;
/** Steps by which a phone's clock may be behind or ahead. */
const stepsTolerated = 1;

/** First second of the step that `atMs` (Unix milliseconds) lies in. */
export const stepStartS = (atMs: number): number => Math.floor(atMs / 1_000 / stepS) * stepS;

/**
 * Whether a code of the step `issuedAtS` is of now: by a clock that is right, from 15 s before its step begins to 15 s after it has
 * ended. `time` must be trusted.
 */
export function placeInTime(issuedAtS: number, { nowMs, uncertaintyMs }: TrustedTime): 'past' | 'now' | 'future' {
  const fromMs = (issuedAtS - stepsTolerated * stepS) * 1_000;
  const untilMs = (issuedAtS + (1 + stepsTolerated) * stepS) * 1_000;
  if (nowMs + uncertaintyMs < fromMs) return 'future';
  return nowMs - uncertaintyMs < untilMs ? 'now' : 'past';
}
