// Persons a minute, in and out, of the last three hours and by zone. Minutes that are long past are counted seldom, the latest at every
// look: late marks of a gate that was out of touch show within a minute.
import { liveSeriesZonesMax, minuteMs, seriesMinutes, type Clock, type LiveSeries } from '@postern/shared';
import { sql } from 'kysely';
import type { Database } from '../store/database.ts';
import { readSparingly } from './sparing-reads.ts';

/** Counted at every look; the ones before them at most every `settledRestMs`. */
const recentMinutes = 10;
const settledRestMs = 60_000;

interface Flow {
  readonly zone: string;
  /** Unix minutes. */
  readonly minute: number;
  readonly entries: number;
  readonly exits: number;
}

export function createLiveSeries(database: Database, clock: Clock): (event: number) => Promise<LiveSeries> {
  const nowMinute = (): number => Math.floor(clock.wallMs() / minuteMs);
  const readSettled = readSparingly(
    clock,
    async (event) => {
      const until = nowMinute() - recentMinutes + 1;
      return { until, flows: await countFlows(database, event, nowMinute() - seriesMinutes + 1, until) };
    },
    settledRestMs,
  );
  return async (event) => {
    const { value: settled } = await readSettled(event);
    const last = nowMinute();
    return toSeries([...settled.flows, ...(await countFlows(database, event, settled.until, last + 1))], last);
  };
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
