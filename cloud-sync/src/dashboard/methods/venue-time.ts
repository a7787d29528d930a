// What a field for date and time holds (`2026-09-21T19:00`), as the venue's clocks show it, and what the rules say: Unix seconds.
import { localToUtcMs, offsetMs } from '../../services/local-time.ts';

/** Undefined where nothing, or nothing sensible, is in the field. */
export function fieldToSeconds(field: string, timeZone: string): number | undefined {
  const shownMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/.test(field) ? Date.parse(`${field}Z`) : NaN;
  return Number.isNaN(shownMs) ? undefined : Math.floor(localToUtcMs(shownMs, timeZone) / 1_000);
}

export const secondsToField = (seconds: number | undefined, timeZone: string): string =>
  seconds === undefined
    ? ''
    : new Date(seconds * 1_000 + offsetMs(seconds * 1_000, timeZone)).toISOString().slice(0, 16);

export const fieldToMs = (field: string, timeZone: string): number | undefined => {
  const seconds = fieldToSeconds(field, timeZone);
  return seconds === undefined ? undefined : seconds * 1_000;
};
export const msToField = (ms: number | undefined, timeZone: string): string =>
  secondsToField(ms === undefined ? undefined : Math.floor(ms / 1_000), timeZone);
