// The tables of tickets on people's phones; see schema.ts.
import type { Fixed } from './column-types.ts';

export interface HoldersSchema {
  readonly claim_link: ClaimLinkTable;
  readonly holder: HolderTable;
}

/** A link that puts a ticket on a phone. One that has done its work stays until it expires: it has no claims left. */
interface ClaimLinkTable {
  readonly event: Fixed<number>;
  readonly id: Fixed<string>;
  readonly ticket: Fixed<string>;
  /** Of the ticket as the link leads to it: a move takes the link along, a transfer or re-issue leaves it dead. */
  readonly epoch: number;
  /** `claim`, or `transfer` for a link that a holder has made for somebody else. */
  readonly kind: Fixed<string>;
  readonly secret_hash: Fixed<string>;
  readonly claims_left: number;
  /** 1 where whoever claims the ticket may pass it on. */
  readonly transferable: Fixed<number>;
  readonly created_at_ms: Fixed<number>;
  readonly expires_at_ms: Fixed<number>;
}

/** A phone that a ticket was bound to: at most one for each epoch of a ticket, so that two never show the same ticket with right. */
interface HolderTable {
  readonly event: Fixed<number>;
  readonly ticket: Fixed<string>;
  readonly epoch: Fixed<number>;
  readonly id: Fixed<string>;
  /** Ed25519, hexadecimal. */
  readonly public_key: Fixed<string>;
  /** Id of the claim link. */
  readonly link: Fixed<string>;
  readonly transferable: Fixed<number>;
  readonly created_at_ms: Fixed<number>;
  /** `moved` or `given`: where the ticket went from here; null while it is here, or was issued again by somebody else. */
  readonly ended_as: string | null;
}
