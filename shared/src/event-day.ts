// The event day: the local date at the venue, beginning at the hour the event says, so that one night stays one day.

export interface EventDayRules {
  readonly timeZone: string;
  readonly dayStartsAtHour: number;
}

const hourMs = 3_600_000;
const formatsByTimeZone = new Map<string, Intl.DateTimeFormat>();

/** `YYYY-MM-DD` of the event day that contains `ms` (Unix milliseconds). An unknown time zone counts as UTC. */
export function eventDay(ms: number, { timeZone, dayStartsAtHour }: EventDayRules): string {
  return formatOf(timeZone).format(new Date(ms - dayStartsAtHour * hourMs));
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatsByTimeZone.get(timeZone);
  if (known !== undefined) return known;
  const format = createFormat(timeZone);
  formatsByTimeZone.set(timeZone, format);
  return format;
}

function createFormat(timeZone: string): Intl.DateTimeFormat {
  const options = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  try {
    return new Intl.DateTimeFormat('sv-SE', { ...options, timeZone });
  } catch {
    // A time zone this machine does not know: every replica falls back to the same one.
    return new Intl.DateTimeFormat('sv-SE', { ...options, timeZone: 'UTC' });
  }
}
