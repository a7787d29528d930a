// The handheld's own log of marks in IndexedDB: the commit point of every admission, with the promises of a gate's journal. One writer
// an event and process start, sequences from 1 without gaps; opening is also verifying. Everything here rejects on any trouble;
// store.ts decides what trouble means.
import { decodeMark, encodeMark, isRefusal, type Mark, type MarkDraft } from '@postern/shared';
import type { Stamp } from '../../mark-stamps.ts';
import { marksOfWriter, openJournalDatabase, type JournalDatabase, type StoredMark } from './databases.ts';

/** What a probe writes: enough that a store which passes it has room for some hundred marks. */
const probeBytes = 64 * 1024;
const pageMarks = 1_000;

export interface WriterOfMarks {
  readonly event: number;
  readonly gate: string;
  /** 16 hexadecimal digits, new at every process start. */
  readonly boot: string;
}

/** One transaction. It ends by itself when nothing is asked of it any more, so nothing else may be awaited in it. */
export interface JournalTransaction {
  /** The marks by any start of this gate that a ticket's history is made of: all but refusals. */
  readonly marksOf: (ticketId: string) => Promise<readonly Mark[]>;
  /** Makes the draft a mark and stores it. */
  readonly insert: (draft: MarkDraft, stamp: Stamp) => Mark;
  readonly abort: () => void;
}

export interface Journal {
  /** Resolves when it is committed: `strict` is on the disk then, `relaxed` may be lost with the power. Rejects where it is not. */
  readonly transact: <T>(
    durability: 'strict' | 'relaxed',
    task: (transaction: JournalTransaction) => Promise<T>,
  ) => Promise<T>;
  /** Every mark, start by start, in sequence. Rejects where one does not decode or is missing. */
  readonly replay: (visit: (mark: Mark) => void) => Promise<void>;
  /** The last sequence committed by this process start. */
  readonly lastSequence: () => number;
  /** This gate's last marks, newest first by start: those from `sinceMs` on, at most `max`. */
  readonly recent: (sinceMs: number, max: number) => Promise<readonly Mark[]>;
  readonly marksOf: (ticketId: string) => Promise<readonly Mark[]>;
  readonly find: (boot: string, sequence: number) => Promise<Mark | undefined>;
  /** Writes, commits and empties some pages; rejects when that is not possible. */
  readonly probe: () => Promise<void>;
  readonly close: () => void;
}

/** A journal that contradicts itself: it must not be used, and nobody may be let in on it. */
export class JournalDamaged extends Error {}

/** Another tab writes this journal now. */
export class JournalTaken extends Error {}

/** `claim`: whoever else has it open cannot write it any more; without, it must still be this start's. */
export async function openJournal(name: string, writer: WriterOfMarks, claim: boolean): Promise<Journal> {
  const database = await openJournalDatabase(name);
  try {
    if (claim) await database.put('owner', writer.boot, 'boot');
    else if ((await database.get('owner', 'boot')) !== writer.boot)
      throw new JournalTaken('another tab is the gate now');
    const last = await lastSequenceOf(database, writer);
    return createJournal(database, writer, last);
  } catch (cause) {
    database.close();
    throw cause;
  }
}

async function lastSequenceOf(database: JournalDatabase, writer: WriterOfMarks): Promise<number> {
  const cursor = await database.transaction('mark').store.openKeyCursor(marksOfWriter(writer), 'prev');
  return cursor?.key[3] ?? 0;
}

