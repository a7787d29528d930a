// How many persons other gates' marks have brought into each zone, counted in the worker's memory: a mark more at a time, and anew where one
// names another that came after it, or where marks have left the history.
import { markKey, type Mark } from '@postern/shared';
import { movesPersons, takenBackBy } from '../../counts/moves.ts';
import { createZoneCounts, type ZoneCounts } from '../../counts/zone-counts.ts';
import type { HandheldReplica, ReplicaChange } from './replica.ts';

export interface ZonesOfOthers {
  /** The replica has stored marks, or lost some. */
  readonly follow: (change: ReplicaChange) => void;
  /** Whether anything was learned since the last `bringUpToDate`. */
  readonly changed: () => boolean;
  readonly bringUpToDate: (replica: Pick<HandheldReplica, 'forEach'>) => Promise<void>;
  /** Persons by zone, since its last recount where there is one. */
  readonly counts: () => Readonly<Record<string, number>>;
}

export function createZonesOfOthers(event: number): ZonesOfOthers {
  let moving = new Map<string, Mark>();
  let zones = new Set<string>();
  let counts: ZoneCounts;
  let isStale = true;
  let hasNews = false;

  const begin = (): void => {
    moving = new Map();
    zones = new Set();
    counts = createZoneCounts((id) => moving.get(markKey(id)));
  };
  const note = (mark: Mark): void => {
    if (movesPersons(mark)) {
      moving.set(markKey(mark), mark);
      zones.add(mark.zone);
    }
    counts.note(mark);
  };
  begin();

  return {
    follow: ({ learned, unlearned }) => {
      hasNews = true;
      const concerned = learned.filter((mark) => mark.event === event);
      if (unlearned) isStale = true;
      for (const mark of isStale ? [] : concerned) {
        const back = takenBackBy(mark);
        if (back !== undefined && !moving.has(markKey(back.of))) isStale = true;
        note(mark);
      }
    },
    changed: () => hasNews,
    bringUpToDate: async (replica) => {
      hasNews = false;
      if (!isStale) return;
      isStale = false;
      begin();
      const takingBack: Mark[] = [];
      await replica.forEach(event, (mark) => (takenBackBy(mark) === undefined ? note(mark) : takingBack.push(mark)));
      for (const mark of takingBack) note(mark);
    },
    counts: () =>
      Object.fromEntries(
        [...zones].map((zone) => [zone, counts.personsIn(event, zone, counts.lastRecount(event, zone)?.atMs)]),
      ),
  };
}
