// What people have counted in zones, as rows with the time that is known now: derived from `recounted` marks and clock corrections.
import { readCorrections, type Mark, type WriterId } from '@postern/shared';

import type { Queries } from '../store/database.ts';
import { readCorrectionMarks, readMark } from '../store/mark-rows.ts';

type Recounted = Extract<Mark, { kind: 'recounted' }>;

/** Of new marks, in the transaction that stores them. */
export async function deriveRecounts(queries: Queries, event: number, marks: readonly Mark[]): Promise<void> {
  const recounted = marks.filter((mark): mark is Recounted => mark.kind === 'recounted');
  if (recounted.length === 0) return;
  const corrections = readCorrections(await readCorrectionMarks(queries, event, recounted));
  for (const mark of recounted) {
    const { gate, boot, sequence, zone, persons } = mark;
    const row = { event, gate, boot, sequence, zone, persons, at_ms: corrections.timeOf(mark).at.ms };
    await queries
      .insertInto('recount')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Of marks that have left the history. */
export async function forgetRecounts(queries: Queries, event: number, marks: readonly Mark[]): Promise<void> {
  for (const { kind, gate, boot, sequence } of marks)
    if (kind === 'recounted')
      await queries
        .deleteFrom('recount')
        .where((where) => where.and({ event, gate, boot, sequence }))
        .execute();
}

/** Of one process start whose clock was corrected, or of all where `of` does not say which. */
export async function deriveRecountsAnew(queries: Queries, event: number, of?: WriterId): Promise<void> {
  const writer = of === undefined ? { event } : { event, gate: of.gate, boot: of.boot };
  await queries
    .deleteFrom('recount')
    .where((where) => where.and(writer))
    .execute();
  const rows = await queries
    .selectFrom('mark')
    .select(['event', 'gate', 'boot', 'bytes'])
    .where((where) => where.and({ ...writer, kind: 'recounted' }))
    .execute();
  await deriveRecounts(
    queries,
    event,
    rows.flatMap((row) => readMark(row) ?? []),
  );
}
