// Work that goes on by itself, beside the runs: when it works is its own affair, and it says what it has done. What each kind has done
// last, for each event, is kept among the runs.
import { bytesToHex, sha256, utf8, type Clock, type JobKindView, type JobResult, type Logger } from '@postern/shared';
import type { Database } from '../../store/database.ts';
import type { JobFailure } from './job-kind.ts';
import { endColumns, newRun, slotOf, type Ending } from './job-runs.ts';

export const watchedKinds = [
  {
    name: 'feed-snapshots',
    title: 'Publishes what has changed of an event to its gates',
    about: 'event',
    schedule: 'a second after a change',
  },
  {
    name: 'pretix-follow',
    title: 'Follows what changes at the pretix server of an event, and sends admissions back',
    about: 'event',
    schedule: 'about once a minute',
  },
  {
    name: 'key-schedule',
    title: 'Rotates the keys that have come of age',
    about: 'deployment',
    schedule: 'hourly',
  },
  {
    name: 'audit-heads',
    title: 'Signs the head of the audit log',
    about: 'deployment',
    schedule: 'hourly',
  },
] as const satisfies readonly (Pick<JobKindView, 'name' | 'title' | 'about'> & {
  /** In words. */
  readonly schedule: string;
})[];
export type WatchedName = (typeof watchedKinds)[number]['name'];

export type Outcome = { readonly result: JobResult } | { readonly failure: Omit<JobFailure, 'result'> };

export interface WatchedWork {
  /** What work that began at `startedAtMs` has come to. Never fails, and nobody waits for it. */
  readonly note: (kind: WatchedName, event: number, startedAtMs: number, outcome: Outcome) => void;
  /** Resolves once everything that was noted is stored. */
  readonly settled: () => Promise<void>;
}

export interface WatchedWorkDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

const idCharacters = 32;

export function createWatchedWork({ database, clock, log }: WatchedWorkDeps): WatchedWork {
  let noting: Promise<void> = Promise.resolve();

  const store = async (
    kind: string,
    event: number,
    startedAtMs: number,
    endedAtMs: number,
    ending: Ending,
  ): Promise<void> => {
    const id = bytesToHex(sha256(utf8(slotOf(kind, event)))).slice(0, idCharacters);
    const columns = {
      ...endColumns(ending, endedAtMs),
      created_at_ms: startedAtMs,
      due_at_ms: startedAtMs,
      started_at_ms: startedAtMs,
    };
    try {
      await database
        .insertInto('job_run')
        .values({ ...newRun({ id, kind, event, slot: null, nowMs: startedAtMs }), ...columns, attempt: 1 })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(columns))
        .execute();
    } catch (cause) {
      log.warn({ kind, event, cause: String(cause) }, 'work could not be noted');
    }
  };

  return {
    note: (kind, event, startedAtMs, outcome) => {
      const before = noting;
      const endedAtMs = clock.wallMs();
      const ending: Ending =
        'result' in outcome
          ? { state: 'done', result: outcome.result }
          : { state: 'failed', summary: outcome.failure.detail, failure: outcome.failure.type };
      noting = (async () => {
        await before;
        await store(kind, event, startedAtMs, endedAtMs, ending);
      })();
    },
    settled: () => noting,
  };
}
