// Runs background work in this process: keeps the next run of every scheduled kind waiting, takes what is due or left behind by a process
// that died, prolongs what it has, and gives it back when the service stops. Any number of processes may do this on one database.
import { bytesToHex, type Clock, type Logger, type Random, type Timer } from '@postern/shared';
import { Cron } from 'croner';
import type { Database } from '../../store/database.ts';
import type { JobKind } from './job-kind.ts';
import { newRun, slotOf, takeRun } from './job-runs.ts';
import { runJob, type StartedRun } from './run-job.ts';

/** Runs of one process at a time: of all kinds together, and of one, so that no kind keeps the others waiting. */
export const runsMax = 8;
export const runsPerKindMax = 2;
/** What another process has begun, or left behind, is noticed within this. */
export const lookEveryMs = 5_000;
/** Work that does not heed its signal is left behind after this; its lease runs out. */
export const stopMsMax = 10_000;
const idBytes = 16;

export interface Runner {
  /** Takes what is due, now and until `stop`. */
  readonly start: () => void;
  /** There is something new to run. */
  readonly wake: () => void;
  /** Somebody wishes something of this run, which may be here. */
  readonly heed: (id: string) => void;
  /** Takes this run and ends it, also where the runner was not started; at once where another process has it. */
  readonly perform: (id: string) => Promise<void>;
  /** Lets what is under way end at a place to go on from, and gives it back. */
  readonly stop: () => Promise<void>;
}

export interface RunnerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
  readonly log: Logger;
  readonly kinds: ReadonlyMap<string, JobKind>;
}

export function createRunner(deps: RunnerDeps): Runner {
  const { database, clock, random, timer, log, kinds } = deps;
  const running = new Map<string, StartedRun>();
  const crons = new Map(
    [...kinds.values()].flatMap(({ name, schedule }) =>
      schedule === undefined ? [] : [[name, new Cron(schedule, { timezone: 'UTC', paused: true })] as const],
    ),
  );
  let isStarted = false;
  let isStopped = false;
  let isWoken = false;
  let looking: Promise<void> | undefined;
  let cancelTimer = (): void => undefined;
  const newId = (): string => bytesToHex(random(idBytes));

  /** A run for each scheduled kind that has none to come. */
  const schedule = async (): Promise<void> => {
    const slots = [...crons.keys()].map((kind) => slotOf(kind, 0));
    if (slots.length === 0) return;
    const open = await database
      .selectFrom('job_run')
      .select('slot')
      .where('slot', 'in', slots)
      .where('ended_at_ms', 'is', null)
      .execute();
    for (const [kind, cron] of crons) {
      const slot = slotOf(kind, 0);
      if (open.some((row) => row.slot === slot)) continue;
      const { last } = await database
        .selectFrom('job_run')
        .select(({ fn }) => fn.max<number | null>('due_at_ms').as('last'))
        .where('kind', '=', kind)
        .where('slot', '=', slot)
        .executeTakeFirstOrThrow();
      const nowMs = clock.wallMs();
      // After the last one also where that was cancelled before its time.
      const dueAtMs = cron.nextRun(new Date(Math.max(nowMs, last ?? 0)))?.getTime();
      if (dueAtMs === undefined) continue;
      // After one that failed or was cancelled the schedule's time is soon enough.
      const soonerMs = (await wasDone(slot)) ? await kinds.get(kind)?.nextDueMs?.() : undefined;
      await database
        .insertInto('job_run')
        .values(newRun({ id: newId(), kind, event: 0, slot, nowMs, dueAtMs: Math.min(dueAtMs, soonerMs ?? dueAtMs) }))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
  };

  const wasDone = async (slot: string): Promise<boolean> => {
    const last = await database
      .selectFrom('job_run')
      .select('state')
      .where('slot', '=', slot)
      .where('ended_at_ms', 'is not', null)
      .orderBy('ended_at_ms', 'desc')
      .limit(1)
      .executeTakeFirst();
    return last === undefined || last.state === 'done';
  };

  const take = async (id: string): Promise<StartedRun | undefined> => {
    const lease = newId();
    const row = await takeRun(database, id, lease, clock.wallMs());
    const kind = row === undefined ? undefined : kinds.get(row.kind);
    if (row === undefined || kind === undefined) return undefined;
    const started = runJob(deps, kind, row);
    running.set(row.id, started);
    void leaveAtEnd(row.id, started);
    return started;
  };

  const leaveAtEnd = async (id: string, { ended }: StartedRun): Promise<void> => {
    await ended;
    running.delete(id);
    wake();
  };

  const takeDue = async (): Promise<void> => {
    for (;;) {
      const free = freeKinds();
      if (isStopped || running.size >= runsMax || free.length === 0) return;
      const nowMs = clock.wallMs();
      const due = await database
        .selectFrom('job_run')
        .select('id')
        .where('kind', 'in', free)
        .where((where) =>
          where.or([
            where.and([where('state', '=', 'waiting'), where('due_at_ms', '<=', nowMs)]),
            where.and([where('state', '=', 'running'), where('lease_until_ms', '<=', nowMs)]),
          ]),
        )
        .orderBy('due_at_ms')
        .limit(1)
        .executeTakeFirst();
      if (due === undefined) return;
      // Where somebody else was quicker the row is no longer due, and the next one comes up.
      await take(due.id);
    }
  };
  const freeKinds = (): string[] => {
    const numbers = new Map<string, number>();
    for (const { kind } of running.values()) numbers.set(kind, (numbers.get(kind) ?? 0) + 1);
    return [...kinds.keys()].filter((kind) => (numbers.get(kind) ?? 0) < runsPerKindMax);
  };

  const msToNext = async (): Promise<number> => {
    const { next } = await database
      .selectFrom('job_run')
      .select(({ fn }) => fn.min<number | null>('due_at_ms').as('next'))
      .where('state', '=', 'waiting')
      .where('due_at_ms', '>', clock.wallMs())
      .executeTakeFirstOrThrow();
    return Math.min(lookEveryMs, (next ?? Number.POSITIVE_INFINITY) - clock.wallMs());
  };

  const look = async (): Promise<void> => {
    let waitMs = lookEveryMs;
    try {
      do {
        isWoken = false;
        await schedule();
        await takeDue();
        waitMs = await msToNext();
      } while (isWoken && !isStopped);
    } catch (cause) {
      log.error({ cause: String(cause) }, 'looking for background work failed');
    }
    looking = undefined;
    if (!isStopped) cancelTimer = timer.after(Math.max(0, waitMs), lookNow);
  };
  const lookNow = (): void => {
    if (isStopped) return;
    cancelTimer();
    looking ??= look();
  };
  const wake = (): void => {
    isWoken = true;
    if (isStarted && looking === undefined) lookNow();
  };

  return {
    start: () => {
      isStarted = true;
      lookNow();
    },
    wake,
    heed: (id) => running.get(id)?.beat(),
    perform: async (id) => {
      const started = await take(id);
      await started?.ended;
    },
    stop: async () => {
      isStopped = true;
      cancelTimer();
      await looking;
      for (const started of running.values()) started.stop();
      const ended = Promise.all([...running.values()].map((started) => started.ended));
      let cancelWait = (): void => undefined;
      const late = new Promise<void>((resolve) => {
        cancelWait = timer.after(stopMsMax, resolve);
      });
      await Promise.race([ended, late]);
      cancelWait();
      if (running.size > 0)
        log.error({ kinds: [...running.values()].map(({ kind }) => kind) }, 'background work did not stop in time');
    },
  };
}
