// Rows of suspicious uses as the derivation writes them; what a person has made of one is never touched.
import type { SuspicionKind } from '@postern/shared';
import type { Queries } from '../store/database.ts';
import { suspicionId, type Suspicion } from './suspicion-rules.ts';

export async function storeSuspicion(
  queries: Queries,
  event: number,
  ticket: string,
  day: string,
  { kind, count, firstAtMs, lastAtMs, gates, sightings }: Suspicion,
): Promise<void> {
  const derived = {
    count,
    first_at_ms: firstAtMs,
    last_at_ms: lastAtMs,
    gates: JSON.stringify(gates),
    sightings: JSON.stringify(sightings),
    holds: 1,
  };
  await queries
    .insertInto('suspicion')
    .values({
      event,
      id: suspicionId(event, ticket, kind, day),
      ticket,
      day,
      kind,
      ...derived,
      state: 'open',
      seen_count: 0,
      seen_last_at_ms: 0,
    })
    .onConflict((conflict) => conflict.columns(['event', 'id']).doUpdateSet(derived))
    .execute();
}

/** The ground is gone: what nobody has looked at goes, what somebody has judged stays and says so. */
export async function dropSuspicions(
  queries: Queries,
  event: number,
  ticket: string,
  day: string,
  kinds: readonly SuspicionKind[],
): Promise<void> {
  if (kinds.length === 0) return;
  const ids = kinds.map((kind) => suspicionId(event, ticket, kind, day));
  await queries
    .deleteFrom('suspicion')
    .where('event', '=', event)
    .where('id', 'in', ids)
    .where('changed_at_ms', 'is', null)
    .execute();
  await queries
    .updateTable('suspicion')
    .set({ holds: 0 })
    .where('event', '=', event)
    .where('id', 'in', ids)
    .where('holds', '=', 1)
    .execute();
}
