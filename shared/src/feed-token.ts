// Tokens in the feed: one row for every ticket that is a token on a chain, in a table of the snapshot that only events with a contract have, and
// in deltas. A gate finds a token by its number and learns whose it is; the number itself is not in there.
import { isCodeReference, readCodeReference, encodeCodeReference, type CodeReference } from './feed-snapshot.ts';
import { sha256 } from './crypto.ts';
import { addressToBytes, bytesToAddress, toWord, uintToBytes, type Address } from './ethereum.ts';

export const tokenTable = 'token';
/** `key` by `tokenKey`; `ticket` as in `code`; `owner` 20 bytes; `consumed` 0 or 1; `block` in which that was last changed. */
export const tokenTableSql = `
  CREATE TABLE token (key BLOB PRIMARY KEY, ticket BLOB NOT NULL, owner BLOB NOT NULL, consumed INTEGER NOT NULL, block INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;
/** Takes what `encodeTokenRow` gives. */
export const insertTokenSql =
  'INSERT OR REPLACE INTO token (key, ticket, owner, consumed, block) VALUES (?, ?, ?, ?, ?)';

const tokenKeyBytes = 8;

/** Values for `insertTokenSql`. */
export type TokenRow = readonly [Uint8Array, Uint8Array, Uint8Array, number, number];

export interface FeedToken {
  readonly contract: Address;
  readonly tokenId: bigint;
  readonly ticketId: string;
  /** Of the ticket, for which the token stands: under a higher one it opens nothing. */
  readonly epoch: number;
  readonly owner: Address;
  /** The contract says so, and it was not us. */
  readonly consumed: boolean;
  readonly block: number;
}

/** First 8 bytes of SHA-256 over contract and token (32 bytes): found again, and small. Two tokens of an event with one key are no case for us. */
export const tokenKey = (contract: Address, tokenId: bigint): Uint8Array =>
  sha256(addressToBytes(contract), toWord(uintToBytes(tokenId))).slice(0, tokenKeyBytes);

export const encodeTokenRow = (token: FeedToken): TokenRow => [
  tokenKey(token.contract, token.tokenId),
  encodeCodeReference(token.ticketId, token.epoch),
  addressToBytes(token.owner),
  token.consumed ? 1 : 0,
  token.block,
];

export const isTokenRow = (row: readonly unknown[]): row is TokenRow => {
  const [key, ticket, owner, consumed, block] = row;
  return (
    row.length === 5 &&
    key instanceof Uint8Array &&
    key.length === tokenKeyBytes &&
    isCodeReference(ticket) &&
    owner instanceof Uint8Array &&
    bytesToAddress(owner) !== undefined &&
    (consumed === 0 || consumed === 1) &&
    Number.isSafeInteger(block) &&
    Number(block) >= 0
  );
};

/** What a gate reads of a row (`ticket`, `owner`, `consumed`); undefined when its values are none that `encodeTokenRow` gives. */
export function decodeTokenRow(
  row: readonly unknown[],
): { readonly ticket: CodeReference; readonly owner: Address; readonly consumed: boolean } | undefined {
  if (!isTokenRow(row)) return undefined;
  const ticket = readCodeReference(row[1]);
  const owner = bytesToAddress(row[2]);
  return ticket === undefined || owner === undefined ? undefined : { ticket, owner, consumed: row[3] === 1 };
}
