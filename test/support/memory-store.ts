// A store in memory with the promises of the real one: one transaction a ticket, a mark is there before `admit` resolves, and
// after a failure nothing is admitted until `reopen`. Tests decide when a commit fails.
import {
  err,
  foldHistory,
  foldRehearsal,
  historyRules,
  ok,
  type AdmissionPolicy,
  type Clock,
  type HybridTimestamp,
  type Mark,
  type MarkDraft,
  type Store,
  type Ticket,
  type Timer,
} from '@postern/shared';

export interface MemoryStoreDeps {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly policy: AdmissionPolicy;
  readonly tickets: readonly Ticket[];
  readonly gate?: string;
  readonly commitMs?: number;
}

export interface MemoryStore {
  readonly store: Store;
  /** Everything durable, in order; refusals among it. */
  readonly marks: readonly Mark[];
}

export function createMemoryStore({
  clock,
  timer,
  policy,
  tickets,
  gate = 'north',
  commitMs = 4,
}: MemoryStoreDeps): MemoryStore {
  const marks: Mark[] = [];
  const ticketsById = new Map(tickets.map((ticket) => [ticket.id, ticket]));
  let last: HybridTimestamp = { ms: 0, counter: 0 };
  let turn: Promise<unknown> = Promise.resolve();

  const commit = (draft: MarkDraft): Mark => {
    const ms = clock.wallMs();
    last = ms > last.ms ? { ms, counter: 0 } : { ms: last.ms, counter: last.counter + 1 };
    const identity = {
      gate,
      boot: '00000000000000aa',
      sequence: marks.length + 1,
      at: last,
      monotonicMs: clock.monotonicMs(),
    };
    const mark: Mark = { ...draft, ...identity, clock: { source: 'server', uncertaintyMs: 10 } };
    marks.push(mark);
    return mark;
  };
  const disk = (): Promise<void> => new Promise((resolve) => void timer.after(commitMs, resolve));
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = turn.then(task);
    turn = result;
    return result;
  };

  return {
    marks,
    store: {
      admit: (ticketId, decide) =>
        inTurn(async () => {
          const ticket = ticketsById.get(ticketId);
          const rules = historyRules(policy, { type: ticket?.type ?? 0, party: ticket?.party ?? 1 });
          const marksOfTicket = marks.filter((mark) => 'ticketId' in mark && mark.ticketId === ticketId);
          const history = foldHistory(marksOfTicket, rules);
          const { decision, mark: draft } = decide({
            ticket,
            history,
            practised: (session) => foldRehearsal(marksOfTicket, session, policy, ticket, history),
            occupancy: () => ({ known: 0, spentOutOfTouch: 0 }),
          });
          if (draft === undefined) return ok({ decision, mark: undefined, commitMs: 0 });
          await disk();
          return ok({ decision, mark: commit(draft), commitMs });
        }),
      append: (draft) =>
        inTurn(async () => {
          await disk();
          return ok(commit(draft));
        }),
      appendLater: (draft) => void commit(draft),
      healthy: () => true,
      reopen: async () => ok(undefined),
      close: async () => undefined,
    },
  };
}

/** How a store's writes fail: not at all, without having written, or after having written (nobody can know). */
export type StoreFault = 'none' | 'before' | 'after' | 'throws';

export interface FaultyStore {
  readonly store: Store;
  /** From now on every write fails like this, until `none`; then `reopen` works again. */
  readonly fault: (fault: StoreFault) => void;
}

/** Any store, with failures on demand. */
export function withFaults(inner: Store): FaultyStore {
  let current: StoreFault = 'none';
  let isStopped = false;
  const failing = async <T>(write: () => Promise<T>): Promise<T | ReturnType<typeof failed>> => {
    if (isStopped) return err({ type: 'store-stopped' } as const);
    if (current === 'none') return write();
    isStopped = true;
    if (current === 'after') await write();
    if (current === 'throws') throw new Error('disk on fire');
    return failed();
  };
  return {
    fault: (fault) => void (current = fault),
    store: {
      ...inner,
      admit: (ticketId, decide) => failing(() => inner.admit(ticketId, decide)),
      append: (draft) => failing(() => inner.append(draft)),
      healthy: () => !isStopped && inner.healthy(),
      reopen: async () => {
        if (current !== 'none') return failed();
        isStopped = false;
        return inner.reopen();
      },
    },
  };
}

const failed = (): {
  readonly ok: false;
  readonly error: { readonly type: 'store-failed'; readonly cause: string } | { readonly type: 'store-stopped' };
} => err({ type: 'store-failed', cause: 'I/O error' });
