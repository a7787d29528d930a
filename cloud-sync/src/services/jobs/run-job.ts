// One run in this process: the work itself, the heart-beat that keeps the run ours and stores its progress, and how it ends.
import { err, type Clock, type JobResult, type Logger, type Result, type Timer } from '@postern/shared';
import type { Database } from '../../store/database.ts';
import type { JobFailure, JobKind } from './job-kind.ts';
import { endRun, giveBackRun, leaseMs, prolongRun, type Ending, type Progress, type RunRow } from './job-runs.ts';

/** Progress is stored, and a wish to cancel heard, this often. */
export const beatEveryMs = 2_000;
/** A run whose process died is begun so often; it may be what kills them. */
export const attemptsMax = 5;

export interface StartedRun {
  readonly kind: string;
  /** Asks now whether it is still ours and wanted. */
  readonly beat: () => void;
  /** It is to stop and to be given back. */
  readonly stop: () => void;
  /** Never rejects. */
  readonly ended: Promise<void>;
}

export interface RunJobDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Logger;
}

type StopReason = 'cancelled' | 'lost' | 'stopping';

/** `row` has just been taken. */
export function runJob({ database, clock, timer, log }: RunJobDeps, kind: JobKind, row: RunRow): StartedRun {
  const abort = new AbortController();
  let stopReason: StopReason | undefined;
  let progress: Progress = { done: row.done, total: row.total };
  let keptAtMs = clock.monotonicMs();
  let cancelTimer = (): void => undefined;
  let beating: Promise<void> | undefined;
  let isEnded = false;

  const stop = (reason: StopReason): void => {
    // Once it is somebody else's, nothing that is wished here counts any more.
    if (stopReason === undefined || reason === 'lost') stopReason = reason;
    abort.abort(reason);
  };
  const beat = async (): Promise<void> => {
    try {
      const kept = await prolongRun(database, row, progress, clock.wallMs());
      if (kept === undefined) stop('lost');
      else {
        keptAtMs = clock.monotonicMs();
        if (kept.cancel_wanted === 1) stop('cancelled');
      }
    } catch (cause) {
      log.warn({ run: row.id, kind: kind.name, cause: String(cause) }, 'a run could not be prolonged');
      if (clock.monotonicMs() - keptAtMs >= leaseMs) stop('lost');
    }
    beating = undefined;
    if (!isEnded && stopReason !== 'lost') cancelTimer = timer.after(beatEveryMs, beatNow);
  };
  const beatNow = (): void => {
    cancelTimer();
    if (!isEnded) beating ??= beat();
  };

  const work = async (): Promise<Result<JobResult, JobFailure>> => {
    const parameters = kind.parameters.safeParse(JSON.parse(row.parameters));
    if (!parameters.success)
      return err({
        type: 'parameters-invalid',
        detail: 'This version cannot read the parameters of the run: start it anew.',
      });
    return kind.run({
      run: row.id,
      event: row.event,
      parameters: parameters.data,
      signal: abort.signal,
      report: (done, total) => {
        progress = { done, total: total ?? progress.total };
      },
      log,
      fence: async (queries) => {
        if ((await prolongRun(queries, row, progress, clock.wallMs())) !== undefined) return;
        stop('lost');
        throw new Error('this run is another process’s now');
      },
    });
  };

  const judge = async (): Promise<Ending> => {
    if (row.cancel_wanted === 1) return { state: 'cancelled', summary: cancelledText };
    if (row.attempt > attemptsMax) {
      const summary = `Its process ended ${attemptsMax} times in the middle of it.`;
      return { state: 'failed', summary, failure: 'process-died' };
    }
    try {
      const result = await work();
      if (stopReason === 'cancelled') {
        const done = result.ok ? result.value : result.error.result;
        return { state: 'cancelled', result: done, summary: `${cancelledText} ${done?.summary ?? ''}`.trim() };
      }
      if (result.ok) return { state: 'done', result: result.value };
      const { type, detail, result: partial } = result.error;
      return { state: 'failed', result: partial, summary: detail, failure: type };
    } catch (cause) {
      // Work that was told to stop may end by whatever it was waiting for.
      if (stopReason === 'cancelled') return { state: 'cancelled', summary: cancelledText };
      if (stopReason === undefined)
        log.error({ run: row.id, kind: kind.name, cause: describeCause(cause) }, 'background work failed');
      return {
        state: 'failed',
        summary: 'Something is wrong on this side; the log says what.',
        failure: 'internal-error',
      };
    }
  };

  const run = async (): Promise<void> => {
    const ending = await judge();
    isEnded = true;
    cancelTimer();
    await beating;
    if (stopReason === 'lost') return;
    try {
      if (stopReason === 'stopping') await giveBackRun(database, row, progress, clock.wallMs());
      else await endRun(database, row, ending, progress, clock.wallMs());
    } catch (cause) {
      // Its lease runs out, and it is begun again.
      log.error({ run: row.id, kind: kind.name, cause: String(cause) }, 'the end of a run could not be stored');
    }
  };

  cancelTimer = timer.after(beatEveryMs, beatNow);
  return { kind: kind.name, beat: beatNow, stop: () => stop('stopping'), ended: run() };
}

const cancelledText = 'Cancelled.';

const describeCause = (cause: unknown): string =>
  cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
