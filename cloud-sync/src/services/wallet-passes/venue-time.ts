// A moment as a pass shows it: with the clock of the venue and its offset, so that a phone from elsewhere shows what the doors go by.

/** ISO 8601 to the second, `2026-11-28T19:00:00+01:00`; a time zone that this machine does not know counts as UTC. */
export function venueTime(seconds: number, timeZone: string): string {
  const offset = offsetAt(seconds * 1_000, timeZone);
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number);
  const shiftS = (offset.startsWith('-') ? -1 : 1) * (hours * 3_600 + minutes * 60);
  return `${new Date((seconds + shiftS) * 1_000).toISOString().slice(0, 19)}${offset}`;
}

function offsetAt(ms: number, timeZone: string): string {
  try {
    const parts = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).formatToParts(ms);
    return /[+-]\d\d:\d\d/.exec(parts.find(({ type }) => type === 'timeZoneName')?.value ?? '')?.[0] ?? '+00:00';
  } catch {
    // A time zone this machine does not know: as event days do.
    return '+00:00';
  }
}
