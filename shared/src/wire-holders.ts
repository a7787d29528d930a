// The JSON messages about tickets on people's phones: links with which a phone claims a ticket, the claim, how the ticket stands, and passing
// it on. cloud-sync/my-ticket is the page that speaks them.
import { z } from 'zod';
import { ticketIdSchema } from './wire-tickets.ts';
import { eventIdSchema } from './wire.ts';

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
const hex = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));

export const claimLinkIdSchema = hex(8);
export const holderIdSchema = hex(16);

/** A ticket comes onto a phone, perhaps a new one, and again after a browser has deleted what it kept: Safari does after a week unused. */
const claimsDefault = 5;
const daysDefault = 180;
const linkOptions = {
  /** On how many phones the link puts the ticket in all, one after the other. */
  claims: z.number().int().min(1).max(10).default(claimsDefault),
  expiresInDays: z.number().int().min(1).max(400).default(daysDefault),
  /** Whether whoever claims the ticket may pass it on. */
  transferable: z.boolean().default(true),
};

/** `POST /api/tickets/{ticket}/claim-links`. */
export const claimLinkRequestSchema = z.strictObject(linkOptions);
export type ClaimLinkRequest = z.infer<typeof claimLinkRequestSchema>;
/** `POST /api/events/{event}/claim-links`: one link a ticket, all or none. */
export const claimLinksPerBatchMax = 1_000;
export const claimLinkBatchSchema = z.strictObject({
  ...linkOptions,
  tickets: z.array(ticketIdSchema).min(1).max(claimLinksPerBatchMax),
});

/** The link is never shown again: only a hash of its secret is kept. */
export const claimLinkMadeSchema = z.object({
  id: claimLinkIdSchema,
  ticket: ticketIdSchema,
  link: z.string(),
  claims: z.number().int(),
  expiresAtMs: unixMs,
});
export type ClaimLinkMade = z.infer<typeof claimLinkMadeSchema>;
export const claimLinksMadeSchema = z.object({ links: z.array(claimLinkMadeSchema) });
export type ClaimLinksMade = z.infer<typeof claimLinksMadeSchema>;

export const claimLinkKinds = ['claim', 'transfer'] as const;
export const claimLinkViewSchema = z.object({
  id: claimLinkIdSchema,
  /** `transfer`: made by whoever has the ticket on their phone, for somebody else. */
  kind: z.enum(claimLinkKinds),
  claimsLeft: z.number().int(),
  createdAtMs: unixMs,
  expiresAtMs: unixMs,
});
export type ClaimLinkView = z.infer<typeof claimLinkViewSchema>;
/** `GET /api/tickets/{ticket}/claim-links`: those that still lead to the ticket. */
export const claimLinkListSchema = z.object({ links: z.array(claimLinkViewSchema) });
export type ClaimLinkList = z.infer<typeof claimLinkListSchema>;

export const claimSecretSchema = hex(24);
/** `POST /api/my/claims`. */
export const claimRequestSchema = z.strictObject({
  /** Out of the link. */
  secret: claimSecretSchema,
  /** Ed25519 public key that the phone has made. */
  holderKey: hex(32),
  /** Signature of the secret by that key (claim-proof.ts). */
  proof: hex(64),
  /** Takes the ticket away from the phone that has it now. */
  move: z.boolean().default(false),
});
export type ClaimRequest = z.infer<typeof claimRequestSchema>;

/**
 * Whether the phone still shows the way in, and if not why: the ticket went to another phone of the same person (`moved`), to somebody else
 * (`given`), with its token to another wallet (`sold`), or was issued again by the organiser (`replaced`).
 */
export const holdingStates = [
  'valid',
  'unpaid',
  'blocked',
  'revoked',
  'moved',
  'given',
  'sold',
  'replaced',
  'method-off',
] as const;
export type HoldingState = (typeof holdingStates)[number];

/** `GET /api/my/{holder}`: how a ticket stands, for the phone that has it, or had. */
export const holdingSchema = z.object({
  holder: holderIdSchema,
  ticket: ticketIdSchema,
  state: z.enum(holdingStates),
  /** The cloud's clock as it answers. */
  nowMs: unixMs,
  event: z.object({ id: eventIdSchema, name: z.string(), timeZone: z.string() }),
  type: z.string(),
  /** Persons. */
  party: z.number().int(),
  validFromMs: unixMs.optional(),
  validUntilMs: unixMs.optional(),
  /** Zones that it opens, with their entrances. */
  zones: z.array(z.object({ name: z.string(), gates: z.array(z.string()) })),
  /** The first entry that counts. */
  used: z.object({ atMs: unixMs, gate: z.string() }).optional(),
  /** Absent: without limit. */
  usesLeft: z.number().int().optional(),
  /** Whether who has gone out may come in again. */
  reentry: z.boolean(),
  transferable: z.boolean(),
  /** A link to pass it on that nobody has used yet. */
  offered: z.object({ expiresAtMs: unixMs }).optional(),
  /** What the phone signs time steps with (formats: dynamic pass), base64url; only while `valid`. */
  holderPass: z.string().optional(),
  /** Length of a time step in seconds. */
  stepS: z.number().int(),
  /** Wallets for which the cloud makes a pass of this ticket: `GET /api/my/{holder}/wallet-passes/{wallet}`. */
  wallets: z.object({ apple: z.boolean(), google: z.boolean() }),
});
export type Holding = z.infer<typeof holdingSchema>;

/** Answers `POST /api/my/claims`. */
export const claimResponseSchema = holdingSchema.extend({
  /** For who was given the ticket: the link of their own, with which it comes back onto a phone. */
  ownLink: z.string().optional(),
});
export type ClaimResponse = z.infer<typeof claimResponseSchema>;

/** `POST /api/my/{holder}/transfer`: a link for somebody else; one before it ends. */
export const transferOfferSchema = z.object({ link: z.string(), expiresAtMs: unixMs });
export type TransferOffer = z.infer<typeof transferOfferSchema>;
