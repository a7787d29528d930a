// The journal while it can be trusted: opened, counted and verified; given up at the first failure (SQLite would go on acknowledging
// after a failed fsync); back only once `reopen` has verified the file again and shown that it can be written. What a failed commit
// has left in the file all the same is given back then, since its gate stayed shut.
import {
  createLatestTime,
  draftLapse,
  asCaused,
  err,
  isOrderFoldMark,
  isRehearsalSwitch,
  ok,
  rehearsedDraft,
  type Clock,
  type HybridClock,
  type Logger,
  type Mark,
  type MarkId,
  type Result,
  type StoreError,
  type TrustedTime,
} from '@postern/shared';
import type { DiskKey } from './database.ts';
import { createMarkStamps, type Stamp } from '../mark-stamps.ts';
import { JournalDamaged, openJournal, type Journal } from './journal.ts';
import { createOfflineCounts, type OfflineCount } from '../counts/offline-counts.ts';
import { createZoneCounts, type ZoneCounts } from '../counts/zone-counts.ts';

export interface LiveJournalDeps {
  readonly path: string;
  readonly key?: DiskKey | undefined;
  readonly event: number;
  readonly gate: string;
  /** 16 hexadecimal digits, random at every process start. */
  readonly boot: string;
  readonly clock: Clock;
  readonly time: () => TrustedTime;
  readonly logger: Logger;
  /** A mark of another gate, as far as it is known. */
  readonly findRemote: (id: MarkId) => Mark | undefined;
}

export interface LiveJournal {
  /** Undefined while it is stopped. */
  readonly working: () => Journal | undefined;
  /** Something about the journal has failed: it is stopped from here on. */
  readonly fail: (cause: unknown) => Result<never, StoreError>;
  /** Does nothing to a journal that works. */
  readonly reopen: () => Result<void, StoreError>;
  /** For good. */
  readonly close: () => void;
  /** Why it is stopped; undefined while it works. */
  readonly trouble: () => string | undefined;
  /** Timestamps of this process start, above everything in the journal. */
  readonly hybrid: HybridClock;
  /** The next timestamp, with what is known of the clock. */
  readonly stamp: () => Stamp;
  /** After a commit: what the journal holds now has been acknowledged. `mark` is new and counts in its zone. */
  readonly acknowledge: (mark?: Mark) => void;
  /** Last acknowledged sequence of this process start. */
  readonly lastSequence: () => number;
  /** Persons that this gate's own marks have brought into zones. */
  readonly counts: () => ZoneCounts | undefined;
  /** This gate's own marks of orders, earlier starts' included. */
  readonly orderMarks: () => readonly Mark[];
  /** By which this gate has begun and left rehearsals, in the order in which it did. */
  readonly rehearsalSwitches: () => readonly Mark[];
  /** What this gate has decided while it had nobody in reach, in this and earlier starts. */
  readonly offline: () => OfflineCount;
}

