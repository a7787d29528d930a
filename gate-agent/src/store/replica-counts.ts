// How many persons the marks of other gates have brought into each zone since somebody has counted there, kept in zone_count beside the
// marks, in the same transaction. The count is a function of the set of marks, not of their order: an `undone` mark may arrive before
// what it names, a recount after the entries that followed it, a clock correction after both.
import {
  compareMarkIds,
  correctionsPerBootMax,
  readCorrections,
  type Corrections,
  type Mark,
  type MarkId,
} from '@postern/shared';
import type { Database } from './database.ts';
import { movesPersons, personsOf, takenBackBy, type Moving } from '../counts/moves.ts';
import { lastRecounts, laterRecount, type Recount, type RecountedMark } from '../counts/recount.ts';

export interface ReplicaCounts {
  /** Inside the transaction that stores `mark` for the first time. */
  readonly note: (mark: Mark) => void;
  /** Inside the transaction that has removed `mark`. */
  readonly forget: (mark: Mark) => void;
  /** This gate itself has recounted, or corrected its clock: its marks are in its journal, and count there. */
  readonly follow: (event: number) => void;
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

  const takeBack = (id: MarkId, uses: number): void => {
    const original = stored.find(id);
    const before = takenBack(id);
    addTakenBack.run(id.event, id.gate, id.boot, id.sequence, uses);
    if (original === undefined || !movesPersons(original) || !counts(original)) return;
    const change = personsOf(original, before + uses) - personsOf(original, before);
    if (change !== 0) addPersons.run(original.event, original.zone, change);
  };

  /** What other gates have taken back of this gate's own marks, which count themselves in its journal. */
  function* ownTakenBack(event: number): Generator<{ readonly original: Moving; readonly taken: number }> {
    for (const row of selectAllTakenBack.all(event) as (MarkId & { readonly uses: number })[]) {
      const original = stored.findOwn(row);
      if (original !== undefined && movesPersons(original)) yield { original, taken: row.uses };
    }
  }

  /** Counts zones again from their recounts on, and keeps both. */
  const countSince = (event: number, recounts: ReadonlyMap<string, Recount>): void => {
    if (recounts.size === 0) return;
    const times = timesOf(event);
    const sinceMs = Math.min(...[...recounts.values()].map(({ atMs }) => atMs));
    const persons = new Map([...recounts.keys()].map((zone) => [zone, 0]));
    const add = (mark: Moving, change: number): void => {
      const recount = recounts.get(mark.zone);
      if (recount !== undefined && times.timeOf(mark).at.ms > recount.atMs)
        persons.set(mark.zone, (persons.get(mark.zone) ?? 0) + change);
    };
    stored.newestFirst(event, (mark) => {
      if (movesPersons(mark)) add(mark, personsOf(mark, takenBack(mark)));
      // Timestamps never fall within a process start, but corrected ones may lie anywhere.
      return mark.at.ms > sinceMs || times.concern(mark);
    });
    for (const { original, taken } of ownTakenBack(event)) add(original, changeBy(original, taken));
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
      for (const { original, taken } of ownTakenBack(event))
        addPersons.run(event, original.zone, changeBy(original, taken));
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

  return { note, forget, follow, rebuild };
}

const changeBy = (mark: Moving, taken: number): number => personsOf(mark, taken) - personsOf(mark, 0);

/** What the replicator has counted of a zone, as it is read beside it. */
export interface ZoneOfOthers {
  readonly persons: number;
  /** Since which `persons` are counted; undefined where nobody has counted. */
  readonly recount: Recount | undefined;
}
