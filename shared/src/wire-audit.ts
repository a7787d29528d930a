// The HTTP messages about what was done: the audit log, the history of uses, and the list of suspicious uses that a person works off.
import { z } from 'zod';
import { ticketIdPattern } from './ticket.ts';
import { cursorSchema, pageLimit, wholeNumber } from './wire-page.ts';

/** Everything that is written into the audit log. New actions go at the end; none ever changes its name. */
export const auditActions = [
  'chain-started',
  'chain-closed',
  'generate',
  'verify',
  'refusal',
  'override',
  'toggle',
  'transfer',
  'ticket-created',
  'ticket-changed',
  'ticket-revoked',
  'ticket-reinstated',
  'ticket-reissued',
  'sign-in',
  'sign-in-failed',
  'sign-out',
  'token-issued',
  'token-revoked',
  'user-created',
  'user-changed',
  'user-deleted',
  'staff-changed',
  'client-created',
  'client-revoked',
  'key-rotated',
  'key-revoked',
  'gate-invited',
  'gate-enrolled',
  'gate-revoked',
  'event-created',
  'policy-changed',
  'feed-published',
  'suspicion-changed',
  'erasure',
  'order-given',
  'rehearsal-begun',
  'rehearsal-ended',
  'order-lifted',
  'ticket-denied',
  'chunk-released',
  'case-changed',
  'gate-lost',
  'gate-found',
  'binding-settled',
  'band-reserved',
  'band-bound',
  'band-unbound',
  'bands-imported',
  'band-written',
  'job-started',
  'job-cancelled',
  'webhook-changed',
  'webhook-replayed',
  'backup-restored',
  'tickets-imported',
  'tickets-exported',
  'pretix-connected',
  'pretix-disconnected',
  'pretix-imported',
  'pretix-retried',
  'sender-made',
  'sender-revoked',
  'pre-checked',
  'claim-link-made',
  'claim-link-revoked',
  'ticket-claimed',
  'transfer-offered',
  'transfer-withdrawn',
  'wallet-pass-made',
  'face-link-made',
  'face-enrolled',
  'face-ended',
  'face-exported',
  'tokens-frozen',
  'wallet-bound',
  'gate-changed',
  'gate-replaced',
  'gate-wipe-asked',
  'gate-wipe-withdrawn',
  'gate-wiped',
] as const;
export type AuditAction = (typeof auditActions)[number];

export const auditActorKinds = ['user', 'client', 'gate', 'system'] as const;
export type AuditActorKind = (typeof auditActorKinds)[number];

/** Entries of one page, and how many without being asked. */
export const auditPageMax = 1_000;
export const auditPageDefault = 100;

const unixMsMax = 8_640_000_000_000_000;
const unixMs = z.number().int().min(0).max(unixMsMax);
/** Unix milliseconds, or an ISO 8601 time with its zone. */
const time = z.union([wholeNumber(unixMsMax), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))]);
const word = z.string().regex(/^[A-Za-z0-9._:@-]{1,200}$/);

/** What both lists can be filtered by; all of it has to fit. */
const filterShape = {
  event: wholeNumber(4_294_967_295).optional(),
  gate: word.optional(),
  method: word.optional(),
  ticket: z.string().regex(ticketIdPattern).optional(),
  /** A person by pseudonym: the operator at a gate, or the id of who asked the cloud. */
  person: word.optional(),
  reason: word.optional(),
  /** From this time on, and before that one. */
  from: time.optional(),
  to: time.optional(),
  limit: pageLimit(auditPageMax).optional(),
  cursor: cursorSchema.optional(),
  /** `csv` is streamed and holds everything from the cursor on, unless `limit` is given. */
  format: z.enum(['json', 'csv']).default('json'),
};

/** `GET /audits/usage`. */
export const usageQuerySchema = z.strictObject({
  ...filterShape,
  kind: word.optional(),
});
export type UsageQuery = z.infer<typeof usageQuerySchema>;

/** `GET /audits/log`. */
export const auditQuerySchema = z.strictObject({
  ...filterShape,
  action: z.enum(auditActions).optional(),
});
export type AuditQuery = z.infer<typeof auditQuerySchema>;

/** One use, or one attempt: a mark of a gate or of the cloud, or a central verification that left no mark. Times in Unix ms. */
export const usageEntrySchema = z.object({
  event: z.number().int(),
  /** Empty where the cloud verified without a mark; then `boot` names the audit chain. */
  gate: z.string(),
  boot: z.string(),
  sequence: z.number().int(),
  atMs: unixMs,
  /** Kind of the mark: `admitted`, `refused`, …; `verified` where the cloud only looked. */
  kind: z.string(),
  lane: z.string(),
  ticket: z.string().optional(),
  method: z.string().optional(),
  person: z.string().optional(),
  /** Refusal code, or why a person let somebody in, took back or declined. */
  reason: z.string().optional(),
  /** Persons, or attempts of refusals that were folded into one. */
  count: z.number().int(),
  /** Of the request, where it was one and nobody has had it erased. */
  address: z.string().optional(),
  device: z.string().optional(),
});
export type UsageEntry = z.infer<typeof usageEntrySchema>;
export const usagePageSchema = z.object({ entries: z.array(usageEntrySchema), next: cursorSchema.optional() });
export type UsagePage = z.infer<typeof usagePageSchema>;

