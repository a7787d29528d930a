// Keeps uses and what is suspicious about them together: stored in the transaction of the mark or the audit entry that tells of them,
// and made anew from both.
import type { Mark } from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import { createRowBatch, type RowBatch } from '../store/insert-rows.ts';
import { entryToUsage, eventsWithoutUsage, forgetUsage, rebuildUsage, toUses, type UsageRow } from '../store/usage.ts';
import type { EntryRow } from './audit-chain.ts';
import { deriveBindings, forgetBindings } from './binding-rows.ts';
import { deriveRecounts, forgetRecounts } from './recounts.ts';
import { deriveSuspicions, rebuildSuspicions } from './suspicion-derive.ts';

/**
 * After stories and cases of the same marks. What can wait goes into `batch`, which the caller writes; `disputed` are the tickets whose
 * cases may have changed.
 */
async function storeUses(
  queries: Queries,
  batch: RowBatch,
  event: number,
  rows: readonly UsageRow[],
  disputed: readonly string[],
): Promise<void> {
  batch.add('usage', rows, 'keep');
  await deriveSuspicions(queries, batch, event, rows, disputed);
}

/**
 * What marks come to beside stories and cases, after these and in the same transaction: uses, recounts, wristbands. As `storeUses`; the
 * rows of the marks themselves may still be in `batch`.
 */
export async function deriveRest(
  queries: Queries,
  batch: RowBatch,
  event: number,
  marks: readonly Mark[],
  disputed: readonly string[],
): Promise<void> {
  await storeUses(queries, batch, event, await toUses(queries, event, marks), disputed);
  await deriveRecounts(queries, event, marks);
  if (!marks.some(({ kind }) => kind === 'bound')) return;
  // Bindings are read together with those that are there already.
  await batch.write(queries);
  await deriveBindings(queries, event, marks);
}

/** The same of marks that have left the history. */
export async function forgetRest(
  queries: Queries,
  batch: RowBatch,
  event: number,
  marks: readonly Mark[],
  disputed: readonly string[],
): Promise<void> {
  await deriveSuspicions(queries, batch, event, await forgetUsage(queries, marks), disputed);
  await forgetRecounts(queries, event, marks);
  await forgetBindings(queries, event, marks);
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
