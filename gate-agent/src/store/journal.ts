// The gate's own log of marks: the commit point of every admission. One writer an event and process start, sequences from 1 without
// gaps. A thin layer over SQL that throws on any trouble; store.ts decides what trouble means. Opening is also verifying: every
// mark decodes, no sequence is missing.
import {
  assert,
  decodeMark,
  encodeMark,
  hexToBytes,
  isRefusal,
  type Mark,
  type MarkDraft,
  type MarkId,
} from '@postern/shared';
import type { Stamp } from '../mark-stamps.ts';
import { openDatabase, type Database, type DiskKey } from './database.ts';
import { journalTablesSql } from './mark-tables.ts';
import { recentOf } from './recent-marks.ts';

/** Pages of write-ahead log at which a commit checkpoints by itself; far beyond what idle checkpoints leave. */
const walPagesMax = 16_384;
/** What a probe writes: enough that a store which passes it has room for some hundred marks. */
const probeBytes = 64 * 1024;

/** `write_probe` is written and emptied by `probe`; nothing ever reads it. */
const probeTableSql = 'CREATE TABLE IF NOT EXISTS write_probe (id INTEGER PRIMARY KEY, filler BLOB NOT NULL) STRICT;';

export interface JournalIdentity {
  readonly path: string;
  readonly gate: string;
  /** 16 hexadecimal digits, new at every process start. */
  readonly boot: string;
  readonly key?: DiskKey | undefined;
}

export interface Journal {
  readonly begin: () => void;
  /** Durable when it returns. */
  readonly commit: () => void;
  readonly rollback: () => void;
  /** Commits without waiting for the disk: for refusals, which a power cut may take. */
  readonly commitLazily: (write: () => void) => void;
  /** Inside a transaction: makes the draft a mark and stores it. */
  readonly insert: (draft: MarkDraft, stamp: Stamp) => Mark;
  /**
   * The marks that a ticket's history is made of, by any start of this gate: all but its refusals, and, where there are any, the
   * corrections of its clock.
   */
  readonly marksOf: (ticketId: string) => readonly Mark[];
  /** Bindings of a tag. */
  readonly boundTo: (tagHash: string) => readonly Mark[];
  /** Tickets that have marks here. */
  readonly ticketIds: () => readonly string[];
  readonly find: (id: MarkId) => Mark | undefined;
  /** The last marks of any start of this gate in an event, newest first by start: those from `sinceMs` on, at most `max`. */
  readonly recent: (event: number, sinceMs: number, max: number) => readonly Mark[];
  /** The last sequence committed by this process start for an event; 0 when there is none. */
  readonly lastSequence: (event: number) => number;
  /** Every mark, writer by writer, in sequence. Throws where one does not decode or is missing. */
  readonly forEach: (visit: (mark: Mark) => void) => void;
  /** As `forEach`, remembering which ticket each mark is of: once, before `begin` and `marksOf`. */
  readonly replay: (visit: (mark: Mark) => void) => void;
  /** Moves the write-ahead log into the database file; `all` waits for readers and empties it, and throws when it cannot. */
  readonly checkpoint: (how: 'what-is-free' | 'all') => void;
  /** Deep check of the file's structure, for after a failure. */
  readonly checkStructure: () => void;
  /** Writes, commits and empties some pages; throws when that is not possible. */
  readonly probe: () => void;
  readonly close: () => void;
}

/** A journal that contradicts itself: it must not be used, and nobody may open a turnstile on it. */
export class JournalDamaged extends Error {}

interface Place {
  readonly writer: number;
  readonly sequence: number;
}

interface WriterState {
  readonly id: number;
  committed: number;
  next: number;
}

export function openJournal({ path, gate, boot, key }: JournalIdentity): Journal {
  const database = openDatabase(path, { key });
  try {
    // Frames that a failed fsync left in the page cache, but not on the disk, would break the chain of all later commits:
    // what is in the log is written again, into the database file, before anything is appended.
    checkpointAll(database);
    database.pragma(`wal_autocheckpoint = ${walPagesMax}`);
    database.exec(journalTablesSql);
    database.exec(probeTableSql);
    return createJournal(database, gate, boot);
  } catch (cause) {
    database.close();
    throw cause;
  }
}

