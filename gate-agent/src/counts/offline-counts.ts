// How many entries this gate has decided while it had nobody in reach: the honest offline risk, as its health and status tell it. Counted
// again from the journal at every start.
import type { Mark } from '@postern/shared';

export interface OfflineCount {
  readonly entries: number;
  /** Of these, decided out of touch. */
  readonly outOfTouch: number;
  /** Of those, without even another gate in reach. */
  readonly alone: number;
  /** The least sure of the clocks that stamped them; 0 without any. */
  readonly uncertaintyMsMax: number;
  /** The oldest list of tickets and revocations by which one of them was decided; undefined without any. */
  readonly feedAgeSMax: number | undefined;
}

export interface OfflineCounts {
  readonly note: (mark: Mark) => void;
  readonly read: () => OfflineCount;
}

export function createOfflineCounts(event: number): OfflineCounts {
  let count: OfflineCount = {
    entries: 0,
    outOfTouch: 0,
    alone: 0,
    uncertaintyMsMax: 0,
    feedAgeSMax: undefined,
  };
  return {
    note: (mark) => {
      if (mark.kind !== 'admitted' || mark.event !== event) return;
      const { entries, outOfTouch, alone, uncertaintyMsMax, feedAgeSMax } = count;
      if (!mark.outOfTouch) {
        count = { ...count, entries: entries + 1 };
        return;
      }
      count = {
        entries: entries + 1,
        outOfTouch: outOfTouch + 1,
        alone: alone + (mark.peersReachable === 0 ? 1 : 0),
        uncertaintyMsMax: Math.max(uncertaintyMsMax, mark.clock.uncertaintyMs),
        feedAgeSMax: mark.feedAgeS === undefined ? feedAgeSMax : Math.max(feedAgeSMax ?? 0, mark.feedAgeS),
      };
    },
    read: () => count,
  };
}
