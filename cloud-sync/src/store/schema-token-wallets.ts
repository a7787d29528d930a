// The table of phones that wallets let show a ticket; see schema.ts. A row a challenge that was answered: none is answered twice.
import type { Fixed } from './column-types.ts';

export interface TokenWalletsSchema {
  readonly wallet_binding: WalletBindingTable;
}

interface WalletBindingTable {
  readonly event: Fixed<number>;
  readonly nonce: Fixed<string>;
  readonly ticket: Fixed<string>;
  /** Of the ticket when the wallet said so: under a higher one the phone shows nothing. */
  readonly epoch: Fixed<number>;
  /** Decimal. */
  readonly token: Fixed<string>;
  /** Whose token it was, `0x` and 40 lower-case hexadecimal digits. */
  readonly wallet: Fixed<string>;
  /** `key`, or `contract` for a wallet that was asked on the chain. */
  readonly kind: Fixed<string>;
  readonly signature_hash: Fixed<string>;
  /** Id by which the phone asks how its ticket stands, and its Ed25519 key, hexadecimal; null where a wallet said so before phones could ask. */
  readonly holder: Fixed<string | null>;
  readonly public_key: Fixed<string | null>;
  readonly created_at_ms: Fixed<number>;
}
