// Times as clocks at the venue show them, and back: of imported tables, and of what people type into the dashboard.

/** The moment at which clocks of the time zone show what `shownMs` says in UTC; where they skip it, the moment of the skip. */
export function localToUtcMs(shownMs: number, timeZone: string): number {
  const first = shownMs - offsetMs(shownMs, timeZone);
  const second = shownMs - offsetMs(first, timeZone);
  return offsetMs(second, timeZone) === shownMs - second ? second : Math.max(first, second);
}

/** How far clocks of the time zone are ahead of UTC then. */
export function offsetMs(utcMs: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: knownZone(timeZone),
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(utcMs);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value ?? 0);
  return (
    Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) -
    Math.floor(utcMs / 1_000) * 1_000
  );
}

/** As everywhere, a time zone that this machine does not know counts as UTC. */
function knownZone(timeZone: string): string {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone }).resolvedOptions().timeZone;
  } catch {
    // It throws at names that it does not know.
    return 'UTC';
  }
}
