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
  ok,
  rehearsedDraft,
  type AdmitView,
  type EncodedMark,
  type HybridClock,
  type HybridTimestamp,
  type Logger,
  type Mark,
  type MarkDraft,
  type Random,
  type Result,
  type Store,
  type StoreError,
  type Timer,
  type Verdict,
} from '@postern/shared';
import { setImmediate } from 'node:timers/promises';
import { endLease, leaseMs, renewLease, takeLease } from './central-writer.ts';
import {
  noteMade,
  readPages,
  serverUncertaintyMs,
  viewOf,
  writePage,
  type CentralPagesDeps,
  type Page,
  type Wanted,
} from './central-pages.ts';
import type { Database, Queries } from './database.ts';
import { createRowBatch, type RowBatch } from './insert-rows.ts';
import { readMark } from './mark-rows.ts';

/** Uses that become durable together. More would keep the first of them waiting. */
export const admissionsPerCommitMax = 200;
/** Turns of the event loop from a request's arrival to its place in the queue, about: one for each thing that is read first. */
const gatherTurns = 8;
/** Requests that wait for a commit; more are turned away at once. */
const waitingMax = 10_000;
/** Refusals wait this long for a commit that takes them along. */
export const refusalsWaitMs = 250;

/** `Entry`: what of a decision somebody else writes down in its transaction. */
export interface CentralStoreDeps<Entry> extends CentralPagesDeps {
  readonly database: Database;
  readonly random: Random;
  readonly timer: Timer;
  readonly log: Logger;
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

type EntryOfDecision<Entry> = (decision: unknown, mark: Mark | undefined) => Entry | undefined;

/** One request, and how its asker learns what came of it. */
interface Job<Entry> extends Wanted {
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
        const pages = await readPages(deps, queries, jobs, drafts);
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
        for (const page of pages.values()) await writePage(deps, queries, batch, page, lease.boot);
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

const withoutMark = (decision: unknown): Committed => ({ decision, mark: undefined, commitMs: 0 });
