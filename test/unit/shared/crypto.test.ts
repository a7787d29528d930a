import { foreignTicketId, hexToBytes, keyId, keyPairFromSeed, ready, sign, verifySignature } from '@postern/shared';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

const bytesOf = (hex: string): Uint8Array => hexToBytes(hex) ?? new Uint8Array();
beforeAll(() => ready);

/** RFC 8032 section 7.1: seed, public key, message, signature. */
const rfc8032: readonly (readonly [string, string, string, string, string])[] = [
  [
    'TEST 1',
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    'TEST 2',
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'TEST 3',
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
];

describe('Ed25519', () => {
  it.each(rfc8032)('signs and verifies %s of RFC 8032', (_name, seed, publicKey, message, signature) => {
    const keys = keyPairFromSeed(bytesOf(seed));
    expect(keys.publicKey).toEqual(bytesOf(publicKey));
    expect(sign(keys.secretKey, bytesOf(message))).toEqual(bytesOf(signature));
    expect(verifySignature(keys.publicKey, bytesOf(message), bytesOf(signature))).toBe(true);
  });

  it('says no, without throwing, to every wrong length of key and signature', () => {
    const [, , publicKey, , signature] = rfc8032[0] ?? ['', '', '', '', ''];
    for (let length = 0; length < 100; length++) {
      const other = new Uint8Array(length);
      if (length !== 64) expect(verifySignature(bytesOf(publicKey), new Uint8Array(), other)).toBe(false);
      if (length !== 32) expect(verifySignature(other, new Uint8Array(), bytesOf(signature))).toBe(false);
    }
  });

  it('refuses small-order public keys and a signature with s not below the group order', () => {
    const smallOrder = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ];
    const identitySignature = bytesOf(`01${'00'.repeat(63)}`);
    for (const key of smallOrder)
      expect(verifySignature(bytesOf(key), new Uint8Array(), identitySignature)).toBe(false);
    const [, , publicKey, , signature] = rfc8032[0] ?? ['', '', '', '', ''];
    const r = signature.slice(0, 64);
    const sPlusOrder = (
      BigInt(`0x${(signature.slice(64).match(/../g) ?? []).toReversed().join('')}`) +
      2n ** 252n +
      27742317777372353535851937790883648493n
    )
      .toString(16)
      .padStart(64, '0');
    const malleable = r + (sPlusOrder.match(/../g) ?? []).toReversed().join('');
    expect(verifySignature(bytesOf(publicKey), new Uint8Array(), bytesOf(malleable))).toBe(false);
  });

  it('never throws on random input', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 80 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        (key, message, signature) => {
          expect(verifySignature(key, message, signature)).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('derived ids', () => {
  it('takes the key id from the SHA-256 of the public key', () => {
    expect(keyId(bytesOf('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'))).toBe('21fe31dfa154a261');
  });

  it('gives the same foreign code another ticket in another event', () => {
    expect(foreignTicketId(1, 'ABC')).toMatch(/^[0-9a-f]{32}$/);
    expect(foreignTicketId(1, 'ABC')).not.toBe(foreignTicketId(2, 'ABC'));
    expect(foreignTicketId(1, '2\0X')).not.toBe(foreignTicketId(12, '\0X'));
  });
});
