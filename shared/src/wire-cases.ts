// The HTTP messages about uses that do not fit, and about what is not known yet: cases and their work-off, gates declared lost, bands
// that two tickets claim, entries decided while out of touch.
import { z } from 'zod';
import { caseCauses } from './case-cause.ts';
import { auditActorKinds, auditPageDefault, auditPageMax } from './wire-audit.ts';
import { cursorSchema, pageLimit } from './wire-page.ts';
import { ticketIdPattern } from './ticket.ts';

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
const id32 = z.string().regex(/^[0-9a-f]{32}$/);
const day = z.string().regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/);
/** Written by a person, for people; stays in the cloud. */
const note = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^(?:[^\p{Cc}\p{Cs}]|[\n\t])*$/u, 'no control characters');
const limit = pageLimit(auditPageMax).default(auditPageDefault);
const cursor = cursorSchema.optional();
const changedBy = z.object({ kind: z.enum(auditActorKinds), id: z.string() });

export const entryViewSchema = z.object({
  gate: z.string(),
  lane: z.string(),
  /** With every clock correction that is known. */
  atMs: unixMs,
  uncertaintyMs: z.number(),
  persons: z.number().int(),
});
export type EntryView = z.infer<typeof entryViewSchema>;

/** An entry as a case tells of it. */
export const caseEntrySchema = entryViewSchema.extend({
  boot: z.string(),
  sequence: z.number().int(),
  kind: z.string(),
  zone: z.string(),
  clockSource: z.string(),
  /** By how much corrections of the gate's clock have moved it. */
  correctedByMs: z.number().int(),
  /** Pseudonym of the person who let somebody in or said yes to a hold; absent where the gate decided alone. */
  operator: z.string().optional(),
  ticketType: z.number().int().optional(),
  /** The gate had neither the cloud nor another gate in reach. */
  outOfTouch: z.boolean().optional(),
  peersReachable: z.number().int().optional(),
});
export type CaseEntry = z.infer<typeof caseEntrySchema>;

export const caseStates = ['open', 'explained', 'closed'] as const;
export type CaseState = (typeof caseStates)[number];
/** What a case turned out to be: a closed list, and a note in words. */
export const caseReasons = [
  'same-person',
  'shared-code',
  'copied-code',
  'clock-wrong',
  'staff-mistake',
  'let-in-on-purpose',
  'other',
] as const;
export type CaseReason = (typeof caseReasons)[number];

/** All uses of one ticket on one event day that do not fit, with the entries they collide with. */
export const caseViewSchema = z.object({
  id: id32,
  event: z.number().int(),
  ticket: z.string(),
  /** Of the latest of the entries; absent where no gate has said it. */
  ticketType: z.object({ id: z.number().int(), name: z.string() }).optional(),
  /** Local event day, `YYYY-MM-DD`. */
  day: z.string(),
  /** The first of them, earliest first. */
  fitting: z.array(caseEntrySchema),
  misfits: z.array(caseEntrySchema),
  misfitCount: z.number().int(),
  /** The clocks' uncertainties overlap: who was first cannot be known. */
  orderUncertain: z.boolean(),
  /** A hint, from the marks alone. */
  cause: z.enum(caseCauses),
  /** False when later marks have explained every use; only what a person has worked on is still listed then. */
  holds: z.boolean(),
  /** Gates from which the cloud has not heard up to the last of these uses. */
  gatesNotHeard: z.array(z.string()),
  /** Gates that were declared lost before they had told of everything up to then. */
  gatesLost: z.array(z.string()),
  /** While there are gates that were not heard: "May change: 2 gates not heard from". */
  mayChange: z.string().optional(),
  state: z.enum(caseStates),
  /** Uses have come in that nobody has judged yet: it was worked off before, and is open again. */
  reopened: z.boolean(),
  reason: z.enum(caseReasons).optional(),
  note: z.string().optional(),
  changedBy: changedBy.optional(),
  changedAtMs: unixMs.optional(),
  openedAtMs: unixMs,
  lastAtMs: unixMs,
  /** What the screen says. */
  text: z.string(),
});
export type CaseView = z.infer<typeof caseViewSchema>;

/** `GET /api/events/{event}/cases`: the latest use first. */
export const caseListSchema = z.object({ cases: z.array(caseViewSchema), next: cursorSchema.optional() });
export type CaseList = z.infer<typeof caseListSchema>;
export const caseQuerySchema = z.strictObject({
  state: z.enum(caseStates).optional(),
  cause: z.enum(caseCauses).optional(),
  /** One that let somebody in. */
  gate: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/)
    .optional(),
  ticket: z.string().regex(ticketIdPattern).optional(),
  day: day.optional(),
  limit,
  cursor,
});
export type CaseQuery = z.infer<typeof caseQuerySchema>;

