import {
  foreignTicketId,
  hexToBytes,
  isSoundPublicKey,
  keyId,
  keyPairFromSeed,
  ready,
  sign,
  verifySignature,
} from '@postern/shared';
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

const order8 = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03';
const otherOrder8 = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc';
const ff30 = 'ff'.repeat(30);
/**
 * The eight points of small order, every second encoding of a point (y from the prime on, or x = 0 with the sign of a negative one),
 * and a point of mixed order ("Taming the many EdDSAs", ePrint 2020/1244, table 5).
 */
const unsoundKeys: readonly (readonly [string, string])[] = [
  ['the neutral element', `01${'00'.repeat(31)}`],
  ['the point of order 2', `ec${ff30}7f`],
  ['a point of order 4', '00'.repeat(32)],
  ['the other point of order 4', `${'00'.repeat(31)}80`],
  ['a first point of order 8', `${order8}7a`],
  ['a second point of order 8', `${order8}fa`],
  ['a third point of order 8', `${otherOrder8}05`],
  ['a fourth point of order 8', `${otherOrder8}85`],
  ['the neutral element with a sign', `01${'00'.repeat(30)}80`],
  ['the point of order 2 with a sign', `ec${ff30}ff`],
  ...Array.from({ length: 19 }, (_, index) => (0xed + index).toString(16)).flatMap((low): [string, string][] => [
    [`y over the prime (${low})`, `${low}${ff30}7f`],
    [`y over the prime (${low}) with a sign`, `${low}${ff30}ff`],
  ]),
  ['a point of mixed order', 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d'],
  ['y = 2, which is not on the curve', `02${'00'.repeat(31)}`],
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

  it.each(unsoundKeys)('binds nothing to %s', (_what, key) => {
    expect(bytesOf(key)).toHaveLength(32);
    expect(isSoundPublicKey(bytesOf(key))).toBe(false);
  });

  it('binds to any key that somebody has made, and to none of another length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        expect(isSoundPublicKey(keyPairFromSeed(seed).publicKey)).toBe(true);
      }),
      { numRuns: 200 },
    );
    const { publicKey } = keyPairFromSeed(new Uint8Array(32));
    for (let length = 0; length < 70; length++)
      expect(isSoundPublicKey(Uint8Array.from({ length }, (_, index) => publicKey[index] ?? 0))).toBe(length === 32);
  });

  it('never throws on random input', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 80 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        (key, message, signature) => {
          expect(typeof isSoundPublicKey(key)).toBe('boolean');
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
