// The handheld's adapter of the Store port: reads a ticket's marks, lets the pure rule decide and commits the mark in one transaction of
// IndexedDB with `durability: strict`, one after the other. When anything about the journal fails, nobody is let in until `reopen` has
// verified it (live-journal.ts). Refusals wait for a quiet moment.
import {
  bindingsAround,
  err,
  foldBindings,
  foldRehearsal,
  foldTicketHistory,
  ok,
  type AdmissionPolicy,
  type AdmitView,
  type Bindings,
  type HybridClock,
  type HybridTimestamp,
  type Mark,
  type MarkDraft,
  type OrderNews,
  type Result,
  type Store,
  type StoreError,
  type Ticket,
  type Timer,
  type Verdict,
} from '@postern/shared';
import { countPersons } from '../../counts/zone-counts.ts';
import { createWaitingRefusals, waitingMarksMax } from '../../waiting-refusals.ts';
import { openLiveJournal, type LiveJournalDeps } from './live-journal.ts';
import type { OtherGates } from './other-gates.ts';

/** Without a commit for this long, refusals that wait are written. */
export const quietMs = 250;

export interface HandheldStoreDeps extends LiveJournalDeps {
  readonly timer: Timer;
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

/** Does not reject: a journal that cannot be opened gives a stopped store, which `reopen` may bring to life. */
export async function openHandheldStore(deps: HandheldStoreDeps): Promise<HandheldStore> {
  const { event, gate, clock, timer, others } = deps;
  const live = await openLiveJournal(deps);
  const { working, fail } = live;
  const refusals = createWaitingRefusals({ ...deps, working, stamp: live.stamp });
  let closed = false;
  let onTheirWay = 0;
  let lastCommitMs = clock.monotonicMs();
  let cancelTimer: (() => void) | undefined;

  let tail: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    onTheirWay++;
    const result = tail.then(task).finally(() => onTheirWay--);
    tail = result.catch(() => undefined);
    return result;
  };

  const afterCommit = (written: number, mark?: Mark): void => {
    refusals.committed(written);
    live.acknowledge(mark);
    if (mark !== undefined) lastCommitMs = clock.monotonicMs();
    deps.committed?.();
    if (refusals.count() > 0) startTimer();
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
        written = refusals.insertInto(transaction);
        return { decision: decided.decision, mark: transaction.insert(decided.mark, live.stamp()) };
      });
      if (verdict.mark === undefined) return ok({ ...verdict, commitMs: 0 });
      const commitMs = clock.monotonicMs() - startedMs;
      afterCommit(written, verdict.mark);
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
        written = refusals.insertInto(transaction);
        return transaction.insert(draft, live.stamp());
      });
      afterCommit(written, mark);
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
      if (quiet || refusals.count() >= waitingMarksMax / 2) void inTurn(() => write('over'));
      else startTimer();
    });
  };
  const write = async (which: 'over' | 'all'): Promise<void> => {
    const journal = working()?.journal;
    if (journal === undefined) return;
    refusals.addSurplus(which);
    if (refusals.count() === 0) return;
    try {
      // Some may come until the transaction has begun, and go along.
      afterCommit(await journal.transact('relaxed', async (transaction) => refusals.insertInto(transaction)));
    } catch (cause) {
      fail(cause);
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
      refusals.add(draft);
      startTimer();
    },
    healthy: () => live.trouble() === undefined,
    reopen: () => inTurn(async () => (closed ? err({ type: 'store-stopped' }) : live.reopen())),
    close: () =>
      inTurn(async () => {
        cancelTimer?.();
        closed = true;
        await write('all');
        live.close();
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
    hybrid: live.hybrid,
    through: () =>
      live.trouble() === undefined && refusals.count() === 0 && onTheirWay === 0 ? live.hybrid.tick() : undefined,
    lastSequence: live.lastSequence,
    lastEntry: live.lastEntry,
    trouble: live.trouble,
    settled: () => inTurn(async () => undefined),
  };
  return store;
}

/** The corrections of this gate's clock concern its marks, where there are any. */
const withCorrections = (marks: readonly Mark[], corrections: readonly Mark[]): Mark[] =>
  marks.length === 0 ? [] : [...marks, ...corrections];
