// One line a case, as a screen shows it: "Entered twice: ticket …0417, Gate A 19:02:11 ±0.1 s, Gate B 19:02:31 ±0.1 s".
import type { CaseView, EntryView } from '@postern/shared';

const ticketCharacters = 4;
const countWords = ['', 'once', 'twice', 'three times', 'four times', 'five times'];

/** Times in the event's time zone. */
export function caseText(
  found: Pick<CaseView, 'fitting' | 'misfits' | 'orderUncertain' | 'ticket'>,
  namesByGate: ReadonlyMap<string, string>,
  timeZone: string,
): string {
  const entries = [...found.fitting, ...found.misfits].toSorted((a, b) => a.atMs - b.atMs);
  const places = entries.map(
    (entry) => `${namesByGate.get(entry.gate) ?? entry.gate} ${timeOfDay(entry.atMs, timeZone)} ${uncertainty(entry)}`,
  );
  const order = found.orderUncertain ? '; who was first cannot be known' : '';
  return `Entered ${countWords[entries.length] ?? `${entries.length} times`}: ticket …${found.ticket.slice(-ticketCharacters)}, ${places.join(', ')}${order}`;
}

const uncertainty = ({ uncertaintyMs }: EntryView): string =>
  uncertaintyMs < 10_000
    ? `±${(Math.max(uncertaintyMs, 100) / 1_000).toFixed(1)} s`
    : `±${Math.round(uncertaintyMs / 1_000)} s`;

function timeOfDay(atMs: number, timeZone: string): string {
  const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  try {
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone }).format(atMs);
  } catch {
    // A time zone this machine does not know.
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }).format(atMs);
  }
}
