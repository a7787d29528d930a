// What the journal does while no scan waits for it: refusals (waiting-refusals.ts) are written in batches, and the write-ahead log is moved
// into the database file.
import type { Clock, Logger, MarkDraft, Timer } from '@postern/shared';
import { createWaitingRefusals, waitingMarksMax } from '../waiting-refusals.ts';
import type { Journal } from './journal.ts';
import type { LiveJournal } from './live-journal.ts';

/** Without a commit for this long, batched refusals are written and the write-ahead log is moved into the database file. */
export const quietMs = 250;
/** Commits after which the log is moved at the next turn of the timer, quiet or not. */
const commitsUnmovedMax = 4_000;
/** Fewer are not worth the disk's time. */
const commitsUnmovedMin = 64;

export interface QuietWorkDeps {
  readonly live: LiveJournal;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly logger: Logger;
}

export interface QuietWork {
  /** A mark that may wait. */
  readonly later: (draft: MarkDraft) => void;
  /** Marks that have their time but are not in the journal yet. */
  readonly waits: () => boolean;
  /** In an open transaction, before another mark. */
  readonly insertWaiting: (journal: Journal) => void;
  /** After the commit of such a transaction. */
  readonly committed: (atMs: number) => void;
  /** Writes what waits while the journal works, and ends. */
  readonly close: () => void;
}

export function createQuietWork({ live, clock, timer, logger }: QuietWorkDeps): QuietWork {
  const refusals = createWaitingRefusals({ working: live.working, stamp: live.stamp, clock, logger });
  let commitsUnmoved = 0;
  let lastCommitAtMs = clock.monotonicMs();
  let cancelTimer: (() => void) | undefined;
  let closed = false;

  const startTimer = (): void => {
    if (closed) return;
    cancelTimer ??= timer.after(quietMs, () => {
      cancelTimer = undefined;
      tidy();
    });
  };

  const tidy = (): void => {
    const journal = live.working();
    if (journal === undefined) return;
    const quiet = clock.monotonicMs() - lastCommitAtMs >= quietMs;
    try {
      if (quiet || refusals.count() >= waitingMarksMax / 2) write(journal);
      if ((quiet && commitsUnmoved >= commitsUnmovedMin) || commitsUnmoved >= commitsUnmovedMax) {
        journal.checkpoint('what-is-free');
        commitsUnmoved = 0;
      }
    } catch (cause) {
      live.fail(cause);
      return;
    }
    if (!quiet || refusals.count() > 0) startTimer();
  };

  const write = (journal: Journal): void => {
    refusals.addSurplus('over');
    const written = refusals.count();
    if (written === 0) return;
    journal.commitLazily(() => void refusals.insertInto(journal));
    refusals.committed(written);
    live.acknowledge();
    commitsUnmoved++;
  };

  return {
    later: (draft) => {
      refusals.add(draft);
      startTimer();
    },
    waits: () => refusals.count() > 0,
    insertWaiting: refusals.insertInto,
    committed: (atMs) => {
      refusals.committed(refusals.count());
      commitsUnmoved++;
      lastCommitAtMs = atMs;
      startTimer();
    },
    close: () => {
      cancelTimer?.();
      closed = true;
      const journal = live.working();
      if (journal === undefined) return;
      try {
        refusals.addSurplus('all');
        write(journal);
        journal.checkpoint('what-is-free');
      } catch (cause) {
        live.fail(cause);
      }
    },
  };
}
