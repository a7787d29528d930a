// What Ethereum and a gate have to agree on: addresses, Keccak-256, the text that a wallet signs (EIP-191), and whose signature it is. The only
// file that imports secp256k1. A signature has exactly one form here: r and s in range, s in the lower half (EIP-2), v 27 or 28.
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { z } from 'zod';
import { bytesToHex, concatBytes, hexToBytes, utf8 } from './bytes.ts';
import { assert } from './result.ts';

export const addressBytes = 20;
/** r and s, 32 bytes each, and v. */
export const walletSignatureBytes = 65;
const wordBytes = 32;
/** v of the even and of the odd curve point. */
const [vEven, vOdd] = [27, 28];

/** `0x` and 40 lower-case hexadecimal digits. */
export type Address = `0x${string}`;

const isAddress = (text: string): text is Address => /^0x[0-9a-f]{40}$/.test(text);
/** As it stands in rules and rows. */
export const addressSchema = z.string().refine(isAddress, 'an address in lower case');
/** As people paste it: in one case, or in mixed case with the right checksum (ERC-55). */
export const addressTextSchema = z
  .string()
  .transform(
    (text, context) => parseAddress(text) ?? (context.addIssue('not an address, or its checksum is wrong'), z.NEVER),
  );

/** Of nobody: who owns a token that was burnt. */
export const zeroAddress: Address = `0x${'00'.repeat(addressBytes)}`;

export function parseAddress(text: string): Address | undefined {
  const lower = text.toLowerCase();
  if (!isAddress(lower)) return undefined;
  const digits = text.slice(2);
  const isOneCase = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  return isOneCase || checksumAddress(lower) === text ? lower : undefined;
}

/** ERC-55: letters are upper case where the hash of the lower-case digits has its high bit set. */
export function checksumAddress(address: Address): string {
  const digits = address.slice(2);
  const hash = bytesToHex(keccak256(utf8(digits)));
  return `0x${[...digits].map((digit, index) => (parseInt(hash.charAt(index), 16) > 7 ? digit.toUpperCase() : digit)).join('')}`;
}

export function addressToBytes(address: Address): Uint8Array {
  const bytes = hexToBytes(address.slice(2));
  assert(bytes?.length === addressBytes, 'an address has 40 hexadecimal digits');
  return bytes;
}

/** Undefined for any other number of bytes. */
export const bytesToAddress = (bytes: Uint8Array): Address | undefined =>
  bytes.length === addressBytes ? `0x${bytesToHex(bytes)}` : undefined;

export const keccak256 = (...parts: readonly Uint8Array[]): Uint8Array => keccak_256(concatBytes(...parts));

/** EIP-191 version 0x45, `personal_sign`: what a wallet hashes of a text that it has shown. */
export function personalMessageHash(text: string): Uint8Array {
  const message = utf8(text);
  return keccak256(utf8(`\u0019Ethereum Signed Message:\n${message.length}`), message);
}

/** Whose key has signed `digest` (32 bytes); undefined for what no wallet signs, and for every second form of a signature. Never throws. */
export function recoverAddress(digest: Uint8Array, signature: Uint8Array): Address | undefined {
  const v = signature[2 * wordBytes];
  if (signature.length !== walletSignatureBytes || (v !== vEven && v !== vOdd)) return undefined;
  try {
    const recovered = concatBytes(Uint8Array.of(v - vEven), signature.subarray(0, 2 * wordBytes));
    const read = secp256k1.Signature.fromBytes(recovered, 'recovered');
    // The same signature with n - s and the other v would be good, too.
    if (read.hasHighS()) return undefined;
    return addressOfPublicKey(read.recoverPublicKey(digest).toBytes(false));
  } catch {
    // r or s out of range, no such point, or the point at infinity: to a verifier all of that is "nobody".
    return undefined;
  }
}

/** `publicKey`: 65 bytes, uncompressed. */
const addressOfPublicKey = (publicKey: Uint8Array): Address =>
  `0x${bytesToHex(keccak256(publicKey.subarray(1)).subarray(-addressBytes))}`;

/** Some wallets give 0 or 1 for v. Undefined for what is no signature of 65 bytes. */
export function toWalletSignature(signature: Uint8Array): Uint8Array | undefined {
  if (signature.length !== walletSignatureBytes) return undefined;
  const given = signature[2 * wordBytes] ?? 0;
  const v = given <= 1 ? given + vEven : given;
  return v === vEven || v === vOdd ? concatBytes(signature.subarray(0, 2 * wordBytes), Uint8Array.of(v)) : undefined;
}

/** The account of a secret key (32 bytes), for tests, demos and kiosks that sign for a visitor. */
export function walletFromSecret(secretKey: Uint8Array): {
  readonly address: Address;
  readonly sign: (digest: Uint8Array) => Uint8Array;
} {
  return {
    address: addressOfPublicKey(secp256k1.getPublicKey(secretKey, false)),
    sign: (digest) => {
      const signed = secp256k1.sign(digest, secretKey, { prehash: false, format: 'recovered' });
      return concatBytes(signed.subarray(1), Uint8Array.of((signed[0] ?? 0) + vEven));
    },
  };
}

const uint256Max = 2n ** 256n - 1n;

/** A token's number as people and JSON write it: decimal, without leading zeros. */
export const tokenIdSchema = z
  .string()
  // What has other characters is no number to compare.
  .regex(/^(?:0|[1-9]\d{0,77})$/, { abort: true })
  .refine((text) => BigInt(text) <= uint256Max, 'more than 256 bits');

/** Big-endian, as few bytes as it takes, at least one. */
export function uintToBytes(value: bigint): Uint8Array {
  assert(value >= 0n && value <= uint256Max, 'an unsigned number of 256 bits');
  const digits = value.toString(16);
  return hexToBytes(digits.padStart(digits.length + (digits.length % 2), '0')) ?? new Uint8Array(0);
}

/** Undefined for what `uintToBytes` would write otherwise. */
export function bytesToUint(bytes: Uint8Array): bigint | undefined {
  if (bytes.length === 0 || bytes.length > wordBytes || (bytes.length > 1 && bytes[0] === 0)) return undefined;
  return BigInt(`0x${bytesToHex(bytes)}`);
}

/** As the ABI and EIP-712 have it: 32 bytes, the value at the right. */
export function toWord(bytes: Uint8Array): Uint8Array {
  const word = new Uint8Array(wordBytes);
  word.set(bytes, wordBytes - bytes.length);
  return word;
}
