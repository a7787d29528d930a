// The JSON messages and paths of the cloud's HTTP interface, as zod schemas that both ends use: the cloud to check what comes in,
// a gate, a page or a script to check what comes back. Tickets are in wire-tickets.ts; binary bodies (sync messages, feed files, signed time) have their own files.
import { z } from 'zod';
import { centralGate, feedKeySchema } from './feed.ts';
import { pinPattern, userIdPattern } from './person-rules.ts';
import { admissionPolicySchema, ticketTypeSchema, zoneSchema } from './ticket.ts';

/** Paths that gates use. */
export const timePath = '/time';
export const enrolPath = '/enrol';
export const syncPath = '/sync';
export const feedManifestPath = (event: number): string => `/feed/${event}/manifest`;
export const feedFilePath = (sha256: string): string => `/feed/files/${sha256}`;

/** Largest bodies the cloud takes. */
export const jsonBodyBytesMax = 64 * 1024;

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
const hex = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const base64 = (charactersMax: number): z.ZodString =>
  z
    .string()
    .max(charactersMax)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/);
/** One line for screens and terminals: no control characters, no half surrogates. */
const line = (charactersMax: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(charactersMax)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'no control characters');
const name = line(100).trim().min(1);

/** What people call a gate. */
export const gateNameSchema = name;
export const eventIdSchema = z.number().int().min(1).max(4_294_967_295);
export const userIdSchema = z.string().regex(userIdPattern);
export const gateIdSchema = z.string().regex(/^[a-z0-9-]{1,32}$/);
/** RFC 9457 problem: `type` is one of our kebab-case codes. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().optional(),
  /** Id of the ticket that has what was asked for, for `band-bound` and `band-reserved`. */
  ticket: z.string().optional(),
  /** Where in the request something is wrong, for `request-invalid`. */
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof problemSchema>;
export const problemContentType = 'application/problem+json';

/** `POST /time`: 16 random bytes; answered with COSE_Sign1 over [nonce, Unix ms] (server-time.ts), `application/cose`. */
export const timeRequestSchema = z.strictObject({ nonce: hex(16) });

/** One direction of one turnstile, as the cloud hands it to a gate at enrolment; device URIs are the gate's to interpret. */
export const laneConfigSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,32}$/),
  direction: z.enum(['entry', 'exit']).default('entry'),
  /** `camera://…`, `stdin://`, `sim://…`, `hid://…`. */
  readers: z.array(z.string().min(1).max(500)).max(8).default([]),
  /** `sim://…`, `none://`, `hid-relay://…`. */
  actuator: z.string().min(1).max(500).default('none://'),
  onFailure: z.enum(['locked', 'free']).default('locked'),
  passageTimeoutMs: z.number().int().min(500).max(600_000).optional(),
});
export type LaneConfig = z.infer<typeof laneConfigSchema>;

/** `POST /admin/events/{event}/gates`: makes a gate, or gives an existing one a new code; one of another event stands at both then. */
export const gateRequestSchema = z.strictObject({
  id: gateIdSchema.refine((id) => id !== centralGate, `"${centralGate}" is the cloud itself`),
  name,
  zone: z.string().min(1).max(64),
  lanes: z.array(laneConfigSchema).min(1).max(16),
  /** `host:port` at which other gates reach it on the LAN. */
  address: z.string().min(1).max(200).optional(),
});
export type GateDescription = z.infer<typeof gateRequestSchema>;
/** The one-time enrolment code: shown once, kept only as a hash. */
export const gateResponseSchema = z.object({
  gate: gateIdSchema,
  event: eventIdSchema,
  code: z.string(),
  expiresAtMs: unixMs,
  /** `<cloud>#<code>`: what the QR code says. */
  link: z.string(),
  qrSvg: z.string(),
});
export type GateResponse = z.infer<typeof gateResponseSchema>;

/** `POST /enrol`: the gate's certificate request (PKCS#10, Ed25519) against the one-time code. */
export const enrolRequestSchema = z.strictObject({
  /** As shown; case, spaces and dashes do not matter. */
  code: z.string().min(8).max(64),
  /** DER, base64. */
  csr: base64(8_192),
  /** Raw Ed25519 public key; the same as in the request. */
  publicKey: hex(32),
  /** 16 random bytes for the signed time in the answer. */
  nonce: hex(16),
});
export type EnrolRequest = z.infer<typeof enrolRequestSchema>;

