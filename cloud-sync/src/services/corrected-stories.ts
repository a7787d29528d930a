// What a clock correction changes of what was derived before it: the tickets of that process start are folded again, and its uses moved to
// the times at which they were, some at a time, each time in a transaction. A note in the database says how far this has come, so that a crash or another process only makes it happen
// later, or twice.
import type { Clock, ReplicaStore, WriterId } from '@postern/shared';
import type { Database } from '../store/database.ts';
import { createRowBatch } from '../store/insert-rows.ts';
import { lockTickets } from '../store/locks.ts';
import { readMark } from '../store/mark-rows.ts';
import { moveUses } from '../store/usage.ts';
import { deriveConflictTimes } from './binding-rows.ts';
import { deriveRecountsAnew } from './recounts.ts';
import { deriveStories } from './stories.ts';
import { followCases } from './suspicion-cases.ts';
import { deriveSuspicions } from './suspicion-derive.ts';

const marksPerTransaction = 500;

/** Derives everything anew that noted corrections concern, of one event or of all. Answers of how many process starts. */
export async function followCorrections(database: Database, clock: Clock, event?: number): Promise<number> {
  const pending = await database
    .selectFrom('correction_pending')
    .select(['event', 'gate', 'boot'])
    .$if(event !== undefined, (select) => select.where('event', '=', event ?? 0))
    .execute();
  for (const writer of pending) while (await followSome(database, clock, writer));
  return pending.length;
}

/** A store that has followed the corrections among what it was given, when it says that it is stored. */
export const followingCorrections = <T extends ReplicaStore>(store: T, database: Database, clock: Clock): T => ({
  ...store,
  append: async (acceptance) => {
    const stored = await store.append(acceptance);
    if (stored.ok && acceptance.marks.some(({ mark }) => mark.kind === 'corrected'))
      await followCorrections(database, clock, acceptance.after.event);
    return stored;
  },
});

/** False when nothing is left to do for this writer. */
const followSome = (database: Database, clock: Clock, { event, gate, boot }: WriterId): Promise<boolean> =>
  database.transaction().execute(async (queries) => {
    const writer = { event, gate, boot };
    const noted = await queries
      .selectFrom('correction_pending')
      .select('sequence')
      .where((where) => where.and(writer))
      .executeTakeFirst();
    if (noted === undefined) return false;
    const marks = await queries
      .selectFrom('mark')
      .select(['event', 'gate', 'boot', 'sequence', 'ticket', 'kind', 'bytes'])
      .where((where) => where.and(writer))
      .where('sequence', '>', noted.sequence)
      .orderBy('sequence')
      .limit(marksPerTransaction)
      .execute();
    const tickets = new Set(
      marks.flatMap(({ ticket, kind }) => (ticket === null || kind === 'refused' ? [] : [ticket])),
    );
    // Those of refusals too, and all at once.
    await lockTickets(
      queries,
      event,
      marks.flatMap(({ ticket }) => ticket ?? []),
    );
    const batch = createRowBatch();
    const disputed = await deriveStories(queries, batch, clock, event, tickets);
    await batch.write(queries);
    await followCases(queries, event, disputed);
    const moved = await moveUses(
      queries,
      writer,
      marks.flatMap((row) => readMark(row) ?? []),
    );
    await deriveSuspicions(queries, batch, event, moved, []);
    const last = marks.at(-1)?.sequence;
    if (last !== undefined && marks.length === marksPerTransaction) {
      await queries
        .updateTable('correction_pending')
        .set({ sequence: last })
        .where((where) => where.and({ ...writer, sequence: noted.sequence }))
        .execute();
      return true;
    }
    await deriveRecountsAnew(queries, event, writer);
    await deriveConflictTimes(queries, event);
    // Another correction may have come meanwhile and set the note back to its beginning.
    await queries
      .deleteFrom('correction_pending')
      .where((where) => where.and({ ...writer, sequence: noted.sequence }))
      .execute();
    return true;
  });
