// The cloud's side of the replica port on its own database: segments, signed chunks, marks and what was put aside. Marks and whatever
// is derived from them (`derive`) commit together, so that a crash never leaves a mark without its story.
import {
  bytesEqual,
  bytesToHex,
  compareMarkIds,
  createContentHash,
  encodeChunk,
  err,
  marksPerTransactionMax,
  ok,
  quarantineChunksMax,
  sha256,
  type AppendError,
  type Clock,
  type EncodedMark,
  type Mark,
  type ReplicaStore,
  type Result,
  type SegmentId,
  type WriterId,
} from '@postern/shared';
import type { Database, Queries } from './database.ts';
import { insertRows } from './insert-rows.ts';
import { inTransaction } from './locks.ts';
import { ticketOf, toMarkRow } from './mark-rows.ts';
import {
  isSameState,
  segmentColumns,
  segmentRow,
  storeChunk,
  storeState,
  storedChunk,
  toState,
  writerColumns,
} from './segment-rows.ts';

export interface ReplicaDeps {
  readonly database: Database;
  readonly clock: Clock;
  /**
   * Brings what is derived from marks up to date, stories and cases of these tickets first, in the transaction that has stored them for the
   * first time.
   */
  readonly derive: (
    queries: Queries,
    event: number,
    ticketIds: ReadonlySet<string>,
    marks: readonly Mark[],
  ) => Promise<void>;
}

export function createReplicaStore({ database, clock, derive }: ReplicaDeps): ReplicaStore {
  return {
    frontier: async (event) => {
      const rows = await database
        .selectFrom('segment')
        .selectAll()
        .where('event', '=', event)
        .orderBy('gate')
        .orderBy('boot')
        .orderBy('segment')
        .execute();
      return [...new Map(rows.map((row) => [`${row.gate}/${row.boot}`, toState(row)])).values()];
    },

    segment: async (id) => {
      const row = await segmentRow(database, id);
      return row === undefined ? undefined : toState(row);
    },

    chunks: async (id) => {
      const rows = await database
        .selectFrom('chunk')
        .select('bytes')
        .where((where) => where.and(segmentColumns(id)))
        .orderBy('from_mark')
        .orderBy('count')
        .execute();
      return rows.flatMap((row) => storedChunk(row.bytes));
    },

    append: async ({ chunk, before, after, marks }) => {
      const batches = batchesOf(marks, marksPerTransactionMax);
      const last = batches.pop() ?? [];
      if (batches.length > 0) {
        // Nothing of a chunk is stored that lies anywhere, also beyond its first batch.
        const conflict = findConflict(marks, await readKnown(database, after, marks));
        if (conflict !== undefined) return err({ type: 'mark-conflict', sequence: conflict });
      }
      for (const batch of batches) {
        const stored = await inTransaction(database, writerLock(after), (queries) => storeMarks(queries, after, batch));
        if (!stored.ok) return stored;
      }
      return inTransaction(database, writerLock(after), async (queries): Promise<Result<void, AppendError>> => {
        const row = await segmentRow(queries, after);
        if (!isSameState(row === undefined ? undefined : toState(row), before)) return err({ type: 'segment-moved' });
        const stored = await storeMarks(queries, after, last);
        if (!stored.ok) return stored;
        await storeChunk(queries, chunk);
        await storeState(queries, after);
        return ok(undefined);
      });
    },

    quarantine: async ({ chunk, reason, from }) => {
      const { event, gate, boot } = chunk.head;
      const bytes = encodeChunk(chunk);
      return inTransaction(database, writerLock(chunk.head), async (queries) => {
        const { held } = await queries
          .selectFrom('quarantine')
          .select(({ fn }) => fn.countAll<number>().as('held'))
          .where('event', '=', event)
          .where('gate', '=', gate)
          .where('boot', '=', boot)
          .executeTakeFirstOrThrow();
        if (held >= quarantineChunksMax) return false;
        const values = {
          event,
          gate,
          boot,
          sha256: bytesToHex(sha256(bytes)),
          reason,
          sender: from,
          bytes: Buffer.from(bytes),
          received_at_ms: clock.wallMs(),
        };
        const stored = await queries
          .insertInto('quarantine')
          .values(values)
          .onConflict((conflict) => conflict.doNothing())
          .returning('sha256')
          .executeTakeFirst();
        return stored !== undefined;
      });
    },

    quarantined: async (event) => {
      const rows = await database
        .selectFrom('quarantine')
        .selectAll()
        .where('event', '=', event)
        .orderBy('received_at_ms')
        .execute();
      return rows.flatMap((row) =>
        storedChunk(row.bytes).map((chunk) => ({ chunk, reason: row.reason, from: row.sender })),
      );
    },

    contentHash: (event) => readContentHash(database, event),
  };

  async function storeMarks(
    queries: Queries,
    writer: SegmentId,
    marks: readonly EncodedMark[],
  ): Promise<Result<void, AppendError>> {
    const known = await readKnown(queries, writer, marks);
    const conflict = findConflict(marks, known);
    if (conflict !== undefined) return err({ type: 'mark-conflict', sequence: conflict });
    // Of those that are there already everything has been derived: they may be the cloud's own, or come a second time.
    const fresh = marks.filter(({ mark }) => !known.has(mark.sequence));
    if (fresh.length === 0) return ok(undefined);
    const rows = fresh.map((mark) => toMarkRow(writer, mark, clock.wallMs()));
    await insertRows(queries, 'mark', rows, 'keep');
    await derive(
      queries,
      writer.event,
      new Set(fresh.flatMap(({ mark }) => ticketOf(mark) ?? [])),
      fresh.map(({ mark }) => mark),
    );
    return ok(undefined);
  }
}

