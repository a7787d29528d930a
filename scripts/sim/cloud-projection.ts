// What the cloud's own database makes of all that a simulated cloud has taken in and cut back, in the order in which it did: the real store
// with everything that is derived from marks, on an SQLite in memory. Played at the end of a day, since between two steps nothing waits.
import type { AdmissionPolicy, Clock, Ticket } from '@postern/shared';
import { followingCorrections } from '../../cloud-sync/src/services/corrected-stories.ts';
import { deriveRows, underiveRows } from '../../cloud-sync/src/services/derived-rows.ts';
import { migrate } from '../../cloud-sync/src/store/database.ts';
import { createReplicaStore } from '../../cloud-sync/src/store/replica.ts';
import { countZonePersons } from '../../cloud-sync/src/store/zone-persons.ts';
import { openCloudDatabase } from '../lib/cloud-database.ts';
import type { ReplicaTransaction } from './simulated-replica.ts';
import { simulatedZone } from './world.ts';

export interface CloudProjection {
  readonly contentHash: string;
  /** In the simulated zone. */
  readonly persons: number;
  /** Ids of all cases, sorted. */
  readonly cases: readonly string[];
  /** What the store has not taken, in words. */
  readonly refused: readonly string[];
}

export interface ProjectionDeps {
  readonly policy: AdmissionPolicy;
  readonly tickets: readonly Ticket[];
  readonly clock: Clock;
  readonly transactions: readonly ReplicaTransaction[];
}

export async function projectAtCloud({
  policy,
  tickets,
  clock,
  transactions,
}: ProjectionDeps): Promise<CloudProjection> {
  const database = openCloudDatabase('sqlite::memory:');
  try {
    const migrated = await migrate(database);
    if (!migrated.ok) throw new Error(JSON.stringify(migrated.error));
    const { event } = policy;
    const zero = { revision: 0, created_at_ms: 0 };
    await database
      .insertInto('event')
      .values({ id: event, policy: JSON.stringify(policy), code_hash_key: '00', rules_revision: 0, ...zero })
      .execute();
    for (const { id, type, epoch, status, party } of tickets)
      await database
        .insertInto('ticket')
        .values({
          event,
          id,
          type,
          epoch,
          status,
          party,
          hold: null,
          valid_from_s: null,
          valid_until_s: null,
          transferred_at_ms: null,
          version: 0,
          ...zero,
        })
        .execute();
    const store = followingCorrections(
      createReplicaStore({
        database,
        clock,
        derive: async (...about) => void (await deriveRows(clock, ...about)),
        underive: (...about) => underiveRows(clock, ...about),
      }),
      database,
      clock,
    );
    const refused: string[] = [];
    for (const transaction of transactions) {
      if (transaction.type === 'quarantine') continue;
      const done = await (transaction.type === 'append'
        ? store.append(transaction.acceptance)
        : store.cutBack(transaction.cut));
      if (!done.ok) refused.push(`${transaction.type}: ${done.error.type}`);
    }
    const cases = await database.selectFrom('case').select('id').where('event', '=', event).execute();
    return {
      contentHash: await store.contentHash(event),
      persons: (await countZonePersons(database, event, [simulatedZone])).get(simulatedZone) ?? 0,
      cases: cases.map(({ id }) => id).toSorted(),
      refused,
    };
  } finally {
    await database.destroy();
  }
}
