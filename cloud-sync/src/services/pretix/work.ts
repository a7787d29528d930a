// When connections are worked on: each about once a minute by itself, and at once when somebody asks. However many processes there are, one of
// them does it.
import { err, ok, sleep, type Clock, type JobResult, type Logger, type Timer } from '@postern/shared';
import { z } from 'zod';
import type { Database } from '../../store/database.ts';
import { defineJob, type JobKind } from '../jobs/job-kind.ts';
import type { WatchedWork } from '../jobs/watched-work.ts';
import { problemTitle, type Failure } from '../problems.ts';
import { countsOf, describeRun, type PretixSync, type Synced } from './sync.ts';

export const pretixImportKind = 'pretix-import';
export const followEveryMs = 60_000;
/** Another process has just done it. */
const justDoneMs = 50_000;
/** Connections that are followed at a time. */
const eventsAtOnceMax = 4;
/** A server that takes longer goes on in the next round: meanwhile others wait. */
export const followMsMax = 600_000;
const runningLookMs = 1_000;
/** Somebody else's run is waited for. */
const runningLooksMax = 300;

export const pretixImport = ({ sync, timer }: { readonly sync: PretixSync; readonly timer: Timer }): JobKind =>
  defineJob({
    name: pretixImportKind,
    title: 'Reads the tickets of the pretix event that this one is connected with, and sends admissions back',
    about: 'event',
    runNow: true,
    parameters: z.object({ full: z.boolean().default(false) }),
    run: async ({ event, parameters: { full }, signal, report }) => {
      for (let looks = 1; ; looks++) {
        const synced = await sync(event, { full, by: undefined, signal, progress: report });
        if (!synced.ok && synced.error.type === 'pretix-running' && looks < runningLooksMax && !signal.aborted) {
          await sleep(timer, runningLookMs, signal);
          continue;
        }
        if (!synced.ok) return err(toJobFailure(synced.error));
        const { failure } = synced.value;
        return failure === undefined
          ? ok(toJobResult(synced.value))
          : err({ ...toJobFailure(failure), result: toJobResult(synced.value) });
      }
    },
  });

const toJobResult = ({ run }: Synced): JobResult => ({ counts: { ...countsOf(run) }, summary: describeRun(run) });
const toJobFailure = ({ type, detail }: Failure): { readonly type: string; readonly detail: string } => ({
  type,
  detail: [problemTitle(type), detail].filter((part) => part !== undefined).join('. '),
});

export interface PretixFollower {
  readonly start: () => void;
  /** Ends what is under way, at a place to go on from. */
  readonly stop: () => Promise<void>;
}

export interface FollowerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Logger;
  readonly sync: PretixSync;
  readonly note: WatchedWork['note'];
}

export function createPretixFollower({ database, clock, timer, log, sync, note }: FollowerDeps): PretixFollower {
  const stopping = new AbortController();
  let cancel = (): void => undefined;
  let looking: Promise<void> = Promise.resolve();

  const follow = async (event: number): Promise<void> => {
    const startedAtMs = clock.wallMs();
    const turn = new AbortController();
    const cancelTurn = timer.after(followMsMax, () => turn.abort());
    const signal = AbortSignal.any([stopping.signal, turn.signal]);
    const synced = await sync(event, { full: false, by: undefined, signal }).finally(cancelTurn);
    // Somebody else is at it, or it is not to be asked just now.
    if (!synced.ok || stopping.signal.aborted) return;
    const { failure } = synced.value;
    note(
      'pretix-follow',
      event,
      startedAtMs,
      failure === undefined ? { result: toJobResult(synced.value) } : { failure: toJobFailure(failure) },
    );
  };

  const look = async (): Promise<void> => {
    try {
      const due = await database
        .selectFrom('pretix_connection')
        .select('event')
        .where('wait_until_ms', '<=', clock.wallMs())
        .where((where) =>
          where.or([where('last_run_at_ms', 'is', null), where('last_run_at_ms', '<=', clock.wallMs() - justDoneMs)]),
        )
        .orderBy('last_run_at_ms')
        .execute();
      const queue = due.map(({ event }) => event);
      const work = async (): Promise<void> => {
        for (let event = queue.shift(); event !== undefined && !stopping.signal.aborted; event = queue.shift())
          await follow(event);
      };
      await Promise.all(Array.from({ length: eventsAtOnceMax }, work));
    } catch (cause) {
      log.error({ cause: String(cause) }, 'following pretix servers failed');
    }
    if (!stopping.signal.aborted) cancel = timer.after(followEveryMs, lookNow);
  };
  const lookNow = (): void => {
    looking = look();
  };

  return {
    start: lookNow,
    stop: async () => {
      stopping.abort();
      cancel();
      await looking;
    },
  };
}
