// What an event's rules say of tickets that are tokens: on which chain and contract, and what an old picture of the chain is worth. And what a
// gate knows of it, offline: whose each token is, as of which block.
import { z } from 'zod';
import { addressSchema, type Address } from './ethereum.ts';
import { staleRules } from './stale-rules.ts';

const minuteMs = 60_000;

export const nftRulesSchema = z.object({
  /** EIP-155. */
  chainId: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  contract: addressSchema,
  /** Unix seconds: from here on the contract moves no token of the event, and owners as of later stay right however old they are. */
  frozenFromS: z.number().int().min(0).max(253_402_300_799).optional(),
  /** Owners as of earlier are stale; what then. */
  staleAfterMinutes: z.number().int().min(1).max(100_000).default(240),
  whenStale: z.enum(staleRules).default('warn'),
});
export type NftRules = z.infer<typeof nftRulesSchema>;

/** Up to where the cloud had read the chain, finally, when it signed the ticket list. */
export const chainHeadSchema = z.object({
  block: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** That block's own time, Unix ms. */
  atMs: z.number().int().min(0).max(8_640_000_000_000_000),
});
export type ChainHead = z.infer<typeof chainHeadSchema>;

export interface TokenEntry {
  /** With the epoch that the token stands for. */
  readonly ticket: { readonly id: string; readonly epoch: number; readonly type: number };
  readonly owner: Address;
  /** The contract says so, and it was not us. */
  readonly consumed: boolean;
}

export interface NftLookups {
  readonly rules: NftRules;
  /** Undefined before the chain was read for the first time. */
  readonly head: ChainHead | undefined;
  readonly token: (tokenId: bigint) => TokenEntry | undefined;
}

/** Whether an owner as of `asOfMs` may have changed since, for longer than the rules let pass. */
export function isOwnerStale(rules: NftRules, asOfMs: number, nowMs: number): boolean {
  if (rules.frozenFromS !== undefined && asOfMs >= rules.frozenFromS * 1_000) return false;
  return nowMs - asOfMs > rules.staleAfterMinutes * minuteMs;
}
