import {
  base45Decode,
  base45Encode,
  cborEncode,
  concatBytes,
  decodePass,
  encodePass,
  encodePassBytes,
  decodePassBytes,
  keyId,
  keyPairFromSeed,
  passBytesMax,
  ready,
  sign,
  type CborValue,
  type KeyOf,
  type KeyPair,
  type PassClaims,
} from '@postern/shared';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

const aCredentialId: unknown = expect.stringMatching(/^[0-9a-f]{16}$/);

const claims: PassClaims = {
  ticketId: '0190f3a47b6c7d8e8f90a1b2c3d4e5f6',
  event: 7,
  type: 3,
  epoch: 2,
  notBeforeS: 1_790_000_000,
  expiresS: 1_790_086_400,
};
let keys: KeyPair;
let keyOf: KeyOf;
beforeAll(async () => {
  await ready;
  keys = keyPairFromSeed(new Uint8Array(32).fill(7));
  const id = keyId(keys.publicKey);
  keyOf = (candidate) => (candidate === id ? { publicKey: keys.publicKey, state: 'active' } : undefined);
});

const bytesOf = (text: string): Uint8Array => {
  const decoded = base45Decode(text.slice(4));
  if (!decoded.ok) throw new Error(decoded.error.cause);
  return decoded.value;
};

/** A COSE_Sign1 put together by hand, so that every part can be wrong on its own. */
function craft(parts: {
  readonly header?: Map<number, CborValue>;
  readonly unprotected?: Map<number, CborValue>;
  readonly payload?: Uint8Array;
  readonly tag?: number;
  readonly extra?: readonly CborValue[];
}): string {
  const header = cborEncode(
    parts.header ??
      new Map<number, CborValue>([
        [1, -19],
        [4, new Uint8Array(keyIdBytes())],
      ]),
  );
  const payload =
    parts.payload ??
    cborEncode(
      new Map<number, CborValue>([
        [7, new Uint8Array(16)],
        [-65_537, [7, 3, 2]],
      ]),
    );
  const signature = sign(keys.secretKey, cborEncode(['Signature1', header, new Uint8Array(), payload]));
  return `PN1:${base45Encode(concatBytes(Uint8Array.of(parts.tag ?? 0xd2), cborEncode([header, parts.unprotected ?? new Map(), payload, signature, ...(parts.extra ?? [])])))}`;
}
const keyIdBytes = (): number[] => (keyId(keys.publicKey).match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));

