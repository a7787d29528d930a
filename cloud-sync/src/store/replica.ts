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
  type Quarantined,
  type ReplicaStore,
  type Result,
  type SegmentId,
  type WriterId,
} from '@postern/shared';
import { mayBecome } from './accepted-heads.ts';
import { sql } from 'kysely';
import type { Database, Queries } from './database.ts';
import { insertRows } from './insert-rows.ts';
import { gateHistoryLock, inTransaction } from './locks.ts';
import { readMark, ticketOf, toMarkRow } from './mark-rows.ts';
import {
  isSameState,
  markPrevious,
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
  /** The same after these marks have been removed. */
  readonly underive: ReplicaDeps['derive'];
}

export interface CloudReplica extends ReplicaStore {
  /** Removes a writer's marks after `sequence`, with all that followed from them; answers how many. */
  readonly forgetAfter: (queries: Queries, writer: WriterId, sequence: number) => Promise<number>;
}

export function createReplicaStore({ database, clock, derive, underive }: ReplicaDeps): CloudReplica {
  return {
    frontier: async (event) => {
      const rows = await database
        .selectFrom('segment')
        .selectAll()
        .where('event', '=', event)
        // As it stands in the index: a parameter would not be recognised as what the index is about.
        .where('latest', '=', sql.lit(1))
        .orderBy('gate')
        .orderBy('boot')
        .execute();
      return rows.map(toState);
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
        const stored = await inTransaction(
          database,
          writerLock(after),
          async (queries): Promise<Result<void, AppendError>> =>
            (await mayBecome(queries, after)) ? storeMarks(queries, after, batch) : err({ type: 'segment-moved' }),
          { shared: gateHistoryLock(after.event, after.gate) },
        );
        if (!stored.ok) return stored;
      }
      const storeAll = async (queries: Queries): Promise<Result<void, AppendError>> => {
        const row = await segmentRow(queries, after);
        if (!isSameState(row === undefined ? undefined : toState(row), before)) return err({ type: 'segment-moved' });
        if (!(await mayBecome(queries, after))) return err({ type: 'segment-moved' });
        const stored = await storeMarks(queries, after, last);
        if (!stored.ok) return stored;
        await storeChunk(queries, chunk);
        await storeState(queries, after);
        if (before === undefined) await markPrevious(queries, after, 0);
        return ok(undefined);
      };
      return inTransaction(database, writerLock(after), storeAll, { shared: gateHistoryLock(after.event, after.gate) });
    },

    cutBack: ({ before, after, kept, marks, aside }) =>
      inTransaction(database, writerLock(before), async (queries) => {
        const row = await segmentRow(queries, before);
        if (!isSameState(row === undefined ? undefined : toState(row), before)) return err({ type: 'segment-moved' });
        await forgetMarks(queries, before, marks.from, marks.to);
        await queries
          .deleteFrom('chunk')
          .where((where) => where.and(segmentColumns(before)))
          .execute();
        for (const chunk of kept) await storeChunk(queries, chunk);
        if (after !== undefined) await storeState(queries, after);
        else {
          await queries
            .deleteFrom('segment')
            .where((where) => where.and(segmentColumns(before)))
            .execute();
          await markPrevious(queries, before, 1);
        }
        for (const item of aside) await putAside(queries, item);
        return ok(undefined);
      }),

    forgetAfter: async (queries, writer, sequence) => {
      const { last } = await queries
        .selectFrom('mark')
        .select(({ fn }) => fn.max<number | null>('sequence').as('last'))
        .where((where) => where.and(writerColumns(writer)))
        .executeTakeFirstOrThrow();
      return forgetMarks(queries, writer, sequence + 1, last ?? sequence);
    },

    quarantine: async (item) => {
      const { event, gate, boot } = item.chunk.head;
      return inTransaction(database, writerLock(item.chunk.head), async (queries) => {
        const { held } = await queries
          .selectFrom('quarantine')
          .select(({ fn }) => fn.countAll<number>().as('held'))
          .where('event', '=', event)
          .where('gate', '=', gate)
          .where('boot', '=', boot)
          .where('released_at_ms', 'is', null)
          .executeTakeFirstOrThrow();
        return held < quarantineChunksMax && putAside(queries, item);
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

  /** False when it is there already. */
  async function putAside(queries: Queries, { chunk, reason, from }: Quarantined): Promise<boolean> {
    const { event, gate, boot } = chunk.head;
    const bytes = encodeChunk(chunk);
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
  }

  /** Marks from one sequence to another, with all that followed from them; answers how many there were. */
  async function forgetMarks(queries: Queries, writer: WriterId, from: number, to: number): Promise<number> {
    let forgotten = 0;
    for (let start = from; start <= to; start += marksPerTransactionMax) {
      const gone = await queries
        .deleteFrom('mark')
        .where((where) => where.and(writerColumns(writer)))
        .where('sequence', '>=', start)
        .where('sequence', '<=', Math.min(to, start + marksPerTransactionMax - 1))
        .returning('bytes')
        .execute();
      const marks = gone.flatMap(({ bytes }) => readMark({ ...writerColumns(writer), bytes }) ?? []);
      const tickets = new Set(marks.flatMap((mark) => ticketOf(mark) ?? []));
      if (marks.length > 0) await underive(queries, writer.event, tickets, marks);
      forgotten += gone.length;
    }
    return forgotten;
  }

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
