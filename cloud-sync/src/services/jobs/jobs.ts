// Background work as people and other services see it: which kinds there are and how they fare, runs started, watched and cancelled.
import {
  bytesToHex,
  err,
  ok,
  type Clock,
  type JobKindView,
  type JobPage,
  type JobQuery,
  type JobRun,
  type Logger,
  type Random,
  type Result,
  type Timer,
} from '@postern/shared';
import { z } from 'zod';
import type { Database, Queries } from '../../store/database.ts';
import { transact } from '../../store/transact.ts';
import type { AuditActor } from '../audit.ts';
import { cursorText, readPage } from '../cursor.ts';
import type { Failure } from '../problems.ts';
import type { JobKind } from './job-kind.ts';
import { endColumns, newRun, slotOf, toRunView, type Ending, type RunRow } from './job-runs.ts';
import { createRunner, type Runner } from './runner.ts';
import { watchedKinds } from './watched-work.ts';

const idBytes = 16;
/** Runs under way that a kind is shown with. */
const runningShownMax = 20;

export interface StartOptions {
  /** Not before; by default now. */
  readonly dueAtMs?: number;
  /** Who began it; absent for the service itself. */
  readonly by?: AuditActor;
  /** More for the transaction that starts it. */
  readonly during?: (queries: Queries, run: JobRun) => Promise<void>;
}

export interface Jobs extends Pick<Runner, 'perform'> {
  /** Every kind, with its next run, those under way and the last one. */
  readonly kinds: () => Promise<readonly JobKindView[]>;
  /**
   * Starts a run about `event` (0: about none). Of a kind that runs once at a time, the one that waits becomes this one, unless it is kept;
   * `job-running` where it is under way already. `job-kind-unknown`, `options-invalid` where the parameters do not fit.
   */
  readonly start: (
    kind: string,
    event: number,
    parameters: unknown,
    options?: StartOptions,
  ) => Promise<Result<JobRun, Failure>>;
  /** The same within a transaction, after whose end `wake` is to be called. */
  readonly startWithin: (
    queries: Queries,
    kind: string,
    event: number,
    parameters: unknown,
    options?: Omit<StartOptions, 'during'>,
  ) => Promise<Result<JobRun, Failure>>;
  readonly wake: () => void;
  /** Takes back the run that waits, of a kind that goes once at a time. */
  readonly withdrawWithin: (queries: Queries, kind: string, event: number) => Promise<void>;
  /** As `start` without parameters, for people: `job-not-startable` where a kind is not for that. */
  readonly runNow: (kind: string, event: number, options?: StartOptions) => Promise<Result<JobRun, Failure>>;
  /** `job-unknown`, also where it is about another event than `event`. */
  readonly find: (id: string, event?: number) => Promise<Result<JobRun, Failure>>;
  readonly list: (query: JobQuery, event?: number) => Promise<Result<JobPage, Failure>>;
  /** One that waits is cancelled at once, one under way as soon as its process hears of it; `job-ended` where it has ended. */
  readonly cancel: (
    id: string,
    options?: Pick<StartOptions, 'during'> & { readonly event?: number },
  ) => Promise<Result<JobRun, Failure>>;
}

/** Jobs, and what runs them in this process. */
export interface JobService extends Jobs {
  readonly runner: Runner;
}

export interface JobsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
  readonly log: Logger;
  readonly kinds: readonly JobKind[];
}

