// The cloud's adapter of the Store port: tickets verified centrally are used through the same `admit` as at a gate, by the same rule,
// and leave the same marks, under the gate id `cloud`. What many requests ask for at once becomes durable in one transaction (group
// commit), in sequences without gaps. After a failed commit nothing is admitted until `reopen` has taken a new lease and given back
// what the failed commit may have left behind.
import {
  asCaused,
  centralGate,
  createHybridClock,
  createRefusalBatch,
  decideIn,
  draftLapse,
  encodeMark,
  err,
  foldRehearsal,
  foldTicketHistory,
  isRefusal,
  ok,
  rehearsalAt,
  rehearsedDraft,
  type AdmissionPolicy,
  type AdmitView,
  type Clock,
  type EncodedMark,
  type History,
  type HybridClock,
  type HybridTimestamp,
  type Logger,
  type Mark,
  type MarkDraft,
  type Random,
  type Result,
  type Store,
  type StoreError,
  type Ticket,
  type Timer,
  type Verdict,
} from '@postern/shared';
import { setImmediate } from 'node:timers/promises';
import { endLease, leaseMs, renewLease, takeLease } from './central-writer.ts';
import type { Database, Queries } from './database.ts';
import { createRowBatch, type RowBatch } from './insert-rows.ts';
import { lockTickets } from './locks.ts';
import { readMark, readMarksOfTickets, toMarkRow } from './mark-rows.ts';
import { countZonePersons } from './zone-persons.ts';

/** Uses that become durable together. More would keep the first of them waiting. */
export const admissionsPerCommitMax = 200;
/** Turns of the event loop from a request's arrival to its place in the queue, about: one for each thing that is read first. */
const gatherTurns = 8;
/** Requests that wait for a commit; more are turned away at once. */
const waitingMax = 10_000;
/** Refusals wait this long for a commit that takes them along. */
export const refusalsWaitMs = 250;
/** Half-width of the interval that contains the true time, as far as a server that keeps time can say. */
const serverUncertaintyMs = 20;

/** `Entry`: what of a decision somebody else writes down in its transaction. */
export interface CentralStoreDeps<Entry> {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
  readonly log: Logger;
  /** An event's rules as they are at this instant; undefined when there is no such event. */
  readonly policyOf: (queries: Queries, event: number) => Promise<AdmissionPolicy | undefined>;
  /** Tickets by id, as they are at this instant. */
  readonly ticketsOf: (
    queries: Queries,
    event: number,
    ticketIds: readonly string[],
  ) => Promise<ReadonlyMap<string, Ticket>>;
  /**
   * Writes down what histories and new marks come to, in the same transaction, through `batch` where it can wait; the tickets of both are
   * locked. `known` are the tickets of which there were marks before it.
   */
  readonly keep: (
    queries: Queries,
    batch: RowBatch,
    event: number,
    histories: ReadonlyMap<string, History>,
    marks: readonly Mark[],
    known: ReadonlySet<string>,
  ) => Promise<void>;
  /** The last thing in a transaction, and through `batch`: what its decisions leave in another log. */
  readonly record: (queries: Queries, entries: readonly Entry[], batch: RowBatch) => Promise<void>;
  /** Marks of this event are durable. */
  readonly committed: (event: number) => void;
}

