// Goal: the text of a dynamic pass proves issuer, holder and time step, has one form, and nothing else passes for one; a copy of the
// pass inside it opens nothing.
import {
  base45Decode,
  base45Encode,
  bytesToHex,
  cborEncode,
  concatBytes,
  decodeDynamicPass,
  decodePass,
  decodePassBytes,
  dynamicPassBytesMax,
  encodeDynamicPass,
  encodeHolderPass,
  encodePassBytes,
  hexToBytes,
  keyId,
  keyPairFromSeed,
  ready,
  sign,
  signCose,
  spkiPrefix,
  type CborValue,
  type KeyOf,
  type KeyPair,
  type PassClaims,
} from '@postern/shared';
import { decode, encode } from 'cborg';
import fc from 'fast-check';
import { createPublicKey, verify } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { vectorText } from '../../fixtures/dynamic-pass.ts';

const aCredentialId: unknown = expect.stringMatching(/^[0-9a-f]{16}$/);

const claims: PassClaims = {
  ticketId: '0190f3a47b6c7d8e8f90a1b2c3d4e5f6',
  event: 7,
  type: 3,
  epoch: 2,
  notBeforeS: 1_790_000_000,
  expiresS: 1_790_086_400,
};
const issuedAtS = 1_790_017_200;
let issuer: KeyPair;
let holder: KeyPair;
let keyOf: KeyOf;
let holderPass: Uint8Array;
beforeAll(async () => {
  await ready;
  issuer = keyPairFromSeed(new Uint8Array(32).fill(7));
  holder = keyPairFromSeed(new Uint8Array(32).fill(9));
  const id = keyId(issuer.publicKey);
  keyOf = (candidate) => (candidate === id ? { publicKey: issuer.publicKey, state: 'active' } : undefined);
  holderPass = encodeHolderPass(claims, holder.publicKey, issuer);
});

const bytesOf = (text: string): Uint8Array => {
  const decoded = base45Decode(text.slice(4));
  if (!decoded.ok) throw new Error(decoded.error.cause);
  return decoded.value;
};
const textOf = (bytes: Uint8Array): string => `PN2:${base45Encode(bytes)}`;
const idBytes = ({ publicKey }: KeyPair): Uint8Array => hexToBytes(keyId(publicKey)) ?? new Uint8Array();
const refusal = (text: string): unknown => {
  const decoded = decodeDynamicPass(text, keyOf);
  return decoded.ok ? 'accepted' : decoded.error.type;
};

/** The carried pass with any claims, rightly signed by the issuer. */
const carry = (...extra: readonly (readonly [number, CborValue])[]): Uint8Array =>
  signCose({
    keys: issuer,
    payload: cborEncode(new Map<number, CborValue>([[7, new Uint8Array(16)], [-65_537, [7, 3, 2]], ...extra])),
  });

const cnf = (x: CborValue, fields: readonly (readonly [number, CborValue])[] = []): readonly [number, CborValue] => [
  8,
  new Map([[1, new Map<number, CborValue>([[1, 1], [-1, 6], [-2, x], ...fields])]]),
];

/** An outer message put together by hand and rightly signed by the holder, so that every part can be wrong on its own. */
function craft(parts: {
  readonly header?: Uint8Array;
  readonly carried?: Uint8Array;
  readonly payload?: Map<number, CborValue> | Uint8Array;
  readonly unprotected?: Map<number, CborValue>;
  readonly keys?: KeyPair;
}): string {
  const keys = parts.keys ?? holder;
  const header =
    parts.header ??
    concatBytes(Uint8Array.of(0xa3, 1, 0x32, 4, 0x48), idBytes(keys), Uint8Array.of(13), parts.carried ?? holderPass);
  const payload =
    parts.payload instanceof Uint8Array ? parts.payload : cborEncode(parts.payload ?? new Map([[6, issuedAtS]]));
  const signature = sign(keys.secretKey, cborEncode(['Signature1', header, new Uint8Array(), payload]));
  const outer = cborEncode([header, parts.unprotected ?? new Map(), payload, signature]);
  return textOf(concatBytes(Uint8Array.of(0xd2), outer));
}

