// Names, numbers and times as the page writes them, in the event's time zone.
import type { LiveState } from '@postern/shared';

/** `19:02:11`. */
export function timeOfDay(atMs: number, timeZone: string): string {
  const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  try {
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone }).format(atMs);
  } catch {
    // A time zone this browser does not know.
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }).format(atMs);
  }
}

/** `±0.1 s`. */
export const uncertainty = (ms: number): string =>
  ms < 10_000 ? `±${(Math.max(ms, 100) / 1_000).toFixed(1)} s` : `±${Math.round(ms / 1_000)} s`;

/** `8 s`, `12 min`, `3 h`. */
export function age(ms: number): string {
  if (ms < 90_000) return `${Math.max(0, Math.round(ms / 1_000))} s`;
  return ms < 5_400_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

export const count = (value: number): string => value.toLocaleString('en-GB').replaceAll(',', '\u202f');

export const gateName = ({ gates }: Pick<LiveState, 'gates'>, id: string): string =>
  gates.find((gate) => gate.id === id)?.name ?? id;

/** The end of a ticket's id: enough to tell two apart on a screen. */
export const ticketLabel = (id: string): string => (id === '' ? 'no ticket' : `…${id.slice(-4)}`);
