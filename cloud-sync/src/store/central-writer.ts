// The lease under which one process start of the cloud writes marks. Renewed in the transaction of every commit, so that a process
// that slept too long and was declared dead (its segments may be closed by another by then) cannot commit any more; it also keeps the
// latest timestamp, so that the next start never goes back behind it.
import { bytesToHex, type Clock, type HybridTimestamp, type Random } from '@postern/shared';
import type { Database, Queries } from './database.ts';

/** A writer that has not been seen for this long is fenced off, and others finish its segments. */
export const leaseMs = 60_000;
const bootBytes = 8;
/** Ended writers are kept this long: their segments are closed within minutes, their timestamps matter for as long as clocks are off. */
const keptForMs = 90 * 86_400_000;

export interface Lease {
  readonly boot: string;
  /** The latest timestamp of any earlier start. */
  readonly floor: HybridTimestamp;
}

/** Registers a new process start. */
export async function takeLease(database: Database, clock: Clock, random: Random): Promise<Lease> {
  const boot = bytesToHex(random(bootBytes));
  const nowMs = clock.wallMs();
  const latest = await database
    .selectFrom('central_writer')
    .select(['at_ms', 'at_counter'])
    .orderBy('at_ms', 'desc')
    .orderBy('at_counter', 'desc')
    .limit(1)
    .executeTakeFirst();
  const floor = { ms: latest?.at_ms ?? 0, counter: latest?.at_counter ?? 0 };
  await database
    .insertInto('central_writer')
    .values({ boot, seen_at_ms: nowMs, ended: 0, at_ms: floor.ms, at_counter: floor.counter })
    .execute();
  await database
    .deleteFrom('central_writer')
    .where('ended', '=', 1)
    .where('seen_at_ms', '<', nowMs - keptForMs)
    .execute();
  return { boot, floor };
}

/** False when the writer has been fenced off: nothing of the transaction may be committed then. */
export async function renewLease(queries: Queries, boot: string, nowMs: number, at: HybridTimestamp): Promise<boolean> {
  const renewed = await queries
    .updateTable('central_writer')
    .set({ seen_at_ms: nowMs, at_ms: at.ms, at_counter: at.counter })
    .where('boot', '=', boot)
    .where('ended', '=', 0)
    .returning('boot')
    .executeTakeFirst();
  return renewed !== undefined;
}

export async function endLease(database: Database, boot: string): Promise<void> {
  await database.updateTable('central_writer').set({ ended: 1 }).where('boot', '=', boot).execute();
}

/** Fences off everybody else who has not been seen for `leaseMs`; who asks lives, however long it was suspended meanwhile. */
export async function endExpiredLeases(database: Database, boot: string, nowMs: number): Promise<void> {
  await database
    .updateTable('central_writer')
    .set({ ended: 1 })
    .where('ended', '=', 0)
    .where('boot', '!=', boot)
    .where('seen_at_ms', '<', nowMs - leaseMs)
    .execute();
}

/** Boots that somebody may be writing under now. */
export async function livingBoots(queries: Queries): Promise<ReadonlySet<string>> {
  const rows = await queries.selectFrom('central_writer').select('boot').where('ended', '=', 0).execute();
  return new Set(rows.map(({ boot }) => boot));
}
