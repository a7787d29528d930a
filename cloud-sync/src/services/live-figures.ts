// The figures of an event that take longer to count the more has happened at it: totals by gate, refusals by reason, what waits for a person. Only
// reads.
import { liveReasonsMax, type LiveState } from '@postern/shared';
import { sql } from 'kysely';
import type { Database } from '../store/database.ts';

export interface EventCounts {
  /** Persons that entered and were not taken back. */
  readonly admitted: number;
  /** Refusals, folded ones counted. */
  readonly refused: number;
  readonly marks: number;
  /** Open ones. */
  readonly cases: number;
  /** Chunks that were put aside and not let in since. */
  readonly aside: number;
}

export async function countEvent(database: Database, event: number): Promise<EventCounts> {
  const entries = await database
    .selectFrom('entry')
    .select(({ fn }) => fn.sum<number | null>('persons').as('sum'))
    .where('event', '=', event)
    .executeTakeFirstOrThrow();
  return { admitted: entries.sum ?? 0, ...(await countRest(database, event)) };
}

async function countRest(database: Database, event: number): Promise<Omit<EventCounts, 'admitted'>> {
  const refusals = await database
    .selectFrom('mark')
    .select(({ fn }) => fn.sum<number | null>('count').as('sum'))
    .where('event', '=', event)
    .where('kind', '=', 'refused')
    .executeTakeFirstOrThrow();
  const marks = await database
    .selectFrom('mark')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('event', '=', event)
    .where('kind', '!=', 'rehearsed')
    .executeTakeFirstOrThrow();
  const cases = await database
    .selectFrom('case')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('event', '=', event)
    .where('state', '=', 'open')
    .executeTakeFirstOrThrow();
  const quarantine = await database
    .selectFrom('quarantine')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('event', '=', event)
    .where('released_at_ms', 'is', null)
    .executeTakeFirstOrThrow();
  return { refused: refusals.sum ?? 0, marks: marks.count, cases: cases.count, aside: quarantine.count };
}

export interface LiveFigures extends EventCounts, Pick<LiveState, 'suspicions' | 'refusals'> {
  readonly entriesByGate: ReadonlyMap<string, number>;
}

export async function readLiveFigures(database: Database, event: number): Promise<LiveFigures> {
  const entriesByGate = await countEntriesByGate(database, event);
  const suspicions = await database
    .selectFrom('suspicion')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('event', '=', event)
    .where('state', '=', 'open')
    .executeTakeFirstOrThrow();
  const reasons = await database
    .selectFrom('usage')
    .select(['reason', ({ fn }) => fn.sum<number>('count').as('count')])
    .where('event', '=', event)
    // Literally, so that SQLite takes the index of the refused ones.
    .where('kind', '=', sql.lit('refused'))
    .where('reason', 'is not', null)
    .groupBy('reason')
    .execute();
  return {
    admitted: [...entriesByGate.values()].reduce((sum, persons) => sum + persons, 0),
    ...(await countRest(database, event)),
    entriesByGate,
    suspicions: suspicions.count,
    refusals: reasons
      .map(({ reason, count }) => ({ code: reason ?? '', count }))
      .toSorted((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1))
      .slice(0, liveReasonsMax),
  };
}

export async function countEntriesByGate(database: Database, event: number): Promise<ReadonlyMap<string, number>> {
  const rows = await database
    .selectFrom('entry')
    .select(['gate', ({ fn }) => fn.sum<number>('persons').as('persons')])
    .where('event', '=', event)
    .groupBy('gate')
    .execute();
  return new Map(rows.map((row) => [row.gate, row.persons]));
}
