// Rows of segments and of the signed chunks that they came in, as the replica reads and writes them.
import {
  decodeChunk,
  encodeChunk,
  type SegmentId,
  type SegmentState,
  type SignedChunk,
  type WriterId,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Queries } from './database.ts';
import type { Schema } from './schema.ts';

/** A whole chunk replaces all others of its segment; any chunk replaces one that only moved `through`. */
export async function storeChunk(queries: Queries, chunk: SignedChunk): Promise<void> {
  const { event, gate, boot, segment, from, count, form } = chunk.head;
  const stored = await queries
    .selectFrom('chunk')
    .select(['from_mark', 'count', 'whole'])
    .where((where) => where.and(segmentColumns(chunk.head)))
    .execute();
  for (const old of stored) {
    const isEmpty = old.whole === 0 && old.from_mark === old.count;
    if (form !== 'whole' && !isEmpty) continue;
    await queries
      .deleteFrom('chunk')
      .where((where) =>
        where.and({ event, gate, boot, segment, from_mark: old.from_mark, count: old.count, whole: old.whole }),
      )
      .execute();
  }
  await queries
    .insertInto('chunk')
    .values({
      event,
      gate,
      boot,
      segment,
      from_mark: from,
      count,
      whole: form === 'whole' ? 1 : 0,
      bytes: Buffer.from(encodeChunk(chunk)),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function storeState(queries: Queries, state: SegmentState): Promise<void> {
  const { event, gate, boot, segment } = state;
  const changing = {
    first_sequence: state.firstSequence,
    count: state.count,
    hash: state.hash,
    closed: state.closed ? 1 : 0,
    through_ms: state.through.ms,
    through_counter: state.through.counter,
  };
  await queries
    .insertInto('segment')
    .values({ event, gate, boot, segment, ...changing })
    .onConflict((conflict) => conflict.columns(['event', 'gate', 'boot', 'segment']).doUpdateSet(changing))
    .execute();
}

/** Whether the segment before this one is the last of its writer: it is not once this one is there, and is again when this one goes. */
export async function markPrevious(queries: Queries, id: SegmentId, latest: 0 | 1): Promise<void> {
  if (id.segment > 0)
    await queries
      .updateTable('segment')
      .set({ latest })
      .where((where) => where.and(segmentColumns({ ...id, segment: id.segment - 1 })))
      .execute();
}

export const toState = (row: Selectable<Schema['segment']>): SegmentState => ({
  event: row.event,
  gate: row.gate,
  boot: row.boot,
  segment: row.segment,
  firstSequence: row.first_sequence,
  count: row.count,
  hash: row.hash,
  closed: row.closed === 1,
  through: { ms: row.through_ms, counter: row.through_counter },
});

export function isSameState(a: SegmentState | undefined, b: SegmentState | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.count === b.count &&
    a.hash === b.hash &&
    a.closed === b.closed &&
    a.through.ms === b.through.ms &&
    a.through.counter === b.through.counter
  );
}

export const segmentRow = (queries: Queries, id: SegmentId): Promise<Selectable<Schema['segment']> | undefined> =>
  queries
    .selectFrom('segment')
    .selectAll()
    .where((where) => where.and(segmentColumns(id)))
    .executeTakeFirst();

export const writerColumns = ({ event, gate, boot }: WriterId): WriterId => ({ event, gate, boot });
export const segmentColumns = ({ event, gate, boot, segment }: SegmentId): SegmentId => ({
  event,
  gate,
  boot,
  segment,
});

/** Chunks were checked before they were stored; one that no longer decodes was altered on disk and is not offered to anybody. */
export function storedChunk(bytes: Uint8Array): readonly SignedChunk[] {
  const chunk = decodeChunk(new Uint8Array(bytes));
  return chunk.ok ? [chunk.value] : [];
}
