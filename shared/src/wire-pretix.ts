// The JSON messages about tickets that a pretix server sells: with which event there this one is connected, what came in of it, and which
// admissions went back. The API token goes in and never comes out.
import { z } from 'zod';
import { parseUrl } from './parse-url.ts';
import { cursorSchema, pageLimit } from './wire-page.ts';
import { ticketIdSchema } from './wire-tickets.ts';
import { gateIdSchema } from './wire.ts';

/** Entries of one page of check-ins, and how many without being asked. */
export const pretixCheckInPageMax = 500;
const pretixCheckInPageDefault = 100;
/** What could not be taken in and is listed; all of it is counted. */
export const pretixProblemsMax = 100;

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
const count = z.number().int().min(0);
/** Ids as pretix numbers its things. */
const pretixId = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const typeId = z.number().int().min(0).max(65_535);
/** Slugs as Django takes them. */
const slug = z.string().regex(/^[A-Za-z0-9._-]{1,100}$/);

const listSchema = z.strictObject({
  id: pretixId,
  /** The zone whose entries and exits go onto this check-in list; absent: those of every zone that has none of its own. */
  zone: z.string().min(1).max(64).optional(),
});

/** Which ticket type a product, or one of its variations, is; null: it opens no gate and is left out. */
const chosenTypeSchema = z.strictObject({
  item: pretixId,
  variation: pretixId.optional(),
  type: typeId.nullable(),
});

/** `PUT /api/events/{event}/pretix`. */
export const pretixConnectSchema = z.strictObject({
  /** Address of the server, as `https://pretix.eu`. */
  server: z
    .url({ protocol: /^https?$/ })
    .max(300)
    .refine((text) => {
      const url = parseUrl(text);
      return url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
    }, 'only scheme, host, port and path'),
  organizer: slug,
  /** The event's slug there. */
  slug,
  /** A token of a team that may see the event's orders and check in; absent: the one that is there. */
  token: z
    .string()
    .regex(/^[\x21-\x7e]{8,200}$/)
    .optional(),
  lists: z.array(listSchema).min(1).max(100),
  /** Takes over names and addresses of attendees too; without it they are not even asked for. */
  names: z.boolean().default(false),
  /** Sends the token without encryption to a server that is not on this machine. */
  allowHttp: z.boolean().default(false),
  /** Products whose type is not the one that is made for them. */
  types: z.array(chosenTypeSchema).max(1_000).default([]),
});
export type PretixConnect = z.output<typeof pretixConnectSchema>;

/** `POST /api/events/{event}/pretix/import`. */
export const pretixImportSchema = z.strictObject({
  /** Reads everything again, not only what has changed. */
  full: z.boolean().default(false),
});

const errorSchema = z.object({ type: z.string(), detail: z.string().optional(), atMs: unixMs });

export const pretixProblemSchema = z.object({
  /** The order's code; empty where not even that could be read. */
  order: z.string(),
  /** The position's id; absent where it concerns the whole order. */
  position: z.number().int().optional(),
  /** `malformed`, `secret-unusable`, `secret-of-another`, `item-unknown`, `window-empty`. */
  problem: z.string(),
});

/** `GET /api/events/{event}/pretix`. */
export const pretixViewSchema = z.object({
  event: z.number().int(),
  server: z.string(),
  organizer: z.string(),
  slug: z.string(),
  lists: z.array(listSchema.extend({ name: z.string() })),
  names: z.boolean(),
  connectedAtMs: unixMs,
  /** Whether everything that was there at the beginning has come in: from then on only changes are asked for. */
  complete: z.boolean(),
  /** Whether somebody reads or sends at this moment. */
  running: z.boolean(),
  lastRunAtMs: unixMs.optional(),
  /** The last time that everything went well. */
  lastGoodAtMs: unixMs.optional(),
  /** Why the last run ended early. */
  lastError: errorSchema.optional(),
  /** What gates cannot know of this event's check-in lists. */
  warnings: z.array(z.string()),
  items: z.array(chosenTypeSchema.extend({ name: z.string() })),
  /** Positions that are tickets here. */
  tickets: count,
  /** Not taken in, and why: the first of them. */
  problemCount: count,
  problems: z.array(pretixProblemSchema).max(pretixProblemsMax),
  checkIns: z.object({ waiting: count, sent: count, failed: count, skipped: count }),
});
export type PretixView = z.infer<typeof pretixViewSchema>;

/** What one run has done. */
export const pretixRunSchema = z.object({
  /** Requests to the server. */
  requests: count,
  orders: count,
  tickets: z.object({ created: count, changed: count, unchanged: count }),
  /** Admissions and exits that went back, and those that the server will never take. */
  checkIns: z.object({ sent: count, failed: count }),
  problems: count,
});
export type PretixRun = z.infer<typeof pretixRunSchema>;

export const pretixCheckInStates = ['waiting', 'sent', 'failed', 'skipped'] as const;

/** `GET /api/events/{event}/pretix/check-ins`. */
export const pretixCheckInQuerySchema = z.strictObject({
  state: z.enum(pretixCheckInStates).default('failed'),
  limit: pageLimit(pretixCheckInPageMax).default(pretixCheckInPageDefault),
  cursor: cursorSchema.optional(),
});
export type PretixCheckInQuery = z.infer<typeof pretixCheckInQuerySchema>;

export const pretixCheckInSchema = z.object({
  gate: gateIdSchema,
  boot: z.string(),
  sequence: z.number().int(),
  ticket: ticketIdSchema,
  order: z.string(),
  /** `annul` takes an entry or exit back that did not happen. */
  kind: z.enum(['entry', 'exit', 'annul']),
  atMs: unixMs,
  list: z.number().int(),
  state: z.enum(pretixCheckInStates),
  tries: count,
  /** What the server said last: one of its reasons, or a type of ours. */
  reason: z.string().optional(),
  /** When it is tried again. */
  nextAtMs: unixMs.optional(),
});
export const pretixCheckInPageSchema = z.object({
  /** In the order of time. */
  checkIns: z.array(pretixCheckInSchema),
  next: cursorSchema.optional(),
});
export type PretixCheckInPage = z.infer<typeof pretixCheckInPageSchema>;

/** `POST /api/events/{event}/pretix/check-ins/retry`: how many are tried again. */
export const pretixRetrySchema = z.object({ checkIns: count });
export type PretixRetry = z.infer<typeof pretixRetrySchema>;
