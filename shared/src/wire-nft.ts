// The JSON messages about tickets that are tokens on a chain: how far a ticket's tokens are, how the chain fares, and when transfers end.
import { z } from 'zod';
import { addressSchema, tokenIdSchema } from './ethereum.ts';
import { eventIdSchema } from './wire.ts';

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
const blockNumber = z.number().int().min(0);
const transactionHash = z.string().regex(/^0x[0-9a-f]{64}$/);

/** Not sent, sent, in a block, in a block so deep that it is believed. */
export const tokenStates = ['waiting', 'pending', 'mined', 'confirmed'] as const;

export const tokenViewSchema = z.object({
  token: tokenIdSchema,
  chainId: z.number().int(),
  contract: addressSchema,
  /** To whom it is minted. */
  wallet: addressSchema,
  /** Of the ticket: under a higher one the token opens nothing. */
  epoch: z.number().int(),
  state: z.enum(tokenStates),
  /** That mints it. */
  transaction: transactionHash.optional(),
  owner: addressSchema.optional(),
  locked: z.boolean(),
  consumed: z.boolean(),
  /** The transaction that consumes it. */
  consumption: transactionHash.optional(),
  /** That last changed owner, locked or consumed. */
  block: blockNumber.optional(),
});
export type TokenView = z.infer<typeof tokenViewSchema>;

/** `GET /api/tickets/{ticket}/nft`: the latest first. */
export const tokenListSchema = z.object({ tokens: z.array(tokenViewSchema) });
export type TokenList = z.infer<typeof tokenListSchema>;

/** `GET /admin/nft` */
export const nftStatusSchema = z.object({
  chainId: z.number().int(),
  contract: addressSchema,
  /** Who signs: it needs coins, and the roles of the contract. */
  account: addressSchema,
  /** The last block that was read, and the last one that there was then. */
  through: blockNumber.optional(),
  head: blockNumber.optional(),
  readAtMs: unixMs.optional(),
  /** How often blocks that were believed were taken back. */
  rewound: z.number().int(),
  /** Why the chain could not be read the last time. */
  problem: z.object({ type: z.string(), detail: z.string(), atMs: unixMs }).optional(),
  tokens: z.object({ all: z.number().int(), unconfirmed: z.number().int(), consumed: z.number().int() }),
  /** Transactions that are not final. */
  underWay: z.number().int(),
});
export type NftStatus = z.infer<typeof nftStatusSchema>;

/** `PUT /api/events/{event}/nft/freeze`: from then on tokens of the event stay where they are; `null`: never. */
export const freezeRequestSchema = z.strictObject({ fromMs: unixMs.max(253_402_300_799_000).nullable() });
export const freezeResponseSchema = z.object({
  event: eventIdSchema,
  fromMs: unixMs.nullable(),
  transaction: transactionHash,
});
