// Published values of EIP-191, EIP-712 and ERC-55, and that a signature has one form.
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  addressTextSchema,
  bytesToHex,
  bytesToUint,
  checksumAddress,
  concatBytes,
  hashTypedData,
  hexToBytes,
  keccak256,
  parseAddress,
  personalMessageHash,
  recoverAddress,
  tokenIdSchema,
  toWalletSignature,
  uintToBytes,
  utf8,
  walletFromSecret,
  type TypedData,
} from '@postern/shared';

const bytes = (text: string): Uint8Array => hexToBytes(text.slice(2)) ?? new Uint8Array(0);
const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../fixtures/ethereum/${name}`, import.meta.url), 'utf8'));

const mail = fixture('eip712-mail.json') as {
  keyText: string;
  address: string;
  vectors: { name: string; digest: string; r: string; s: string; v: number; data: TypedData }[];
};
const personal = fixture('personal-sign.json') as {
  vectors: { text: string; digest: string; address?: string; signature?: string }[];
  checksums: { addresses: string[] };
};

/** Order of secp256k1 (SEC 2). */
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const word = (value: bigint): Uint8Array => bytes(`0x${value.toString(16).padStart(64, '0')}`);
const withS = (signature: Uint8Array, s: bigint, v: number): Uint8Array =>
  concatBytes(signature.subarray(0, 32), word(s), Uint8Array.of(v));
const sOf = (signature: Uint8Array): bigint => BigInt(`0x${bytesToHex(signature.subarray(32, 64))}`);

describe('typed data', () => {
  test.each(mail.vectors)('$name of EIP-712 hashes and signs as published', ({ digest, r, s, v, data }) => {
    const hash = hashTypedData(data);
    expect(`0x${bytesToHex(hash)}`).toBe(digest);
    const wallet = walletFromSecret(keccak256(utf8(mail.keyText)));
    expect(checksumAddress(wallet.address)).toBe(mail.address);
    const signature = concatBytes(bytes(r), bytes(s), Uint8Array.of(v));
    expect(wallet.sign(hash)).toEqual(signature);
    expect(recoverAddress(hash, signature)).toBe(mail.address.toLowerCase());
  });
});

describe('signed text', () => {
  test.each(personal.vectors)('"$text" has the published hash', ({ text, digest, address, signature }) => {
    const hash = personalMessageHash(text);
    expect(`0x${bytesToHex(hash)}`).toBe(digest);
    if (address !== undefined && signature !== undefined)
      expect(recoverAddress(hash, bytes(signature))).toBe(address.toLowerCase());
  });

  test('its length is counted in bytes, not in characters', () => {
    const expected = keccak256(concatBytes(utf8('\u0019Ethereum Signed Message:\n4'), utf8('😀')));
    expect(personalMessageHash('😀')).toEqual(expected);
  });
});

describe('a signature', () => {
  const secrets = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .filter((secret) => BigInt(`0x${bytesToHex(secret)}`) > 0n && BigInt(`0x${bytesToHex(secret)}`) < order);
  const digests = fc.uint8Array({ minLength: 32, maxLength: 32 });

  test('names its signer, and in its second form nobody', () => {
    fc.assert(
      fc.property(secrets, digests, (secret, digest) => {
        const wallet = walletFromSecret(secret);
        const signature = wallet.sign(digest);
        expect(recoverAddress(digest, signature)).toBe(wallet.address);
        const [s, v] = [sOf(signature), signature[64] ?? 0];
        // The malleated one is as good to the curve: the other root, and the other point.
        expect(recoverAddress(digest, withS(signature, order - s, v === 27 ? 28 : 27))).toBeUndefined();
        expect(recoverAddress(digest, withS(signature, order - s, v))).toBeUndefined();
        expect(recoverAddress(digest, withS(signature, s, v === 27 ? 28 : 27))).not.toBe(wallet.address);
      }),
      { numRuns: 40 },
    );
  });

  test.each([0, 1, 2, 26, 29, 30, 35, 36, 37, 38, 255])('with v %d is none', (v) => {
    const wallet = walletFromSecret(new Uint8Array(32).fill(7));
    const digest = keccak256(utf8('a'));
    const signature = wallet.sign(digest);
    expect(recoverAddress(digest, withS(signature, sOf(signature), v))).toBeUndefined();
  });

  test('out of range, cut or lengthened is none, and never throws', () => {
    const digest = keccak256(utf8('a'));
    const signature = walletFromSecret(new Uint8Array(32).fill(7)).sign(digest);
    for (const s of [0n, order, order + 1n, 2n ** 256n - 1n])
      expect(recoverAddress(digest, withS(signature, s, 27))).toBeUndefined();
    for (const r of [0n, order, 2n ** 256n - 1n])
      expect(recoverAddress(digest, concatBytes(word(r), signature.subarray(32)))).toBeUndefined();
    for (let length = 0; length < signature.length; length++)
      expect(recoverAddress(digest, signature.slice(0, length))).toBeUndefined();
    expect(recoverAddress(digest, concatBytes(signature, Uint8Array.of(0)))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (any) => {
        expect(recoverAddress(digest, any) ?? '0x').toMatch(/^0x/);
      }),
    );
  });

  test('of a wallet that counts v from 0 is brought into the one form', () => {
    const digest = keccak256(utf8('a'));
    const wallet = walletFromSecret(new Uint8Array(32).fill(9));
    const signature = wallet.sign(digest);
    const fromZero = withS(signature, sOf(signature), (signature[64] ?? 0) - 27);
    expect(toWalletSignature(fromZero)).toEqual(signature);
    expect(toWalletSignature(signature)).toEqual(signature);
    expect(toWalletSignature(signature.slice(1))).toBeUndefined();
    expect(toWalletSignature(withS(signature, sOf(signature), 35))).toBeUndefined();
  });
});

describe('addresses and numbers', () => {
  test.each(personal.checksums.addresses)('%s has its checksum of ERC-55', (address) => {
    const parsed = parseAddress(address);
    expect(parsed).toBe(address.toLowerCase());
    expect(parsed === undefined ? '' : checksumAddress(parsed)).toBe(address);
    const digit = /[a-f]/i.exec(address.slice(2));
    const letter = digit?.[0] ?? '';
    const isMixed = /[a-f]/.test(address.slice(2)) && /[A-F]/.test(address.slice(2));
    const mistyped =
      address.slice(0, 2) +
      address.slice(2).replace(letter, letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase());
    if (isMixed) expect(addressTextSchema.safeParse(mistyped).success).toBe(false);
  });

  test('of the wrong length, or with other characters, are none', () => {
    for (const text of ['', '0x', `0x${'a'.repeat(39)}`, `0x${'a'.repeat(41)}`, `0x${'g'.repeat(40)}`, 'a'.repeat(42)])
      expect(parseAddress(text)).toBeUndefined();
  });

  test('a number has one text and one run of bytes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
        expect(bytesToUint(uintToBytes(value))).toBe(value);
        expect(tokenIdSchema.safeParse(value.toString()).success).toBe(true);
        expect(tokenIdSchema.safeParse(`0${value}`).success).toBe(false);
        expect(bytesToUint(concatBytes(Uint8Array.of(0), uintToBytes(value)))).toBeUndefined();
      }),
    );
    for (const text of [(2n ** 256n).toString(), '', '-1', '1.5', '0x10', 'a\udfff'])
      expect(tokenIdSchema.safeParse(text).success).toBe(false);
    expect(bytesToUint(new Uint8Array(33).fill(1))).toBeUndefined();
  });
});