function createJournal(database: Database, gate: string, boot: string): Journal {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  const insertWriter = database.prepare('INSERT INTO writer (event, gate, boot) VALUES (?, ?, ?)');
  const insertMark = database.prepare('INSERT INTO mark (writer, sequence, ticket, bytes) VALUES (?, ?, ?, ?)');
  const selectByPlace = database.prepare('SELECT writer, bytes FROM mark WHERE writer = ? AND sequence = ?').raw();
  const selectDataVersion = database.prepare('PRAGMA data_version').pluck();
  const selectByIdentity = database
    .prepare(
      'SELECT mark.writer, mark.bytes FROM mark JOIN writer ON writer.id = mark.writer WHERE writer.event = ? AND writer.gate = ? AND writer.boot = ? AND mark.sequence = ?',
    )
    .raw();
  const selectBackwards = database
    .prepare('SELECT writer, bytes FROM mark WHERE writer = ? ORDER BY sequence DESC')
    .raw();
  const selectAll = database.prepare('SELECT writer, bytes FROM mark ORDER BY writer, sequence').raw();
  const identities = new Map<number, { readonly event: number; readonly gate: string; readonly boot: string }>();
  const own = new Map<number, WriterState>();
  for (const row of database
    .prepare('SELECT id, event, gate, boot, (SELECT max(sequence) FROM mark WHERE writer = writer.id) FROM writer')
    .raw()
    .iterate()) {
    const [id, event, writerGate, writerBoot, last] = row as [number, number, string, string, number | null];
    identities.set(id, { event, gate: writerGate, boot: writerBoot });
    if (writerGate === gate && writerBoot === boot) own.set(event, { id, committed: last ?? 0, next: (last ?? 0) + 1 });
  }

  /** Where a ticket's marks are; only committed ones. */
  const placesByTicket = new Map<string, readonly Place[]>();
  const placesByTag = new Map<string, readonly Place[]>();
  const corrections: Mark[] = [];
  let uncommitted: Mark[] = [];
  let dataVersion: unknown;

  const put = (places: Map<string, readonly Place[]>, key: string, place: Place): void =>
    void places.set(key, [...(places.get(key) ?? []), place]);

  const index = (mark: Mark, writer: number): void => {
    const place = { writer, sequence: mark.sequence };
    if (mark.kind === 'corrected') corrections.push(mark);
    if (mark.kind === 'bound') put(placesByTag, mark.tagHash, place);
    // Refusals are no part of a history, and somebody may show a used code all day: a scan must not read them all again.
    if (!('ticketId' in mark) || mark.ticketId === '' || isRefusal(mark)) return;
    put(placesByTicket, mark.ticketId, place);
  };

  const toMark = ([writer, bytes]: readonly [number, Uint8Array]): Mark => {
    const identity = identities.get(writer);
    const mark = identity === undefined ? undefined : decodeMark(bytes, identity);
    if (mark === undefined || !mark.ok) throw new JournalDamaged(`a mark of writer ${writer} does not decode`);
    return mark.value;
  };

  const readPlaces = (places: readonly Place[] = []): readonly Mark[] =>
    places.map(({ writer, sequence }) => toMark(selectByPlace.get(writer, sequence) as [number, Uint8Array]));

  const walk = (visit: (mark: Mark, writer: number) => void): void => {
    let writer = 0;
    let sequence = 0;
    for (const row of selectAll.iterate() as IterableIterator<[number, Uint8Array]>) {
      sequence = row[0] === writer ? sequence + 1 : 1;
      writer = row[0];
      const mark = toMark(row);
      if (mark.sequence !== sequence) throw new JournalDamaged(`mark ${sequence} of writer ${writer} is missing`);
      visit(mark, writer);
    }
  };

  const writerOf = (event: number): WriterState => {
    const known = own.get(event);
    if (known !== undefined) return known;
    const id = Number(insertWriter.run(event, gate, boot).lastInsertRowid);
    const state = { id, committed: 0, next: 1 };
    own.set(event, state);
    identities.set(id, { event, gate, boot });
    return state;
  };

  const beginAlone = (): void => {
    begin.run();
    // The index in memory is as good as the file only while nobody else writes to it.
    if (selectDataVersion.get() !== dataVersion) throw new JournalDamaged('another process has written to the journal');
  };

  const committed = (): void => {
    for (const mark of uncommitted) index(mark, own.get(mark.event)?.id ?? 0);
    uncommitted = [];
    for (const writer of own.values()) writer.committed = writer.next - 1;
  };

  const rolledBack = (): void => {
    uncommitted = [];
    for (const [event, writer] of own) {
      writer.next = writer.committed + 1;
      // Its row may have gone with the transaction: the next mark makes a new one.
      if (writer.committed === 0) forget(event, writer);
    }
  };

  const forget = (event: number, writer: WriterState): void => {
    own.delete(event);
    identities.delete(writer.id);
  };

  return {
    begin: beginAlone,
    commit: () => {
      commit.run();
      committed();
    },
    rollback: () => {
      if (database.inTransaction) rollback.run();
      rolledBack();
    },
    commitLazily: (write) => {
      database.pragma('synchronous = NORMAL');
      try {
        beginAlone();
        write();
        commit.run();
        committed();
      } finally {
        if (!database.inTransaction) database.pragma('synchronous = FULL');
      }
    },
    insert: (draft, { at, monotonicMs, clock }) => {
      const writer = writerOf(draft.event);
      const mark: Mark = { ...draft, gate, boot, sequence: writer.next, at, monotonicMs, clock };
      insertMark.run(writer.id, mark.sequence, ticketBlob(mark), encodeMark(mark));
      writer.next++;
      uncommitted.push(mark);
      return mark;
    },
    marksOf: (ticketId) => {
      const marks = readPlaces(placesByTicket.get(ticketId));
      return marks.length === 0 || corrections.length === 0 ? marks : [...marks, ...corrections];
    },
    boundTo: (tagHash) => readPlaces(placesByTag.get(tagHash)),
    ticketIds: () => [...placesByTicket.keys()],
    find: ({ event, gate: ofGate, boot: ofBoot, sequence }) => {
      const row = selectByIdentity.get(event, ofGate, ofBoot, sequence) as [number, Uint8Array] | undefined;
      return row === undefined ? undefined : toMark(row);
    },
    recent: (event, sinceMs, max) => {
      const ids = [...identities].filter(([, identity]) => identity.event === event).map(([id]) => id);
      return recentOf(ids.toReversed(), sinceMs, max, (id) => selectBackwards.iterate(id), toMark);
    },
    lastSequence: (event) => own.get(event)?.committed ?? 0,
    forEach: (visit) => walk(visit),
    replay: (visit) => {
      dataVersion = selectDataVersion.get();
      placesByTicket.clear();
      placesByTag.clear();
      corrections.length = 0;
      walk((mark, writer) => {
        index(mark, writer);
        visit(mark);
      });
    },
    checkpoint: (how) => {
      if (how === 'all') checkpointAll(database);
      else database.pragma('wal_checkpoint(PASSIVE)');
    },
    checkStructure: () => {
      const answer: unknown = database.pragma('integrity_check(1)', { simple: true });
      if (answer !== 'ok') throw new JournalDamaged(String(answer).slice(0, 200));
    },
    probe: () => {
      begin.run();
      database.prepare('INSERT OR REPLACE INTO write_probe (id, filler) VALUES (1, zeroblob(?))').run(probeBytes);
      commit.run();
      database.prepare('DELETE FROM write_probe').run();
    },
    close: () => void database.close(),
  };
}

function ticketBlob(mark: Mark): Uint8Array | null {
  if (!('ticketId' in mark) || mark.ticketId === '') return null;
  const id = hexToBytes(mark.ticketId);
  assert(id !== undefined, 'a ticket id is hexadecimal');
  return id;
}

function checkpointAll(database: Database): void {
  const rows = database.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
  if (rows[0]?.busy !== 0) throw new Error('the write-ahead log is in use');
}
