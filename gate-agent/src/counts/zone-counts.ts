// How many persons this gate's own marks have brought into each zone, kept in memory and counted again from the journal at every
// start: a counter written at every scan would cost pages on the way to the disk. Also what was spent of a share while out of touch, and
// what this gate's people have counted.
import { markKey, readCorrections, type Corrections, type Mark, type MarkId } from '@postern/shared';
import { movesPersons, personsOf, takenBackBy } from './moves.ts';
import { lastRecounts, laterRecount, type Recount } from './recount.ts';

export interface ZoneCounts {
  /** Counts one more mark; marks come in the order of the journal. */
  readonly note: (mark: Mark) => void;
  /** Of the marks made after `sinceMs`, Unix ms; of all without it. */
  readonly personsIn: (event: number, zone: string, sinceMs?: number) => number;
  readonly lastRecount: (event: number, zone: string) => Recount | undefined;
  /** Persons let in since this gate was last in touch. */
  readonly spentOutOfTouch: (event: number, zone: string) => number;
  readonly backInTouch: () => void;
}

/** What one mark has changed; of a mark that was taken back a second one, with its time. */
interface Move {
  readonly stamp: Mark;
  readonly persons: number;
}

interface Zone {
  readonly moves: Move[];
  persons: number;
  /** The last answer to `sinceMs`, kept up to date: it is asked at every scan. */
  since: { readonly ms: number; persons: number } | undefined;
}

/** `find` gives the mark that a `lapsed` or `undone` mark names, wherever it is known. */
export function createZoneCounts(find: (id: MarkId) => Mark | undefined): ZoneCounts {
  const zones = new Map<string, Zone>();
  const spent = new Map<string, number>();
  const takenBack = new Map<string, number>();
  const ofGate: Mark[] = [];
  let times: Corrections = readCorrections([]);
  const recounts = new Map<number, ReadonlyMap<string, Recount>>();
  const zoneKey = (event: number, zone: string): string => `${event}/${zone}`;

  const add = (stamp: Mark & { readonly zone: string }, persons: number): void => {
    const key = zoneKey(stamp.event, stamp.zone);
    const zone = zones.get(key) ?? { moves: [], persons: 0, since: undefined };
    zones.set(key, zone);
    zone.moves.push({ stamp, persons });
    zone.persons += persons;
    if (zone.since !== undefined && times.timeOf(stamp).at.ms > zone.since.ms) zone.since.persons += persons;
  };

  const spend = (mark: Extract<Mark, { kind: 'admitted' }>): void => {
    const key = zoneKey(mark.event, mark.zone);
    // Back in touch: the other gates learn of everything spent so far, so the share is whole again.
    if (!mark.outOfTouch) spent.clear();
    else spent.set(key, (spent.get(key) ?? 0) + mark.uses);
  };

  const takeBack = (id: MarkId, uses: number): void => {
    const original = find(id);
    if (original === undefined || !movesPersons(original)) return;
    const before = takenBack.get(markKey(id)) ?? 0;
    takenBack.set(markKey(id), before + uses);
    const change = personsOf(original, before + uses) - personsOf(original, before);
    if (change === 0) return;
    add(original, change);
    const key = zoneKey(original.event, original.zone);
    if (original.kind === 'admitted' && original.outOfTouch)
      spent.set(key, Math.max(0, (spent.get(key) ?? 0) + change));
  };

  const follow = (mark: Mark): void => {
    ofGate.push(mark);
    times = readCorrections(ofGate);
    for (const event of new Set(ofGate.map((one) => one.event)))
      recounts.set(
        event,
        lastRecounts(
          ofGate.filter((one) => one.event === event),
          times,
        ),
      );
    for (const zone of zones.values()) zone.since = undefined;
  };

  const countSince = (zone: Zone, ms: number): number => {
    if (zone.since?.ms !== ms) {
      const persons = zone.moves.reduce(
        (sum, move) => (times.timeOf(move.stamp).at.ms > ms ? sum + move.persons : sum),
        0,
      );
      zone.since = { ms, persons };
    }
    return zone.since.persons;
  };

  return {
    note: (mark) => {
      const back = takenBackBy(mark);
      if (back !== undefined) takeBack(back.of, back.uses);
      else if (mark.kind === 'recounted' || mark.kind === 'corrected') follow(mark);
      else if (movesPersons(mark)) {
        add(mark, personsOf(mark, 0));
        if (mark.kind === 'admitted') spend(mark);
      }
    },
    personsIn: (event, zone, sinceMs) => {
      const known = zones.get(zoneKey(event, zone));
      if (known === undefined) return 0;
      return sinceMs === undefined ? known.persons : countSince(known, sinceMs);
    },
    lastRecount: (event, zone) => recounts.get(event)?.get(zone),
    spentOutOfTouch: (event, zone) => spent.get(zoneKey(event, zone)) ?? 0,
    backInTouch: () => spent.clear(),
  };
}

/** What the replicator has counted of a zone. */
export interface ZoneOfOthers {
  /** Since the recount, where there is one. */
  readonly persons: number;
  /** The last of all that it has heard of, this gate's own among them. */
  readonly recount: Recount | undefined;
  /** Whether it has heard of this recount of the gate's own. */
  readonly hasHeardOf: (own: MarkId) => boolean;
}

/** Who is in a zone by what this gate and the others have told, from the later of their recounts on. */
export function countPersons(
  event: number,
  zone: string,
  own: Pick<ZoneCounts, 'personsIn' | 'lastRecount'>,
  others: ZoneOfOthers,
): number {
  const ours = own.lastRecount(event, zone);
  const later = laterRecount(ours, others.recount);
  // Where the journal is an old image, only others may know how the start that has counted has corrected its clock since.
  const base =
    later !== undefined && later === ours && others.recount !== undefined && others.hasHeardOf(ours.mark)
      ? others.recount
      : later;
  if (base === undefined) return Math.max(0, own.personsIn(event, zone) + others.persons);
  // The replicator has not heard of a recount that was made just now: nobody else's entries are later than that yet.
  const isKnownThere = others.recount !== undefined && base.atMs === others.recount.atMs;
  return Math.max(0, base.persons + own.personsIn(event, zone, base.atMs) + (isKnownThere ? others.persons : 0));
}