export interface CentralStore<Entry = unknown> {
  /** The store of one event; all events share one writer and its commits. `entryOf`: what its decisions leave in another log. */
  readonly ofEvent: (event: number, entryOf?: EntryOfDecision<Entry>) => Store;
  /** This writer's present process start, and the events it has marks of. */
  readonly writer: () => { readonly boot: string; readonly events: ReadonlySet<number> };
  readonly hybrid: HybridClock;
  /** A timestamp below which no mark of this start will follow any more; undefined while some wait for their commit. */
  readonly through: () => HybridTimestamp | undefined;
  /** Tells others that this process start is alive; on a lease that was lost the store stops until `reopen`. */
  readonly heartbeat: () => Promise<void>;
  /** Resolves when everything that waits is durable. */
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** One request, and how its asker learns what came of it. */
type EntryOfDecision<Entry> = (decision: unknown, mark: Mark | undefined) => Entry | undefined;

interface Job<Entry> {
  readonly event: number;
  readonly ticketId: string;
  readonly decide: (view: AdmitView) => Verdict<unknown>;
  readonly entryOf: EntryOfDecision<Entry> | undefined;
  readonly settle: (result: Result<Committed, StoreError>) => void;
  readonly reject: (cause: unknown) => void;
}
interface Committed {
  readonly decision: unknown;
  readonly mark: Mark | undefined;
  readonly commitMs: number;
}

/** What one event's part of a transaction knows and has made so far. */
interface Page {
  readonly event: number;
  readonly policy: AdmissionPolicy;
  /** Of the event's rehearsal, while there is one. */
  readonly session: string | undefined;
  readonly tickets: ReadonlyMap<string, Ticket>;
  readonly marksByTicket: Map<string, readonly Mark[]>;
  /** Tickets that had marks before this transaction. */
  readonly known: ReadonlySet<string>;
  readonly personsByZone: Map<string, number>;
  readonly made: EncodedMark[];
}

export async function openCentralStore<Entry>(deps: CentralStoreDeps<Entry>): Promise<CentralStore<Entry>> {
  const { database, clock, random, timer, log } = deps;
  const refusals = createRefusalBatch(clock.monotonicMs);
  const waitingRefusals: MarkDraft[] = [];
  let lease = await takeLease(database, clock, random);
  let leasedAtMs = clock.wallMs();
  let latest = createHybridClock(clock.wallMs, lease.floor);
  const hybrid: HybridClock = {
    tick: () => latest.tick(),
    observe: (remote) => latest.observe(remote),
    last: () => latest.last(),
  };
  /** Last durable sequence by event. */
  let sequences = new Map<number, number>();
  let queue: Job<Entry>[] = [];
  let working: Promise<void> | undefined;
  let trouble: string | undefined;
  let closed = false;
  let cancelRefusals: (() => void) | undefined;

  const fail = (cause: unknown): Result<never, StoreError> => {
    trouble = cause instanceof Error ? cause.message : String(cause);
    log.error({ cause: trouble }, 'central verify cannot commit; nothing is let in until it can again');
    return err({ type: 'store-failed', cause: trouble });
  };

  // ---- one transaction for all who wait

  /** Lets those in whose requests have arrived by now: as long as some come, the transaction is worth more for having waited. */
  const gather = async (): Promise<void> => {
    let waiting = queue.length;
    for (let turns = 0; turns < gatherTurns && waiting < admissionsPerCommitMax; turns++) {
      await setImmediate();
      if (queue.length > waiting) turns = 0;
      waiting = queue.length;
    }
  };
  const isWanted = (): boolean => queue.length > 0 || waitingRefusals.length > 0;
  const work = async (): Promise<void> => {
    while (isWanted()) {
      await gather();
      const jobs = queue.slice(0, admissionsPerCommitMax);
      queue = queue.slice(jobs.length);
      const drafts = waitingRefusals.splice(0, admissionsPerCommitMax);
      await commit(jobs, drafts);
    }
  };
  const start = (): void => {
    working ??= work().finally(() => {
      working = undefined;
      // Somebody may have come between the last look at the queue and this moment.
      if (isWanted()) start();
    });
  };

  /** A start that has made no marks says nothing of itself: its lease may be over, and costs nothing to take anew. */
  const refreshIdleLease = async (): Promise<void> => {
    if (sequences.size > 0 || clock.wallMs() - leasedAtMs < leaseMs / 2) return;
    await endLease(database, lease.boot);
    lease = await takeLease(database, clock, random);
    leasedAtMs = clock.wallMs();
  };

  const commit = async (jobs: readonly Job<Entry>[], drafts: readonly MarkDraft[]): Promise<void> => {
    if (trouble !== undefined || closed) {
      for (const job of jobs) job.settle(err({ type: 'store-stopped' }));
      return;
    }
    const next = new Map(sequences);
    const settled: ((commitMs: number) => void)[] = [];
    let startedAtMs: number;
    try {
      await refreshIdleLease();
      startedAtMs = await database.transaction().execute(async (queries) => {
        const pages = await readPages(queries, jobs, drafts);
        const stamp = (draft: MarkDraft): EncodedMark => {
          const sequence = (next.get(draft.event) ?? 0) + 1;
          next.set(draft.event, sequence);
          const mark: Mark = {
            ...draft,
            gate: centralGate,
            boot: lease.boot,
            sequence,
            at: hybrid.tick(),
            monotonicMs: Math.round(clock.monotonicMs()),
            clock: { source: 'server', uncertaintyMs: serverUncertaintyMs },
          };
          return { mark, bytes: encodeMark(mark) };
        };
        const entries: Entry[] = [];
        for (const draft of drafts) {
          const page = pages.get(draft.event);
          page?.made.push(stamp(rehearsedDraft(draft, page.session)));
        }
        for (const job of jobs) {
          const page = pages.get(job.event);
          if (page === undefined) settled.push(() => job.settle(ok(withoutMark(undefined))));
          else settled.push(take(job, page, stamp, entries));
        }
        const batch = createRowBatch();
        for (const page of pages.values()) await writePage(queries, batch, page);
        if (!(await renewLease(queries, lease.boot, clock.wallMs(), hybrid.last())))
          throw new Error('this process was taken for dead and another has finished its segments');
        if (entries.length > 0) await deps.record(queries, entries, batch);
        await batch.write(queries);
        return clock.monotonicMs();
      });
    } catch (cause) {
      const failed = fail(cause);
      for (const job of jobs) job.settle(failed);
      return;
    }
    const commitMs = clock.monotonicMs() - startedAtMs;
    sequences = next;
    for (const settle of settled) settle(commitMs);
    for (const event of new Set([...jobs, ...drafts].map((one) => one.event))) deps.committed(event);
  };
  /** Decides one request; answers with how to tell its asker once the transaction is durable. */
  const take = (
    job: Job<Entry>,
    page: Page,
    stamp: (draft: MarkDraft) => EncodedMark,
    entries: Entry[],
  ): ((commitMs: number) => void) => {
    let verdict: Verdict<unknown>;
    try {
      verdict = decideIn(page.session, job.decide, viewOf(page, job.ticketId));
    } catch (cause) {
      // A bug in the rule: its asker has the exception, everybody else goes on.
      return () => job.reject(cause);
    }
    const made = verdict.mark === undefined ? undefined : stamp(verdict.mark);
    if (made !== undefined) noteMade(page, made);
    const mark = made && asCaused(made.mark);
    const entry = job.entryOf?.(verdict.decision, mark);
    if (entry !== undefined) entries.push(entry);
    if (mark === undefined) return () => job.settle(ok(withoutMark(verdict.decision)));
    return (commitMs) => job.settle(ok({ decision: verdict.decision, mark, commitMs }));
  };

  const readPages = async (
    queries: Queries,
    jobs: readonly Job<Entry>[],
    drafts: readonly MarkDraft[],
  ): Promise<ReadonlyMap<number, Page>> => {
    const pages = new Map<number, Page>();
    // In the order of their numbers, and tickets in that of their ids, so that two processes never wait for each other.
    for (const event of [...new Set([...jobs, ...drafts].map((one) => one.event))].toSorted((a, b) => a - b)) {
      const policy = await deps.policyOf(queries, event);
      if (policy === undefined) continue;
      const ids = [...new Set(jobs.filter((job) => job.event === event).map((job) => job.ticketId))].toSorted();
      const refused = drafts.flatMap((draft) =>
        draft.event === event && 'ticketId' in draft && draft.ticketId !== '' ? [draft.ticketId] : [],
      );
      const unmarked = await lockTickets(queries, event, [...ids, ...refused]);
      const marked = ids.filter((id) => !unmarked.has(id));
      const session = rehearsalAt([], policy, serverTime(clock))?.session;
      const marksByTicket = new Map(
        marked.length === 0 ? [] : await readMarksOfTickets(queries, event, marked, 'practised-too'),
      );
      pages.set(event, {
        event,
        policy,
        session,
        tickets: ids.length === 0 ? new Map() : await deps.ticketsOf(queries, event, ids),
        marksByTicket,
        known: new Set(marksByTicket.keys()),
        personsByZone: await countPersons(queries, policy),
        made: [],
      });
    }
    return pages;
  };

  const writePage = async (queries: Queries, batch: RowBatch, page: Page): Promise<void> => {
    if (page.made.length === 0) return;
    const writer = { event: page.event, gate: centralGate, boot: lease.boot };
    batch.add(
      'mark',
      page.made.map((mark) => toMarkRow(writer, mark, clock.wallMs())),
    );
    const touched = new Set(
      page.made.flatMap(({ mark }) => (!isRefusal(mark) && 'ticketId' in mark ? [mark.ticketId] : [])),
    );
    const histories = new Map([...touched].map((id) => [id, historyOf(page, id)]));
    await deps.keep(
      queries,
      batch,
      page.event,
      histories,
      page.made.map(({ mark }) => mark),
      page.known,
    );
  };

  // ---- recovery

  /** Whether the failed commit reached the disk is unknown; nobody was let in on it, so what is there is given back. */
  const giveBack = async (boot: string): Promise<readonly MarkDraft[]> => {
    const drafts: MarkDraft[] = [];
    const events = await database.selectFrom('event').select('id').execute();
    for (const { id: event } of events) {
      const rows = await database
        .selectFrom('mark')
        .select(['event', 'gate', 'boot', 'bytes'])
        .where((where) => where.and({ event, gate: centralGate, boot }))
        .where('sequence', '>', sequences.get(event) ?? 0)
        .execute();
      for (const row of rows) {
        const stored = readMark(row);
        const mark = stored && asCaused(stored);
        if (mark?.kind !== 'admitted' && mark?.kind !== 'exited' && mark?.kind !== 'overridden') continue;
        drafts.push(draftLapse(mark, mark.kind === 'exited' ? 1 : mark.uses));
      }
    }
    return drafts;
  };

  let reopening: Promise<Result<void, StoreError>> | undefined;
  /** Everybody who finds the store stopped asks; it is done once. */
  const reopen = (): Promise<Result<void, StoreError>> =>
    (reopening ??= reopenOnce().finally(() => (reopening = undefined)));
  const reopenOnce = async (): Promise<Result<void, StoreError>> => {
    if (closed) return err({ type: 'store-stopped' });
    if (trouble === undefined) return ok(undefined);
    await working;
    try {
      const before = lease.boot;
      await endLease(database, before);
      const lost = await giveBack(before);
      lease = await takeLease(database, clock, random);
      leasedAtMs = clock.wallMs();
      latest = createHybridClock(clock.wallMs, latest.last());
      sequences = new Map();
      trouble = undefined;
      for (const draft of lost) {
        const given = await append(draft);
        if (!given.ok) return given;
      }
      log.info({ boot: lease.boot, givenBack: lost.length }, 'central verify works again');
      return ok(undefined);
    } catch (cause) {
      return fail(cause);
    }
  };

  const enqueue = <D>(
    event: number,
    ticketId: string,
    decide: (view: AdmitView) => Verdict<D>,
    entryOf: EntryOfDecision<Entry> | undefined,
  ): ReturnType<Store['admit']> =>
    new Promise((settle, reject) => {
      if (trouble !== undefined || closed || queue.length >= waitingMax) return settle(err({ type: 'store-stopped' }));
      queue.push({ event, ticketId, decide, entryOf, settle, reject });
      start();
    });

  const append = async (draft: MarkDraft, entryOf?: EntryOfDecision<Entry>): Promise<Result<Mark, StoreError>> => {
    const ticketId = 'ticketId' in draft ? draft.ticketId : '';
    const stored = await enqueue(draft.event, ticketId, () => ({ decision: undefined, mark: draft }), entryOf);
    if (!stored.ok) return stored;
    return stored.value.mark === undefined
      ? err({ type: 'store-failed', cause: `there is no event ${draft.event}` })
      : ok(stored.value.mark);
  };

  const flushRefusals = (which: 'over' | 'all'): void => {
    cancelRefusals = undefined;
    waitingRefusals.push(...refusals.takeSurplus(which));
    if (waitingRefusals.length > 0) start();
  };

  const flush = async (): Promise<void> => {
    cancelRefusals?.();
    flushRefusals('all');
    await working;
  };

  const close = async (): Promise<void> => {
    if (closed) return;
    await flush();
    closed = true;
    await endLease(database, lease.boot);
  };

  return {
    ofEvent: (event, entryOf) => ({
      admit: (ticketId, decide) => enqueue(event, ticketId, decide, entryOf) as never,
      append: (draft) => append(draft, entryOf),
      appendLater: (draft) => {
        const due = refusals.add(draft);
        if (waitingRefusals.length < waitingMax) waitingRefusals.push(...due);
        else log.warn({ event }, 'refusal not recorded: too many are waiting');
        cancelRefusals ??= timer.after(refusalsWaitMs, () => flushRefusals('over'));
      },
      healthy: () => trouble === undefined && !closed,
      reopen,
      close,
    }),
    writer: () => ({ boot: lease.boot, events: new Set(sequences.keys()) }),
    hybrid,
    through: () =>
      trouble === undefined && working === undefined && waitingRefusals.length === 0 ? hybrid.tick() : undefined,
    heartbeat: async () => {
      if (trouble !== undefined || closed) return;
      if (!(await renewLease(database, lease.boot, clock.wallMs(), hybrid.last())))
        fail('this process was taken for dead and another has finished its segments');
    },
    flush,
    close,
  };
}

const serverTime = (clock: Clock) =>
  ({ nowMs: clock.wallMs(), trusted: true, uncertaintyMs: serverUncertaintyMs }) as const;

const withoutMark = (decision: unknown): Committed => ({ decision, mark: undefined, commitMs: 0 });

const historyOf = ({ policy, tickets, marksByTicket }: Page, ticketId: string): History =>
  foldTicketHistory(marksByTicket.get(ticketId) ?? [], policy, tickets.get(ticketId));

const viewOf = (page: Page, ticketId: string): AdmitView => ({
  ticket: page.tickets.get(ticketId),
  history: historyOf(page, ticketId),
  practised: (session) =>
    foldRehearsal(
      page.marksByTicket.get(ticketId) ?? [],
      session,
      page.policy,
      page.tickets.get(ticketId),
      historyOf(page, ticketId),
    ),
  // The cloud is never out of touch with itself.
  occupancy: (zone) => ({ known: Math.max(0, page.personsByZone.get(zone) ?? 0), spentOutOfTouch: 0 }),
});

/** Later requests of the same transaction see what earlier ones have done. */
function noteMade(page: Page, made: EncodedMark): void {
  page.made.push(made);
  const { mark } = made;
  if (!('ticketId' in mark)) return;
  const before = page.personsByZone.size === 0 ? undefined : historyOf(page, mark.ticketId).insideByZone;
  page.marksByTicket.set(mark.ticketId, [...(page.marksByTicket.get(mark.ticketId) ?? []), mark]);
  if (before === undefined) return;
  for (const [zone, persons] of historyOf(page, mark.ticketId).insideByZone)
    page.personsByZone.set(zone, (page.personsByZone.get(zone) ?? 0) + persons - (before.get(zone) ?? 0));
}

/** Persons in the zones that have a limit; nothing where none has one. */
function countPersons(queries: Queries, { event, zones }: AdmissionPolicy): Promise<Map<string, number>> {
  const limited = zones.filter(({ capacity }) => capacity !== undefined).map(({ id }) => id);
  return countZonePersons(queries, event, limited);
}
