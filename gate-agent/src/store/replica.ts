// The gate's adapter of the ReplicaStore port on replica.db. The scan path reads the marks here through its own read-only connection
// while this one writes, so transactions are small and between them it steps aside. Everything in this file can be had
// again, from the journal and from peers, so a power cut may take its last seconds (synchronous=NORMAL): nobody deletes
// anything because a gate has said that it knows it.
import {
  assert,
  bytesEqual,
  compareMarkIds,
  createContentHash,
  decodeChunk,
  decodeMark,
  encodeChunk,
  err,
  hexToBytes,
  isRefusal,
  isOrderFoldMark,
  marksPerTransactionMax,
  ok,
  quarantineChunksMax,
  sha256,
  type EncodedMark,
  type Ledger,
  type Mark,
  type MarkId,
  type Quarantined,
  type ReplicaStore,
  type SegmentId,
  type SegmentState,
  type SignedChunk,
  type WriterId,
} from '@postern/shared';
import { openDatabase, type Database, type DiskKey, type Statement } from './database.ts';
import type { OpenJournalReader } from './journal-reader.ts';
import { markTablesSql } from './mark-tables.ts';
import { createReplicaCounts } from './replica-counts.ts';
import { bringProjectionUpToDate } from './replica-projection.ts';
import { createStoredMarks } from './stored-marks.ts';
import { isSameState, replicaTablesSql, rowToState, stateToRow, type SegmentRow } from './replica-tables.ts';

export interface ReplicaDeps {
  readonly path: string;
  readonly key?: DiskKey | undefined;
  /** This gate's own marks stay in its journal: they count, and are not stored here a second time. */
  readonly journal: OpenJournalReader;
  /** Called between transactions. */
  readonly breathe: () => Promise<void>;
  /** Marks of orders that were not known before are stored: lanes should not wait for whatever else comes with them. */
  readonly onOrders?: () => void;
}

export interface GateReplica extends ReplicaStore {
  /**
   * Marks of this gate that are in its segments but no longer in its journal (the power cut that follows a refusal, a restored
   * journal) are kept here from now on. Called once at the start; resolves with how many there were.
   */
  readonly adoptLostMarks: (gate: string, ledger: Ledger) => Promise<number>;
  /** What was put aside last, at most `limit`, newest last. */
  readonly lastQuarantined: (event: number, limit: number) => readonly Quarantined[];
  readonly close: () => void;
}

