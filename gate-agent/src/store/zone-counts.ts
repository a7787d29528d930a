// How many persons this gate's own marks have brought into each zone, kept in memory and counted again from the journal at every
// start: a counter written at every scan would cost pages on the way to the disk. Also what was spent of a share while out of touch.
import { markKey, type Mark, type MarkId } from '@postern/shared';

export interface ZoneCounts {
  /** Counts one more mark; marks come in the order of the journal. */
  readonly note: (mark: Mark) => void;
  readonly personsIn: (event: number, zone: string) => number;
  /** Persons let in since this gate was last in touch. */
  readonly spentOutOfTouch: (event: number, zone: string) => number;
  readonly backInTouch: () => void;
}

/** `find` gives the mark that a `lapsed` or `undone` mark names, wherever it is known. */
export function createZoneCounts(find: (id: MarkId) => Mark | undefined): ZoneCounts {
  const persons = new Map<string, number>();
  const spent = new Map<string, number>();
  const takenBack = new Map<string, number>();
  const zoneKey = (event: number, zone: string): string => `${event}/${zone}`;
  const add = (counts: Map<string, number>, key: string, change: number): void =>
    void counts.set(key, (counts.get(key) ?? 0) + change);

  const enter = (mark: Mark & { readonly zone: string }, uses: number): void => {
    const key = zoneKey(mark.event, mark.zone);
    add(persons, key, uses);
    if (mark.kind !== 'admitted') return;
    // Back in touch: the other gates learn of everything spent so far, so the share is whole again.
    if (!mark.outOfTouch) spent.clear();
    else add(spent, key, uses);
  };

  const takeBack = (id: MarkId, usesMax: number): void => {
    const original = find(id);
    if (original === undefined || !hasZone(original)) return;
    const before = takenBack.get(markKey(id)) ?? 0;
    const uses = Math.min(usesMax, usesOf(original) - before);
    if (uses <= 0) return;
    takenBack.set(markKey(id), before + uses);
    const key = zoneKey(original.event, original.zone);
    add(persons, key, original.kind === 'admitted' || original.kind === 'overridden' ? -uses : uses);
    if (original.kind === 'admitted' && original.outOfTouch) spent.set(key, Math.max(0, (spent.get(key) ?? 0) - uses));
  };

  return {
    note: (mark) => {
      if (mark.kind === 'admitted' || mark.kind === 'overridden') enter(mark, mark.uses);
      else if (mark.kind === 'exited' || mark.kind === 'passed-out') add(persons, zoneKey(mark.event, mark.zone), -1);
      else if (mark.kind === 'lapsed') takeBack({ event: mark.event, gate: mark.gate, ...mark.of }, mark.uses);
      else if (mark.kind === 'undone') takeBack({ event: mark.event, ...mark.of }, Number.MAX_SAFE_INTEGER);
    },
    personsIn: (event, zone) => persons.get(zoneKey(event, zone)) ?? 0,
    spentOutOfTouch: (event, zone) => spent.get(zoneKey(event, zone)) ?? 0,
    backInTouch: () => spent.clear(),
  };
}

const hasZone = (mark: Mark): mark is Extract<Mark, { kind: 'admitted' | 'overridden' | 'exited' | 'passed-out' }> =>
  mark.kind === 'admitted' || mark.kind === 'overridden' || mark.kind === 'exited' || mark.kind === 'passed-out';

const usesOf = (mark: Extract<Mark, { kind: 'admitted' | 'overridden' | 'exited' | 'passed-out' }>): number =>
  mark.kind === 'admitted' || mark.kind === 'overridden' ? mark.uses : 1;