export const auditEntrySchema = z.object({
  chain: z.string(),
  sequence: z.number().int(),
  /** 0 where it concerns no event. */
  event: z.number().int(),
  atMs: unixMs,
  action: z.string(),
  actorKind: z.string(),
  actor: z.string(),
  gate: z.string().optional(),
  method: z.string().optional(),
  ticket: z.string().optional(),
  /** What was acted upon, where it is no ticket: a user, a key, a client. */
  subject: z.string().optional(),
  reason: z.string().optional(),
  request: z.string().optional(),
  /** `event/gate/boot/sequence` of the mark that this entry goes with. */
  mark: z.string().optional(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  /** Personal fields, absent when there were none or they have been erased. */
  name: z.string().optional(),
  address: z.string().optional(),
  device: z.string().optional(),
  note: z.string().optional(),
  /** Personal fields that have been erased. */
  erased: z.array(z.string()).optional(),
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;
export const auditPageSchema = z.object({ entries: z.array(auditEntrySchema), next: cursorSchema.optional() });
export type AuditPage = z.infer<typeof auditPageSchema>;

export const suspicionKinds = ['impossible-travel', 'many-refusals', 'code-replayed', 'double-entry'] as const;
export type SuspicionKind = (typeof suspicionKinds)[number];
export const suspicionStates = ['open', 'explained', 'closed'] as const;
export type SuspicionState = (typeof suspicionStates)[number];

/** One use that speaks for a suspicion. */
export const sightingSchema = z.object({
  gate: z.string(),
  /** Of the mark, or of the audit entry where there is no mark. */
  boot: z.string(),
  sequence: z.number().int(),
  atMs: unixMs,
  kind: z.string(),
  reason: z.string().optional(),
  address: z.string().optional(),
  device: z.string().optional(),
});
export type Sighting = z.infer<typeof sightingSchema>;

/** One a ticket, kind and event day. */
export const suspicionSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  event: z.number().int(),
  ticket: z.string(),
  /** Local event day, `YYYY-MM-DD`. */
  day: z.string(),
  kind: z.enum(suspicionKinds),
  /** Pairs of uses, refusals, replays or uses that do not fit. */
  count: z.number().int(),
  firstAtMs: unixMs,
  lastAtMs: unixMs,
  gates: z.array(z.string()),
  /** The first of them. */
  sightings: z.array(sightingSchema),
  /** False when later marks or other settings have taken the ground away. */
  holds: z.boolean(),
  state: z.enum(suspicionStates),
  /** More has come in since a person last judged it. */
  extended: z.boolean(),
  changedBy: z.object({ kind: z.enum(auditActorKinds), id: z.string() }).optional(),
  changedAtMs: unixMs.optional(),
  note: z.string().optional(),
});
export type SuspicionView = z.infer<typeof suspicionSchema>;

/** `GET /api/events/{event}/suspicions`: the latest first. */
export const suspicionQuerySchema = z.strictObject({
  state: z.enum(suspicionStates).optional(),
  kind: z.enum(suspicionKinds).optional(),
  ticket: z.string().regex(ticketIdPattern).optional(),
  limit: pageLimit(auditPageMax).default(auditPageDefault),
  cursor: cursorSchema.optional(),
});
export type SuspicionQuery = z.infer<typeof suspicionQuerySchema>;
export const suspicionPageSchema = z.object({ suspicions: z.array(suspicionSchema), next: cursorSchema.optional() });
export type SuspicionPage = z.infer<typeof suspicionPageSchema>;

/** `PATCH /api/events/{event}/suspicions/{id}`: `note` says why. */
export const suspicionChangeSchema = z.strictObject({
  state: z.enum(suspicionStates),
  note: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .regex(/^(?:[^\p{Cc}\p{Cs}]|[\n\t])*$/u, 'no control characters'),
});
export type SuspicionChange = z.infer<typeof suspicionChangeSchema>;

/** The least and the most that a rule may be. */
export const suspicionBounds = { travelMinMs: [0, 3_600_000], refusalsMin: [1, 500] } as const;
const wholeWithin = ([least, most]: readonly [number, number]): z.ZodNumber => z.number().int().min(least).max(most);

/** `PUT /api/events/{event}/suspicion-rules`. */
export const suspicionRulesSchema = z.strictObject({
  /** Two gates within less than this is impossible travel; 0 switches it off. */
  travelMinMs: wholeWithin(suspicionBounds.travelMinMs),
  /** Refusals of one ticket on one event day from which on somebody should look. */
  refusalsMin: wholeWithin(suspicionBounds.refusalsMin),
});
export type SuspicionRules = z.infer<typeof suspicionRulesSchema>;
export const defaultSuspicionRules: SuspicionRules = { travelMinMs: 60_000, refusalsMin: 5 };