/** `PATCH /api/events/{event}/cases/{case}`: open -> explained -> closed, and open again when somebody was wrong. */
export const caseChangeSchema = z.strictObject({
  state: z.enum(caseStates),
  reason: z.enum(caseReasons),
  note: note.optional(),
});
export type CaseChange = z.infer<typeof caseChangeSchema>;

/** `PUT /api/events/{event}/gates/{gate}/lost`: nothing more will come of this gate. */
export const lostReasons = ['stolen', 'destroyed', 'broken', 'out-of-reach', 'other'] as const;
export const lostGateRequestSchema = z.strictObject({ reason: z.enum(lostReasons), note: note.optional() });
export type LostGateRequest = z.infer<typeof lostGateRequestSchema>;
export const lostGateSchema = z.object({
  gate: z.string(),
  reason: z.enum(lostReasons),
  note: z.string().optional(),
  by: changedBy,
  atMs: unixMs,
});
export type LostGate = z.infer<typeof lostGateSchema>;

/** `GET /api/events/{event}/coverage`: up to when everything is known, and who has to be heard for more. */
export const coverageSchema = z.object({
  event: z.number().int(),
  /** Absent where no gate is waited for. */
  completeUpToMs: unixMs.optional(),
  /** Unix ms when the cloud looked; what happened after `completeUpToMs` may change. */
  atMs: unixMs,
  gates: z.array(
    z.object({
      gate: z.string(),
      name: z.string(),
      /** Everything that it did up to here is known (signed by the gate); 0 when nothing was heard of it. */
      throughMs: unixMs,
      lost: lostGateSchema.optional(),
    }),
  ),
});
export type CoverageView = z.infer<typeof coverageSchema>;

/** One binding that excludes another. */
export const bindingViewSchema = z.object({
  gate: z.string(),
  boot: z.string(),
  sequence: z.number().int(),
  atMs: unixMs,
  uncertaintyMs: z.number(),
  lane: z.string(),
  /** Keyed hash of the tag, hexadecimal. */
  tag: z.string(),
  /** Empty where it takes the tag from whatever ticket it had. */
  ticket: z.string(),
  epoch: z.number().int(),
  operator: z.string().optional(),
});
export type BindingView = z.infer<typeof bindingViewSchema>;
/** One tag that several tickets claim, or one ticket with more bands than its party; nobody is let in on such a band meanwhile. */
export const bindingConflictSchema = z.object({
  id: id32,
  event: z.number().int(),
  kind: z.enum(['tag', 'ticket']),
  /** The tag's hash, or the ticket's id. */
  subject: z.string(),
  bindings: z.array(bindingViewSchema),
  lastAtMs: unixMs,
});
export type BindingConflictView = z.infer<typeof bindingConflictSchema>;
export const bindingConflictListSchema = z.object({
  conflicts: z.array(bindingConflictSchema),
  next: cursorSchema.optional(),
});
export type BindingConflictList = z.infer<typeof bindingConflictListSchema>;
export const bindingConflictQuerySchema = z.strictObject({ limit, cursor });
export type BindingConflictQuery = z.infer<typeof bindingConflictQuerySchema>;
/** `POST /api/events/{event}/binding-conflicts/{conflict}/resolve`: the binding that is right, or none of them. */
export const bindingChoiceSchema = z.strictObject({
  choose: z.union([
    z.literal('none'),
    z.strictObject({
      gate: z.string().regex(/^[a-z0-9-]{1,32}$/),
      boot: z.string().regex(/^[0-9a-f]{16}$/),
      sequence: z.number().int().min(1),
    }),
  ]),
  note: note.optional(),
});
export type BindingChoice = z.infer<typeof bindingChoiceSchema>;

/** What a gate has decided while it had nobody in reach. */
const outOfTouchShape = {
  entries: z.number().int(),
  persons: z.number().int(),
  /** Without even another gate in reach. */
  alone: z.number().int(),
  /** The least sure of the clocks that stamped them; 0 without any. */
  uncertaintyMsMax: z.number(),
  /** The oldest list of tickets and revocations by which one of them was decided; absent where no gate has said it. */
  feedAgeSMax: z.number().int().optional(),
};
/** `GET /api/events/{event}/offline-risk`. */
export const offlineRiskSchema = z.object({
  event: z.number().int(),
  atMs: unixMs,
  entries: z.number().int(),
  outOfTouch: z.object(outOfTouchShape),
  gates: z.array(
    z.object({
      gate: z.string(),
      name: z.string(),
      entries: z.number().int(),
      outOfTouch: z.object(outOfTouchShape),
      /** Since when the cloud cannot say that this gate knows the newest revocations; absent before its first list. */
      revocationAgeMs: z.number().int().optional(),
      /** Everything that it did up to here is known. */
      throughMs: unixMs.optional(),
    }),
  ),
});
export type OfflineRisk = z.infer<typeof offlineRiskSchema>;