describe('a static pass', () => {
  it('reads back the claims it was issued with', () => {
    expect(decodePass(encodePass(claims, keys), keyOf)).toEqual({
      ok: true,
      value: { ...claims, credentialId: aCredentialId, keyId: keyId(keys.publicKey) },
    });
  });

  it('reads back any claims in range', () => {
    const small = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), small, small, small, (id, event, type, epoch) => {
        const ticketId = Buffer.from(id).toString('hex');
        expect(decodePass(encodePass({ ticketId, event, type, epoch }, keys), keyOf)).toEqual({
          ok: true,
          value: { ticketId, event, type, epoch, credentialId: aCredentialId, keyId: keyId(keys.publicKey) },
        });
      }),
      { numRuns: 200 },
    );
  });

  it('has one byte string: encoding twice gives the same text', () => {
    expect(encodePass(claims, keys)).toBe(encodePass({ ...claims }, keys));
  });

  it('is dead with any single bit flipped', () => {
    const bytes = bytesOf(encodePass(claims, keys));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = Uint8Array.from(bytes);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodePass(`PN1:${base45Encode(altered)}`, keyOf).ok, `bit ${bit}`).toBe(false);
    }
  });

  it('is dead with any byte cut off or added', () => {
    const bytes = bytesOf(encodePass(claims, keys));
    for (let length = 0; length < bytes.length; length++)
      expect(decodePass(`PN1:${base45Encode(bytes.slice(0, length))}`, keyOf).ok).toBe(false);
    expect(decodePass(`PN1:${base45Encode(concatBytes(bytes, Uint8Array.of(0)))}`, keyOf)).toMatchObject({
      error: { type: 'malformed' },
    });
  });

  it.each([
    ['text that is not ours', 'https://example.org/ticket/1', 'not-a-ticket'],
    ['nothing', '', 'not-a-ticket'],
    ['a prefix in lower case', 'pn1:BB8', 'not-a-ticket'],
    ['the prefix of another kind', 'PN9:BB8', 'not-a-ticket'],
    ['the prefix alone', 'PN1:', 'malformed'],
    ['Base45 over two bytes', 'PN1::::', 'malformed'],
    ['Base45 just over two bytes', 'PN1:GGX', 'malformed'],
    ['a one-character tail', 'PN1:BB8A', 'malformed'],
    ['Base45 in lower case', 'PN1:bb8', 'malformed'],
    ['a text longer than any pass', `PN1:${'0'.repeat(3_000)}`, 'malformed'],
  ])('refuses %s', (_what, text, type) => {
    expect(decodePass(text, keyOf)).toMatchObject({ ok: false, error: { type } });
  });

  it('accepts the older algorithm number -8, and no other', () => {
    const withAlgorithm = (algorithm: number): string =>
      craft({
        header: new Map<number, CborValue>([
          [1, algorithm],
          [4, new Uint8Array(keyIdBytes())],
        ]),
      });
    expect(decodePass(withAlgorithm(-8), keyOf).ok).toBe(true);
    expect(decodePass(withAlgorithm(-19), keyOf).ok).toBe(true);
    for (const algorithm of [-7, 0, 5, -37])
      expect(decodePass(withAlgorithm(algorithm), keyOf)).toMatchObject({ error: { type: 'malformed' } });
  });

  it('refuses a wrongly made message although its signature is right', () => {
    const ticket = new Uint8Array(16);
    const wrong: Readonly<Record<string, string>> = {
      'another tag': craft({ tag: 0xd1 }),
      'something unprotected': craft({ unprotected: new Map([[4, 1]]) }),
      'a fifth part': craft({ extra: [0] }),
      'an unknown header parameter': craft({
        header: new Map<number, CborValue>([
          [1, -19],
          [4, new Uint8Array(keyIdBytes())],
          [5, 1],
        ]),
      }),
      'an unknown claim': craft({
        payload: cborEncode(
          new Map<number, CborValue>([
            [7, ticket],
            [-65_537, [7, 3, 2]],
            [1, 'issuer'],
          ]),
        ),
      }),
      'no ticket id': craft({ payload: cborEncode(new Map<number, CborValue>([[-65_537, [7, 3, 2]]])) }),
      'a short ticket id': craft({
        payload: cborEncode(
          new Map<number, CborValue>([
            [7, new Uint8Array(15)],
            [-65_537, [7, 3, 2]],
          ]),
        ),
      }),
      'a negative epoch': craft({
        payload: cborEncode(
          new Map<number, CborValue>([
            [7, ticket],
            [-65_537, [7, 3, -2]],
          ]),
        ),
      }),
      'a fraction for an event': craft({
        payload: cborEncode(
          new Map<number, CborValue>([
            [7, ticket],
            [-65_537, [7.5, 3, 2]],
          ]),
        ),
      }),
      'a fourth admission number': craft({
        payload: cborEncode(
          new Map<number, CborValue>([
            [7, ticket],
            [-65_537, [7, 3, 2, 1]],
          ]),
        ),
      }),
      'a text for a time': craft({
        payload: cborEncode(
          new Map<number, CborValue>([
            [4, 'soon'],
            [7, ticket],
            [-65_537, [7, 3, 2]],
          ]),
        ),
      }),
      'claims with a duplicate key': craft({ payload: Uint8Array.of(0xa2, 0x07, 0x40, 0x07, 0x40) }),
      'claims of indefinite length': craft({ payload: Uint8Array.of(0xbf, 0xff) }),
    };
    for (const [what, text] of Object.entries(wrong))
      expect(decodePass(text, keyOf), what).toMatchObject({ ok: false, error: { type: 'malformed' } });
  });

  it('tells an unknown key, a revoked key and a wrong signature apart', () => {
    const text = encodePass(claims, keys);
    expect(decodePass(text, () => undefined)).toEqual({
      ok: false,
      error: { type: 'key-unknown', keyId: keyId(keys.publicKey) },
    });
    expect(decodePass(text, () => ({ publicKey: keys.publicKey, state: 'revoked' }))).toMatchObject({
      error: { type: 'key-revoked' },
    });
    const other = keyPairFromSeed(new Uint8Array(32).fill(8));
    expect(decodePass(text, () => ({ publicKey: other.publicKey, state: 'active' }))).toEqual({
      ok: false,
      error: { type: 'signature-invalid' },
    });
    expect(decodePass(text, () => ({ publicKey: keys.publicKey, state: 'retired' })).ok).toBe(true);
  });

  it('is bound to the external data it was signed with', () => {
    const uid = Uint8Array.of(4, 1, 2, 3, 4, 5, 6);
    const bytes = encodePassBytes(claims, keys, uid);
    expect(decodePassBytes(bytes, keyOf, uid).ok).toBe(true);
    expect(decodePassBytes(bytes, keyOf)).toEqual({ ok: false, error: { type: 'signature-invalid' } });
  });

  it('fits QR version 8 with error correction M: at most 221 alphanumeric characters', () => {
    const largest = { ...claims, event: 0xffff, type: 0xffff, epoch: 0xff };
    expect(encodePass(largest, keys).length).toBeLessThanOrEqual(221);
    expect(
      bytesOf(encodePass({ ticketId: claims.ticketId, event: 7, type: 3, epoch: 0 }, keys)).length,
    ).toBeLessThanOrEqual(121);
  });

  it('never throws and never accepts, in 10,000 random inputs', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 300 }),
          fc.uint8Array({ maxLength: passBytesMax }).map((bytes) => `PN1:${base45Encode(bytes)}`),
        ),
        (text) => {
          expect(decodePass(text, keyOf).ok).toBe(false);
        },
      ),
      { numRuns: 10_000 },
    );
  });
});
