// `GET /api/tickets/{ticket}/story`: everything that is known of one ticket, on one line of time.
import { z } from 'zod';
import { auditActions, auditActorKinds } from './wire-audit.ts';
import { caseViewSchema } from './wire-cases.ts';
import { markViewSchema } from './wire.ts';

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
/** Of marks, of entries of the audit log and of check-ins at pretix the latest so many each; `leftOut` counts the others. */
export const storyStepsMax = 500;

/** Who did it: a person or program of the cloud, or somebody at a gate, by pseudonym. */
export const storyActorSchema = z.object({
  kind: z.enum([...auditActorKinds, 'operator']),
  id: z.string(),
  /** As the account is called now; absent for who may not know it, and once it is gone. */
  name: z.string().optional(),
});
export type StoryActor = z.infer<typeof storyActorSchema>;

const common = {
  atMs: unixMs,
  by: storyActorSchema.optional(),
};
export const storyStepSchema = z.discriminatedUnion('type', [
  /** The ticket came to be. */
  z.object({ type: z.literal('issued'), ...common }),
  /** What was done through the cloud: an action of the audit log. */
  z.object({
    type: z.literal('done'),
    ...common,
    action: z.enum(auditActions),
    method: z.string().optional(),
    gate: z.string().optional(),
    gateName: z.string().optional(),
    reason: z.string().optional(),
  }),
  /** What happened at a gate, or by a verification through the cloud. */
  z.object({
    type: z.literal('mark'),
    ...common,
    /** The gate's own time before corrections of its clock, where it differs. */
    stampedAtMs: unixMs.optional(),
    gateName: z.string(),
    mark: markViewSchema,
    /** Not every gate has been heard up to then: what this was may change. */
    provisional: z.boolean(),
    /** Whether it counts: an entry that was given back, or a mark that something else undid, does not. */
    counts: z.boolean(),
  }),
  /** Uses that do not fit, at the time of the last of them. */
  z.object({ type: z.literal('case'), ...common, case: caseViewSchema }),
  /** What goes back to pretix: an admission, an exit, or that one is taken back. */
  z.object({
    type: z.literal('pretix'),
    ...common,
    kind: z.enum(['entry', 'exit', 'annul']),
    /** `waiting`, `sent`, `failed` or `skipped`. */
    state: z.string(),
    reason: z.string().optional(),
  }),
]);
export type StoryStep = z.infer<typeof storyStepSchema>;

export const ticketStorySchema = z.object({
  ticket: z.string(),
  event: z.number().int(),
  timeZone: z.string(),
  epoch: z.number().int(),
  status: z.string(),
  usesSpent: z.number().int(),
  inside: z.number().int(),
  /** Up to when everything is known; later steps may change. */
  completeUpToMs: unixMs.optional(),
  /** The earliest first. */
  steps: z.array(storyStepSchema),
  /** Earlier steps that are not among them. */
  leftOut: z.number().int(),
});
export type TicketStory = z.infer<typeof ticketStorySchema>;