export const enrolResponseSchema = z.object({
  v: z.literal(1),
  gate: z.object({ id: gateIdSchema, name: z.string(), zone: z.string() }),
  event: z.object({ id: eventIdSchema, name: z.string() }),
  /** Further events at which it stands. */
  also: z.array(z.object({ id: eventIdSchema, name: z.string(), zone: z.string() })).default([]),
  /** Base URL that gates talk to, without a slash at the end. */
  cloud: z.string(),
  /** DER, base64: this gate's certificate (SAN `postern:gate:<id>`) and the deployment's CA. */
  certificate: base64(8_192),
  ca: base64(8_192),
  /** The feed's keys, which also sign the time. */
  feedKeys: z.array(feedKeySchema).min(1).max(16),
  lanes: z.array(laneConfigSchema).max(16),
  /** COSE_Sign1 of `/time` for the request's nonce, base64. */
  signedTime: base64(2_048),
});
export type EnrolResponse = z.infer<typeof enrolResponseSchema>;

/** `PUT /api/events/{event}/policy`. Gates read the rules with whatever names they were once given. */
export const policyRequestSchema = z.strictObject({
  ...admissionPolicySchema.omit({ event: true, rehearsal: true }).shape,
  name: line(200),
  types: z.array(ticketTypeSchema.extend({ name: line(100) })).max(1_000),
  zones: z.array(zoneSchema.extend({ name: line(100) })).max(1_000),
});
/** `POST /api/events`: an event's rules; the cloud gives the number unless one is asked for. */
export const eventRequestSchema = policyRequestSchema.extend({ event: eventIdSchema.optional() });
export const eventResponseSchema = z.object({
  event: eventIdSchema,
  policy: admissionPolicySchema,
  createdAtMs: unixMs,
  tickets: z.number().int(),
  /** Version of the last published feed; 0 before the first. */
  feedVersion: z.number().int(),
});
export type EventResponse = z.infer<typeof eventResponseSchema>;
/** `GET /api/events`. */
export const eventListSchema = z.object({ events: z.array(eventResponseSchema) });
export type EventList = z.infer<typeof eventListSchema>;

/** `POST /admin/events/{event}/staff`: a person who may act at gates; the PIN is kept only as salted scrypt. */
export const staffRequestSchema = z.strictObject({
  role: z.enum(['steward', 'supervisor']),
  pin: z.string().regex(pinPattern),
});
/** The code of the card (`PS1:…`), as text and QR: shown once, kept only as a hash. */
export const staffResponseSchema = z.object({
  operator: z.string(),
  role: z.enum(['steward', 'supervisor']),
  code: z.string(),
  qrSvg: z.string(),
});
export type StaffResponse = z.infer<typeof staffResponseSchema>;

/** `POST /admin/events/{event}/publish`. */
export const publishResponseSchema = z.object({
  event: eventIdSchema,
  version: z.number().int(),
  snapshotVersion: z.number().int(),
  deltas: z.number().int(),
  tickets: z.number().int(),
});

/** One mark as people and scripts read it; times in Unix ms. */
export const markViewSchema = z.object({
  /** Of what was practised the kind that it would have been. */
  kind: z.string(),
  /** It was made in rehearsal and counts nowhere. */
  rehearsal: z.literal(true).optional(),
  event: z.number().int(),
  gate: z.string(),
  boot: z.string(),
  sequence: z.number().int(),
  lane: z.string(),
  atMs: unixMs,
  /** Half-width of the interval that contains the true time. */
  uncertaintyMs: z.number(),
  clockSource: z.string(),
  ticket: z.string().optional(),
  epoch: z.number().int().optional(),
  method: z.string().optional(),
  persons: z.number().int().optional(),
  code: z.string().optional(),
  outOfTouch: z.boolean().optional(),
  operator: z.string().optional(),
  /** Why a person declined, took back or let somebody in. */
  reason: z.string().optional(),
  /** What `operator` said yes to, where the ticket was held. */
  approved: z.string().optional(),
  /** Of a pre-check: before which zone, until when it counts, and at which gate where it is one alone. */
  zone: z.string().optional(),
  untilMs: unixMs.optional(),
  forGate: z.string().optional(),
  /** The mark that this one takes back. */
  of: z.object({ gate: z.string(), boot: z.string(), sequence: z.number().int() }).optional(),
});
export type MarkView = z.infer<typeof markViewSchema>;

/** `GET /api/events/{event}/summary`: counted from the marks. */
export const summarySchema = z.object({
  event: z.number().int(),
  /** Persons that entered and were not taken back. */
  admitted: z.number().int(),
  /** Refusals, folded ones counted. */
  refused: z.number().int(),
  /** Without what was practised in rehearsals. */
  marks: z.number().int(),
  /** Open ones. */
  cases: z.number().int(),
  /** Chunks that were put aside and not let in since: `GET /api/events/{event}/quarantine`. */
  aside: z.number().int(),
  /** Up to when everything is known; what came later may change. Absent where no gate is waited for. */
  completeUpToMs: unixMs.optional(),
  /** Equal on every replica that knows the same marks (content-hash.ts). */
  historyHash: z.string(),
  feedVersion: z.number().int(),
  atMs: unixMs,
});
export type Summary = z.infer<typeof summarySchema>;