export function openReplica({ path, key, journal, breathe, onOrders }: ReplicaDeps): GateReplica {
  const database = openDatabase(path, { key });
  database.pragma('synchronous = NORMAL');
  database.exec(markTablesSql);
  database.exec(replicaTablesSql);
  const statements = prepareStatements(database);
  bringProjectionUpToDate(database, journal);
  const writerIds = new Map<string, number>();
  let ordersChanged = false;

  const writerIdOf = ({ event, gate, boot }: WriterId): number => {
    const key = `${event}/${gate}/${boot}`;
    const known = writerIds.get(key) ?? (statements.writerId.get(event, gate, boot) as number | undefined);
    const id = known ?? Number(statements.insertWriter.run(event, gate, boot).lastInsertRowid);
    // Remembered only once it is committed: inside a transaction that fails, the row goes with it.
    if (!database.inTransaction) writerIds.set(key, id);
    return id;
  };

  const storedInReplica = (id: MarkId): Uint8Array | undefined => {
    const writer =
      writerIds.get(`${id.event}/${id.gate}/${id.boot}`) ??
      (statements.writerId.get(id.event, id.gate, id.boot) as number | undefined);
    return writer === undefined ? undefined : (statements.markBytes.get(writer, id.sequence) as Uint8Array | undefined);
  };
  const storedBytes = (id: MarkId): Uint8Array | undefined => storedInReplica(id) ?? journal.find(id);
  const find = (id: MarkId): Mark | undefined => {
    const bytes = storedBytes(id);
    const mark = bytes === undefined ? undefined : decodeMark(new Uint8Array(bytes), id);
    return mark?.ok === true ? mark.value : undefined;
  };
  const stored = createStoredMarks(database, journal, find);
  const counts = createReplicaCounts(database, stored);

  const storeMarks = (writer: WriterId, marks: readonly EncodedMark[]): void => {
    const id = writerIdOf(writer);
    for (const { mark, bytes } of marks) {
      if (statements.insertMark.run(id, mark.sequence, ticketBlob(mark), bytes).changes === 0) continue;
      if (mark.kind === 'bound') statements.insertBand.run(hexToBytes(mark.tagHash), id, mark.sequence);
      counts.note(mark);
      if (!isOrderFoldMark(mark)) continue;
      statements.insertOrderMark.run(id, mark.sequence);
      ordersChanged = true;
    }
  };
  /** After a commit. */
  const tellOfOrders = (): void => {
    if (!ordersChanged) return;
    ordersChanged = false;
    onOrders?.();
  };

  /** Stores marks in small transactions, but for the last batch, which it returns: that one goes together with the chunk. */
  const storeAllButLast = async (writer: WriterId, marks: readonly EncodedMark[]): Promise<readonly EncodedMark[]> => {
    let start = 0;
    for (; marks.length - start > marksPerTransactionMax; start += marksPerTransactionMax) {
      const batch = marks.slice(start, start + marksPerTransactionMax);
      database.transaction(() => storeMarks(writer, batch)).immediate();
      tellOfOrders();
      await breathe();
    }
    return marks.slice(start);
  };

  const segment = (id: SegmentId): SegmentState | undefined => {
    const row = statements.segment.get(id.event, id.gate, id.boot, id.segment) as SegmentRow | undefined;
    return row === undefined ? undefined : rowToState(row);
  };

  const chunks = (id: SegmentId): readonly SignedChunk[] =>
    (statements.chunks.all(id.event, id.gate, id.boot, id.segment) as Uint8Array[]).map((bytes) => {
      const chunk = decodeChunk(new Uint8Array(bytes));
      assert(chunk.ok, 'what was stored as a chunk is one');
      return chunk.value;
    });

  const storeChunk = (chunk: SignedChunk): void => {
    const { event, gate, boot, segment: number, form, from, count } = chunk.head;
    const kind = form === 'whole' ? 'whole' : from === count ? 'empty' : 'changes';
    statements.deleteChunks.run(event, gate, boot, number, kind === 'whole' ? 1 : 0);
    statements.insertChunk.run(event, gate, boot, number, kind, encodeChunk(chunk));
  };

  const removeMark = (id: MarkId): void => {
    const bytes = storedInReplica(id);
    const mark = bytes === undefined ? undefined : decodeMark(new Uint8Array(bytes), id);
    const writer = writerIdOf(id);
    statements.deleteMark.run(writer, id.sequence);
    if (statements.forgetOrderMark.run(writer, id.sequence).changes > 0) ordersChanged = true;
    if (mark?.ok === true && mark.value.kind === 'bound')
      statements.deleteBand.run(hexToBytes(mark.value.tagHash), writer, id.sequence);
    if (mark?.ok === true) counts.forget(mark.value);
  };

  /** False when it is there already. */
  const putAside = ({ chunk, reason, from }: Quarantined): boolean => {
    const { event, gate, boot } = chunk.head;
    const bytes = encodeChunk(chunk);
    return (
      statements.insertQuarantine.run(event, gate, boot, sha256(bytes), reason.slice(0, 500), from, bytes).changes > 0
    );
  };

  const conflictIn = (marks: readonly EncodedMark[], inJournal: boolean): number | undefined =>
    marks.find(({ mark, bytes }) => {
      const stored = storedInReplica(mark) ?? (inJournal ? journal.find(mark) : undefined);
      return stored !== undefined && !bytesEqual(new Uint8Array(stored), bytes);
    })?.mark.sequence;

  return {
    frontier: async (event) => (statements.frontier.all(event) as SegmentRow[]).map(rowToState),
    segment: async (id) => segment(id),
    chunks: async (id) => chunks(id),
    append: async ({ chunk, before, after, marks }) => {
      const inJournal = journal.lastSequence(after) > 0;
      const conflict = conflictIn(marks, inJournal);
      if (conflict !== undefined) return err({ type: 'mark-conflict', sequence: conflict });
      const foreign = inJournal ? marks.filter(({ mark }) => journal.find(mark) === undefined) : marks;
      const last = await storeAllButLast(after, foreign);
      const stored = database
        .transaction(() => {
          if (!isSameState(segment(after), before)) return false;
          if (last.length > 0) storeMarks(after, last);
          if (foreign.length < marks.length)
            counts.noteOwn(marks.flatMap((mark) => (foreign.includes(mark) ? [] : [mark.mark])));
          storeChunk(chunk);
          statements.upsertSegment.run(stateToRow(after));
          return true;
        })
        .immediate();
      tellOfOrders();
      await breathe();
      return stored ? ok(undefined) : err({ type: 'segment-moved' });
    },
    cutBack: async ({ before, after, kept, marks, aside }) => {
      const { event, gate, boot, segment: number } = before;
      const stored = database
        .transaction(() => {
          if (!isSameState(segment(before), before)) return false;
          for (let sequence = marks.from; sequence <= marks.to; sequence++) removeMark({ event, gate, boot, sequence });
          statements.deleteChunks.run(event, gate, boot, number, 1);
          for (const chunk of kept) storeChunk(chunk);
          if (after === undefined) statements.deleteSegment.run(event, gate, boot, number);
          else statements.upsertSegment.run(stateToRow(after));
          for (const item of aside) putAside(item);
          return true;
        })
        .immediate();
      tellOfOrders();
      await breathe();
      return stored ? ok(undefined) : err({ type: 'segment-moved' });
    },
    quarantine: async (item) => {
      const { event, gate, boot } = item.chunk.head;
      return (statements.quarantineCount.get(event, gate, boot) as number) < quarantineChunksMax && putAside(item);
    },
    quarantined: async (event) => (statements.quarantined.all(event) as QuarantineRow[]).flatMap(toQuarantined),
    lastQuarantined: (event, limit) =>
      (statements.lastQuarantined.all(event, limit) as QuarantineRow[]).flatMap(toQuarantined).toReversed(),
    contentHash: async (event) => {
      const hash = createContentHash();
      for (const writer of writersOf(database, journal, event)) {
        for (const [sequence, bytes] of marksOf(statements.marksAfter, writer, journal))
          hash.add({ ...writer.id, sequence }, bytes);
        await breathe();
      }
      return hash.digest();
    },
    adoptLostMarks: async (gate, ledger) => {
      let adopted = 0;
      for (const state of (statements.ofGate.all(gate) as SegmentRow[]).map(rowToState)) {
        const inJournal = journal.lastSequence(state);
        const lastSequence = state.firstSequence + state.count - 1;
        if (lastSequence <= inJournal) continue;
        const missing: EncodedMark[] = [];
        for (const [index, bytes] of ledger.marks(chunks(state)).entries()) {
          const id = { event: state.event, gate, boot: state.boot, sequence: state.firstSequence + index };
          const mark = id.sequence > inJournal && storedBytes(id) === undefined ? decodeMark(bytes, id) : undefined;
          if (mark?.ok === true) missing.push({ mark: mark.value, bytes });
        }
        const last = await storeAllButLast(state, missing);
        if (last.length > 0) database.transaction(() => storeMarks(state, last)).immediate();
        adopted += missing.length;
      }
      return adopted;
    },
    close: () => void database.close(),
  };
}

