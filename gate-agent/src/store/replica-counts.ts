// How many persons the marks of other gates have brought into each zone, kept in zone_count beside the marks, in the same
// transaction. The count is a function of the set of marks, not of their order: an `undone` mark may arrive before what it names.
import type { Mark, MarkId } from '@postern/shared';
import type { Database } from './database.ts';

export interface ReplicaCounts {
  /** Inside the transaction that stores `mark` for the first time. */
  readonly note: (mark: Mark) => void;
  /** Inside the transaction that has removed `mark`. */
  readonly forget: (mark: Mark) => void;
}

/** More uses than any mark has: an `undone` takes all of them back. */
const allUses = 1_000_000;

/** `find` gives a mark that is known here, another gate's or this gate's own. */
export function createReplicaCounts(database: Database, find: (id: MarkId) => Mark | undefined): ReplicaCounts {
  const addPersons = database.prepare(
    'INSERT INTO zone_count (event, zone, persons) VALUES (?, ?, ?) ON CONFLICT (event, zone) DO UPDATE SET persons = persons + excluded.persons',
  );
  const selectTakenBack = database
    .prepare('SELECT uses FROM taken_back WHERE event = ? AND gate = ? AND boot = ? AND sequence = ?')
    .pluck();
  const addTakenBack = database.prepare(
    'INSERT INTO taken_back (event, gate, boot, sequence, uses) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET uses = uses + excluded.uses',
  );

  const takenBack = (id: MarkId): number =>
    (selectTakenBack.get(id.event, id.gate, id.boot, id.sequence) as number | undefined) ?? 0;

  const takeBack = (id: MarkId, uses: number): void => {
    const original = find(id);
    const before = takenBack(id);
    addTakenBack.run(id.event, id.gate, id.boot, id.sequence, uses);
    if (original === undefined || !movesPersons(original)) return;
    const change = personsOf(original, before + uses) - personsOf(original, before);
    if (change !== 0) addPersons.run(original.event, original.zone, change);
  };

  const count = (mark: Mark, direction: 1 | -1): void => {
    if (movesPersons(mark)) {
      const persons = personsOf(mark, takenBack(mark));
      if (persons !== 0) addPersons.run(mark.event, mark.zone, direction * persons);
    } else if (mark.kind === 'lapsed')
      takeBack({ event: mark.event, gate: mark.gate, ...mark.of }, direction * mark.uses);
    else if (mark.kind === 'undone') takeBack({ event: mark.event, ...mark.of }, direction * allUses);
  };

  return { note: (mark) => count(mark, 1), forget: (mark) => count(mark, -1) };
}

type Moving = Extract<Mark, { kind: 'admitted' | 'overridden' | 'exited' | 'passed-out' }>;

const movesPersons = (mark: Mark): mark is Moving =>
  mark.kind === 'admitted' || mark.kind === 'overridden' || mark.kind === 'exited' || mark.kind === 'passed-out';

/** What a mark adds to its zone once `taken` of its uses have been taken back. */
function personsOf(mark: Moving, taken: number): number {
  const inward = mark.kind === 'admitted' || mark.kind === 'overridden';
  const left = Math.max(0, (inward ? mark.uses : 1) - taken);
  return inward ? left : -left;
}
