// The handheld's adapter of the Store port: reads a ticket's marks, lets the pure rule decide and commits the mark in one transaction of
// IndexedDB with `durability: strict`, one after the other. When anything about the journal fails, nobody is let in until `reopen` has
// verified it; what a failed commit has left all the same is given back then. Refusals wait for a quiet moment.
import {
  asCaused,
  bindingsAround,
  compareHybrid,
  createHybridClock,
  createLatestTime,
  createRefusalBatch,
  draftLapse,
  err,
  foldBindings,
  foldRehearsal,
  foldTicketHistory,
  isOrderFoldMark,
  isRehearsalSwitch,
  markKey,
  ok,
  rehearsedDraft,
  type AdmissionPolicy,
  type AdmitView,
  type Bindings,
  type Clock,
  type HybridClock,
  type HybridTimestamp,
  type Logger,
  type Mark,
  type MarkDraft,
  type OrderNews,
  type Result,
  type Store,
  type StoreError,
  type Ticket,
  type Timer,
  type TrustedTime,
  type Verdict,
} from '@postern/shared';
import { movesPersons } from '../../counts/moves.ts';
import { countPersons, createZoneCounts, type ZoneCounts } from '../../counts/zone-counts.ts';
import { JournalDamaged, openJournal, type Journal, type JournalTransaction, type Stamp } from './journal.ts';
import type { OtherGates } from './other-gates.ts';

/** Without a commit for this long, refusals that wait are written. */
export const quietMs = 250;
/** Refusals waiting for a commit; more are dropped, counted in the log. */
const waitingMarksMax = 1_000;

export interface HandheldStoreDeps {
  /** Of the journal's database. */
  readonly name: string;
  readonly event: number;
  readonly gate: string;
  /** 16 hexadecimal digits, random at every start of the page. */
  readonly boot: string;
  readonly clock: Clock;
  readonly time: () => TrustedTime;
  readonly timer: Timer;
  readonly logger: Logger;
  readonly policy: () => AdmissionPolicy;
  readonly ticket: (ticketId: string) => Ticket | undefined;
  /** What the worker has learned of other gates. */
  readonly others: OtherGates;
  /** A mark is durable: the worker may take it along. */
  readonly committed?: () => void;
}

export interface HandheldStore extends Store {
  /** Every known mark of a ticket, own and others'; empty while the store is stopped. */
  readonly marksOf: (ticketId: string) => Promise<readonly Mark[]>;
  readonly bindings: (tagHash: string, ticketId: string) => Bindings;
  readonly recentMarks: (gate: string, sinceMs: number, max: number) => Promise<readonly Mark[]>;
  /** This gate's own marks of orders, and what is new of those of others since the last call. */
  readonly newsOfOrders: () => readonly OrderNews[];
  /** By which this gate has begun and left rehearsals, in the order in which it did. */
  readonly rehearsalSwitches: () => readonly Mark[];
  readonly occupancy: AdmitView['occupancy'];
  readonly backInTouch: () => void;
  readonly hybrid: HybridClock;
  /** A timestamp below which no mark of this start will follow any more; undefined while one is on its way to its commit. */
  readonly through: () => HybridTimestamp | undefined;
  readonly lastSequence: () => number;
  /** The last own entry that a sure clock has stamped, if any. */
  readonly lastEntry: () => readonly Mark[];
  /** Why the store is stopped; undefined while it works. */
  readonly trouble: () => string | undefined;
  /** Whatever was asked of it before is done. */
  readonly settled: () => Promise<void>;
}

interface Waiting {
  readonly draft: MarkDraft;
  readonly stamp: Stamp;
}

/** What is known of the own journal, counted again at every opening. */
interface Known {
  readonly journal: Journal;
  readonly counts: ZoneCounts;
  readonly orderMarks: Mark[];
  readonly rehearsalSwitches: Mark[];
  readonly bound: Mark[];
  readonly corrections: Mark[];
  readonly moving: Map<string, Mark>;
}

