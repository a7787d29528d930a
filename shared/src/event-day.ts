// The event day: the local date at the venue, beginning at the hour the event says, so that one night stays one day.

export interface EventDayRules {
  readonly timeZone: string;
  readonly dayStartsAtHour: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** No zone is further from UTC. */
const zoneOffsetMaxMs = 15 * hourMs;
/** Of the last day that is written with four digits for its year, and so compares and parses like all the others. */
const lastDayMs = Date.UTC(9999, 11, 30);
const formatsByTimeZone = new Map<string, Intl.DateTimeFormat>();

/**
 * `YYYY-MM-DD` of the event day that contains `ms` (Unix milliseconds). An unknown time zone counts as UTC, and whatever a hostile gate
 * says lies after the year 9999 as its last days.
 */
export function eventDay(ms: number, { timeZone, dayStartsAtHour }: EventDayRules): string {
  return formatOf(timeZone).format(new Date(Math.min(ms, lastDayMs) - dayStartsAtHour * hourMs));
}

/** When the event day `day` (`YYYY-MM-DD`) begins and the next one does, Unix milliseconds; nights without a clock change have 24 h. */
export function eventDayBounds(day: string, rules: EventDayRules): { readonly fromMs: number; readonly toMs: number } {
  const noonMs = Date.parse(`${day}T12:00:00Z`);
  return { fromMs: dayStart(day, rules), toMs: dayStart(new Date(noonMs + dayMs).toISOString().slice(0, 10), rules) };
}

/** The first millisecond of the day, by halving: local dates do not run backwards. */
function dayStart(day: string, rules: EventDayRules): number {
  const utcMs = Date.parse(`${day}T00:00:00Z`) + rules.dayStartsAtHour * hourMs;
  let before = utcMs - zoneOffsetMaxMs;
  let within = utcMs + zoneOffsetMaxMs;
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (eventDay(middle, rules) < day) before = middle;
    else within = middle;
  }
  return within;
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
