// The honest offline risk: how many entries each gate has decided with nobody in reach, by how old a list and how sure a clock, and since
// when the cloud cannot say that it knows the newest revocations. Only reads.
import { coverageOf, err, ok, type Clock, type OfflineRisk, type ReplicaStore, type Result } from '@postern/shared';
import { sql } from 'kysely';
import type { Database } from '../store/database.ts';
import { readEvent } from './events.ts';
import type { Failure } from './problems.ts';

export interface OfflineRiskDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly replica: Pick<ReplicaStore, 'frontier'>;
}

export type ReadOfflineRisk = (event: number) => Promise<Result<OfflineRisk, Failure>>;

type OutOfTouch = OfflineRisk['outOfTouch'];
const none: OutOfTouch = { entries: 0, persons: 0, alone: 0, uncertaintyMsMax: 0 };

export function createOfflineRisk({ database, clock, replica }: OfflineRiskDeps): ReadOfflineRisk {
  return async (event) => {
    if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
    const atMs = clock.wallMs();
    const gates = await database
      .selectFrom('gate')
      .select(['id', 'name', 'feed_version', 'last_contact_ms', 'enrolled_at_ms'])
      .where('event', '=', event)
      .orderBy('id')
      .execute();
    const feeds = await database
      .selectFrom('feed')
      .select(['version', 'created_at_ms'])
      .where('event', '=', event)
      .orderBy('version')
      .execute();
    const enrolled = gates.filter(({ enrolled_at_ms }) => enrolled_at_ms !== null);
    const covered = coverageOf(await replica.frontier(event), enrolled);
    const throughByGate = new Map(covered.gates.map(({ gate, throughMs }) => [gate, throughMs]));
    const counts = await countEntries(database, event);
    const views = gates.map(({ id, name, feed_version, last_contact_ms }) => {
      const throughMs = throughByGate.get(id);
      const newer = feeds.find(({ version }) => version > (feed_version ?? 0));
      // With the newest list it was up to date when it last called; with an older one, until the next was made.
      const knownUntilMs = newer?.created_at_ms ?? last_contact_ms;
      return {
        gate: id,
        name,
        ...(counts.get(id) ?? { entries: 0, outOfTouch: none }),
        ...(feed_version === null || knownUntilMs === null
          ? {}
          : { revocationAgeMs: Math.max(0, atMs - knownUntilMs) }),
        ...(throughMs === undefined ? {} : { throughMs }),
      };
    });
    return ok({
      event,
      atMs,
      entries: sum([...counts.values()].map(({ entries }) => entries)),
      outOfTouch: combine([...counts.values()].map(({ outOfTouch }) => outOfTouch)),
      gates: views,
    });
  };
}

/** By gate; what the cloud itself has verified is never out of touch. */
async function countEntries(
  database: Database,
  event: number,
): Promise<ReadonlyMap<string, { readonly entries: number; readonly outOfTouch: OutOfTouch }>> {
  const rows = await database
    .selectFrom('entry')
    .select([
      'gate',
      'out_of_touch',
      ({ fn }) => fn.countAll<number>().as('entries'),
      ({ fn }) => fn.sum<number>('persons').as('persons'),
      sql<number>`sum(case when peers_reachable = 0 then 1 else 0 end)`.as('alone'),
      ({ fn }) => fn.max<number>('uncertainty_ms').as('uncertainty'),
      ({ fn }) => fn.max<number | null>('feed_age_s').as('feed_age'),
    ])
    .where('event', '=', event)
    .groupBy(['gate', 'out_of_touch'])
    .execute();
  const byGate = new Map<string, { entries: number; outOfTouch: OutOfTouch }>();
  for (const row of rows) {
    const before = byGate.get(row.gate) ?? { entries: 0, outOfTouch: none };
    const outOfTouch =
      row.out_of_touch === 0
        ? before.outOfTouch
        : {
            entries: row.entries,
            persons: row.persons,
            alone: row.alone,
            uncertaintyMsMax: row.uncertainty,
            ...(row.feed_age === null ? {} : { feedAgeSMax: row.feed_age }),
          };
    byGate.set(row.gate, { entries: before.entries + row.entries, outOfTouch });
  }
  return byGate;
}

function combine(all: readonly OutOfTouch[]): OutOfTouch {
  const ages = all.flatMap(({ feedAgeSMax }) => feedAgeSMax ?? []);
  return {
    entries: sum(all.map(({ entries }) => entries)),
    persons: sum(all.map(({ persons }) => persons)),
    alone: sum(all.map(({ alone }) => alone)),
    uncertaintyMsMax: Math.max(0, ...all.map(({ uncertaintyMsMax }) => uncertaintyMsMax)),
    ...(ages.length === 0 ? {} : { feedAgeSMax: Math.max(...ages) }),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
