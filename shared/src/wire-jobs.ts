// The HTTP messages about background work: the kinds there are, their runs with progress and result, run now and cancel; and by when
// which work is to be done for an event.
import { z } from 'zod';
import { auditActorKinds } from './wire-audit.ts';
import { cursorSchema, pageLimit } from './wire-page.ts';

export const jobStates = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

export const jobKindPattern = /^[a-z][a-z0-9-]{1,39}$/;
export const jobRunIdPattern = /^[0-9a-f]{32}$/;
export const jobPageMax = 200;
export const jobPageDefault = 50;

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
const count = z.number().int().min(0);

/** What a run came to: counts by name, and one sentence for people. */
export const jobResultSchema = z.object({ counts: z.record(z.string(), count), summary: z.string().max(500) });
export type JobResult = z.infer<typeof jobResultSchema>;

export const jobRunSchema = z.object({
  id: z.string().regex(jobRunIdPattern),
  kind: z.string(),
  /** Absent where it is about no single event. */
  event: z.number().int().optional(),
  state: z.enum(jobStates),
  createdAtMs: unixMs,
  /** It does not begin before. */
  dueAtMs: unixMs,
  startedAtMs: unixMs.optional(),
  endedAtMs: unixMs.optional(),
  /** Absent until it has something to say; `total` where it is known. */
  progress: z.object({ done: count, total: count.optional() }).optional(),
  /** Also of a run that was cancelled or failed, as far as it came. */
  result: jobResultSchema.optional(),
  /** Code of what went wrong, for a failed one. */
  failure: z.string().optional(),
  /** Absent where the schedule began it. */
  startedBy: z.object({ kind: z.enum(auditActorKinds), id: z.string() }).optional(),
});
export type JobRun = z.infer<typeof jobRunSchema>;

export const jobKindSchema = z.object({
  name: z.string().regex(jobKindPattern),
  title: z.string(),
  /** `event`: each run is about one event. */
  about: z.enum(['deployment', 'event']),
  /** Cron in UTC, or in words for what follows something else. */
  schedule: z.string().optional(),
  /** May be started by `POST …/jobs`. */
  runNow: z.boolean(),
  nextDueAtMs: unixMs.optional(),
  /** The run that ended last. */
  last: jobRunSchema.optional(),
  /** Those under way, the newest first. */
  running: z.array(jobRunSchema),
});
export type JobKindView = z.infer<typeof jobKindSchema>;

/** `GET /admin/jobs`. */
export const jobKindListSchema = z.object({ kinds: z.array(jobKindSchema) });
export type JobKindList = z.infer<typeof jobKindListSchema>;

/** `POST /admin/jobs/runs` and `POST /api/events/{event}/jobs`. */
export const jobStartSchema = z.strictObject({ kind: z.string().regex(jobKindPattern) });

/** `GET /admin/jobs/runs` and `GET /api/events/{event}/jobs`: the newest first. */
export const jobQuerySchema = z.strictObject({
  kind: z.string().regex(jobKindPattern).optional(),
  state: z.enum(jobStates).optional(),
  limit: pageLimit(jobPageMax).default(jobPageDefault),
  cursor: cursorSchema.optional(),
});
export type JobQuery = z.infer<typeof jobQuerySchema>;
export const jobPageSchema = z.object({ runs: z.array(jobRunSchema), next: cursorSchema.optional() });
export type JobPage = z.infer<typeof jobPageSchema>;

/** `PUT /api/events/{event}/deadlines`: replaces all of them; what is absent is not done. */
export const eventDeadlinesRequestSchema = z.strictObject({
  endsAtMs: unixMs.optional(),
  /** Tickets that nobody has been let in with are revoked then; a time that has passed means at once. */
  revokeUnscannedAtMs: unixMs.optional(),
  /** So many days after the end everything that names visitors is erased. */
  keepPersonalDataDays: z.number().int().min(0).max(36_500).optional(),
});
export type EventDeadlinesRequest = z.infer<typeof eventDeadlinesRequestSchema>;
export const eventDeadlinesSchema = z.object({
  ...eventDeadlinesRequestSchema.shape,
  personalDataErasedAtMs: unixMs.optional(),
});
export type EventDeadlines = z.infer<typeof eventDeadlinesSchema>;
