// How many people are in the zone, judged at the end by a count of its own over everything that a replica holds: what somebody has counted
// last, and who came and went after it.
import { correctMarks, isRefusal, markKey, readCorrections, writerKey, type Mark } from '@postern/shared';
import { inOrder, takenBackBy } from './effective-entries.ts';
import type { Judgement } from './judgement.ts';
import { simulatedZone } from './world.ts';

export function judgePersons({ referee, event, witnesses }: Pick<Judgement, 'referee' | 'event' | 'witnesses'>): void {
  for (const { address, replica, persons } of witnesses) {
    const due = personsDue(
      replica.marks(event).map(({ mark }) => mark),
      movesAtGates,
    );
    const found = persons();
    if (found !== due.persons)
      referee.violate('persons-wrong', `${address} counts ${found} persons where ${due.persons} are due ${due.since}`);
    if (due.isCountedOn) referee.noteCountedOn(address, due.persons);
  }
}

interface Due {
  readonly persons: number;
  readonly since: string;
  /** Some came or went before the last of several recounts, and some after it. */
  readonly isCountedOn: boolean;
}

interface Move {
  readonly ms: number;
  readonly persons: number;
}

export function personsDue(marks: readonly Mark[], movesOf: (marks: readonly Mark[]) => readonly Move[]): Due {
  const { timeOf } = readCorrections(marks);
  // Of the same millisecond the last by gate, start and sequence, which is the order that the marks come in.
  const recounts = marks
    .flatMap((mark) => (mark.kind === 'recounted' && mark.zone === simulatedZone ? [mark] : []))
    .toSorted((a, b) => timeOf(a).at.ms - timeOf(b).at.ms);
  const since = recounts.at(-1);
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : timeOf(since).at.ms;
  const moves = movesOf(marks);
  const later = moves.filter(({ ms }) => ms > sinceMs);
  return {
    persons: Math.max(0, (since?.persons ?? 0) + later.reduce((sum, { persons }) => sum + persons, 0)),
    since: since === undefined ? 'from the beginning' : `since ${markKey(since)}`,
    isCountedOn: recounts.length > 1 && later.length > 0 && later.length < moves.length,
  };
}

/** Gates count marks, and every exit as one person. */
export function movesAtGates(marks: readonly Mark[]): readonly Move[] {
  const { timeOf } = readCorrections(marks);
  const gone = usesGone(marks);
  return marks.flatMap((mark) => moveOf(mark, gone).map((persons) => ({ ms: timeOf(mark).at.ms, persons })));
}

/** The cloud counts by ticket, and nobody goes out who has not come in. */
export function movesAtCloud(marks: readonly Mark[]): readonly Move[] {
  const gone = usesGone(marks);
  const corrections = marks.filter(({ kind }) => kind === 'corrected');
  const moves: Move[] = [];
  const byTicket = new Map<string, Mark[]>();
  for (const mark of marks)
    if ('ticketId' in mark && !isRefusal(mark))
      byTicket.set(mark.ticketId, [...(byTicket.get(mark.ticketId) ?? []), mark]);
  for (const ofTicket of byTicket.values()) {
    const writers = new Set(ofTicket.map(writerKey));
    const timed = correctMarks([...ofTicket, ...corrections.filter((mark) => writers.has(writerKey(mark)))]);
    let inside = 0;
    for (const mark of inOrder(timed))
      for (const persons of moveOf(mark, gone)) {
        if (inside + persons < 0) continue;
        inside += persons;
        moves.push({ ms: mark.at.ms, persons });
      }
  }
  return moves;
}

/** How many persons it moves into the zone, if any. */
function moveOf(mark: Mark, gone: ReadonlyMap<string, number>): readonly number[] {
  if (!('zone' in mark) || mark.zone !== simulatedZone) return [];
  const taken = gone.get(markKey(mark)) ?? 0;
  if (mark.kind === 'admitted' || mark.kind === 'overridden') return [Math.max(0, mark.uses - taken)];
  return (mark.kind === 'exited' || mark.kind === 'passed-out') && taken === 0 ? [-1] : [];
}

function usesGone(marks: readonly Mark[]): ReadonlyMap<string, number> {
  const gone = new Map<string, number>();
  for (const mark of marks) {
    if (mark.kind !== 'lapsed' && mark.kind !== 'undone') continue;
    const uses = mark.kind === 'lapsed' ? mark.uses : Number.POSITIVE_INFINITY;
    gone.set(takenBackBy(mark), (gone.get(takenBackBy(mark)) ?? 0) + uses);
  }
  return gone;
}
