// The entries of a lane that a steward can still take back, since this process started.
import type { OpeningMark } from './lane-marks.ts';

/** A steward can take back entries of the last ten minutes, and at most this many. */
export const undoWithinMs = 10 * 60_000;
const undoableEntriesMax = 32;

export interface LaneEntries {
  /** An exit is nobody's entry. */
  readonly remember: (mark: OpeningMark) => void;
  /** The last one that was neither taken back nor is too old. */
  readonly last: () => OpeningMark | undefined;
  readonly takenBack: (mark: OpeningMark) => void;
}

export function createLaneEntries(nowMs: () => number): LaneEntries {
  let entries: readonly { readonly mark: OpeningMark; readonly atMs: number }[] = [];
  return {
    remember: (mark) => {
      if (mark.kind !== 'exited') entries = [...entries, { mark, atMs: nowMs() }].slice(-undoableEntriesMax);
    },
    last: () => {
      const last = entries.at(-1);
      return last === undefined || nowMs() - last.atMs > undoWithinMs ? undefined : last.mark;
    },
    takenBack: (mark) => {
      entries = entries.filter((entry) => entry.mark !== mark);
    },
  };
}
