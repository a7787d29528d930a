// Numbers, times and ages as the dashboard writes them: in the reader's language, in the time zone of the event.
import { localeOf } from '@postern/shared';
import { language, say } from './language.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

function format(atMs: number, timeZone: string, name: string, options: Intl.DateTimeFormatOptions): string {
  const locale = localeOf(language.value);
  const key = `${locale} ${timeZone} ${name}`;
  let found = formats.get(key);
  if (found === undefined) {
    try {
      found = new Intl.DateTimeFormat(locale, { ...options, hourCycle: 'h23', timeZone });
    } catch {
      // A time zone this browser does not know.
      found = new Intl.DateTimeFormat(locale, { ...options, hourCycle: 'h23', timeZone: 'UTC' });
    }
    formats.set(key, found);
  }
  return found.format(atMs);
}

const clock = { hour: '2-digit', minute: '2-digit' } as const;

/** `19:02:11`. */
export const timeOfDay = (atMs: number, timeZone: string): string =>
  format(atMs, timeZone, 'time', { ...clock, second: '2-digit' });
/** `19:02`. */
export const hourAndMinute = (atMs: number, timeZone: string): string => format(atMs, timeZone, 'minute', clock);
/** `21 Sep 2026`. */
export const dateOf = (atMs: number, timeZone: string): string =>
  format(atMs, timeZone, 'date', { day: 'numeric', month: 'short', year: 'numeric' });
/** `21 Sep 2026, 19:02`. */
export const dateAndTime = (atMs: number, timeZone: string): string =>
  format(atMs, timeZone, 'both', { day: 'numeric', month: 'short', year: 'numeric', ...clock });

/** `8 s`, `12 min`, `3 h`, `2 days`. */
export function age(ms: number): string {
  if (ms < 90_000) return `${Math.max(0, Math.round(ms / 1_000))} s`;
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 48 * 3_600_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} ${say({ en: 'days', de: 'Tage' })}`;
}

/** `12 345` with a narrow space, which reads the same in every language. */
export const count = (value: number): string => value.toLocaleString('en-GB').replaceAll(',', '\u202f');

/** `3.1 MB`. */
export function bytes(value: number): string {
  const thousands = value < 1_000 ? 0 : value < 1_000_000 ? 1 : value < 1_000_000_000 ? 2 : 3;
  const digits = (value / 1_000 ** thousands).toLocaleString(localeOf(language.value), { maximumFractionDigits: 1 });
  return `${digits} ${['B', 'kB', 'MB', 'GB'][thousands]}`;
}
