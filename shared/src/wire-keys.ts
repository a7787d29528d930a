// The HTTP messages about the deployment's own keys: which there are, rotating and revoking them, and the tickets whose passes a
// revoked key had signed.
import { z } from 'zod';
import { ticketStatuses } from './ticket.ts';
import { cursorSchema, pageLimit } from './wire-page.ts';
import { ticketIdSchema } from './wire-tickets.ts';
import { eventIdSchema } from './wire.ts';

export const ticketsPerKeyPageMax = 1_000;

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
export const keyIdSchema = z.string().regex(/^[0-9a-f]{16}$/);

/** What can be rotated and revoked: keys for passes, for the feed and the time, for access tokens. */
export const rotatingPurposes = ['issuer', 'feed', 'token'] as const;
export const rotatingPurposeSchema = z.enum(rotatingPurposes);
export type RotatingPurpose = z.infer<typeof rotatingPurposeSchema>;

export const keyViewSchema = z.object({
  keyId: keyIdSchema,
  purpose: rotatingPurposeSchema,
  /** Counts the keys of a purpose from 1. */
  generation: z.number().int(),
  state: z.enum(['next', 'active', 'retired', 'revoked']),
  /** Ed25519, hexadecimal. */
  publicKey: z.string(),
  createdAtMs: unixMs,
  activatedAtMs: unixMs.optional(),
  retiredAtMs: unixMs.optional(),
  revokedAtMs: unixMs.optional(),
  /** Why it was revoked. */
  reason: z.string().optional(),
});
export type KeyView = z.infer<typeof keyViewSchema>;

/** `GET /admin/keys`. */
export const keyListSchema = z.object({ keys: z.array(keyViewSchema) });
export type KeyList = z.infer<typeof keyListSchema>;

/**
 * `POST /admin/keys/rotate`. `active`: only if this key is still the active one, so that a request sent twice rotates once. `force`: also
 * when gates may not have heard of the next key yet.
 */
export const rotateRequestSchema = z.strictObject({
  purpose: rotatingPurposeSchema,
  active: keyIdSchema.optional(),
  force: z.boolean().default(false),
});
/** What became of the keys, and which events have a new manifest that says so. */
export const rotateResponseSchema = z.object({
  active: keyViewSchema,
  next: keyViewSchema,
  retired: keyViewSchema,
  publishedEvents: z.array(eventIdSchema),
});
export type RotateResponse = z.infer<typeof rotateResponseSchema>;

/** `POST /admin/keys/{key}/revoke`. */
export const revokeRequestSchema = z.strictObject({ reason: z.string().trim().min(1).max(200) });

/** Tickets whose present pass is out under a key: all of them, and those without any pass under a good key. */
export const keyTicketCountSchema = z.object({ tickets: z.number().int(), withoutGoodPass: z.number().int() });
export type KeyTicketCount = z.infer<typeof keyTicketCountSchema>;

export const revokeResponseSchema = z.object({
  revoked: keyViewSchema,
  active: keyViewSchema,
  next: keyViewSchema,
  publishedEvents: z.array(eventIdSchema),
  /** What has to be issued again; zero for keys that sign no passes. The list: `GET /admin/keys/{key}/tickets`. */
  toReissue: keyTicketCountSchema,
});
export type RevokeResponse = z.infer<typeof revokeResponseSchema>;

export const keyTicketSchema = z.object({
  event: eventIdSchema,
  ticket: ticketIdSchema,
  type: z.number().int(),
  epoch: z.number().int(),
  status: z.enum(ticketStatuses),
  /** When its present pass was first signed by this key. */
  signedAtMs: unixMs,
  /** Since then a pass under a key that is still good has been shown too; its holder may have only the old one. */
  hasGoodPass: z.boolean(),
});
export type KeyTicket = z.infer<typeof keyTicketSchema>;

/** `GET /admin/keys/{key}/tickets`. */
export const keyTicketsQuerySchema = z.strictObject({
  limit: pageLimit(ticketsPerKeyPageMax).default(100),
  cursor: cursorSchema.optional(),
});
export type KeyTicketsQuery = z.infer<typeof keyTicketsQuerySchema>;
export const keyTicketsSchema = z.object({
  tickets: z.array(keyTicketSchema),
  /** The cursor of the next page; absent on the last one. */
  next: cursorSchema.optional(),
});
export type KeyTickets = z.infer<typeof keyTicketsSchema>;
