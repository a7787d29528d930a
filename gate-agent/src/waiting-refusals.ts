// Refusals on their way into a journal: a power cut may take them, so they wait for a quiet moment or for the next mark that is committed.
// They get their time at once and go before that mark, so that timestamps rise with sequences.
import { createRefusalBatch, type Clock, type Logger, type MarkDraft } from '@postern/shared';

/** Waiting at once; more are dropped, counted in the log. */
export const waitingMarksMax = 1_000;

export interface WaitingRefusalsDeps<Journal, Stamp> {
  /** The journal that works now. */
  readonly working: () => Journal | undefined;
  readonly stamp: () => Stamp;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface WaitingRefusals<Stamp> {
  readonly add: (draft: MarkDraft) => void;
  /** Has those wait that were only counted: of minutes that are over, or of running ones too. */
  readonly addSurplus: (which: 'over' | 'all') => void;
  readonly count: () => number;
  /** Into an open transaction, before another mark. Gives how many, for `committed`. */
  readonly insertInto: (transaction: { readonly insert: (draft: MarkDraft, stamp: Stamp) => unknown }) => number;
  /** The first `written` are in the journal; what has come meanwhile goes with the next commit. */
  readonly committed: (written: number) => void;
}

export function createWaitingRefusals<Journal, Stamp>(
  deps: WaitingRefusalsDeps<Journal, Stamp>,
): WaitingRefusals<Stamp> {
  const { working, stamp, clock, logger } = deps;
  const batch = createRefusalBatch(clock.monotonicMs);
  let waiting: { readonly draft: MarkDraft; readonly stamp: Stamp }[] = [];
  let waitingFor: Journal | undefined;

  /**
   * What waits for the journal that works now. A failed one's successor may hold some of it already and begins with newer marks, and no
   * peer would take what is older behind them: it is lost.
   */
  const waitingNow = (): typeof waiting => {
    const journal = working();
    if (journal !== waitingFor) waiting = [];
    waitingFor = journal;
    return waiting;
  };

  const wait = (draft: MarkDraft): void => {
    const marks = waitingNow();
    if (waitingFor === undefined) logger.warn({ lane: draft.lane }, 'refusal not recorded: the journal has failed');
    else if (marks.length < waitingMarksMax) marks.push({ draft, stamp: stamp() });
    else logger.warn({ lane: draft.lane }, 'refusal not recorded: too many are waiting');
  };

  return {
    add: (draft) => batch.add(draft).forEach(wait),
    addSurplus: (which) => batch.takeSurplus(which).forEach(wait),
    count: () => waitingNow().length,
    insertInto: ({ insert }) => {
      const marks = waitingNow();
      for (const { draft, stamp: stamped } of marks) insert(draft, stamped);
      return marks.length;
    },
    committed: (written) => {
      if (written > 0) waiting = waitingNow().slice(written);
    },
  };
}