function prepareStatements(database: Database) {
  const states = 'event, gate, boot, segment, first_sequence, count, hash, closed, through_ms, through_counter';
  return {
    writerId: database.prepare('SELECT id FROM writer WHERE event = ? AND gate = ? AND boot = ?').pluck(),
    insertWriter: database.prepare('INSERT INTO writer (event, gate, boot) VALUES (?, ?, ?)'),
    markBytes: database.prepare('SELECT bytes FROM mark WHERE writer = ? AND sequence = ?').pluck(),
    marksAfter: database
      .prepare('SELECT sequence, bytes FROM mark WHERE writer = ? AND sequence > ? ORDER BY sequence LIMIT ?')
      .raw(),
    deleteBand: database.prepare('DELETE FROM band WHERE tag = ? AND writer = ? AND sequence = ?'),
    insertBand: database.prepare('INSERT OR IGNORE INTO band (tag, writer, sequence) VALUES (?, ?, ?)'),
    insertMark: database.prepare('INSERT OR IGNORE INTO mark (writer, sequence, ticket, bytes) VALUES (?, ?, ?, ?)'),
    insertOrderMark: database.prepare(
      `INSERT INTO order_mark (writer, sequence) VALUES (?, ?) ON CONFLICT (writer, sequence) DO UPDATE SET ${atTheEnd}`,
    ),
    deleteMark: database.prepare('DELETE FROM mark WHERE writer = ? AND sequence = ?'),
    forgetOrderMark: database.prepare(`UPDATE order_mark SET ${atTheEnd} WHERE writer = ? AND sequence = ?`),
    // SQLite takes the bare columns from the row that has the maximum (https://sqlite.org/lang_select.html#bareagg).
    frontier: database.prepare(
      `SELECT event, gate, boot, max(segment) AS segment, first_sequence, count, hash, closed, through_ms, through_counter FROM segment WHERE event = ? GROUP BY gate, boot ORDER BY gate, boot`,
    ),
    segment: database.prepare(
      `SELECT ${states} FROM segment WHERE event = ? AND gate = ? AND boot = ? AND segment = ?`,
    ),
    ofGate: database.prepare(`SELECT ${states} FROM segment WHERE gate = ?`),
    upsertSegment: database.prepare(
      `INSERT OR REPLACE INTO segment (${states}) VALUES (@event, @gate, @boot, @segment, @first_sequence, @count, @hash, @closed, @through_ms, @through_counter)`,
    ),
    deleteSegment: database.prepare('DELETE FROM segment WHERE event = ? AND gate = ? AND boot = ? AND segment = ?'),
    chunks: database
      .prepare('SELECT bytes FROM chunk WHERE event = ? AND gate = ? AND boot = ? AND segment = ? ORDER BY id')
      .pluck(),
    deleteChunks: database.prepare(
      `DELETE FROM chunk WHERE event = ? AND gate = ? AND boot = ? AND segment = ? AND (? = 1 OR kind = 'empty')`,
    ),
    insertChunk: database.prepare(
      'INSERT INTO chunk (event, gate, boot, segment, kind, bytes) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    quarantineCount: database
      .prepare('SELECT count(*) FROM quarantine WHERE event = ? AND gate = ? AND boot = ?')
      .pluck(),
    insertQuarantine: database.prepare(
      'INSERT OR IGNORE INTO quarantine (event, gate, boot, sha256, reason, sender, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    quarantined: database.prepare(
      'SELECT reason, sender, bytes FROM quarantine WHERE event = ? ORDER BY gate, boot, sha256',
    ),
    // Rows of it are never deleted, so they are numbered in the order in which they came.
    lastQuarantined: database.prepare(
      'SELECT reason, sender, bytes FROM quarantine WHERE event = ? ORDER BY rowid DESC LIMIT ?',
    ),
  };
}

interface QuarantineRow {
  readonly reason: string;
  readonly sender: string;
  readonly bytes: Uint8Array;
}

function toQuarantined({ reason, sender, bytes }: QuarantineRow): readonly Quarantined[] {
  const chunk = decodeChunk(new Uint8Array(bytes));
  return chunk.ok ? [{ chunk: chunk.value, reason, from: sender }] : [];
}

interface KnownWriter {
  readonly id: WriterId;
  /** In replica.db; undefined for one that is only in the journal. */
  readonly row: number | undefined;
}

/** Every writer of an event that is known in either file, in the order of the content hash. */
function writersOf(database: Database, journal: OpenJournalReader, event: number): readonly KnownWriter[] {
  const rows = database.prepare('SELECT id, event, gate, boot FROM writer WHERE event = ?').all(event) as (WriterId & {
    readonly id: number;
  })[];
  const known = new Map<string, KnownWriter>(
    rows.map(({ id, gate, boot }) => [`${gate}/${boot}`, { id: { event, gate, boot }, row: id }]),
  );
  for (const { gate, boot } of journal.writers().filter((writer) => writer.event === event)) {
    if (!known.has(`${gate}/${boot}`)) known.set(`${gate}/${boot}`, { id: { event, gate, boot }, row: undefined });
  }
  return [...known.values()].toSorted((a, b) => compareMarkIds({ ...a.id, sequence: 0 }, { ...b.id, sequence: 0 }));
}

const hashPageMarks = 1_000;
/** Whoever reads on from the last row that it has read must see again what has changed; and no id is ever given twice. */
const atTheEnd = 'id = (SELECT max(id) + 1 FROM order_mark)';

/** A writer's marks in sequence: the journal's, then those that only the replica has. */
function* marksOf(
  marksAfter: Statement,
  { id, row }: KnownWriter,
  journal: OpenJournalReader,
): Generator<readonly [number, Uint8Array]> {
  const bySequence = new Map<number, Uint8Array>();
  journal.forEach(id, (sequence, bytes) => void bySequence.set(sequence, new Uint8Array(bytes)));
  for (let after = 0; row !== undefined;) {
    const page = marksAfter.all(row, after, hashPageMarks) as [number, Uint8Array][];
    for (const [sequence, bytes] of page) bySequence.set(sequence, new Uint8Array(bytes));
    after = page.at(-1)?.[0] ?? after;
    if (page.length < hashPageMarks) break;
  }
  yield* [...bySequence].toSorted(([a], [b]) => a - b);
}

/** Under which ticket a scan finds the mark; a refusal under none, since it is no part of a history. */
function ticketBlob(mark: Mark): Uint8Array | null {
  return 'ticketId' in mark && mark.ticketId !== '' && !isRefusal(mark) ? (hexToBytes(mark.ticketId) ?? null) : null;
}
