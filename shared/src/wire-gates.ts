// The HTTP messages about gates as machines: what a gate tells the cloud of itself (its vitals), how screens list gates, and what can be done
// with one: renamed, replaced by another machine, wiped.
import { z } from 'zod';
import { lostGateSchema } from './wire-cases.ts';
import { cursorSchema, pageLimit } from './wire-page.ts';
import {
  eventIdSchema,
  gateIdSchema,
  gateNameSchema,
  gateRequestSchema,
  gateResponseSchema,
  laneConfigSchema,
} from './wire.ts';

/** Paths that gates use. */
export const vitalsPath = '/gate/vitals';
export const wipedPath = '/gate/wiped';

/** Header of an answer to a gate: the cloud has something to say to its vitals, and it need not wait for its next round with them. */
export const vitalsWantedHeader = 'Postern-Vitals-Wanted';
export const vitalsBytesMax = 16 * 1024;
const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** One line for people; whoever writes more than fits has it cut before it is sent. */
const line = (charactersMax: number): z.ZodString =>
  z
    .string()
    .max(charactersMax)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u);
/** A text as `line` takes it: control characters and halves of surrogate pairs become spaces, and the end is cut off. */
export const textLine = (text: string, charactersMax: number): string =>
  text.slice(0, charactersMax).replaceAll(/[\p{Cc}\p{Cs}]/gu, ' ');
const deviceName = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,100}$/u);
const pageDefault = 200;

export const clockSources = ['none', 'server', 'peer', 'person', 'rtc'] as const;

/** One thing that is not as it should be, and what to do about it. */
export const gateProblemSchema = z.object({
  severity: z.enum(['warn', 'fail']),
  what: line(300),
  next: line(300),
  /** The event that it is about, where the gate has several. */
  event: eventIdSchema.optional(),
});
export type GateProblem = z.infer<typeof gateProblemSchema>;
export const problemsPerGateMax = 8;

/** Why a gate has not been wiped yet, though it was told to be. */
export const wipeObstacles = ['marks-waiting', 'storage'] as const;
export type WipeObstacle = (typeof wipeObstacles)[number];

/** `POST /gate/vitals`, signed by the gate: how it is. What a machine has not is absent. */
export const gateVitalsSchema = z.strictObject({
  v: z.literal(1),
  /** What runs: an appliance, or the handheld's page. */
  kind: z.enum(['appliance', 'handheld']).default('appliance'),
  version: line(40),
  /** Process start, and for how long it has run. */
  boot: z.string().regex(/^[0-9a-f]{16}$/),
  upS: count,
  state: z.enum(['green', 'yellow', 'red']),
  /** The gravest first. */
  problems: z.array(gateProblemSchema).max(problemsPerGateMax),
  clock: z.strictObject({
    /** What the gate decides and stamps by, when this was sent. */
    nowMs: unixMs,
    source: z.enum(clockSources),
    trusted: z.boolean(),
    uncertaintyMs: z.number().min(0),
    /** The operating system's clock minus ours. */
    systemOffsetMs: z.number().min(-1e15).max(1e15),
  }),
  disk: z.strictObject({ freeBytes: count, totalBytes: count }).optional(),
  temperatureC: z.number().min(-100).max(300).optional(),
  battery: z.strictObject({ percent: z.number().min(0).max(100), charging: z.boolean() }).optional(),
  lanes: z
    .array(
      z.strictObject({
        id: deviceName,
        direction: z.enum(['entry', 'exit']),
        state: line(40),
        why: line(100).optional(),
      }),
    )
    .max(16),
  readers: z
    .array(z.strictObject({ id: deviceName, lane: deviceName, state: line(40), fault: line(200).optional() }))
    .max(64),
  events: z
    .array(
      z.strictObject({
        event: eventIdSchema,
        /** Of the ticket list in use; absent without one. */
        feedVersion: count.optional(),
        /** Since the cloud last confirmed that nothing is newer. */
        feedAgeS: count.optional(),
        /** Own marks that the cloud has not confirmed. */
        waiting: count.optional(),
      }),
    )
    .max(32),
  /** Of the order to wipe that it has got. */
  wipe: z.strictObject({ order: z.string().regex(/^[0-9a-f]{32}$/), obstacle: z.enum(wipeObstacles) }).optional(),
});
export type GateVitals = z.infer<typeof gateVitalsSchema>;
/** The wipe order, where there is one: COSE_Sign1 by the feed key (wipe-order.ts), base64. */
export const vitalsResponseSchema = z.object({
  v: z.literal(1),
  wipe: z
    .string()
    .max(1_024)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/)
    .optional(),
});
export type VitalsResponse = z.infer<typeof vitalsResponseSchema>;
/** `POST /gate/wiped`: it has forgotten everything but the key that signs this. */
export const wipedRequestSchema = z.strictObject({ order: z.string().regex(/^[0-9a-f]{32}$/) });

/** How a gate is, in a word. `trouble`: in touch, and something is wrong; `lost`: somebody has declared that it will not be heard again. */
export const gateConditions = ['green', 'trouble', 'out-of-touch', 'never', 'lost', 'revoked'] as const;
export type GateCondition = (typeof gateConditions)[number];

/** `asked`: the gate has not been heard since; `obstructed`: it has, and says why not yet; `done`: it has forgotten everything. */
export const gateWipeSchema = z.object({
  state: z.enum(['asked', 'obstructed', 'done']),
  askedAtMs: unixMs,
  reason: z.string(),
  obstacle: z.enum(wipeObstacles).optional(),
  doneAtMs: unixMs.optional(),
  /** What is so and what to do, in words. */
  text: z.string(),
});
export type GateWipe = z.infer<typeof gateWipeSchema>;

