// The only file that imports libsodium (Ed25519, keyed hashes, sealed boxes) and the SHA-256 beside it. Everything here is synchronous once
// `ready` has resolved, and none of the verifying functions throws on hostile input.
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import sodium from 'libsodium-wrappers';
import { bytesToHex, concatBytes, utf8 } from './bytes.ts';
import { assert } from './result.ts';

/** Resolves when the cryptographic library is loaded. Await it once before anything else of this package. */
export const ready: Promise<void> = sodium.ready;

export const publicKeyBytes = 32;
export const signatureBytes = 64;
export const seedBytes = 32;

export interface KeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Ed25519: 64 bytes, seed and public key, as libsodium keeps it. X25519: 32 bytes. Never logged, never exported. */
  readonly secretKey: Uint8Array;
}

/** Ed25519 key pair of a 32-byte random seed (RFC 8032). */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  assert(seed.length === seedBytes, 'an Ed25519 seed has 32 bytes');
  const pair = sodium.crypto_sign_seed_keypair(seed);
  return { publicKey: pair.publicKey, secretKey: pair.privateKey };
}

/** Ed25519 signature, 64 bytes. */
export const sign = (secretKey: Uint8Array, message: Uint8Array): Uint8Array =>
  sodium.crypto_sign_detached(message, secretKey);

/**
 * Ed25519 verification as libsodium does it: non-canonical encodings and small-order keys are refused. False, never an
 * exception, for wrong lengths or anything else that is not a valid signature.
 */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false;
  try {
    return sodium.crypto_sign_verify_detached(signature, message, publicKey);
  } catch {
    // libsodium's wrapper throws for inputs it cannot even try: to a verifier that is the same "no".
    return false;
  }
}

/**
 * Whether these bytes may become somebody's Ed25519 key: 32 bytes, canonically encoded (RFC 8032 5.1.3), a point of the curve, and in
 * the subgroup of prime order. With a key of small order anybody can make signatures that verify; a second encoding of a point, or a
 * point beside the subgroup, would be a second name of the same key. False, never an exception.
 */
export function isSoundPublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== publicKeyBytes) return false;
  try {
    // The conversion (its result is not used) is where libsodium checks order and subgroup, in every build of it. No second encoding
    // gets through: all 40 there are name points off the curve or beside the subgroup, as the tests show one by one.
    sodium.crypto_sign_ed25519_pk_to_curve25519(publicKey);
    return true;
  } catch {
    // libsodium's wrapper throws for keys it cannot convert: to us that is the "no" we asked for.
    return false;
  }
}

/** X25519 pair of a 32-byte random seed, to open what `sealTo` has sealed to its public half. */
export function sealKeyPairFromSeed(seed: Uint8Array): KeyPair {
  assert(seed.length === seedBytes, 'an X25519 seed has 32 bytes');
  const pair = sodium.crypto_box_seed_keypair(seed);
  return { publicKey: pair.publicKey, secretKey: pair.privateKey };
}

/** Longer than the message by so much. */
export const sealedBytesMore = 48;

/** libsodium's sealed box: whoever seals cannot open it either. */
export const sealTo = (publicKey: Uint8Array, message: Uint8Array): Uint8Array =>
  sodium.crypto_box_seal(message, publicKey);

/** Undefined for what was altered, or sealed to somebody else. */
export function openSealed({ publicKey, secretKey }: KeyPair, sealed: Uint8Array): Uint8Array | undefined {
  try {
    return sodium.crypto_box_seal_open(sealed, publicKey, secretKey);
  } catch {
    // libsodium's wrapper throws where it does not open: that is the answer.
    return undefined;
  }
}

/** SHA-256, 32 bytes. */
export const sha256 = (...parts: readonly Uint8Array[]): Uint8Array =>
  nobleSha256(parts.length === 1 && parts[0] !== undefined ? parts[0] : concatBytes(...parts));

/** Incremental SHA-256 for streams and long sequences. */
export function createSha256(): { readonly update: (bytes: Uint8Array) => void; readonly digest: () => Uint8Array } {
  const hash = nobleSha256.create();
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}

/** XSalsa20-Poly1305 (libsodium's secretbox): 32 bytes of key, and 24 of nonce, which stand before the sealed message. */
export const secretBoxKeyBytes = 32;
export const secretBoxNonceBytes = 24;
const secretBoxTagBytes = 16;

/** `nonce`: random, for this message alone. */
export const sealSecretBox = (message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array =>
  concatBytes(nonce, sodium.crypto_secretbox_easy(message, nonce, key));

/** Undefined for what this key has not sealed, or what somebody has altered or cut. */
export function openSecretBox(sealed: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  if (sealed.length < secretBoxNonceBytes + secretBoxTagBytes || key.length !== secretBoxKeyBytes) return undefined;
  try {
    return sodium.crypto_secretbox_open_easy(
      sealed.subarray(secretBoxNonceBytes),
      sealed.subarray(0, secretBoxNonceBytes),
      key,
    );
  } catch {
    // libsodium's wrapper throws for a wrong tag: to us that is the "no" we asked for.
    return undefined;
  }
}

/** XChaCha20-Poly1305 with associated data: 32 bytes of key, and 24 of nonce, which stand before the sealed message. */
export const aeadKeyBytes = 32;
export const aeadNonceBytes = 24;
export const aeadTagBytes = 16;

/** `nonce`: random, for this message alone. `associated` is bound to the message and not part of it. */
export const sealAead = (message: Uint8Array, associated: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array =>
  concatBytes(nonce, sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(message, associated, null, nonce, key));

/** Undefined for what this key has not sealed with just this associated data. */
export function openAead(sealed: Uint8Array, associated: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  if (sealed.length < aeadNonceBytes + aeadTagBytes || key.length !== aeadKeyBytes) return undefined;
  try {
    const nonce = sealed.subarray(0, aeadNonceBytes);
    const message = sealed.subarray(aeadNonceBytes);
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, message, associated, nonce, key);
  } catch {
    // libsodium's wrapper throws for a wrong tag: to us that is the "no" we asked for.
    return undefined;
  }
}

/** BLAKE2b keyed hash (RFC 7693): what stands in for foreign codes and tag UIDs in the feed. `length` in bytes, 16-64. */
export const keyedHash = (key: Uint8Array, message: Uint8Array, length: number): Uint8Array =>
  sodium.crypto_generichash(length, message, key);

/** Key id: the first 8 bytes of the SHA-256 of the public key, 16 hexadecimal digits. */
export const keyId = (publicKey: Uint8Array): string => bytesToHex(sha256(publicKey).slice(0, 8));

/** Ticket id of a code that somebody else printed: first 16 bytes of SHA-256("postern-ticket-v1", event, code), hexadecimal. */
export const foreignTicketId = (event: number, code: string): string =>
  bytesToHex(sha256(utf8('postern-ticket-v1'), utf8(`\0${event}\0`), utf8(code)).slice(0, 16));
