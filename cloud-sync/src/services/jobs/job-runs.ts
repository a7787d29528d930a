// The rows of runs: begun, taken, prolonged, ended. Every change of a run that is under way names its lease, so that of two processes that
// think a run theirs one has no effect; which process takes a run is decided by one conditional update, alike on both databases.
import { type JobResult, type JobRun, type JobState } from '@postern/shared';
import type { Insertable, Selectable } from 'kysely';
import { z } from 'zod';
import type { Queries } from '../../store/database.ts';
import type { JobRunTable } from '../../store/schema-jobs.ts';
import type { AuditActor } from '../audit.ts';

export type RunRow = Selectable<JobRunTable>;

/** A process that says nothing for so long is taken for dead, and what it had begun is begun again elsewhere. Clocks of processes may differ by half of it. */
export const leaseMs = 60_000;

export const slotOf = (kind: string, event: number): string => `${kind}/${event}`;

/** A run that waits; columns not named are as for one that nobody has begun. */
export const newRun = ({
  id,
  kind,
  event,
  slot,
  parameters = {},
  nowMs,
  dueAtMs = nowMs,
  by,
}: {
  readonly id: string;
  readonly kind: string;
  readonly event: number;
  readonly slot: string | null;
  readonly parameters?: unknown;
  readonly nowMs: number;
  readonly dueAtMs?: number;
  readonly by?: Pick<AuditActor, 'kind' | 'id'> | undefined;
}): Insertable<JobRunTable> => ({
  id,
  kind,
  event,
  state: 'waiting',
  slot,
  parameters: JSON.stringify(parameters),
  created_at_ms: nowMs,
  due_at_ms: dueAtMs,
  started_at_ms: null,
  ended_at_ms: null,
  attempt: 0,
  lease: null,
  lease_until_ms: null,
  cancel_wanted: 0,
  done: null,
  total: null,
  counts: null,
  summary: null,
  failure: null,
  started_by_kind: by?.kind ?? null,
  started_by: by?.id ?? null,
});

/** Takes a run that is due, or whose process is dead, for `lease`; undefined where somebody else has it. */
export const takeRun = (queries: Queries, id: string, lease: string, nowMs: number): Promise<RunRow | undefined> =>
  queries
    .updateTable('job_run')
    .set(({ eb, fn }) => ({
      state: 'running',
      lease,
      lease_until_ms: nowMs + leaseMs,
      attempt: eb('attempt', '+', 1),
      started_at_ms: fn.coalesce('started_at_ms', eb.val(nowMs)),
    }))
    .where('id', '=', id)
    .where((where) =>
      where.or([
        where.and([where('state', '=', 'waiting'), where('due_at_ms', '<=', nowMs)]),
        where.and([where('state', '=', 'running'), where('lease_until_ms', '<=', nowMs)]),
      ]),
    )
    .returningAll()
    .executeTakeFirst();

export interface Progress {
  readonly done: number | null;
  readonly total: number | null;
}

/** Keeps a run for longer; undefined where it is somebody else's. */
export const prolongRun = (
  queries: Queries,
  { id, lease }: Pick<RunRow, 'id' | 'lease'>,
  progress: Progress,
  nowMs: number,
): Promise<Pick<RunRow, 'cancel_wanted'> | undefined> =>
  queries
    .updateTable('job_run')
    .set({ lease_until_ms: nowMs + leaseMs, ...progress })
    .where('id', '=', id)
    .where('lease', '=', lease)
    .returning('cancel_wanted')
    .executeTakeFirst();

export interface Ending {
  readonly state: Exclude<JobState, 'waiting' | 'running'>;
  readonly result?: JobResult | undefined;
  /** Instead of the result's. */
  readonly summary?: string;
  readonly failure?: string;
}

/** The columns of a run that has ended. */
export const endColumns = ({ state, result, summary, failure }: Ending, nowMs: number) =>
  ({
    state,
    ended_at_ms: nowMs,
    lease: null,
    lease_until_ms: null,
    counts: result === undefined ? null : JSON.stringify(result.counts),
    summary: (summary ?? result?.summary ?? '').slice(0, summaryCharactersMax),
    failure: failure ?? null,
  }) as const;
const summaryCharactersMax = 500;

/** False where it is somebody else's. */
export async function endRun(
  queries: Queries,
  { id, lease }: Pick<RunRow, 'id' | 'lease'>,
  ending: Ending,
  progress: Progress,
  nowMs: number,
): Promise<boolean> {
  const ended = await queries
    .updateTable('job_run')
    .set({ ...endColumns(ending, nowMs), ...progress })
    .where('id', '=', id)
    .where('lease', '=', lease)
    .returning('id')
    .executeTakeFirst();
  return ended !== undefined;
}

/** Gives a run back that this process will not end: it waits again, as if this attempt had not been. */
export async function giveBackRun(
  queries: Queries,
  { id, lease }: Pick<RunRow, 'id' | 'lease'>,
  progress: Progress,
  nowMs: number,
): Promise<void> {
  await queries
    .updateTable('job_run')
    .set(({ eb }) => ({
      state: 'waiting',
      due_at_ms: nowMs,
      lease: null,
      lease_until_ms: null,
      attempt: eb('attempt', '-', 1),
      ...progress,
    }))
    .where('id', '=', id)
    .where('lease', '=', lease)
    .execute();
}

const countsSchema = z.record(z.string(), z.number());

export const toRunView = (row: RunRow): JobRun => ({
  id: row.id,
  kind: row.kind,
  ...(row.event === 0 ? {} : { event: row.event }),
  state: row.state as JobState,
  createdAtMs: row.created_at_ms,
  dueAtMs: row.due_at_ms,
  ...(row.started_at_ms === null ? {} : { startedAtMs: row.started_at_ms }),
  ...(row.ended_at_ms === null ? {} : { endedAtMs: row.ended_at_ms }),
  ...(row.done === null ? {} : { progress: { done: row.done, ...(row.total === null ? {} : { total: row.total }) } }),
  ...(row.summary === null
    ? {}
    : {
        result: {
          counts: row.counts === null ? {} : countsSchema.parse(JSON.parse(row.counts)),
          summary: row.summary,
        },
      }),
  ...(row.failure === null ? {} : { failure: row.failure }),
  ...(row.started_by === null || row.started_by_kind === null
    ? {}
    : { startedBy: { kind: row.started_by_kind as AuditActor['kind'], id: row.started_by } }),
});
