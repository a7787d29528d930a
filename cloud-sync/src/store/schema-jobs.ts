// The tables of background work as kysely sees them; see schema.ts.
import type { Fixed } from './column-types.ts';

export interface JobsSchema {
  readonly job_run: JobRunTable;
  readonly event_deadline: EventDeadlineTable;
}

/** By when what is to be done for an event; without a row nothing is. */
interface EventDeadlineTable {
  readonly event: Fixed<number>;
  readonly ends_at_ms: number | null;
  readonly revoke_unscanned_at_ms: number | null;
  /** Days after the end. */
  readonly keep_personal_days: number | null;
  /** When personal data was erased last. */
  readonly erased_at_ms: number | null;
}

/** One run of one kind of work. What has ended is kept for a while, so that people see what became of it. */
export interface JobRunTable {
  /** 32 hexadecimal digits. */
  readonly id: Fixed<string>;
  readonly kind: Fixed<string>;
  /** 0 where it is about no single event. */
  readonly event: Fixed<number>;
  /** JobState. */
  readonly state: string;
  /** Of the runs with one slot at most one has not ended: the database itself sees to that. Null: any number. */
  readonly slot: string | null;
  /** JSON, as the kind's schema has it. Never secrets. */
  readonly parameters: string;
  readonly created_at_ms: number;
  readonly due_at_ms: number;
  readonly started_at_ms: number | null;
  readonly ended_at_ms: number | null;
  /** How often a process has begun it. */
  readonly attempt: number;
  /** Random for each attempt: whose run this is, and until when unless prolonged. */
  readonly lease: string | null;
  readonly lease_until_ms: number | null;
  /** 1: whoever runs it is to stop. */
  readonly cancel_wanted: number;
  readonly done: number | null;
  readonly total: number | null;
  /** JobResult['counts'], JSON. */
  readonly counts: string | null;
  readonly summary: string | null;
  readonly failure: string | null;
  /** Null where the schedule began it. */
  readonly started_by_kind: string | null;
  readonly started_by: string | null;
}