/** Does not fail: a journal that cannot be opened is a stopped one, which `reopen` may bring to life. */
export function createLiveJournal(deps: LiveJournalDeps): LiveJournal {
  const { event, gate, boot, logger } = deps;
  let journal: Journal | undefined;
  let counts: ZoneCounts | undefined;
  let orderMarks: Mark[] = [];
  let rehearsalSwitches: Mark[] = [];
  let offline = createOfflineCounts(event);
  let trouble: string | undefined = 'not opened yet';
  let acknowledged = 0;
  const { hybrid, stamp, raiseTo } = createMarkStamps(deps.time, deps.clock);

  const fail = (cause: unknown): Result<never, StoreError> => {
    trouble = textOf(cause);
    logger.error({ cause: trouble }, 'journal failed; nothing is let in until it has been reopened and verified');
    try {
      journal?.rollback();
    } catch (rollbackCause) {
      // The connection is given up by reopen() anyway, and an unfinished transaction goes with it.
      logger.warn({ cause: String(rollbackCause) }, 'rollback after the failure failed too');
    }
    return err({ type: 'store-failed', cause: trouble });
  };

  /** Opens, counts and verifies; throws with the reason when the file cannot be trusted or written. */
  const open = (deep: boolean): void => {
    const opened = openJournal({ path: deps.path, gate, boot, key: deps.key });
    try {
      if (deep) opened.checkStructure();
      journal = opened;
      const fresh = createZoneCounts((id) => opened.find(id) ?? deps.findRemote(id));
      const freshOffline = createOfflineCounts(event);
      const time = createLatestTime();
      const ofOrders: Mark[] = [];
      const switches: Mark[] = [];
      opened.replay((mark) => {
        if (isOrderFoldMark(mark)) ofOrders.push(mark);
        if (isRehearsalSwitch(mark)) switches.push(mark);
        time.note(mark);
        fresh.note(mark);
        freshOffline.note(mark);
      });
      if (opened.lastSequence(event) < acknowledged)
        throw new JournalDamaged(`mark ${acknowledged} was acknowledged and is gone`);
      opened.probe();
      counts = fresh;
      orderMarks = ofOrders;
      rehearsalSwitches = switches;
      offline = freshOffline;
      const latest = time.latest();
      // Within a boot the running clock is the floor already; at the first opening the journal's latest mark is.
      raiseTo(latest);
      giveBackUnacknowledged(opened, fresh);
      trouble = undefined;
    } catch (cause) {
      journal = undefined;
      opened.close();
      throw cause;
    }
  };

  /** A commit that failed may have reached the file all the same: its gate stayed shut, so its uses go back. */
  const giveBackUnacknowledged = (opened: Journal, counted: ZoneCounts): void => {
    const last = opened.lastSequence(event);
    for (let sequence = acknowledged + 1; sequence <= last; sequence++) {
      const stored = opened.find({ event, gate, boot, sequence });
      const mark = stored && asCaused(stored);
      if (mark?.kind !== 'admitted' && mark?.kind !== 'exited' && mark?.kind !== 'overridden') continue;
      const uses = mark.kind === 'exited' ? 1 : mark.uses;
      opened.begin();
      const lapsed = opened.insert(
        // Of the session that it was practised in, if it was.
        rehearsedDraft(draftLapse(mark, uses), undefined),
        stamp(),
      );
      opened.commit();
      counted.note(lapsed);
    }
    acknowledged = opened.lastSequence(event);
  };

  const reopen = (): Result<void, StoreError> => {
    if (trouble === undefined) return ok(undefined);
    try {
      journal?.close();
    } catch (cause) {
      // The old connection is broken, which is why it is being replaced.
      logger.warn({ cause: String(cause) }, 'closing the failed journal failed too');
    }
    journal = undefined;
    try {
      open(true);
      logger.info({ lastSequence: acknowledged }, 'journal reopened and verified');
      return ok(undefined);
    } catch (cause) {
      trouble = textOf(cause);
      return err({ type: 'store-failed', cause: trouble });
    }
  };

  try {
    open(false);
  } catch (cause) {
    fail(cause);
  }
  return {
    working: () => (trouble === undefined ? journal : undefined),
    fail,
    reopen,
    close: () => {
      journal?.close();
      journal = undefined;
      trouble = 'closed';
    },
    trouble: () => trouble,
    hybrid,
    stamp,
    acknowledge: (mark) => {
      acknowledged = journal?.lastSequence(event) ?? acknowledged;
      if (mark === undefined) return;
      counts?.note(mark);
      if (isOrderFoldMark(mark)) orderMarks.push(mark);
      if (isRehearsalSwitch(mark)) rehearsalSwitches.push(mark);
      offline.note(mark);
    },
    lastSequence: () => acknowledged,
    counts: () => counts,
    orderMarks: () => orderMarks,
    rehearsalSwitches: () => rehearsalSwitches,
    offline: () => offline.read(),
  };
}

const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