function createJournal(database: JournalDatabase, writer: WriterOfMarks, last: number): Journal {
  let committed = last;

  const transact: Journal['transact'] = async (durability, task) => {
    const transaction = database.transaction(['start', 'mark', 'owner'], 'readwrite', { durability });
    const marks = transaction.objectStore('mark');
    // Its own rejection is `task`'s or `done`'s to tell.
    transaction.done.catch(() => undefined);
    let next = committed + 1;
    let aborted = false;
    const insert = (draft: MarkDraft, { at, monotonicMs, clock }: Stamp): Mark => {
      const mark: Mark = { ...draft, gate: writer.gate, boot: writer.boot, sequence: next, at, monotonicMs, clock };
      // A request that fails fails the transaction, which whoever waits for the commit is told.
      if (next === 1) void ignoring(transaction.objectStore('start').add(writer));
      void ignoring(marks.add(toStored(mark)));
      next++;
      return mark;
    };
    let result;
    try {
      if ((await transaction.objectStore('owner').get('boot')) !== writer.boot)
        throw new JournalTaken('another tab is the gate now');
      result = await task({
        insert,
        marksOf: async (ticketId) => (await marks.index('ticket').getAll(ticketId)).map(toMark),
        abort: () => {
          aborted = true;
          transaction.abort();
        },
      });
    } catch (cause) {
      abortQuietly(transaction);
      throw cause;
    }
    if (aborted) return result;
    await transaction.done;
    committed = next - 1;
    return result;
  };

  return {
    transact,
    replay: async (visit) => {
      const starts = await database.getAll('start');
      let counted = 0;
      for (const start of starts) {
        for (let sequence = 0, isLast = false; !isLast;) {
          const { event, gate, boot } = start;
          const range = IDBKeyRange.bound([event, gate, boot, sequence], [event, gate, boot, []], true);
          const page = await database.getAll('mark', range, pageMarks);
          for (const stored of page) {
            if (stored.sequence !== ++sequence) throw new JournalDamaged(`mark ${sequence} of ${boot} is missing`);
            visit(toMark(stored));
            counted++;
          }
          isLast = page.length < pageMarks;
        }
      }
      if (counted !== (await database.count('mark')))
        throw new JournalDamaged('there are marks of a start that is not known');
    },
    lastSequence: () => committed,
    recent: async (sinceMs, max) => {
      const found: Mark[] = [];
      for (const start of (await database.getAll('start')).toReversed()) {
        let cursor = await database.transaction('mark').store.openCursor(marksOfWriter(start), 'prev');
        while (cursor !== null && found.length < max) {
          const mark = toMark(cursor.value);
          if (mark.at.ms < sinceMs) break;
          found.push(mark);
          cursor = await cursor.continue();
        }
      }
      return found;
    },
    marksOf: async (ticketId) => (await database.getAllFromIndex('mark', 'ticket', ticketId)).map(toMark),
    find: async (boot, sequence) => {
      const stored = await database.get('mark', [writer.event, writer.gate, boot, sequence]);
      return stored === undefined ? undefined : toMark(stored);
    },
    probe: async () => {
      const filling = database.transaction('probe', 'readwrite', { durability: 'strict' });
      void ignoring(filling.store.put(new Uint8Array(probeBytes), 1));
      await filling.done;
      await database.clear('probe');
    },
    close: () => database.close(),
  };
}

/** A mark as both databases have it. */
export const toStored = (mark: Mark): StoredMark => ({
  event: mark.event,
  gate: mark.gate,
  boot: mark.boot,
  sequence: mark.sequence,
  ...('ticketId' in mark && mark.ticketId !== '' && !isRefusal(mark) ? { ticket: mark.ticketId } : {}),
  bytes: encodeMark(mark),
});

function toMark(stored: StoredMark): Mark {
  const mark = decodeMark(stored.bytes, stored);
  if (!mark.ok) throw new JournalDamaged(`mark ${stored.sequence} of ${stored.boot} does not decode`);
  if (mark.value.sequence !== stored.sequence) throw new JournalDamaged(`mark ${stored.sequence} says another number`);
  return mark.value;
}

/** The transaction says it. */
const ignoring = (request: Promise<unknown>): Promise<unknown> => request.catch(() => undefined);

function abortQuietly(transaction: { readonly abort: () => void }): void {
  try {
    transaction.abort();
  } catch {
    // It has ended by itself already, by the very failure that brought us here.
  }
}
