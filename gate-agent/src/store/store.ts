// The gate's adapter of the Store port: reads a ticket and its marks, lets the pure rule decide, and commits the mark, all in one
// transaction. When anything about the journal fails, the store stops by itself until `reopen` has verified the file
// (live-journal.ts); what need not be durable at once waits for a quiet moment (quiet-work.ts).
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
  type TagState,
  type Ticket,
  type Timer,
  type TrustedTime,
  type Verdict,
} from '@postern/shared';
import type { DiskKey } from './database.ts';
import type { Journal } from './journal.ts';
import { createLiveJournal } from './live-journal.ts';
import { createQuietWork } from './quiet-work.ts';
import type { OfflineCount } from '../counts/offline-counts.ts';
import { createReplicaReader, type ReplicaReader } from './replica-reader.ts';
import { countPersons } from '../counts/zone-counts.ts';

export interface GateStoreDeps {
  readonly journalPath: string;
  readonly replicaPath: string;
  /** Of the two files, where they are sealed. */
  readonly key?: DiskKey | undefined;
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
  /** Every known mark of a ticket, own and replicated, with the clock corrections that concern them; empty while the store is stopped. */
  readonly marksOf: (ticketId: string) => readonly Mark[];
  /** To which ticket a wristband belongs; a conflict that nobody has settled lets nobody in (tagRefusal). */
  readonly tag: (tagHash: string) => TagState;
  /** All that is known of a band and of a ticket's bands; empty ticket id: of the band alone. */
  readonly bindings: (tagHash: string, ticketId: string) => Bindings;
  /** Tickets with marks of other gates, in the order of ids after one, from at most so many marks; the last may not be complete. */
  readonly ticketsAfter: ReplicaReader['ticketsAfter'];
  /** Tickets with marks of this gate. */
  readonly ownTickets: () => readonly string[];
  /** What this gate has decided while it had nobody in reach. */
  readonly offline: () => OfflineCount;
  readonly occupancy: (zone: string) => { readonly known: number; readonly spentOutOfTouch: number };
  /** The last marks of a gate that are known: those from `sinceMs` on, at most `max`. */
  readonly recentMarks: (gate: string, sinceMs: number, max: number) => readonly Mark[];
  /** By which this gate has begun and left rehearsals, in the order in which it did. */
  readonly rehearsalSwitches: () => readonly Mark[];
  /** This gate's own marks of orders, and what is new of those of others since the last call. */
  readonly newsOfOrders: () => readonly OrderNews[];
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

/** Does not fail: a journal that cannot be opened gives a stopped store, which `reopen` may bring to life. */
export function createGateStore(deps: GateStoreDeps): GateStore {
  const { event, clock, logger } = deps;
  const replica = createReplicaReader({ path: deps.replicaPath, key: deps.key, clock, logger });
  const live = createLiveJournal({
    ...deps,
    path: deps.journalPath,
    findRemote: (id) => replica.find(id.event, id.gate, id.boot, id.sequence),
  });
  const quietWork = createQuietWork({ ...deps, live });
  let closed = false;

  const admit = async <D>(
    ticketId: string,
    decide: (view: AdmitView) => Verdict<D>,
  ): ReturnType<typeof store.admit<D>> => {
    const journal = live.working();
    if (journal === undefined) return err({ type: 'store-stopped' });
    let verdict: Verdict<D>;
    let view: AdmitView;
    try {
      journal.begin();
      view = viewOf(journal, ticketId);
    } catch (cause) {
      return live.fail(cause);
    }
    try {
      verdict = decide(view);
    } catch (cause) {
      // A bug in the rule, not in the journal: the caller's promise rejects.
      journal.rollback();
      throw cause;
    }
    try {
      if (verdict.mark === undefined) {
        journal.rollback();
        return ok({ decision: verdict.decision, mark: undefined, commitMs: 0 });
      }
      const mark = insertAfterWaiting(journal, verdict.mark);
      const startedAtMs = clock.monotonicMs();
      journal.commit();
      const committedAtMs = clock.monotonicMs();
      afterCommit(mark, committedAtMs);
      return ok({ decision: verdict.decision, mark, commitMs: committedAtMs - startedAtMs });
    } catch (cause) {
      return live.fail(cause);
    }
  };

  const append = async (draft: MarkDraft): Promise<Result<Mark, StoreError>> => {
    const journal = live.working();
    if (journal === undefined) return err({ type: 'store-stopped' });
    try {
      journal.begin();
      const mark = insertAfterWaiting(journal, draft);
      journal.commit();
      afterCommit(mark, clock.monotonicMs());
      return ok(mark);
    } catch (cause) {
      return live.fail(cause);
    }
  };

  const viewOf = (journal: Journal, ticketId: string): AdmitView => {
    const ticket = deps.ticket(ticketId);
    const marks = knownMarks(journal, ticketId);
    const history = foldTicketHistory(marks, deps.policy(), ticket);
    const practised: AdmitView['practised'] = (session) =>
      foldRehearsal(marks, session, deps.policy(), ticket, history);
    return { ticket, history, practised, occupancy };
  };

  const knownMarks = (journal: Journal, ticketId: string): readonly Mark[] => {
    const marks = [...journal.marksOf(ticketId), ...replica.marksOf(ticketId)];
    return marks.every((mark) => mark.event === event) ? marks : marks.filter((mark) => mark.event === event);
  };

  const occupancy: AdmitView['occupancy'] = (zone) => {
    const own = live.counts();
    if (own === undefined) return { known: 0, spentOutOfTouch: 0 };
    return {
      known: countPersons(event, zone, own, replica.zone(event, zone)),
      spentOutOfTouch: own.spentOutOfTouch(event, zone),
    };
  };

  const bindings = (tagHash: string, ticketId: string): Bindings => {
    const journal = live.working();
    const around =
      journal === undefined
        ? []
        : bindingsAround([tagHash], ticketId === '' ? [] : [ticketId], {
            byTag: (hash) =>
              [...journal.boundTo(hash), ...replica.boundTo(hash)].filter((mark) => mark.event === event),
            byTicket: (id) => knownMarks(journal, id),
          });
    return foldBindings(around, (id) => deps.ticket(id)?.party ?? 1);
  };

  const insertAfterWaiting = (journal: Journal, draft: MarkDraft): Mark => {
    quietWork.insertWaiting(journal);
    return journal.insert(draft, live.stamp());
  };

  const afterCommit = (mark: Mark, atMs: number): void => {
    live.acknowledge(mark);
    quietWork.committed(atMs);
  };

  const store: GateStore = {
    admit,
    append,
    appendLater: quietWork.later,
    healthy: () => live.trouble() === undefined,
    reopen: async () => (closed ? err({ type: 'store-stopped' }) : live.reopen()),
    close: async () => {
      closed = true;
      quietWork.close();
      live.close();
      replica.close();
    },
    tag: (tagHash) => bindings(tagHash, '').tag(tagHash),
    bindings,
    ticketsAfter: replica.ticketsAfter,
    ownTickets: () => live.working()?.ticketIds() ?? [],
    offline: live.offline,
    marksOf: (ticketId) => {
      const journal = live.working();
      return journal === undefined ? [] : knownMarks(journal, ticketId);
    },
    occupancy,
    recentMarks: (gate, sinceMs, max) =>
      gate === deps.gate
        ? (live.working()?.recent(event, sinceMs, max) ?? [])
        : replica.recent(event, gate, sinceMs, max),
    rehearsalSwitches: live.rehearsalSwitches,
    newsOfOrders: () => [
      ...live.orderMarks().map((mark) => ({ type: 'learned' as const, mark })),
      ...replica.newsOfOrders(event),
    ],
    backInTouch: () => live.counts()?.backInTouch(),
    hybrid: live.hybrid,
    through: () => (live.trouble() === undefined && !quietWork.waits() ? live.hybrid.tick() : undefined),
    lastSequence: live.lastSequence,
    trouble: live.trouble,
  };
  return store;
}
