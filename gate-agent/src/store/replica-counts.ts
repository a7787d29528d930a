// How many persons the marks of other gates have brought into each zone since somebody has counted there, kept in zone_count beside the
// marks, in the same transaction. The count is a function of the set of marks, not of their order: an `undone` mark may arrive before
// what it names, a recount after the entries that followed it, a clock correction after both.
import {
  compareMarkIds,
  correctionsPerBootMax,
  markKey,
  readCorrections,
  writerKey,
  type Corrections,
  type Mark,
  type MarkId,
} from '@postern/shared';
import type { Database } from './database.ts';
import { isOfGate } from './stored-marks.ts';
import { movesPersons, personsOf, takenBackBy, type Moving } from '../counts/moves.ts';
import { lastRecounts, laterRecount, type Recount, type RecountedMark } from '../counts/recount.ts';

export interface ReplicaCounts {
  /** Inside the transaction that stores `mark` for the first time. */
  readonly note: (mark: Mark) => void;
  /** Inside the transaction that has removed `mark`. */
  readonly forget: (mark: Mark) => void;
  /** Inside the transaction in which marks of this gate itself came by: they are in its journal, and count there. */
  readonly noteOwn: (marks: readonly Mark[]) => void;
  /** Everything anew, inside a transaction. */
  readonly rebuild: () => void;
}

/** What is stored, as far as counting has to look at it again. */
export interface StoredMarks {
  /** A mark that is known here, another gate's or this gate's own. */
  readonly find: (id: MarkId) => Mark | undefined;
  /** The same, as long as it is this gate's own. */
  readonly findOwn: (id: MarkId) => Mark | undefined;
  /** Corrections of the clock in the same process start. */
  readonly correctionsBefore: (mark: MarkId) => number;
  /** Clock corrections and recounts of all gates, this one among them. */
  readonly ofGates: (event: number) => readonly Mark[];
  /** Of this gate's journal. */
  readonly ownMarks: (event: number, isWanted: (mark: Mark) => boolean) => readonly Mark[];
  /** All marks of other gates, each writer's newest first; `visit` says whether to go on with that writer. */
  readonly newestFirst: (event: number | 'all', visit: (mark: Mark) => boolean) => void;
}

