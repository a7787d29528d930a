// The JSON messages about tickets that are tokens: an event's rules for them, and how a wallet lets a phone show its ticket.
import { z } from 'zod';
import { addressSchema, addressTextSchema, tokenIdSchema } from './ethereum.ts';
import { nftRulesSchema } from './nft-rules.ts';
import { holderIdSchema } from './wire-holders.ts';
import { ticketIdSchema } from './wire-tickets.ts';
import { eventIdSchema } from './wire.ts';

const seconds = z.number().int().min(0).max(253_402_300_799);
const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
/** Ed25519 public key that the phone has made. */
const holderKeySchema = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/)
  .transform((text) => text.toLowerCase());

/** `PUT /api/events/{event}/nft`. */
export const nftRulesRequestSchema = nftRulesSchema.extend({ contract: addressTextSchema });
/** `GET` and `PUT /api/events/{event}/nft`. */
export const nftRulesResponseSchema = z.object({ event: eventIdSchema, nft: nftRulesSchema });
export type NftRulesResponse = z.infer<typeof nftRulesResponseSchema>;

/** `POST /api/events/{event}/wallet-challenges`. */
export const walletChallengeRequestSchema = z.strictObject({ token: tokenIdSchema, holderKey: holderKeySchema });
/** What the wallet signs, and what has to come back with its signature. */
export const walletChallengeSchema = z.object({
  nonce: hex32,
  /** Unix seconds. */
  deadline: seconds,
  /** As it is, for `eth_signTypedData_v4`. */
  typedData: z.record(z.string(), z.unknown()),
});
export type WalletChallenge = z.infer<typeof walletChallengeSchema>;

/** Of a contract's wallet: several owners, each with a signature. */
export const walletSignatureBytesMax = 4_096;

/** `POST /api/events/{event}/wallet-bindings`. */
export const walletBindingRequestSchema = z.strictObject({
  token: tokenIdSchema,
  holderKey: holderKeySchema,
  nonce: hex32,
  deadline: seconds,
  signature: z
    .string()
    .max(2 + 2 * walletSignatureBytesMax)
    .regex(/^0x(?:[0-9a-fA-F]{2})+$/),
});
export type WalletBindingRequest = z.infer<typeof walletBindingRequestSchema>;

/** For the phone: with the pass and its own key it makes dynamic codes, and as `holder` it asks how the ticket stands (wire-holders.ts). */
export const walletBoundSchema = z.object({
  ticket: ticketIdSchema,
  holder: holderIdSchema,
  method: z.literal('dynamic'),
  payload: z.object({ holderPass: z.string(), stepS: z.number().int() }),
});
export type WalletBound = z.infer<typeof walletBoundSchema>;

/** `GET /api/tickets/{ticket}/wallet-bindings`. */
export const walletBindingViewSchema = z.object({
  token: tokenIdSchema,
  wallet: addressSchema,
  /** `contract`: a wallet that was asked on the chain. */
  kind: z.enum(['key', 'contract']),
  epoch: z.number().int().min(0),
  createdAtMs: unixMs,
  /** Whether the phone can still show the ticket: the ticket has not changed hands, on the chain or here. */
  holds: z.boolean(),
});
export const walletBindingListSchema = z.object({ bindings: z.array(walletBindingViewSchema) });
export type WalletBindingView = z.infer<typeof walletBindingViewSchema>;
