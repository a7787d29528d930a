// How many persons are in a zone: what somebody has counted there last, plus the entries and minus the exits after it; without a recount
// all of them. Times are compared in milliseconds: what happened in the one of the recount was counted.
import type { Queries } from './database.ts';

/** By zone; those of which nothing is known have nobody in them. */
export async function countZonePersons(
  queries: Queries,
  event: number,
  zones: readonly string[],
): Promise<Map<string, number>> {
  const counted = new Map(zones.map((zone) => [zone, 0]));
  if (zones.length === 0) return counted;
  const recounts = await readLastRecounts(queries, event, zones);
  const others = zones.filter((zone) => !recounts.has(zone));
  if (others.length > 0)
    for (const { zone, persons } of await queries
      .selectFrom('presence')
      .select(['zone', ({ fn }) => fn.sum<number>('persons').as('persons')])
      .where('event', '=', event)
      .where('zone', 'in', others)
      .groupBy('zone')
      .execute())
      counted.set(zone, persons);
  for (const [zone, { persons, atMs }] of recounts) {
    const { entered } = await queries
      .selectFrom('entry')
      .select(({ fn }) => fn.sum<number | null>('persons').as('entered'))
      .where('event', '=', event)
      .where('at_ms', '>', atMs)
      .where('zone', '=', zone)
      .executeTakeFirstOrThrow();
    const { left } = await queries
      .selectFrom('departure')
      .select(({ fn }) => fn.countAll<number>().as('left'))
      .where('event', '=', event)
      .where('at_ms', '>', atMs)
      .where('zone', '=', zone)
      .executeTakeFirstOrThrow();
    counted.set(zone, Math.max(0, persons + (entered ?? 0) - left));
  }
  return counted;
}

interface Recount {
  readonly persons: number;
  readonly atMs: number;
}

/** The latest by (time, gate, boot, sequence), as everywhere; compared here and not by the database, whose collation may differ. */
async function readLastRecounts(
  queries: Queries,
  event: number,
  zones: readonly string[],
): Promise<ReadonlyMap<string, Recount>> {
  const rows = await queries
    .selectFrom('recount as one')
    .selectAll('one')
    .where('one.event', '=', event)
    .where('one.zone', 'in', zones)
    .where('one.at_ms', '=', (where) =>
      where
        .selectFrom('recount as other')
        .select(({ fn }) => fn.max<number>('other.at_ms').as('at_ms'))
        .whereRef('other.event', '=', 'one.event')
        .whereRef('other.zone', '=', 'one.zone'),
    )
    .execute();
  const last = new Map<string, (typeof rows)[number]>();
  for (const row of rows) {
    const before = last.get(row.zone);
    if (before === undefined || isAfter(row, before)) last.set(row.zone, row);
  }
  return new Map([...last].map(([zone, { persons, at_ms }]) => [zone, { persons, atMs: at_ms }]));
}

interface Place {
  readonly gate: string;
  readonly boot: string;
  readonly sequence: number;
}

function isAfter(a: Place, b: Place): boolean {
  if (a.gate !== b.gate) return a.gate > b.gate;
  return a.boot === b.boot ? a.sequence > b.sequence : a.boot > b.boot;
}
