// What the journal does while no scan waits for it: refusals, which a power cut may take, are written in batches, and the write-ahead
// log is moved into the database file. Refusals that wait get their time at once and go before the next mark that is committed, so
// that timestamps rise with sequences.
import { createRefusalBatch, type Clock, type Logger, type MarkDraft, type Timer } from '@postern/shared';
import type { Journal, Stamp } from './journal.ts';
import type { LiveJournal } from './live-journal.ts';

/** Without a commit for this long, batched refusals are written and the write-ahead log is moved into the database file. */
export const quietMs = 250;
/** Commits after which the log is moved at the next turn of the timer, quiet or not. */
const commitsUnmovedMax = 4_000;
/** Fewer are not worth the disk's time. */
const commitsUnmovedMin = 64;
/** Refusals waiting for a commit; more are dropped, counted in the log. */
const waitingMarksMax = 1_000;

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

/** A refusal that has its time but is not in the journal yet. */
interface Waiting {
  readonly draft: MarkDraft;
  readonly stamp: Stamp;
}

export function createQuietWork({ live, clock, timer, logger }: QuietWorkDeps): QuietWork {
  const refusals = createRefusalBatch(clock.monotonicMs);
  let waiting: Waiting[] = [];
  let waitingFor: Journal | undefined;
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

  /**
   * What waits for the journal that works now. A failed one's successor may hold some of it already and begins with newer marks, and no
   * peer would take what is older behind them: it is lost.
   */
  const waitingNow = (): Waiting[] => {
    const journal = live.working();
    if (journal !== waitingFor) waiting = [];
    waitingFor = journal;
    return waiting;
  };

  const tidy = (): void => {
    const journal = live.working();
    if (journal === undefined) return;
    const quiet = clock.monotonicMs() - lastCommitAtMs >= quietMs;
    try {
      if (quiet || waiting.length >= waitingMarksMax / 2) write(journal);
      if ((quiet && commitsUnmoved >= commitsUnmovedMin) || commitsUnmoved >= commitsUnmovedMax) {
        journal.checkpoint('what-is-free');
        commitsUnmoved = 0;
      }
    } catch (cause) {
      live.fail(cause);
      return;
    }
    if (!quiet || waiting.length > 0) startTimer();
  };

  const write = (journal: Journal): void => {
    for (const draft of refusals.takeSurplus('over')) wait(draft);
    if (waitingNow().length === 0) return;
    journal.commitLazily(() => insertWaiting(journal));
    waiting = [];
    live.acknowledge();
    commitsUnmoved++;
  };

  const wait = (draft: MarkDraft): void => {
    const marks = waitingNow();
    if (waitingFor === undefined) logger.warn({ lane: draft.lane }, 'refusal not recorded: the journal has failed');
    else if (marks.length < waitingMarksMax) marks.push({ draft, stamp: live.stamp() });
    else logger.warn({ lane: draft.lane }, 'refusal not recorded: too many are waiting');
  };

  const insertWaiting = (journal: Journal): void => {
    for (const { draft, stamp } of waitingNow()) journal.insert(draft, stamp);
  };

  return {
    later: (draft) => {
      for (const due of refusals.add(draft)) wait(due);
      startTimer();
    },
    waits: () => waitingNow().length > 0,
    insertWaiting,
    committed: (atMs) => {
      if (waiting.length > 0) waiting = [];
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
        for (const draft of refusals.takeSurplus('all')) wait(draft);
        write(journal);
        journal.checkpoint('what-is-free');
      } catch (cause) {
        live.fail(cause);
      }
    },
  };
}