export function createReplicaCounts(database: Database, stored: StoredMarks): ReplicaCounts {
  const addPersons = database.prepare(
    'INSERT INTO zone_count (event, zone, persons) VALUES (?, ?, ?) ON CONFLICT (event, zone) DO UPDATE SET persons = persons + excluded.persons',
  );
  const setPersons = database.prepare('INSERT OR REPLACE INTO zone_count (event, zone, persons) VALUES (?, ?, ?)');
  const selectTakenBack = database
    .prepare('SELECT uses FROM taken_back WHERE event = ? AND gate = ? AND boot = ? AND sequence = ?')
    .pluck();
  const addTakenBack = database.prepare(
    'INSERT INTO taken_back (event, gate, boot, sequence, uses) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET uses = uses + excluded.uses',
  );
  const selectAllTakenBack = database.prepare(
    'SELECT event, gate, boot, sequence, uses FROM taken_back WHERE event = ? ORDER BY gate, boot, sequence',
  );
  const selectRecount = database.prepare(
    'SELECT at_ms AS atMs, gate, boot, sequence, persons FROM zone_recount WHERE event = ? AND zone = ?',
  );
  const setRecount = database.prepare(
    'INSERT OR REPLACE INTO zone_recount (event, zone, at_ms, gate, boot, sequence, persons) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const timesByEvent = new Map<number, Corrections>();
  /** By event, then by the mark that is taken back. */
  const ownTakingBack = new Map<number, Map<string, Map<string, number>>>();

  const timesOf = (event: number): Corrections => {
    const times = timesByEvent.get(event) ?? readCorrections(stored.ofGates(event));
    timesByEvent.set(event, times);
    return times;
  };

  const takenBack = (id: MarkId): number =>
    (selectTakenBack.get(id.event, id.gate, id.boot, id.sequence) as number | undefined) ?? 0;

  const readRecount = (event: number, zone: string): Recount | undefined => {
    const row = selectRecount.get(event, zone) as (Omit<MarkId, 'event'> & Omit<Recount, 'mark'>) | undefined;
    if (row === undefined) return undefined;
    const { gate, boot, sequence, atMs, persons } = row;
    return { mark: { event, gate, boot, sequence }, atMs, persons };
  };

  /** Whether it was made after somebody has counted in its zone. */
  const counts = (mark: Moving): boolean => {
    const recount = readRecount(mark.event, mark.zone);
    return recount === undefined || timesOf(mark.event).timeOf(mark).at.ms > recount.atMs;
  };

  /** Uses of one of this gate's own marks that its journal takes back itself: nobody can take them back a second time. */
  const takenBackByOwn = (id: MarkId): number => {
    const known = ownTakingBack.get(id.event) ?? new Map<string, Map<string, number>>();
    if (!ownTakingBack.has(id.event)) {
      ownTakingBack.set(id.event, known);
      stored.ownMarks(id.event, (mark) => takenBackBy(mark) !== undefined).forEach(rememberOwn);
    }
    return [...(known.get(markKey(id))?.values() ?? [])].reduce((sum, uses) => sum + uses, 0);
  };
  const rememberOwn = (mark: Mark): void => {
    const back = takenBackBy(mark);
    const known = ownTakingBack.get(mark.event);
    if (back === undefined || known === undefined) return;
    const key = markKey(back.of);
    known.set(key, (known.get(key) ?? new Map<string, number>()).set(markKey(mark), back.uses));
  };

  const takeBack = (id: MarkId, uses: number): void => {
    const original = stored.find(id);
    const before = takenBack(id);
    addTakenBack.run(id.event, id.gate, id.boot, id.sequence, uses);
    if (original === undefined || !movesPersons(original) || !counts(original)) return;
    const byOwn = stored.findOwn(id) === undefined ? 0 : takenBackByOwn(id);
    const change = personsOf(original, byOwn + before + uses) - personsOf(original, byOwn + before);
    if (change !== 0) addPersons.run(original.event, original.zone, change);
  };

  /** What other gates' marks have taken back of this gate's own, which count themselves in its journal. */
  function* ownTakenBack(event: number): Generator<{ readonly original: Moving; readonly change: number }> {
    for (const row of selectAllTakenBack.all(event) as (MarkId & { readonly uses: number })[]) {
      const original = stored.findOwn(row);
      if (original === undefined || !movesPersons(original)) continue;
      const byOwn = takenBackByOwn(row);
      yield { original, change: personsOf(original, byOwn + row.uses) - personsOf(original, byOwn) };
    }
  }

  /** This gate's own marks of a start whose corrections its journal has lost, to an old image, and only others still have. */
  function* ownCorrectedByOthers(event: number): Generator<{ readonly original: Moving; readonly own: Corrections }> {
    const ofOwn = stored.ownMarks(event, isOfGate);
    const known = new Set(ofOwn.map(markKey));
    const writers = new Set(
      stored
        .ofGates(event)
        .filter((mark) => mark.kind === 'corrected' && !known.has(markKey(mark)))
        .filter((mark) => stored.findOwn({ ...mark, sequence: 1 }) !== undefined)
        .map(writerKey),
    );
    if (writers.size === 0) return;
    const own = readCorrections(ofOwn);
    for (const mark of stored.ownMarks(event, (one) => movesPersons(one) && writers.has(writerKey(one))))
      if (movesPersons(mark)) yield { original: mark, own };
  }

  /** Counts zones again from their recounts on, and keeps both. */
  const countSince = (event: number, recounts: ReadonlyMap<string, Recount>): void => {
    if (recounts.size === 0) return;
    const times = timesOf(event);
    const sinceMs = Math.min(...[...recounts.values()].map(({ atMs }) => atMs));
    const persons = new Map([...recounts.keys()].map((zone) => [zone, 0]));
    const change = (zone: string, by: number): void => void persons.set(zone, (persons.get(zone) ?? 0) + by);
    const add = (mark: Moving, by: number): void => {
      const recount = recounts.get(mark.zone);
      if (recount !== undefined && times.timeOf(mark).at.ms > recount.atMs) change(mark.zone, by);
    };
    stored.newestFirst(event, (mark) => {
      if (movesPersons(mark)) add(mark, personsOf(mark, takenBack(mark)));
      // Timestamps never fall within a process start, but corrected ones may lie anywhere.
      return mark.at.ms > sinceMs || times.concern(mark);
    });
    for (const { original, change } of ownTakenBack(event)) add(original, change);
    for (const { original, own } of ownCorrectedByOthers(event)) {
      const recount = recounts.get(original.zone);
      const persons = personsOf(original, takenBackByOwn(original));
      add(original, persons);
      // There it counts by the time that this gate's journal knows of.
      if (recount !== undefined && own.timeOf(original).at.ms > recount.atMs) change(original.zone, -persons);
    }
    for (const [zone, { mark, atMs, persons: counted }] of recounts) {
      setRecount.run(event, zone, atMs, mark.gate, mark.boot, mark.sequence, counted);
      setPersons.run(event, zone, persons.get(zone) ?? 0);
    }
  };

  /** Rare, since a clock has to have been wrong or this gate's people have counted. */
  const follow = (event: number): void => {
    timesByEvent.delete(event);
    countSince(event, lastRecounts(stored.ofGates(event), timesOf(event)));
  };

  const takeRecount = (mark: RecountedMark): void => {
    const { event, zone, persons } = mark;
    const recount = { mark, atMs: timesOf(event).timeOf(mark).at.ms, persons };
    if (laterRecount(readRecount(event, zone), recount) === recount) countSince(event, new Map([[zone, recount]]));
  };

  const note = (mark: Mark): void => {
    const back = takenBackBy(mark);
    if (back !== undefined) takeBack(back.of, back.uses);
    else if (mark.kind === 'recounted') takeRecount(mark);
    else if (mark.kind === 'corrected') {
      // More than count change nothing, however many a hostile gate writes.
      if (mark.offsetMs !== 0 && stored.correctionsBefore(mark) < correctionsPerBootMax) follow(mark.event);
    } else if (movesPersons(mark) && counts(mark)) {
      const persons = personsOf(mark, takenBack(mark));
      if (persons !== 0) addPersons.run(mark.event, mark.zone, persons);
    }
  };

  const rebuild = (): void => {
    for (const table of ['zone_count', 'zone_recount', 'taken_back']) database.exec(`DELETE FROM ${table}`);
    timesByEvent.clear();
    ownTakingBack.clear();
    const events = new Set<number>();
    stored.newestFirst('all', (mark) => {
      events.add(mark.event);
      const back = takenBackBy(mark);
      if (back !== undefined) addTakenBack.run(back.of.event, back.of.gate, back.of.boot, back.of.sequence, back.uses);
      return true;
    });
    stored.newestFirst('all', (mark) => {
      if (movesPersons(mark)) {
        const persons = personsOf(mark, takenBack(mark));
        if (persons !== 0) addPersons.run(mark.event, mark.zone, persons);
      }
      return true;
    });
    for (const event of events) {
      for (const { original, change } of ownTakenBack(event)) addPersons.run(event, original.zone, change);
      follow(event);
    }
  };

  const forgetRecount = ({ event, zone, ...id }: RecountedMark): void => {
    const last = readRecount(event, zone);
    if (last === undefined || compareMarkIds(last.mark, { event, ...id }) !== 0) return;
    const before = lastRecounts(stored.ofGates(event), timesOf(event)).get(zone);
    if (before === undefined) rebuild();
    else countSince(event, new Map([[zone, before]]));
  };

  const forget = (mark: Mark): void => {
    const back = takenBackBy(mark);
    if (back !== undefined) takeBack(back.of, -back.uses);
    else if (mark.kind === 'recounted') forgetRecount(mark);
    else if (mark.kind === 'corrected') {
      if (mark.offsetMs !== 0 && stored.correctionsBefore(mark) < correctionsPerBootMax) follow(mark.event);
    } else if (movesPersons(mark) && counts(mark)) {
      const persons = personsOf(mark, takenBack(mark));
      if (persons !== 0) addPersons.run(mark.event, mark.zone, -persons);
    }
  };

  const noteOwn = (marks: readonly Mark[]): void => {
    marks.forEach(rememberOwn);
    const bothTookBack = marks.some((mark) => {
      const back = takenBackBy(mark);
      return back !== undefined && takenBack(back.of) !== 0;
    });
    if (bothTookBack) rebuild();
    else for (const event of new Set(marks.filter(isOfGate).map((mark) => mark.event))) follow(event);
  };

  return { note, forget, noteOwn, rebuild };
}
