// Clock corrections of gates in the database: kept beside the marks they concern, so that every fold has them at hand, and noted as
// pending where what was derived before has to follow.
import { correctionsPerBootMax, type Mark, type WriterId } from '@postern/shared';
import type { Queries } from './database.ts';

/** In the transaction that stores `marks` of one or more writers for the first time, or makes everything anew. */
export async function storeCorrections(queries: Queries, marks: readonly Mark[]): Promise<void> {
  for (const mark of marks) {
    if (mark.kind !== 'corrected') continue;
    const { event, gate, boot, sequence } = mark;
    const writer = { event, gate, boot };
    await queries
      .insertInto('correction')
      .values({ ...writer, sequence })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    // What is over the maximum the fold does not look at either.
    const surplus = await queries
      .selectFrom('correction')
      .select('sequence')
      .where((where) => where.and(writer))
      .orderBy('sequence')
      .limit(1)
      .offset(correctionsPerBootMax)
      .execute();
    for (const row of surplus)
      await queries
        .deleteFrom('correction')
        .where((where) => where.and({ ...writer, sequence: row.sequence }))
        .execute();
    // Somebody has confirmed a time that was right.
    if (mark.offsetMs === 0 || surplus.some((row) => row.sequence === sequence)) continue;
    await followLater(queries, writer);
  }
}

/** Of marks that have left the history: what they have moved goes back. */
export async function forgetCorrections(queries: Queries, marks: readonly Mark[]): Promise<void> {
  for (const { kind, event, gate, boot, sequence } of marks) {
    if (kind !== 'corrected') continue;
    await queries
      .deleteFrom('correction')
      .where((where) => where.and({ event, gate, boot, sequence }))
      .execute();
    await followLater(queries, { event, gate, boot });
  }
}

const followLater = async (queries: Queries, writer: WriterId): Promise<void> =>
  void (await queries
    .insertInto('correction_pending')
    .values({ ...writer, sequence: 0 })
    .onConflict((conflict) => conflict.columns(['event', 'gate', 'boot']).doUpdateSet({ sequence: 0 }))
    .execute());