/** Does not reject: a journal that cannot be opened gives a stopped store, which `reopen` may bring to life. */
export async function openHandheldStore(deps: HandheldStoreDeps): Promise<HandheldStore> {
  const { event, gate, boot, clock, timer, logger, others } = deps;
  let known: Known | undefined;
  let trouble: string | undefined = 'not opened yet';
  let closed = false;
  let hasOpened = false;
  let acknowledged = 0;
  let lastEntry: Mark | undefined;
  let onTheirWay = 0;
  let latestClock = createHybridClock(() => deps.time().nowMs);
  const hybrid: HybridClock = {
    tick: () => latestClock.tick(),
    observe: (remote) => latestClock.observe(remote),
    last: () => latestClock.last(),
  };
  const refusals = createRefusalBatch(clock.monotonicMs);
  let waiting: Waiting[] = [];
  let lastCommitMs = clock.monotonicMs();
  let cancelTimer: (() => void) | undefined;

  let tail: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    onTheirWay++;
    const result = tail.then(task).finally(() => onTheirWay--);
    tail = result.catch(() => undefined);
    return result;
  };

  const stamp = (): Stamp => {
    const { source, uncertaintyMs } = deps.time();
    return {
      at: hybrid.tick(),
      monotonicMs: Math.round(clock.monotonicMs()),
      clock: { source, uncertaintyMs: Math.ceil(uncertaintyMs) },
    };
  };
  const working = (): Known | undefined => (trouble === undefined ? known : undefined);

  const fail = (cause: unknown): Result<never, StoreError> => {
    trouble = textOf(cause);
    // They were stamped before whatever a reopened journal says next; and a refusal may be lost.
    waiting = [];
    logger.error({ cause: trouble }, 'journal failed; nobody is let in until it has been reopened and verified');
    return err({ type: 'store-failed', cause: trouble });
  };

  const note = (to: Known, mark: Mark): void => {
    if (movesPersons(mark)) to.moving.set(markKey(mark), mark);
    to.counts.note(mark);
    if (isOrderFoldMark(mark)) to.orderMarks.push(mark);
    if (isRehearsalSwitch(mark)) to.rehearsalSwitches.push(mark);
    if (mark.kind === 'bound') to.bound.push(mark);
    if (mark.kind === 'corrected') to.corrections.push(mark);
    if (mark.kind === 'admitted' && mark.clock.source !== 'none' && mark.clock.source !== 'person') lastEntry = mark;
  };

  /** Opens, counts and verifies; rejects with the reason when the journal cannot be trusted or written. */
  const open = async (): Promise<void> => {
    // Only the first opening of a start takes the journal from whoever has it.
    const journal = await openJournal(deps.name, { event, gate, boot }, !hasOpened);
    hasOpened = true;
    try {
      const moving = new Map<string, Mark>();
      const fresh: Known = {
        journal,
        counts: createZoneCounts((id) => moving.get(markKey(id))),
        orderMarks: [],
        rehearsalSwitches: [],
        bound: [],
        corrections: [],
        moving,
      };
      const latest = createLatestTime();
      await journal.replay((mark) => {
        latest.note(mark);
        note(fresh, mark);
      });
      if (journal.lastSequence() < acknowledged)
        throw new JournalDamaged(`mark ${acknowledged} was acknowledged and is gone`);
      await journal.probe();
      const floor = latest.latest();
      if (compareHybrid(floor, hybrid.last()) > 0) latestClock = createHybridClock(() => deps.time().nowMs, floor);
      await giveBackUnacknowledged(fresh);
      known = fresh;
      trouble = undefined;
    } catch (cause) {
      journal.close();
      throw cause;
    }
  };

  /** A commit that was reported as failed may have been one: its gate stayed shut, so its uses go back. */
  const giveBackUnacknowledged = async (to: Known): Promise<void> => {
    const { journal } = to;
    const last = journal.lastSequence();
    for (let sequence = acknowledged + 1; sequence <= last; sequence++) {
      const stored = await journal.find(boot, sequence);
      const mark = stored && asCaused(stored);
      if (mark?.kind !== 'admitted' && mark?.kind !== 'exited' && mark?.kind !== 'overridden') continue;
      // Of the session that it was practised in, if it was.
      const back = rehearsedDraft(draftLapse(mark, mark.kind === 'exited' ? 1 : mark.uses), undefined);
      note(to, await journal.transact('strict', async ({ insert }) => insert(back, stamp())));
    }
    acknowledged = journal.lastSequence();
  };

  const insertWaiting = ({ insert }: JournalTransaction): void => {
    for (const { draft, stamp: at } of waiting) insert(draft, at);
  };
  const afterCommit = (to: Known, mark: Mark | undefined, written: number): void => {
    // Those that came meanwhile go with the next commit.
    waiting = waiting.slice(written);
    acknowledged = to.journal.lastSequence();
    if (mark !== undefined) {
      note(to, mark);
      lastCommitMs = clock.monotonicMs();
    }
    deps.committed?.();
    if (waiting.length > 0) startTimer();
  };

  const admit = async <D>(
    ticketId: string,
    decide: (view: AdmitView) => Verdict<D>,
  ): ReturnType<typeof store.admit<D>> => {
    const current = working();
    if (current === undefined) return err({ type: 'store-stopped' });
    const fromOthers = await others.marksOf(ticketId);
    let broken: { readonly cause: unknown } | undefined;
    let startedMs = 0;
    let written = 0;
    try {
      const verdict = await current.journal.transact('strict', async (transaction) => {
        const own = await transaction.marksOf(ticketId);
        let decided: Verdict<D>;
        try {
          decided = decide(viewOf(ticketId, withCorrections(own, current.corrections).concat(fromOthers)));
        } catch (cause) {
          // A bug in the rule, not in the journal: the caller's promise rejects.
          broken = { cause };
          throw cause;
        }
        startedMs = clock.monotonicMs();
        if (decided.mark === undefined) {
          transaction.abort();
          return { decision: decided.decision, mark: undefined };
        }
        insertWaiting(transaction);
        written = waiting.length;
        return { decision: decided.decision, mark: transaction.insert(decided.mark, stamp()) };
      });
      if (verdict.mark === undefined) return ok({ ...verdict, commitMs: 0 });
      const commitMs = clock.monotonicMs() - startedMs;
      afterCommit(current, verdict.mark, written);
      return ok({ ...verdict, commitMs });
    } catch (cause) {
      if (broken !== undefined) throw broken.cause;
      return fail(cause);
    }
  };

  const append = async (draft: MarkDraft): Promise<Result<Mark, StoreError>> => {
    const current = working();
    if (current === undefined) return err({ type: 'store-stopped' });
    let written = 0;
    try {
      const mark = await current.journal.transact('strict', async (transaction) => {
        insertWaiting(transaction);
        written = waiting.length;
        return transaction.insert(draft, stamp());
      });
      afterCommit(current, mark, written);
      return ok(mark);
    } catch (cause) {
      return fail(cause);
    }
  };

  const viewOf = (ticketId: string, marks: readonly Mark[]): AdmitView => {
    const ticket = deps.ticket(ticketId);
    const history = foldTicketHistory(marks, deps.policy(), ticket);
    const practised: AdmitView['practised'] = (session) =>
      foldRehearsal(marks, session, deps.policy(), ticket, history);
    return { ticket, history, practised, occupancy };
  };
  const occupancy: AdmitView['occupancy'] = (zone) => {
    const own = working()?.counts;
    if (own === undefined) return { known: 0, spentOutOfTouch: 0 };
    return {
      known: countPersons(event, zone, own, others.zone(zone)),
      spentOutOfTouch: own.spentOutOfTouch(event, zone),
    };
  };

  const startTimer = (): void => {
    if (closed) return;
    cancelTimer ??= timer.after(quietMs, () => {
      cancelTimer = undefined;
      const quiet = clock.monotonicMs() - lastCommitMs >= quietMs;
      if (quiet || waiting.length >= waitingMarksMax / 2) void inTurn(() => write('over'));
      else startTimer();
    });
  };
  const wait = (draft: MarkDraft): void => {
    if (waiting.length < waitingMarksMax) waiting.push({ draft, stamp: stamp() });
    else logger.warn({ lane: draft.lane }, 'refusal not recorded: too many are waiting');
  };
  const write = async (which: 'over' | 'all'): Promise<void> => {
    const current = working();
    if (current === undefined) return;
    for (const draft of refusals.takeSurplus(which)) wait(draft);
    if (waiting.length === 0) return;
    const written = waiting.length;
    try {
      await current.journal.transact('relaxed', async (transaction) => insertWaiting(transaction));
      afterCommit(current, undefined, written);
    } catch (cause) {
      fail(cause);
    }
  };

  const reopen = async (): Promise<Result<void, StoreError>> => {
    if (closed) return err({ type: 'store-stopped' });
    if (trouble === undefined) return ok(undefined);
    known?.journal.close();
    known = undefined;
    try {
      await open();
      logger.info({ lastSequence: acknowledged }, 'journal reopened and verified');
      return ok(undefined);
    } catch (cause) {
      trouble = textOf(cause);
      return err({ type: 'store-failed', cause: trouble });
    }
  };

  const knownMarks = async (ticketId: string): Promise<readonly Mark[]> => {
    const current = working();
    if (current === undefined) return [];
    const [own, fromOthers] = await Promise.all([current.journal.marksOf(ticketId), others.marksOf(ticketId)]);
    return [...withCorrections(own, current.corrections), ...fromOthers];
  };

  const store: HandheldStore = {
    admit: (ticketId, decide) => inTurn(() => admit(ticketId, decide)),
    append: (draft) => inTurn(() => append(draft)),
    appendLater: (draft) => {
      for (const due of refusals.add(draft)) wait(due);
      startTimer();
    },
    healthy: () => trouble === undefined,
    reopen: () => inTurn(reopen),
    close: () =>
      inTurn(async () => {
        cancelTimer?.();
        closed = true;
        await write('all');
        known?.journal.close();
        known = undefined;
        trouble = 'closed';
      }),
    marksOf: knownMarks,
    bindings: (tagHash, ticketId) => {
      const all = [...(working()?.bound ?? []), ...others.bound()];
      const around = bindingsAround([tagHash], ticketId === '' ? [] : [ticketId], {
        byTag: (hash) => all.filter((mark) => mark.kind === 'bound' && mark.tagHash === hash),
        byTicket: (id) => all.filter((mark) => mark.kind === 'bound' && mark.ticketId === id),
      });
      return foldBindings(around, (id) => deps.ticket(id)?.party ?? 1);
    },
    recentMarks: async (of, sinceMs, max) =>
      of === gate ? ((await working()?.journal.recent(sinceMs, max)) ?? []) : others.recent(of, sinceMs, max),
    newsOfOrders: () => [
      ...(working()?.orderMarks ?? []).map((mark) => ({ type: 'learned' as const, mark })),
      ...others.newsOfOrders(),
    ],
    rehearsalSwitches: () => working()?.rehearsalSwitches ?? [],
    occupancy,
    backInTouch: () => working()?.counts.backInTouch(),
    hybrid,
    through: () => (trouble === undefined && waiting.length === 0 && onTheirWay === 0 ? hybrid.tick() : undefined),
    lastSequence: () => acknowledged,
    lastEntry: () => (lastEntry === undefined ? [] : [lastEntry]),
    trouble: () => trouble,
    settled: () => inTurn(async () => undefined),
  };

  await open().catch((cause: unknown) => void fail(cause));
  return store;
}

/** The corrections of this gate's clock concern its marks, where there are any. */
const withCorrections = (marks: readonly Mark[], corrections: readonly Mark[]): Mark[] =>
  marks.length === 0 ? [] : [...marks, ...corrections];

/** Of a browser's error the name says more than its text: `QuotaExceededError`. */
const textOf = (cause: unknown): string =>
  cause instanceof JournalDamaged
    ? cause.message
    : cause instanceof Error
      ? `${cause.name}: ${cause.message}`
      : String(cause);

/** Whether the store stopped because the browser has no room left. */
export const isStorageFull = (trouble: string | undefined): boolean => trouble?.includes('QuotaExceeded') === true;
