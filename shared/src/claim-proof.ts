// What a phone signs when it claims a ticket: that it has the private half of the key that the ticket is to be bound to. The secret of the link
// is part of it, so that a proof is good for one link. cloud-sync/src/my-ticket/holder-key.ts signs the same in a browser.
import { utf8 } from './bytes.ts';
import { sign, verifySignature, type KeyPair } from './crypto.ts';

const domain = 'postern-claim-v1\0';

const claimText = (secret: string): Uint8Array => utf8(domain + secret);

/** Ed25519 signature, 64 bytes. `secret`: out of the link, as it stands there. */
export const signClaim = (secret: string, holderKeys: KeyPair): Uint8Array =>
  sign(holderKeys.secretKey, claimText(secret));

export const isClaimProof = (secret: string, holderKey: Uint8Array, proof: Uint8Array): boolean =>
  verifySignature(holderKey, claimText(secret), proof);
