// The live state of an event: what the dashboard shows and each SSE message `state` of `GET /api/events/{event}/live` has, whole. It is bounded however
// many gates, zones and cases there are: the worst gates, the fullest zones, the latest of the rest, and counts of all.
import { z } from 'zod';
import { caseViewSchema, entryViewSchema } from './wire-cases.ts';
import { gateConditions, gateViewSchema } from './wire-gates.ts';
import { rehearsalViewSchema } from './wire-rehearsal.ts';

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
const persons = z.number().int().min(0);

/** Of the JSON of one state. */
export const liveBytesMax = 64 * 1024;
export const liveGatesMax = 50;
export const liveZonesMax = 50;
export const liveEntriesMax = 20;
export const liveCasesMax = 20;
export const liveReasonsMax = 30;
/** Zones with a series of their own: those with the most entries in it. */
export const liveSeriesZonesMax = 12;
export const seriesMinutes = 180;
export const minuteMs = 60_000;

export const liveEntrySchema = entryViewSchema.extend({
  ticket: z.string(),
  kind: z.string(),
  /** Not every gate has been heard up to then: what this entry is may change. */
  provisional: z.boolean(),
});
export type LiveEntry = z.infer<typeof liveEntrySchema>;

/** How many gates are how; the sum is all gates. */
export const gateCountsSchema = z.record(z.enum(gateConditions), z.number().int());
export type GateCounts = z.infer<typeof gateCountsSchema>;

export const liveZoneSchema = z.object({
  zone: z.string(),
  name: z.string(),
  capacity: persons.optional(),
  /** By all marks known here. */
  inside: persons,
  /** What the gates not heard from have probably let out and in since, as in the roll-call; no `insideMost` where nothing can be said. */
  insideLeast: persons,
  insideMost: persons.optional(),
  /** Gates of the zone of which not everything is known. */
  notHeardFrom: z.number().int(),
  gates: gateCountsSchema,
});
export type LiveZone = z.infer<typeof liveZoneSchema>;

/** Persons a minute, the oldest minute first; the last one has just begun. Of `seriesMinutes` minutes each. */
const flow = { entries: z.array(persons), exits: z.array(persons) };
export const liveSeriesSchema = z.object({
  /** Unix ms at which the first minute begins; each has 60,000. */
  fromMs: unixMs,
  all: z.object(flow),
  zones: z.array(z.object({ zone: z.string(), ...flow })),
});
export type LiveSeries = z.infer<typeof liveSeriesSchema>;

export const liveStateSchema = z.object({
  event: z.number().int(),
  name: z.string(),
  timeZone: z.string(),
  /** The cloud's time when it looked. */
  atMs: unixMs,
  feedVersion: z.number().int(),
  /** When that was published; absent before the first. */
  feedAtMs: unixMs.optional(),
  /** Since when the figures that take long to count have been counted: within seconds of `atMs`. */
  countedAtMs: unixMs,
  admitted: z.number().int(),
  refused: z.number().int(),
  marks: z.number().int(),
  /** Open ones. */
  cases: z.number().int(),
  suspicions: z.number().int(),
  aside: z.number().int(),
  completeUpToMs: unixMs.optional(),
  /** The event's rehearsal, gates that rehearse, and alarms about either. */
  rehearsal: rehearsalViewSchema,
  /** Those with the most persons inside, in the order of the event's rules. */
  zones: z.array(liveZoneSchema),
  zonesLeftOut: z.number().int(),
  series: liveSeriesSchema,
  /** The most frequent first: code of the refusal and how often. */
  refusals: z.array(z.object({ code: z.string(), count: z.number().int() })),
  gateCounts: gateCountsSchema,
  /** The worst ones first; all of them by `GET /api/events/{event}/gates`. */
  gates: z.array(gateViewSchema),
  gatesLeftOut: z.number().int(),
  /** The latest first; of a case only the first uses and gates. */
  entries: z.array(liveEntrySchema),
  openCases: z.array(caseViewSchema),
});
export type LiveState = z.infer<typeof liveStateSchema>;
