// The gate's adapter of the Store port: reads a ticket and its marks, lets the pure rule decide, and commits the mark, all in one
// transaction. When anything about the journal fails, the store stops by itself (SQLite would go on acknowledging after a failed
// fsync) until `reopen` has verified the file and shown that it can be written.
import {
  compareHybrid,
  createHybridClock,
  err,
  foldTicketHistory,
  ok,
  type AdmissionPolicy,
  type AdmitView,
  type Clock,
  type HybridClock,
  type HybridTimestamp,
  type Logger,
  type Mark,
  type MarkDraft,
  type MarkId,
  type Result,
  type Store,
  type StoreError,
  type Ticket,
  type Timer,
  type TrustedTime,
  type Verdict,
} from '@postern/shared';
import { JournalDamaged, openJournal, type Journal, type Stamp } from './journal.ts';
import { createRefusalBatch } from './refusal-batch.ts';
import { createReplicaReader } from './replica-reader.ts';
import { createZoneCounts, type ZoneCounts } from './zone-counts.ts';

/** Without a commit for this long, batched refusals are written and the write-ahead log is moved into the database file. */
export const quietMs = 250;
/** Commits after which the log is moved at the next turn of the timer, quiet or not. */
const commitsUnmovedMax = 4_000;
/** Fewer are not worth the disk's time. */
const commitsUnmovedMin = 64;
/** Refusals waiting for a commit; more are dropped, counted in the log. */
const waitingMarksMax = 1_000;

export interface GateStoreDeps {
  readonly journalPath: string;
  readonly replicaPath: string;
  readonly event: number;
  readonly gate: string;
  /** 16 hexadecimal digits, random at every process start. */
  readonly boot: string;
  readonly clock: Clock;
  readonly time: () => TrustedTime;
  readonly timer: Timer;
  readonly logger: Logger;
  readonly policy: () => AdmissionPolicy;
  /** The ticket as the feed has it. */
  readonly ticket: (ticketId: string) => Ticket | undefined;
}

export interface GateStore extends Store {
  /** Every known mark of a ticket, own and replicated; empty while the store is stopped. */
  readonly marksOf: (ticketId: string) => readonly Mark[];
  readonly occupancy: (zone: string) => { readonly known: number; readonly spentOutOfTouch: number };
  /** Another gate or the cloud has answered: the share of a zone's capacity is whole again. */
  readonly backInTouch: () => void;
  /** Timestamps of this process start; the replicator lets it observe remote ones. */
  readonly hybrid: HybridClock;
  /** A timestamp below which no mark of this start will follow any more; undefined while stamped marks wait for their commit. */
  readonly through: () => HybridTimestamp | undefined;
  /** Last durable sequence of this process start. */
  readonly lastSequence: () => number;
  /** Why the store is stopped, for health; undefined while it works. */
  readonly trouble: () => string | undefined;
}

/** A refusal that has its time but is not in the journal yet. */
interface Waiting {
  readonly draft: MarkDraft;
  readonly stamp: Stamp;
}