/** A gate in `GET /api/events/{event}/gates`, and in the live state. */
export const gateViewSchema = z.object({
  id: gateIdSchema,
  name: z.string(),
  zone: z.string(),
  enrolled: z.boolean(),
  /** `ok` heard lately, `silent` not heard for a while, `never` not yet. */
  state: z.enum(['ok', 'silent', 'never']),
  condition: z.enum(gateConditions),
  /** Out of touch, lost or revoked since then. */
  sinceMs: unixMs.optional(),
  lastContactMs: unixMs.optional(),
  /** Everything up to this time is known here (signed by the gate). */
  throughMs: unixMs.optional(),
  /** Somebody has declared that nothing more will come of it. */
  lost: lostGateSchema.optional(),
  /** That the cloud gave it last. */
  feedVersion: z.number().int().optional(),
  entries: z.number().int(),
  /** Since then nothing new of it is believed. */
  revokedAtMs: unixMs.optional(),
  /** The id of the gate in whose place it came, and of the one that came in its place. */
  replaces: gateIdSchema.optional(),
  replacedBy: gateIdSchema.optional(),
  /** The gravest of its problems, and how many there are. */
  trouble: gateProblemSchema.optional(),
  problemCount: z.number().int().optional(),
  /** What it said of itself last, and when; absent where it never did. */
  vitals: z
    .object({
      atMs: unixMs,
      kind: z.enum(['appliance', 'handheld']),
      version: z.string(),
      /** Of the ticket list in use, as of `atMs`. */
      feedVersion: z.number().int().optional(),
      feedAgeMs: z.number().int().optional(),
      waiting: z.number().int().optional(),
      clock: z.object({
        source: z.enum(clockSources),
        trusted: z.boolean(),
        uncertaintyMs: z.number(),
        /** The gate's time minus the cloud's when it was heard, with the way of the message in it. */
        offsetMs: z.number(),
      }),
      diskFreeBytes: z.number().int().optional(),
      diskTotalBytes: z.number().int().optional(),
      temperatureC: z.number().optional(),
      battery: z.object({ percent: z.number(), charging: z.boolean() }).optional(),
      readers: z.number().int(),
      readersFaulty: z.number().int(),
      lanesClosed: z.number().int(),
    })
    .optional(),
  wipe: gateWipeSchema.optional(),
});
export type GateView = z.infer<typeof gateViewSchema>;

/** `GET /api/events/{event}/gates`, in the order of ids. */
export const gateQuerySchema = z.strictObject({
  condition: z.enum(gateConditions).optional(),
  zone: z.string().min(1).max(64).optional(),
  /** In its id or name. */
  search: z.string().trim().min(1).max(100).optional(),
  limit: pageLimit(pageDefault).default(pageDefault),
  cursor: cursorSchema.optional(),
});
export type GateQuery = z.infer<typeof gateQuerySchema>;
export const gateListSchema = z.object({ gates: z.array(gateViewSchema), next: cursorSchema.optional() });
export type GateList = z.infer<typeof gateListSchema>;

/** `GET /api/events/{event}/gates/{gate}`: everything about one. */
export const gateDetailSchema = gateViewSchema.extend({
  lanes: z.array(laneConfigSchema),
  address: z.string().optional(),
  createdAtMs: unixMs,
  enrolledAtMs: unixMs.optional(),
  revokedReason: z.string().optional(),
  /** A one-time code that nobody has used is good until then. */
  codeUntilMs: unixMs.optional(),
  /** Other events at which it stands, as far as whoever asks may know. */
  alsoAt: z.array(eventIdSchema),
  problems: z.array(gateProblemSchema),
  laneStates: gateVitalsSchema.shape.lanes,
  readerStates: gateVitalsSchema.shape.readers,
});
export type GateDetail = z.infer<typeof gateDetailSchema>;

/** `PATCH /admin/events/{event}/gates/{gate}`. Lanes are the same at all events of the gate, the rest is this event's. */
export const gateChangeSchema = z
  .strictObject({
    name: gateNameSchema.optional(),
    zone: gateRequestSchema.shape.zone.optional(),
    lanes: gateRequestSchema.shape.lanes.optional(),
    /** `null` takes it away. */
    address: z.string().min(1).max(200).nullable().optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'nothing to change');
export type GateChange = z.infer<typeof gateChangeSchema>;

const reason = line(200).trim().min(1);
/** `POST /admin/events/{event}/gates/{gate}/replace`: another machine takes over name, zone, lanes and events; the old one is revoked. */
export const gateReplaceSchema = z.strictObject({
  /** Of the machine that comes; made from the old id unless it is given. */
  id: gateRequestSchema.shape.id.optional(),
  reason,
});
export type GateReplace = z.infer<typeof gateReplaceSchema>;
export const gateReplacedSchema = gateResponseSchema.extend({
  replaces: gateIdSchema,
  /** Marks of the old one that stay in the history of this event. */
  marks: z.number().int(),
});
export type GateReplaced = z.infer<typeof gateReplacedSchema>;

/** `POST /admin/events/{event}/gates/{gate}/wipe`: on its next contact it is to forget tickets, faces, marks and keys. */
export const gateWipeRequestSchema = z.strictObject({ reason });
