// The HTTP messages about gates that are no longer believed: revoking one, what was put aside, and letting some of it in after all.
import { z } from 'zod';
import { gateIdPattern } from './segment.ts';
import { cursorSchema, pageLimit } from './wire-page.ts';

/** Chunks of one page, and how many without being asked. */
export const quarantinePageMax = 500;
const quarantinePageDefault = 100;

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);

/** `POST /admin/events/{event}/gates/{gate}/revoke`. */
export const revokeGateRequestSchema = z.strictObject({ reason: z.string().trim().min(1).max(200) });
export const revokeGateResponseSchema = z.object({
  event: z.number().int(),
  gate: z.string(),
  revokedAtMs: unixMs,
  /** Marks of it that stay in the history. */
  marks: z.number().int(),
});
export type RevokeGateResponse = z.infer<typeof revokeGateResponseSchema>;

/** `GET /api/events/{event}/quarantine`. */
export const quarantineQuerySchema = z.strictObject({
  gate: z.string().regex(gateIdPattern).optional(),
  limit: pageLimit(quarantinePageMax).default(quarantinePageDefault),
  cursor: cursorSchema.optional(),
});
export type QuarantineQuery = z.infer<typeof quarantineQuerySchema>;

/** Marks as their gate has signed them, which are not in the history. */
export const quarantinedChunkSchema = z.object({
  /** SHA-256 of its bytes. */
  id: z.string(),
  gate: z.string(),
  boot: z.string(),
  segment: z.number().int(),
  /** Sequence of its first mark. */
  firstSequence: z.number().int(),
  marks: z.number().int(),
  /** `gate-revoked: …`, `equivocation: …`, `quarantined: …`. */
  reason: z.string(),
  /** Who delivered it: a gate's id. */
  from: z.string(),
  receivedAtMs: unixMs,
  /** When a person let it in. */
  releasedAtMs: unixMs.optional(),
});
export type QuarantinedChunk = z.infer<typeof quarantinedChunkSchema>;
export const quarantinePageSchema = z.object({
  /** The latest first. */
  chunks: z.array(quarantinedChunkSchema),
  next: cursorSchema.optional(),
});
export type QuarantinePage = z.infer<typeof quarantinePageSchema>;

/** `POST /api/events/{event}/quarantine/{chunk}/release`. */
export const releaseResponseSchema = z.object({
  /** Marks that came into the history by it. */
  marks: z.number().int(),
});
export type ReleaseResponse = z.infer<typeof releaseResponseSchema>;