export function createJobs(deps: JobsDeps): JobService {
  const { database, clock, random } = deps;
  const kinds = new Map(deps.kinds.map((kind) => [kind.name, kind]));
  const runner = createRunner({ ...deps, kinds });

  const findRow = (queries: Queries, id: string, event?: number): Promise<RunRow | undefined> => {
    const found = queries.selectFrom('job_run').selectAll().where('id', '=', id);
    return (event === undefined ? found : found.where('event', '=', event)).executeTakeFirst();
  };

  /** Nothing where the run that has the slot waits no more. */
  const replaceWaiting = (queries: Queries, run: ReturnType<typeof newRun>): Promise<RunRow | undefined> =>
    queries
      .updateTable('job_run')
      .set({ parameters: run.parameters, due_at_ms: run.due_at_ms })
      .set({ started_by_kind: run.started_by_kind ?? null, started_by: run.started_by ?? null })
      .where('slot', '=', run.slot ?? '')
      .where('state', '=', 'waiting')
      .returningAll()
      .executeTakeFirst();

  const startWithin: Jobs['startWithin'] = async (queries, name, event, parameters, { dueAtMs, by } = {}) => {
    const kind = kinds.get(name);
    if (kind === undefined) return err({ type: 'job-kind-unknown' });
    if ((kind.about === 'event') !== event > 0)
      return err({ type: 'options-invalid', detail: `${name} is about ${event > 0 ? 'no event' : 'one event'}.` });
    const checked = kind.parameters.safeParse(parameters);
    if (!checked.success) return err({ type: 'options-invalid', detail: z.prettifyError(checked.error) });
    const run = newRun({
      id: bytesToHex(random(idBytes)),
      kind: name,
      event,
      slot: kind.isManyAtOnce === true ? null : slotOf(name, event),
      parameters,
      nowMs: clock.wallMs(),
      ...(dueAtMs === undefined ? {} : { dueAtMs }),
      by,
    });
    const inserted = await queries
      .insertInto('job_run')
      .values(run)
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    const row = inserted ?? (kind.isKeptWaiting === true ? undefined : await replaceWaiting(queries, run));
    return row === undefined ? err({ type: 'job-running' }) : ok(toRunView(row));
  };

  const start: Jobs['start'] = async (name, event, parameters, { during, ...options } = {}) => {
    const started = await transact(database, async (queries) => {
      const run = await startWithin(queries, name, event, parameters, options);
      if (run.ok) await during?.(queries, run.value);
      return run;
    });
    if (started.ok) runner.wake();
    return started;
  };

  const lastOf = (kind: string): Promise<RunRow | undefined> =>
    database
      .selectFrom('job_run')
      .selectAll()
      .where('kind', '=', kind)
      .where('ended_at_ms', 'is not', null)
      .orderBy('ended_at_ms', 'desc')
      .limit(1)
      .executeTakeFirst();

  return {
    runner,
    perform: runner.perform,
    start,
    startWithin,
    wake: runner.wake,
    withdrawWithin: async (queries, kind, event) => {
      await queries
        .updateTable('job_run')
        .set(endColumns({ state: 'cancelled', summary: 'Taken back.' }, clock.wallMs()))
        .where('slot', '=', slotOf(kind, event))
        .where('state', '=', 'waiting')
        .execute();
    },

    kinds: async () => {
      const open = await database
        .selectFrom('job_run')
        .selectAll()
        .where('ended_at_ms', 'is', null)
        .orderBy('created_at_ms', 'desc')
        .execute();
      const views: JobKindView[] = [];
      for (const { name, title, about, schedule, ...kind } of [...kinds.values(), ...watchedKinds]) {
        const own = open.filter((row) => row.kind === name);
        const waiting = own.filter(({ state }) => state === 'waiting').map((row) => row.due_at_ms);
        const last = await lastOf(name);
        views.push({
          name,
          title,
          about,
          ...(schedule === undefined ? {} : { schedule }),
          runNow: 'runNow' in kind && kind.runNow,
          ...(waiting.length === 0 ? {} : { nextDueAtMs: Math.min(...waiting) }),
          ...(last === undefined ? {} : { last: toRunView(last) }),
          running: own
            .filter(({ state }) => state === 'running')
            .slice(0, runningShownMax)
            .map(toRunView),
        });
      }
      return views;
    },

    runNow: async (name, event, options) => {
      const kind = kinds.get(name);
      const isWatched = watchedKinds.some((watched) => watched.name === name);
      if (kind === undefined && !isWatched) {
        const startable = [...kinds.values()].filter(({ runNow }) => runNow);
        const names = startable.map((known) => known.name).join(', ');
        return err({ type: 'job-kind-unknown', detail: `None has that name. These can be run now: ${names}.` });
      }
      return kind?.runNow === true ? start(name, event, {}, options) : err({ type: 'job-not-startable' });
    },

    find: async (id, event) => {
      const row = await findRow(database, id, event);
      return row === undefined ? err({ type: 'job-unknown' }) : ok(toRunView(row));
    },

    list: async (query, event) => {
      const { kind, state } = query;
      let select = database.selectFrom('job_run').selectAll();
      if (event !== undefined) select = select.where('event', '=', event);
      if (kind !== undefined) select = select.where('kind', '=', kind);
      if (state !== undefined) select = select.where('state', '=', state);
      const page = await readPage({
        name: 'jobs',
        query: { ...query, ...(event === undefined ? {} : { event }) },
        key: z.tuple([z.number().int(), cursorText]),
        read: (after, limit) =>
          (after === undefined
            ? select
            : select.where((where) => where(where.refTuple('created_at_ms', 'id'), '<', where.tuple(...after)))
          )
            .orderBy('created_at_ms', 'desc')
            .orderBy('id', 'desc')
            .limit(limit)
            .execute(),
        keyOf: (row): [number, string] => [row.created_at_ms, row.id],
      });
      if (!page.ok) return page;
      const { rows, ...rest } = page.value;
      return ok({ runs: rows.map(toRunView), ...rest });
    },

    cancel: async (id, { event, during } = {}) => {
      const cancelled = await transact(database, async (queries): Promise<Result<JobRun, Failure>> => {
        if ((await findRow(queries, id, event)) === undefined) return err({ type: 'job-unknown' });
        const ending: Ending = { state: 'cancelled', summary: 'Cancelled before it began.' };
        const row =
          (await queries
            .updateTable('job_run')
            .set({ ...endColumns(ending, clock.wallMs()), cancel_wanted: 1 })
            .where('id', '=', id)
            .where('state', '=', 'waiting')
            .returningAll()
            .executeTakeFirst()) ??
          (await queries
            .updateTable('job_run')
            .set({ cancel_wanted: 1 })
            .where('id', '=', id)
            .where('state', '=', 'running')
            .returningAll()
            .executeTakeFirst());
        if (row === undefined) return err({ type: 'job-ended' });
        await during?.(queries, toRunView(row));
        return ok(toRunView(row));
      });
      if (cancelled.ok) {
        runner.heed(id);
        runner.wake();
      }
      return cancelled;
    },
  };
}
