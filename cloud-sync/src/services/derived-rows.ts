// All that marks of gates come to in the database: corrections of their clocks, stories and cases, uses, recounts, wristbands. Made in the
// transaction that stores the marks, and taken back in the one that removes them.
import type { Clock, Mark } from '@postern/shared';
import { forgetCorrections, storeCorrections } from '../store/corrections.ts';
import type { Queries } from '../store/database.ts';
import { createRowBatch } from '../store/insert-rows.ts';
import { deriveStories } from './stories.ts';
import { deriveRest, forgetRest } from './uses.ts';

/** Answers with the tickets whose cases may have changed. */
export async function deriveRows(
  clock: Clock,
  queries: Queries,
  event: number,
  ticketIds: ReadonlySet<string>,
  marks: readonly Mark[],
): Promise<readonly string[]> {
  const batch = createRowBatch();
  await storeCorrections(queries, marks);
  const disputed = await deriveStories(queries, batch, clock, event, ticketIds, marks);
  await deriveRest(queries, batch, event, marks, disputed);
  await batch.write(queries);
  return disputed;
}

export async function underiveRows(
  clock: Clock,
  queries: Queries,
  event: number,
  ticketIds: ReadonlySet<string>,
  marks: readonly Mark[],
): Promise<void> {
  const batch = createRowBatch();
  await forgetCorrections(queries, marks);
  const disputed = await deriveStories(queries, batch, clock, event, ticketIds);
  await forgetRest(queries, batch, event, marks, disputed);
  await batch.write(queries);
}
