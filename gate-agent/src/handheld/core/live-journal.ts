// The handheld's journal while it can be trusted: opened, counted and verified; given up at the first failure; back only once `reopen` has
// verified it again and shown that it can be written. What a failed commit has left in it all the same is given back then, since the gate
// stayed shut.
import {
  asCaused,
  createLatestTime,
  draftLapse,
  err,
  isOrderFoldMark,
  isRehearsalSwitch,
  markKey,
  ok,
  rehearsedDraft,
  type Clock,
  type HybridClock,
  type Logger,
  type Mark,
  type Result,
  type StoreError,
  type TrustedTime,
} from '@postern/shared';
import { movesPersons } from '../../counts/moves.ts';
import { createZoneCounts, type ZoneCounts } from '../../counts/zone-counts.ts';
import { createMarkStamps, type Stamp } from '../../mark-stamps.ts';
import { JournalDamaged, openJournal, type Journal } from './journal.ts';

export interface LiveJournalDeps {
  /** Of the journal's database. */
  readonly name: string;
  readonly event: number;
  readonly gate: string;
  /** 16 hexadecimal digits, random at every start of the page. */
  readonly boot: string;
  readonly clock: Clock;
  readonly time: () => TrustedTime;
  readonly logger: Logger;
}

/** A journal with what is known of it, counted again at every opening. */
export interface CountedJournal {
  readonly journal: Journal;
  readonly counts: ZoneCounts;
  readonly orderMarks: readonly Mark[];
  readonly rehearsalSwitches: readonly Mark[];
  readonly bound: readonly Mark[];
  readonly corrections: readonly Mark[];
  readonly note: (mark: Mark) => void;
}

export interface LiveJournal {
  /** Undefined while it is stopped. */
  readonly working: () => CountedJournal | undefined;
  /** Something about the journal has failed: it is stopped from here on. */
  readonly fail: (cause: unknown) => Result<never, StoreError>;
  /** Does nothing to a journal that works. */
  readonly reopen: () => Promise<Result<void, StoreError>>;
  /** For good. */
  readonly close: () => void;
  /** Why it is stopped; undefined while it works. */
  readonly trouble: () => string | undefined;
  /** Timestamps of this process start, above everything in the journal. */
  readonly hybrid: HybridClock;
  /** The next timestamp, with what is known of the clock. */
  readonly stamp: () => Stamp;
  /** After a commit: what the journal holds now has been acknowledged. `mark` is new. */
  readonly acknowledge: (mark?: Mark) => void;
  readonly lastSequence: () => number;
  /** The last own entry that a sure clock has stamped, if any. */
  readonly lastEntry: () => readonly Mark[];
}

/** Does not reject: a journal that cannot be opened is a stopped one, which `reopen` may bring to life. */
export async function openLiveJournal(deps: LiveJournalDeps): Promise<LiveJournal> {
  const { event, gate, boot, logger } = deps;
  let live: CountedJournal | undefined;
  let trouble: string | undefined = 'not opened yet';
  let hasOpened = false;
  let acknowledged = 0;
  let lastEntry: readonly Mark[] = [];
  const { hybrid, stamp, raiseTo } = createMarkStamps(deps.time, deps.clock);

  const fail = (cause: unknown): Result<never, StoreError> => {
    trouble = textOf(cause);
    logger.error({ cause: trouble }, 'journal failed; nobody is let in until it has been reopened and verified');
    return err({ type: 'store-failed', cause: trouble });
  };

  const countedOf = (journal: Journal): CountedJournal => {
    const moving = new Map<string, Mark>();
    const counts = createZoneCounts((id) => moving.get(markKey(id)));
    const orderMarks: Mark[] = [];
    const rehearsalSwitches: Mark[] = [];
    const bound: Mark[] = [];
    const corrections: Mark[] = [];
    const note = (mark: Mark): void => {
      if (movesPersons(mark)) moving.set(markKey(mark), mark);
      counts.note(mark);
      if (isOrderFoldMark(mark)) orderMarks.push(mark);
      if (isRehearsalSwitch(mark)) rehearsalSwitches.push(mark);
      if (mark.kind === 'bound') bound.push(mark);
      if (mark.kind === 'corrected') corrections.push(mark);
      if (mark.kind === 'admitted' && mark.clock.source !== 'none' && mark.clock.source !== 'person')
        lastEntry = [mark];
    };
    return { journal, counts, orderMarks, rehearsalSwitches, bound, corrections, note };
  };

  /** Opens, counts and verifies; rejects with the reason when the journal cannot be trusted or written. */
  const open = async (): Promise<void> => {
    // Only the first opening of a start takes the journal from whoever has it.
    const journal = await openJournal(deps.name, { event, gate, boot }, !hasOpened);
    hasOpened = true;
    try {
      const counted = countedOf(journal);
      const latest = createLatestTime();
      await journal.replay((mark) => {
        latest.note(mark);
        counted.note(mark);
      });
      if (journal.lastSequence() < acknowledged)
        throw new JournalDamaged(`mark ${acknowledged} was acknowledged and is gone`);
      await journal.probe();
      const floor = latest.latest();
      raiseTo(floor);
      await giveBackUnacknowledged(counted);
      live = counted;
      trouble = undefined;
    } catch (cause) {
      journal.close();
      throw cause;
    }
  };

  /** A commit that was reported as failed may have been one: its gate stayed shut, so its uses go back. */
  const giveBackUnacknowledged = async ({ journal, note }: CountedJournal): Promise<void> => {
    const last = journal.lastSequence();
    for (let sequence = acknowledged + 1; sequence <= last; sequence++) {
      const stored = await journal.find(boot, sequence);
      const mark = stored && asCaused(stored);
      if (mark?.kind !== 'admitted' && mark?.kind !== 'exited' && mark?.kind !== 'overridden') continue;
      // Of the session that it was practised in, if it was.
      const back = rehearsedDraft(draftLapse(mark, mark.kind === 'exited' ? 1 : mark.uses), undefined);
      note(await journal.transact('strict', async ({ insert }) => insert(back, stamp())));
    }
    acknowledged = journal.lastSequence();
  };

  const close = (): void => {
    live?.journal.close();
    live = undefined;
  };

  await open().catch((cause: unknown) => void fail(cause));
  return {
    working: () => (trouble === undefined ? live : undefined),
    fail,
    reopen: async () => {
      if (trouble === undefined) return ok(undefined);
      close();
      try {
        await open();
        logger.info({ lastSequence: acknowledged }, 'journal reopened and verified');
        return ok(undefined);
      } catch (cause) {
        trouble = textOf(cause);
        return err({ type: 'store-failed', cause: trouble });
      }
    },
    close: () => {
      close();
      trouble = 'closed';
    },
    trouble: () => trouble,
    hybrid,
    stamp,
    acknowledge: (mark) => {
      acknowledged = live?.journal.lastSequence() ?? acknowledged;
      if (mark !== undefined) live?.note(mark);
    },
    lastSequence: () => acknowledged,
    lastEntry: () => lastEntry,
  };
}

/** Of a browser's error the name says more than its text: `QuotaExceededError`. */
const textOf = (cause: unknown): string =>
  cause instanceof JournalDamaged
    ? cause.message
    : cause instanceof Error
      ? `${cause.name}: ${cause.message}`
      : String(cause);

/** Whether the store stopped because the browser has no room left. */
export const isStorageFull = (trouble: string | undefined): boolean => trouble?.includes('QuotaExceeded') === true;