/** Without any code of ours: plain CBOR, and Ed25519 by OpenSSL. */
function readByStranger(bytes: Uint8Array) {
  const options = { useMaps: true, tags: { 18: (content: () => unknown) => content() } };
  const parts: [Uint8Array, Map<number, unknown>, Uint8Array, Uint8Array] = decode(bytes, options);
  const [header, , payload, signature] = parts;
  return {
    parts,
    header: decode(header, options) as Map<number, unknown>,
    payload: decode(payload, options) as Map<number, unknown>,
    isSignedBy: ({ publicKey }: KeyPair): boolean => {
      const key = createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: 'der', type: 'spki' });
      return verify(null, encode(['Signature1', header, new Uint8Array(), payload]), key, signature);
    },
  };
}

describe('a dynamic pass', () => {
  it('reads back the claims, the holder and the step', () => {
    expect(decodeDynamicPass(encodeDynamicPass(holderPass, holder, issuedAtS + 14), keyOf)).toEqual({
      ok: true,
      value: {
        ...claims,
        credentialId: aCredentialId,
        keyId: keyId(issuer.publicKey),
        holderKey: holder.publicKey,
        issuedAtS,
      },
    });
  });

  it('reads back any claims in range, of any holder, at any time', () => {
    const small = fc.integer({ min: 0, max: 0xffff_ffff });
    const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const id = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(
        id,
        small,
        small,
        small,
        seed,
        fc.integer({ min: 0, max: 2 ** 33 }),
        (bytes, event, type, epoch, secret, atS) => {
          const keys = keyPairFromSeed(secret);
          const any = { ticketId: bytesToHex(bytes), event, type, epoch };
          const text = encodeDynamicPass(encodeHolderPass(any, keys.publicKey, issuer), keys, atS);
          expect(decodeDynamicPass(text, keyOf)).toEqual({
            ok: true,
            value: {
              ...any,
              credentialId: aCredentialId,
              keyId: keyId(issuer.publicKey),
              holderKey: keys.publicKey,
              issuedAtS: atS - (atS % 15),
            },
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('has one text a step, and another one the next', () => {
    const texts = Array.from({ length: 45 }, (_, second) => encodeDynamicPass(holderPass, holder, issuedAtS + second));
    expect([...new Set(texts)]).toEqual([texts[0], texts[15], texts[30]]);
  });

  it('has exactly the text that other implementations were given', () => {
    expect(encodeDynamicPass(holderPass, holder, issuedAtS)).toBe(vectorText);
    expect(craft({})).toBe(vectorText);
  });

  it('is read by a stranger’s libraries as COSE_Sign1 (RFC 9052) that carries a CWT (RFC 8392) in kcwt (RFC 9528)', () => {
    const outer = readByStranger(bytesOf(vectorText));
    expect([...outer.header.keys()]).toEqual([1, 4, 13]);
    expect(outer.payload).toEqual(new Map([[6, issuedAtS]]));
    const carried = readByStranger(holderPass);
    expect(outer.header.get(13)).toEqual(carried.parts);
    expect(carried.payload).toEqual(
      new Map<number, unknown>([
        [4, claims.expiresS],
        [5, claims.notBeforeS],
        [7, hexToBytes(claims.ticketId)],
        [
          8,
          new Map([
            [
              1,
              new Map<number, unknown>([
                [1, 1],
                [-1, 6],
                [-2, holder.publicKey],
              ]),
            ],
          ]),
        ],
        [-65_537, [7, 3, 2]],
      ]),
    );
    expect([outer.isSignedBy(holder), carried.isSignedBy(issuer), outer.isSignedBy(issuer)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('is dead with any single bit flipped', () => {
    const bytes = bytesOf(encodeDynamicPass(holderPass, holder, issuedAtS));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = Uint8Array.from(bytes);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeDynamicPass(textOf(altered), keyOf).ok, `bit ${bit}`).toBe(false);
    }
  });

  it('is dead with any byte cut off or added', () => {
    const bytes = bytesOf(encodeDynamicPass(holderPass, holder, issuedAtS));
    for (let length = 0; length < bytes.length; length++)
      expect(decodeDynamicPass(textOf(bytes.slice(0, length)), keyOf).ok).toBe(false);
    expect(refusal(textOf(concatBytes(bytes, Uint8Array.of(0))))).toBe('malformed');
  });

  it.each([
    ['text that is not ours', 'https://example.org/ticket/1', 'not-a-ticket'],
    ['a prefix in lower case', 'pn2:BB8', 'not-a-ticket'],
    ['the prefix alone', 'PN2:', 'malformed'],
    ['Base45 over two bytes', 'PN2:GGX', 'malformed'],
    ['a text longer than any pass', `PN2:${'0'.repeat(3_000)}`, 'malformed'],
  ])('refuses %s', (_what, text, type) => expect(refusal(text)).toBe(type));

  it('refuses a wrongly made message although both signatures are right', () => {
    const plainHeader = concatBytes(Uint8Array.of(0xa2, 1, 0x32, 4, 0x48), idBytes(holder));
    const withText = concatBytes(Uint8Array.of(0xa3), plainHeader.subarray(1), Uint8Array.of(13));
    const wrong: Readonly<Record<string, string>> = {
      'no carried pass': craft({ header: plainHeader }),
      'a carried pass in a byte string': craft({ header: concatBytes(withText, cborEncode(holderPass)) }),
      'a carried pass without its tag': craft({ header: concatBytes(withText, holderPass.subarray(1)) }),
      'bytes behind the carried pass': craft({ carried: concatBytes(holderPass, Uint8Array.of(0)) }),
      'a fourth header parameter': craft({
        header: concatBytes(Uint8Array.of(0xa4), withText.subarray(1), holderPass, Uint8Array.of(16, 0)),
      }),
      'another algorithm': craft({
        header: concatBytes(Uint8Array.of(0xa3, 1, 0x26), withText.subarray(3), holderPass),
      }),
      'something unprotected': craft({ unprotected: new Map([[4, 1]]) }),
      'no time': craft({ payload: new Map() }),
      'a time that begins no step': craft({ payload: new Map([[6, issuedAtS + 1]]) }),
      'a time before 1970': craft({ payload: new Map([[6, -15]]) }),
      'a time after year 9999': craft({ payload: new Map([[6, 253_402_300_800]]) }),
      'a text for a time': craft({ payload: new Map<number, CborValue>([[6, 'now']]) }),
      'a second claim': craft({
        payload: new Map([
          [5, 0],
          [6, issuedAtS],
        ]),
      }),
      'a time that is not the shortest': craft({ payload: Uint8Array.of(0xa1, 6, 0x19, 0, 15) }),
      'a carried pass without a holder': craft({ carried: encodePassBytes(claims, issuer) }),
      'a dynamic pass inside another': craft({ carried: bytesOf(craft({})) }),
      'a thumbprint instead of a key': craft({ carried: carry([8, new Map([[3, holder.publicKey]])]) }),
      'a key and a thumbprint': craft({
        carried: carry([
          8,
          new Map<number, CborValue>([...(cnf(holder.publicKey)[1] as Map<number, CborValue>), [3, holder.publicKey]]),
        ]),
      }),
      'a key of another curve': craft({
        carried: carry([
          8,
          new Map([
            [
              1,
              new Map<number, CborValue>([
                [1, 1],
                [-1, 4],
                [-2, holder.publicKey],
              ]),
            ],
          ]),
        ]),
      }),
      'a key of another type': craft({
        carried: carry([
          8,
          new Map([
            [
              1,
              new Map<number, CborValue>([
                [1, 2],
                [-1, 6],
                [-2, holder.publicKey],
              ]),
            ],
          ]),
        ]),
      }),
      'a key that says more': craft({ carried: carry(cnf(holder.publicKey, [[2, new Uint8Array(8)]])) }),
      'a key as a text': craft({ carried: carry(cnf('x'.repeat(32))) }),
      'a key of 31 bytes': craft({ carried: carry(cnf(holder.publicKey.slice(1))) }),
    };
    for (const [what, text] of Object.entries(wrong)) expect(refusal(text), what).toBe('malformed');
    expect(refusal(craft({ carried: carry(cnf(holder.publicKey)) }))).toBe('accepted');
  });

  it.each([
    ['of small order', `01${'00'.repeat(31)}`],
    ['of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['in a second encoding', `ee${'ff'.repeat(30)}7f`],
    ['of mixed order', 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d'],
  ])('refuses a holder’s key %s, whoever has signed it, and never issues one', (_what, hex) => {
    const publicKey = hexToBytes(hex) ?? new Uint8Array();
    const keys = { publicKey, secretKey: holder.secretKey };
    expect(refusal(craft({ carried: carry(cnf(publicKey)), keys }))).toBe('malformed');
    expect(() => encodeHolderPass(claims, publicKey, issuer)).toThrow('Bug');
  });

  it('believes the holder only after the issuer, and only the holder that the issuer has named', () => {
    const thief = keyPairFromSeed(new Uint8Array(32).fill(66));
    expect(refusal(encodeDynamicPass(holderPass, thief, issuedAtS))).toBe('malformed');
    // The thief says to be the holder: the key id is right, the signature cannot be.
    expect(refusal(craft({ keys: { publicKey: holder.publicKey, secretKey: thief.secretKey } }))).toBe(
      'signature-invalid',
    );
    // The thief issues a pass to themselves.
    const forged = encodeHolderPass(claims, thief.publicKey, thief);
    expect(refusal(encodeDynamicPass(forged, thief, issuedAtS))).toBe('key-unknown');
    const posing = encodeHolderPass(claims, thief.publicKey, { ...thief, publicKey: issuer.publicKey });
    expect(refusal(encodeDynamicPass(posing, thief, issuedAtS))).toBe('signature-invalid');
  });

  it('is dead when its issuer’s key is revoked', () => {
    const revoked = decodeDynamicPass(encodeDynamicPass(holderPass, holder, issuedAtS), () => ({
      publicKey: issuer.publicKey,
      state: 'revoked',
    }));
    expect(revoked).toMatchObject({ error: { type: 'key-revoked' } });
  });

  it('opens nothing as a static pass: not the pass inside it, nor itself under the other prefix', () => {
    const inner = `PN1:${base45Encode(holderPass)}`;
    expect(decodePass(inner, keyOf)).toEqual({ ok: false, error: { type: 'assurance-too-low' } });
    expect(decodePassBytes(holderPass, keyOf)).toEqual({ ok: false, error: { type: 'assurance-too-low' } });
    const outer = encodeDynamicPass(holderPass, holder, issuedAtS).replace('PN2:', 'PN1:');
    expect(decodePass(outer, keyOf)).toMatchObject({ error: { type: 'malformed' } });
    expect(refusal(textOf(holderPass))).toBe('malformed');
  });

  it('fits QR version 12 with error correction M (419 alphanumeric characters) and its own limit', () => {
    const largest = { ...claims, event: 0xffff, type: 0xffff, epoch: 0xff };
    const text = encodeDynamicPass(encodeHolderPass(largest, holder.publicKey, issuer), holder, issuedAtS);
    expect(text.length).toBeLessThanOrEqual(419);
    const extreme = {
      ...largest,
      event: 0xffff_ffff,
      type: 0xffff_ffff,
      epoch: 0xffff_ffff,
      expiresS: 253_402_300_799,
    };
    const longest = encodeDynamicPass(encodeHolderPass(extreme, holder.publicKey, issuer), holder, 2 ** 34);
    expect(bytesOf(longest).length).toBeLessThanOrEqual(dynamicPassBytesMax);
    expect(refusal(longest)).toBe('accepted');
  });

  it('never throws and never accepts, in 10,000 random inputs', () => {
    const genuine = bytesOf(encodeDynamicPass(holderPass, holder, issuedAtS));
    const overwritten = fc
      .tuple(fc.nat(genuine.length - 1), fc.uint8Array({ minLength: 1, maxLength: 40 }))
      .map(([offset, bytes]) => {
        const altered = Uint8Array.from(genuine);
        altered.set(bytes.subarray(0, genuine.length - offset), offset);
        return altered;
      })
      .filter((altered) => bytesToHex(altered) !== bytesToHex(genuine));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 500 }),
          fc.string({ maxLength: 500 }).map((text) => `PN2:${text}`),
          fc.uint8Array({ maxLength: dynamicPassBytesMax }).map(textOf),
          overwritten.map(textOf),
        ),
        (text) => {
          expect(decodeDynamicPass(text, keyOf).ok).toBe(false);
        },
      ),
      { numRuns: 10_000 },
    );
  });
});