/** Does not fail: a journal that cannot be opened gives a stopped store, which `reopen` may bring to life. */
export function createGateStore(deps: GateStoreDeps): GateStore {
  const { event, gate, boot, clock, logger } = deps;
  const replica = createReplicaReader({ path: deps.replicaPath, clock, logger });
  const refusals = createRefusalBatch(clock.monotonicMs);
  const hybridBox: { clock: HybridClock } = { clock: createHybridClock(() => deps.time().nowMs) };
  const hybrid: HybridClock = {
    tick: () => hybridBox.clock.tick(),
    observe: (remote) => hybridBox.clock.observe(remote),
    last: () => hybridBox.clock.last(),
  };

  let journal: Journal | undefined;
  let counts: ZoneCounts | undefined;
  let corrections = new Map<string, number>();
  let trouble: string | undefined = 'not opened yet';
  let closed = false;
  let acknowledged = 0;
  let waiting: Waiting[] = [];
  let commitsUnmoved = 0;
  let lastCommitAtMs = clock.monotonicMs();
  let cancelTimer: (() => void) | undefined;

  const findMark = (id: MarkId): Mark | undefined =>
    journal?.find(id) ?? replica.find(id.event, id.gate, id.boot, id.sequence);

  const fail = (cause: unknown): Result<never, StoreError> => {
    trouble = cause instanceof Error ? cause.message : String(cause);
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
    const opened = openJournal({ path: deps.journalPath, gate, boot });
    try {
      if (deep) opened.checkStructure();
      journal = opened;
      const fresh = createZoneCounts(findMark);
      let latest: HybridTimestamp = { ms: 0, counter: 0 };
      opened.replay((mark) => {
        if (compareHybrid(mark.at, latest) > 0) latest = mark.at;
        fresh.note(mark);
      });
      if (opened.lastSequence(event) < acknowledged)
        throw new JournalDamaged(`mark ${acknowledged} was acknowledged and is gone`);
      opened.probe();
      counts = fresh;
      corrections = new Map(opened.corrections().map((row) => [zoneKey(row.event, row.zone), row.persons]));
      // Within a boot the running clock is the floor already; at the first opening the journal's latest mark is.
      if (compareHybrid(latest, hybridBox.clock.last()) > 0)
        hybridBox.clock = createHybridClock(() => deps.time().nowMs, latest);
      giveBackUnacknowledged(opened);
      trouble = undefined;
    } catch (cause) {
      journal = undefined;
      opened.close();
      throw cause;
    }
  };

  /** A commit that failed may have reached the file all the same: its gate stayed shut, so its uses go back. */
  const giveBackUnacknowledged = (opened: Journal): void => {
    const last = opened.lastSequence(event);
    for (let sequence = acknowledged + 1; sequence <= last; sequence++) {
      const mark = opened.find({ event, gate, boot, sequence });
      if (mark?.kind !== 'admitted' && mark?.kind !== 'exited' && mark?.kind !== 'overridden') continue;
      const { lane, ticketId, epoch, method } = mark;
      const uses = mark.kind === 'exited' ? 1 : mark.uses;
      opened.begin();
      const lapsed = opened.insert(
        { kind: 'lapsed', event, lane, ticketId, epoch, method, of: { boot, sequence }, uses },
        stampNow(),
      );
      opened.commit();
      counts?.note(lapsed);
    }
    acknowledged = opened.lastSequence(event);
  };

  const stampNow = (): Stamp => {
    const { source, uncertaintyMs } = deps.time();
    return {
      at: hybrid.tick(),
      monotonicMs: Math.round(clock.monotonicMs()),
      clock: { source, uncertaintyMs: Math.ceil(uncertaintyMs) },
    };
  };

  /** In an open transaction: what waited goes before the new mark, so that timestamps rise with sequences. */
  const insertAfterWaiting = (opened: Journal, draft: MarkDraft): Mark => {
    for (const earlier of waiting) opened.insert(earlier.draft, earlier.stamp);
    return opened.insert(draft, stampNow());
  };

  const afterCommit = (opened: Journal, mark: Mark, nowMs: number): void => {
    if (waiting.length > 0) waiting = [];
    acknowledged = opened.lastSequence(event);
    commitsUnmoved++;
    lastCommitAtMs = nowMs;
    counts?.note(mark);
    startTimer();
  };

  const startTimer = (): void => {
    cancelTimer ??= deps.timer.after(quietMs, () => {
      cancelTimer = undefined;
      tidy();
    });
  };

  /** Off the path of a scan: writes what waits and moves the log. */
  const tidy = (): void => {
    if (journal === undefined || trouble !== undefined || closed) return;
    const quiet = clock.monotonicMs() - lastCommitAtMs >= quietMs;
    try {
      if (quiet || waiting.length >= waitingMarksMax / 2) writeWaiting(journal);
      if ((quiet && commitsUnmoved >= commitsUnmovedMin) || commitsUnmoved >= commitsUnmovedMax) {
        journal.checkpoint('what-is-free');
        commitsUnmoved = 0;
      }
    } catch (cause) {
      fail(cause);
      return;
    }
    if (!quiet || waiting.length > 0) startTimer();
  };

  const writeWaiting = (opened: Journal): void => {
    for (const draft of refusals.takeSurplus('over')) wait(draft);
    if (waiting.length === 0) return;
    opened.commitLazily(() => {
      for (const { draft, stamp } of waiting) opened.insert(draft, stamp);
    });
    waiting = [];
    acknowledged = opened.lastSequence(event);
    commitsUnmoved++;
  };

  const wait = (draft: MarkDraft): void => {
    if (waiting.length < waitingMarksMax) waiting.push({ draft, stamp: stampNow() });
    else logger.warn({ lane: draft.lane }, 'refusal not recorded: too many are waiting');
  };

  const occupancy: AdmitView['occupancy'] = (zone) => ({
    known: Math.max(0, ownPersonsIn(zone) + replica.personsIn(event, zone)),
    spentOutOfTouch: counts?.spentOutOfTouch(event, zone) ?? 0,
  });
  const ownPersonsIn = (zone: string): number =>
    (counts?.personsIn(event, zone) ?? 0) + (corrections.get(zoneKey(event, zone)) ?? 0);

  const knownMarks = (opened: Journal, ticketId: string): readonly Mark[] => {
    const marks = [...opened.marksOf(ticketId), ...replica.marksOf(ticketId)];
    return marks.every((mark) => mark.event === event) ? marks : marks.filter((mark) => mark.event === event);
  };

  const viewOf = (opened: Journal, ticketId: string): AdmitView => {
    const ticket = deps.ticket(ticketId);
    const marks = knownMarks(opened, ticketId);
    return { ticket, history: foldTicketHistory(marks, deps.policy(), ticket), occupancy };
  };

  const admit = async <D>(
    ticketId: string,
    decide: (view: AdmitView) => Verdict<D>,
  ): ReturnType<typeof store.admit<D>> => {
    if (journal === undefined || trouble !== undefined) return err({ type: 'store-stopped' });
    const opened = journal;
    let verdict: Verdict<D>;
    let view: AdmitView;
    try {
      opened.begin();
      view = viewOf(opened, ticketId);
    } catch (cause) {
      return fail(cause);
    }
    try {
      verdict = decide(view);
    } catch (cause) {
      // A bug in the rule, not in the journal: the caller's promise rejects.
      opened.rollback();
      throw cause;
    }
    try {
      if (verdict.mark === undefined) {
        opened.rollback();
        return ok({ decision: verdict.decision, mark: undefined, commitMs: 0 });
      }
      const mark = insertAfterWaiting(opened, verdict.mark);
      const startedAtMs = clock.monotonicMs();
      opened.commit();
      const committedAtMs = clock.monotonicMs();
      afterCommit(opened, mark, committedAtMs);
      return ok({ decision: verdict.decision, mark, commitMs: committedAtMs - startedAtMs });
    } catch (cause) {
      return fail(cause);
    }
  };

  const append = async (draft: MarkDraft): Promise<Result<Mark, StoreError>> => {
    if (journal === undefined || trouble !== undefined) return err({ type: 'store-stopped' });
    const opened = journal;
    try {
      opened.begin();
      const mark = insertAfterWaiting(opened, draft);
      const correction = mark.kind === 'recounted' ? correctionFor(mark.zone, mark.persons) : undefined;
      if (correction !== undefined) opened.setCorrection(event, correction.zone, correction.persons);
      opened.commit();
      afterCommit(opened, mark, clock.monotonicMs());
      if (correction !== undefined) corrections.set(zoneKey(event, correction.zone), correction.persons);
      return ok(mark);
    } catch (cause) {
      return fail(cause);
    }
  };

  /** What has to be added to the counts so that they give what a person has counted. */
  const correctionFor = (zone: string, persons: number): { readonly zone: string; readonly persons: number } => ({
    zone,
    persons: persons - (counts?.personsIn(event, zone) ?? 0) - replica.personsIn(event, zone),
  });

  const reopen = async (): Promise<Result<void, StoreError>> => {
    if (closed) return err({ type: 'store-stopped' });
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
      trouble = cause instanceof Error ? cause.message : String(cause);
      return err({ type: 'store-failed', cause: trouble });
    }
  };

  const store: GateStore = {
    admit,
    append,
    appendLater: (draft) => {
      for (const due of refusals.add(draft)) wait(due);
      if (!closed) startTimer();
    },
    healthy: () => trouble === undefined && !closed,
    reopen,
    close: async () => {
      cancelTimer?.();
      closed = true;
      if (journal !== undefined && trouble === undefined) {
        try {
          for (const draft of refusals.takeSurplus('all')) wait(draft);
          writeWaiting(journal);
          journal.checkpoint('what-is-free');
        } catch (cause) {
          fail(cause);
        }
      }
      journal?.close();
      journal = undefined;
      trouble = 'closed';
      replica.close();
    },
    marksOf: (ticketId) => (journal === undefined ? [] : knownMarks(journal, ticketId)),
    occupancy,
    backInTouch: () => counts?.backInTouch(),
    hybrid,
    through: () => (trouble === undefined && waiting.length === 0 ? hybrid.tick() : undefined),
    lastSequence: () => acknowledged,
    trouble: () => trouble,
  };

  try {
    open(false);
  } catch (cause) {
    fail(cause);
  }
  return store;
}

const zoneKey = (event: number, zone: string): string => `${event}/${zone}`;
