// Keeps uses and what is suspicious about them together: stored in the transaction of the mark or the audit entry that tells of them,
// and made anew from both.
import type { Database, Queries } from '../store/database.ts';
import { createRowBatch, type RowBatch } from '../store/insert-rows.ts';
import { entryToUsage, eventsWithoutUsage, forgetUsage, rebuildUsage, type UsageRow } from '../store/usage.ts';
import type { EntryRow } from './audit-chain.ts';
import { deriveSuspicions, rebuildSuspicions } from './suspicion-derive.ts';

/**
 * After stories and cases of the same marks. What can wait goes into `batch`, which the caller writes; `disputed` are the tickets whose
 * cases may have changed.
 */
export async function storeUses(
  queries: Queries,
  batch: RowBatch,
  event: number,
  rows: readonly UsageRow[],
  disputed: readonly string[],
): Promise<void> {
  batch.add('usage', rows, 'keep');
  await deriveSuspicions(queries, batch, event, rows, disputed);
}

/** After stories and cases of the same marks, which have left the history. */
export async function forgetUses(
  queries: Queries,
  batch: RowBatch,
  event: number,
  rows: readonly UsageRow[],
  disputed: readonly string[],
): Promise<void> {
  await forgetUsage(queries, rows);
  await deriveSuspicions(queries, batch, event, rows, disputed);
}

/** Central verifications that left no mark; those of no event concern no ticket either. */
export async function storeVerifications(queries: Queries, entries: readonly EntryRow[]): Promise<void> {
  const rows = entries.filter((entry) => entry.event !== 0).map(entryToUsage);
  const batch = createRowBatch();
  for (const event of new Set(rows.map((row) => row.event)))
    await storeUses(
      queries,
      batch,
      event,
      rows.filter((row) => row.event === event),
      [],
    );
  await batch.write(queries);
}

/** One transaction for the uses; best while gates are quiet. Answers how many there are. */
export async function rebuildUses(database: Database, event: number): Promise<number> {
  const uses = await database.transaction().execute((queries) => rebuildUsage(queries, event));
  await rebuildSuspicions(database, event);
  return uses;
}

/** For marks that are older than the table of uses. */
export async function makeMissingUses(database: Database): Promise<void> {
  for (const event of await eventsWithoutUsage(database)) await rebuildUses(database, event);
}
