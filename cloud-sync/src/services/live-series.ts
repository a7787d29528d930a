// Persons a minute, in and out, of the last three hours and by zone. They are counted ten minutes at a time, so that nobody waits long behind a count; the
// latest ones at every look, those before them once a minute: late marks of a gate that was out of touch show by then.
import { setImmediate } from 'node:timers/promises';
import { liveSeriesZonesMax, minuteMs, seriesMinutes, type Clock, type LiveSeries } from '@postern/shared';
import { sql } from 'kysely';
import type { Database } from '../store/database.ts';

const sliceMinutes = 10;
const sliceRestMs = 60_000;
/** Events of which slices are kept. */
const eventsMax = 200;

interface Flow {
  readonly zone: string;
  /** Unix minutes. */
  readonly minute: number;
  readonly entries: number;
  readonly exits: number;
}
interface Slice {
  readonly flows: readonly Flow[];
  readonly countedMs: number;
}

export function createLiveSeries(database: Database, clock: Clock): (event: number) => Promise<LiveSeries> {
  const slicesByEvent = new Map<number, Map<number, Slice>>();
  return async (event) => {
    const last = Math.floor(clock.wallMs() / minuteMs);
    const before = slicesByEvent.get(event);
    const slices = new Map<number, Slice>();
    for (const from of slicesUntil(last)) {
      const known = before?.get(from);
      const isPast = from + sliceMinutes <= last - sliceMinutes;
      const isGood = known !== undefined && isPast && clock.monotonicMs() - known.countedMs < sliceRestMs;
      slices.set(from, isGood ? known : await countSlice(database, clock, event, from));
    }
    slicesByEvent.delete(event);
    slicesByEvent.set(event, slices);
    const [oldest] = slicesByEvent.keys();
    if (slicesByEvent.size > eventsMax && oldest !== undefined) slicesByEvent.delete(oldest);
    return toSeries(
      [...slices.values()].flatMap(({ flows }) => flows),
      last,
    );
  };
}

/** The first minutes of the slices that three hours touch. */
function slicesUntil(last: number): readonly number[] {
  const first = Math.floor((last - seriesMinutes + 1) / sliceMinutes);
  const count = Math.floor(last / sliceMinutes) - first + 1;
  return Array.from({ length: count }, (_, index) => (first + index) * sliceMinutes);
}

async function countSlice(database: Database, clock: Clock, event: number, from: number): Promise<Slice> {
  const countedMs = clock.monotonicMs();
  const flows = await countFlows(database, event, from, from + sliceMinutes);
  // On SQLite a count keeps everybody else waiting.
  await setImmediate();
  return { flows, countedMs };
}

/** From minute `from` until before `until`. */
async function countFlows(database: Database, event: number, from: number, until: number): Promise<readonly Flow[]> {
  const minute = sql<number>`at_ms / ${sql.lit(minuteMs)}`;
  const entries = await database
    .selectFrom('entry')
    .select(['zone', minute.as('minute'), ({ fn }) => fn.sum<number>('persons').as('persons')])
    .where('event', '=', event)
    .where('at_ms', '>=', from * minuteMs)
    .where('at_ms', '<', until * minuteMs)
    .groupBy(['zone', minute])
    .execute();
  const exits = await database
    .selectFrom('departure')
    .select(['zone', minute.as('minute'), ({ fn }) => fn.countAll<number>().as('persons')])
    .where('event', '=', event)
    .where('at_ms', '>=', from * minuteMs)
    .where('at_ms', '<', until * minuteMs)
    .groupBy(['zone', minute])
    .execute();
  return [
    ...entries.map(({ zone, minute: at, persons }) => ({ zone, minute: at, entries: persons, exits: 0 })),
    ...exits.map(({ zone, minute: at, persons }) => ({ zone, minute: at, entries: 0, exits: persons })),
  ];
}

/** Of the zones with the most persons through them; `all` counts every zone. */
function toSeries(flows: readonly Flow[], lastMinute: number): LiveSeries {
  const first = lastMinute - seriesMinutes + 1;
  const empty = () => ({
    entries: Array.from({ length: seriesMinutes }, () => 0),
    exits: Array.from({ length: seriesMinutes }, () => 0),
  });
  const all = empty();
  const byZone = new Map<string, { readonly zone: string; persons: number } & ReturnType<typeof empty>>();
  for (const { zone, minute, entries, exits } of flows) {
    const at = minute - first;
    if (at < 0 || at >= seriesMinutes) continue;
    const of = byZone.get(zone) ?? { zone, persons: 0, ...empty() };
    byZone.set(zone, of);
    of.persons += entries + exits;
    for (const series of [of, all]) {
      series.entries[at] = (series.entries[at] ?? 0) + entries;
      series.exits[at] = (series.exits[at] ?? 0) + exits;
    }
  }
  const zones = [...byZone.values()]
    .toSorted((a, b) => b.persons - a.persons || (a.zone < b.zone ? -1 : 1))
    .slice(0, liveSeriesZonesMax)
    .map(({ zone, entries, exits }) => ({ zone, entries, exits }));
  return { fromMs: first * minuteMs, all, zones };
}
