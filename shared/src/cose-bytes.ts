// The bytes of a COSE_Sign1 (RFC 9052) around a signature, for whoever signs: what has to be signed, and the message that comes of it. No
// cryptography, and CBOR by whichever encoder the caller has, so that a page in a phone needs little to sign with a key of its browser.
import { concatBytes } from './bytes.ts';
import type { CborValue } from './cbor.ts';
import { assert } from './result.ts';

/** COSE algorithm -19 is Ed25519 (RFC 9864), what we emit. */
export const algorithmEd25519 = -19;
export const headerAlgorithm = 1;
export const headerKeyId = 4;
/** RFC 9528: a CWT that names its holder's key in `cnf`. */
export const headerKcwt = 13;
export const sign1Tag = 0xd2;
/** Heads of a map of two and of three entries (RFC 8949 3). */
export const mapOfTwo = 0xa2;
export const mapOfThree = 0xa3;
/** A map's head, the algorithm and the key id, whatever they are: 1 + 2 + 10 bytes. */
export const plainHeaderBytes = 13;
const keyIdBytes = 8;

/** Deterministic CBOR. */
export type CborEncode = (value: CborValue) => Uint8Array;

/** The protected header of a message by the key with this id, 8 bytes. */
export function protectedHeader(
  encode: CborEncode,
  keyId: Uint8Array,
  header: ReadonlyMap<number, CborValue> = new Map(),
): Uint8Array {
  assert(keyId.length === keyIdBytes, 'a key id has 8 bytes');
  return encode(new Map<number, CborValue>([[headerAlgorithm, algorithmEd25519], [headerKeyId, keyId], ...header]));
}

/** The same for a message that carries another one as it is, tag and all (a CBOR item inside the map, no byte string), behind the smaller keys. */
export function headerWithKcwt(encode: CborEncode, keyId: Uint8Array, kcwt: Uint8Array): Uint8Array {
  const plain = protectedHeader(encode, keyId);
  assert(plain[0] === mapOfTwo && plain.length === plainHeaderBytes, 'a header of algorithm and key id');
  return concatBytes(Uint8Array.of(mapOfThree), plain.subarray(1), Uint8Array.of(headerKcwt), kcwt);
}

/** Sig_structure of RFC 9052 4.4. */
export const toBeSigned = (
  encode: CborEncode,
  protectedBytes: Uint8Array,
  externalAad: Uint8Array,
  payload: Uint8Array,
): Uint8Array => encode(['Signature1', protectedBytes, externalAad, payload]);

/** Tagged COSE_Sign1 bytes. */
export const sign1Bytes = (
  encode: CborEncode,
  protectedBytes: Uint8Array,
  payload: Uint8Array,
  signature: Uint8Array,
): Uint8Array => concatBytes(Uint8Array.of(sign1Tag), encode([protectedBytes, new Map(), payload, signature]));
