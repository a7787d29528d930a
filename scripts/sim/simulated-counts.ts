// How many people a simulated replica knows to be in a zone. Marks of others are counted by the gate's real code in an SQLite in memory, one
// after the other as they come and go; a new process counts them again in the same order out of its log.
import { decodeMark, markKey, writerKey, type CutBack, type Mark, type MarkId } from '@postern/shared';
import type { Recount } from '../../gate-agent/src/counts/recount.ts';
import { openDatabase } from '../../gate-agent/src/store/database.ts';
import { markTablesSql } from '../../gate-agent/src/store/mark-tables.ts';
import type { ZoneOfOthers } from '../../gate-agent/src/counts/zone-counts.ts';
import { createReplicaCounts } from '../../gate-agent/src/store/replica-counts.ts';
import { replicaTablesSql } from '../../gate-agent/src/store/replica-tables.ts';
import { isOfGate } from '../../gate-agent/src/store/stored-marks.ts';
import type { MemoryJournal } from './gate-marks.ts';
import type { Seams } from './planted-bugs.ts';

export interface SimulatedCounts {
  /** Marks that were stored with a chunk; those of the own journal count there. */
  readonly learn: (marks: readonly Mark[]) => void;
  readonly unlearn: (cut: CutBack) => void;
  readonly find: (id: MarkId) => Mark | undefined;
  readonly zone: (event: number, zone: string) => ZoneOfOthers;
  /** Nothing is counted any more. */
  readonly close: () => void;
}

export function createSimulatedCounts(
  journal: MemoryJournal,
  { asCounted }: Pick<Seams, 'asCounted'>,
): SimulatedCounts {
  const database = openDatabase(':memory:', { synchronous: 'off' });
  database.exec(markTablesSql);
  database.exec(replicaTablesSql);
  const selectPersons = database.prepare('SELECT persons FROM zone_count WHERE event = ? AND zone = ?').pluck();
  const selectRecount = database.prepare(
    'SELECT at_ms AS atMs, gate, boot, sequence, persons FROM zone_recount WHERE event = ? AND zone = ?',
  );
  /** Of others, by writer, in sequence. */
  const marksByWriter = new Map<string, Map<string, Mark>>();
  const ofOthers = (id: MarkId): Mark | undefined => marksByWriter.get(writerKey(id))?.get(markKey(id));
  const findOwn = (id: MarkId): Mark | undefined => {
    const bytes = journal.find(id);
    const mark = bytes === undefined ? undefined : decodeMark(bytes, id);
    return mark?.ok === true ? mark.value : undefined;
  };
  /** Of the own journal. */
  const heardOf = new Set<string>();
  const all = function* (): Generator<Mark> {
    for (const marks of marksByWriter.values()) yield* marks.values();
    for (const { mark } of journal.all()) yield mark;
  };
  const counts = createReplicaCounts(database, {
    find: (id) => ofOthers(id) ?? findOwn(id),
    findOwn,
    correctionsBefore: ({ sequence, ...id }) =>
      [...all()].filter(
        (mark) => mark.kind === 'corrected' && writerKey(mark) === writerKey(id) && mark.sequence < sequence,
      ).length,
    ofGates: (event) => [...all()].filter((mark) => mark.event === event && isOfGate(mark)),
    ownMarks: (event, isWanted) =>
      journal.all().flatMap(({ mark }) => (mark.event === event && isWanted(mark) ? [mark] : [])),
    newestFirst: (event, visit) => {
      for (const marks of marksByWriter.values())
        for (const mark of [...marks.values()].toReversed())
          if ((event !== 'all' && mark.event !== event) || !visit(mark)) break;
    },
  });

  return {
    learn: (marks) => {
      if (!database.open) return;
      for (const stored of marks) {
        if (journal.find(stored) !== undefined || ofOthers(stored) !== undefined) continue;
        const mark = asCounted(stored, all);
        const writer = writerKey(mark);
        marksByWriter.set(writer, (marksByWriter.get(writer) ?? new Map<string, Mark>()).set(markKey(mark), mark));
        counts.note(mark);
      }
      const own = marks.filter((mark) => journal.find(mark) !== undefined);
      for (const mark of own) heardOf.add(markKey(mark));
      counts.noteOwn(own);
    },
    unlearn: ({ before, marks: { from, to } }) => {
      for (let sequence = from; sequence <= to && database.open; sequence++) {
        const mark = ofOthers({ ...before, sequence });
        if (mark === undefined) continue;
        marksByWriter.get(writerKey(mark))?.delete(markKey(mark));
        counts.forget(mark);
      }
    },
    find: (id) => ofOthers(id) ?? findOwn(id),
    zone: (event, zone) => {
      const persons = (selectPersons.get(event, zone) as number | undefined) ?? 0;
      const row = selectRecount.get(event, zone) as (Omit<MarkId, 'event'> & Omit<Recount, 'mark'>) | undefined;
      const hasHeardOf = (id: MarkId): boolean => heardOf.has(markKey(id));
      if (row === undefined) return { persons, recount: undefined, hasHeardOf };
      const { gate, boot, sequence, atMs, persons: counted } = row;
      return { persons, recount: { mark: { event, gate, boot, sequence }, atMs, persons: counted }, hasHeardOf };
    },
    close: () => void database.close(),
  };
}