/** Two processes may be given the same segment at once: what a writer's state was checked against must hold until it is stored. */
const writerLock = ({ event, gate, boot }: WriterId): string => `writer/${event}/${gate}/${boot}`;

/** Marks read at a time for the content hash. */
const hashPageRows = 5_000;

/** The hash of an event's whole history: equal wherever the same marks are. */
export async function readContentHash(database: Queries, event: number): Promise<string> {
  const hash = createContentHash();
  const writers = await database
    .selectFrom('mark')
    .select(['gate', 'boot'])
    .distinct()
    .where('event', '=', event)
    .execute();
  // Sorted here and not by the database, whose collation may differ.
  for (const { gate, boot } of writers.toSorted((a, b) =>
    compareMarkIds({ ...a, event, sequence: 0 }, { ...b, event, sequence: 0 }),
  )) {
    for (let after = 0; ;) {
      const page = await database
        .selectFrom('mark')
        .select(['sequence', 'bytes'])
        .where((where) => where.and({ event, gate, boot }))
        .where('sequence', '>', after)
        .orderBy('sequence')
        .limit(hashPageRows)
        .execute();
      for (const { sequence, bytes } of page) hash.add({ event, gate, boot, sequence }, bytes);
      if (page.length < hashPageRows) break;
      after = page.at(-1)?.sequence ?? after;
    }
  }
  return hash.digest();
}

/** The bytes of those that are stored already, by sequence. */
async function readKnown(
  queries: Queries,
  writer: SegmentId,
  marks: readonly EncodedMark[],
): Promise<ReadonlyMap<number, Uint8Array>> {
  const first = marks[0]?.mark.sequence;
  const last = marks.at(-1)?.mark.sequence;
  if (first === undefined || last === undefined) return new Map();
  const stored = await queries
    .selectFrom('mark')
    .select(['sequence', 'bytes'])
    .where((where) => where.and(writerColumns(writer)))
    .where('sequence', '>=', first)
    .where('sequence', '<=', last)
    .execute();
  return new Map(stored.map((row) => [row.sequence, row.bytes]));
}

/** The sequence of a mark that is already stored with other content. */
const findConflict = (marks: readonly EncodedMark[], known: ReadonlyMap<number, Uint8Array>): number | undefined =>
  marks.find(({ mark, bytes }) => {
    const stored = known.get(mark.sequence);
    return stored !== undefined && !bytesEqual(stored, bytes);
  })?.mark.sequence;

function batchesOf<T>(items: readonly T[], itemsMax: number): T[][] {
  const batches: T[][] = [];
  for (let start = 0; start < items.length; start += itemsMax) batches.push(items.slice(start, start + itemsMax));
  return batches;
}
