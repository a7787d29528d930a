// Tables about tickets that are tokens of a contract on a chain; see schema.ts. A chain is named by its id and the contract, `ID/0xADDRESS`.
// Addresses, hashes and token ids are `0x` and lower-case hexadecimal digits: 40, 64 and 64.
import type { Fixed, WithDefault } from './column-types.ts';

export interface NftSchema {
  readonly nft_token: NftTokenTable;
  readonly nft_transaction: NftTransactionTable;
  readonly nft_chain: NftChainTable;
  readonly nft_block: NftBlockTable;
  readonly nft_change: NftChangeTable;
}

/** A token that stands for a ticket. The gates' feed has those with an owner whose epoch is the ticket's. */
interface NftTokenTable {
  readonly event: Fixed<number>;
  readonly chain: Fixed<string>;
  readonly token: Fixed<string>;
  readonly ticket: Fixed<string>;
  /** The ticket's when it was minted, or when it last changed hands on the chain: under a higher one it opens nothing. */
  readonly epoch: number;
  /** To whom it is minted. */
  readonly wallet: Fixed<string>;
  /** What the chain is told of the ticket: a keyed hash. */
  readonly reference: Fixed<string>;
  readonly created_at_ms: Fixed<number>;
  /** Id of the transaction that mints it; null while it waits for one. */
  readonly mint: WithDefault<string | null>;
  /** As mirrored, so deep that it is believed; null until then. */
  readonly owner: WithDefault<string | null>;
  /** The owner whose ticket it is, for whom passes of its present epoch were; null: to whom it is minted. */
  readonly followed: WithDefault<string | null>;
  /** 1: it has changed hands on the chain, and the ticket has not followed yet. */
  readonly handed_on: number;
  readonly locked: number;
  readonly consumed: number;
  /** Of the last event of the chain that changed owner, locked or consumed. */
  readonly block: WithDefault<number | null>;
  /** Id of the transaction that consumes it. */
  readonly consumption: WithDefault<string | null>;
  /** The event's revision at the last change of owner, consumed or epoch: the next delta shows rows with a higher one. */
  readonly revision: number;
}

/** A transaction of ours, signed and stored before it is sent. What has a nonce keeps it. */
interface NftTransactionTable {
  readonly id: Fixed<string>;
  readonly chain: Fixed<string>;
  /** Who signs, `CHAINID/0xADDRESS`: nonces are of an account, whatever contract it calls. */
  readonly account: Fixed<string>;
  readonly nonce: Fixed<number>;
  /** `mint`, `consume`. */
  readonly kind: Fixed<string>;
  /** What the contract is called with. */
  readonly data: Fixed<string>;
  readonly gas: Fixed<number>;
  /** `{hash, raw, maxFee, priorityFee}[]`, JSON, the latest last: each replaces the one before at a higher price. */
  readonly attempts: string;
  /** `sent`; `mined`, in a block that may still be taken back; `final` or `reverted` once it is deep enough. */
  readonly state: string;
  readonly created_at_ms: Fixed<number>;
  /** When the latest attempt was signed. */
  readonly signed_at_ms: number;
  readonly block: number | null;
  readonly reason: string | null;
}

/** How far a chain was read. */
interface NftChainTable {
  readonly chain: Fixed<string>;
  /** The first block that was not read. */
  readonly next_block: number;
  /** The time of the block before it, as the chain says. */
  readonly block_at_ms: number | null;
  /** The highest head that was seen. */
  readonly head: number;
  /** When everything below `next_block` was last known to be read. */
  readonly read_at_ms: number | null;
  /** `{type, detail, atMs}`, JSON; null when the last reading went well. */
  readonly problem: string | null;
  /** How often blocks were taken back. */
  readonly rewound: number;
}

/** Hashes of blocks that were read: where one is another's now, the chain was reorganised. */
interface NftBlockTable {
  readonly chain: Fixed<string>;
  readonly number: Fixed<number>;
  readonly hash: Fixed<string>;
}

/** What a token was before an event of a recent block, so that the block can be taken back. */
interface NftChangeTable {
  readonly chain: Fixed<string>;
  readonly block: Fixed<number>;
  /** Of the log in its block. */
  readonly position: Fixed<number>;
  readonly event: Fixed<number>;
  readonly token: Fixed<string>;
  /** `[owner, locked, consumed, block]`, JSON. */
  readonly before: Fixed<string>;
}
