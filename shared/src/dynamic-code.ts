// Making the text of a dynamic pass (dynamic-pass.ts) around a signature of the holder's key. Apart from what reads one, so that the page
// in a phone carries no more than this and signs with a key of its browser.
import { base45Encode } from './base45.ts';
import type { CborValue } from './cbor.ts';
import { fastEncode } from './cbor-fast.ts';
import { headerWithKcwt, sign1Bytes, toBeSigned } from './cose-bytes.ts';
import { assert } from './result.ts';
import { stepStartS } from './time-step.ts';

export const dynamicPassPrefix = 'PN2:';
/** CWT claim key (RFC 8392) of the payload's only entry. */
export const claimIssuedAt = 6;
const noAad = new Uint8Array(0);

export interface DynamicCode {
  /** What the holder's key has to sign, Ed25519. */
  readonly toBeSigned: Uint8Array;
  /** The text to show. */
  readonly text: (signature: Uint8Array) => string;
}

/**
 * The code of the step that `atMs` (Unix milliseconds) lies in. `holderPass`: what the issuer has signed for the holder's key, as it came;
 * `keyId`: the first 8 bytes of the SHA-256 of that key.
 */
export function prepareDynamicCode(holderPass: Uint8Array, keyId: Uint8Array, atMs: number): DynamicCode {
  const header = headerWithKcwt(encode, keyId, holderPass);
  const payload = encode(new Map([[claimIssuedAt, stepStartS(atMs)]]));
  return {
    toBeSigned: toBeSigned(encode, header, noAad, payload),
    text: (signature) => dynamicPassPrefix + base45Encode(sign1Bytes(encode, header, payload, signature)),
  };
}

/** All that is in such a code is plain: small numbers and short bytes. */
function encode(value: CborValue): Uint8Array {
  const bytes = fastEncode(value);
  assert(bytes !== undefined, 'a dynamic pass is made of plain CBOR');
  return bytes;
}
