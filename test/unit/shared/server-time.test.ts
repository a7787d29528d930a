// The signed time: believed only from a feed key and only for the nonce that was asked with.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  cborEncode,
  keyId,
  keyPairFromSeed,
  ready,
  signCose,
  signServerTime,
  utf8,
  verifyServerTime,
  type KeyPair,
} from '@postern/shared';

const nonce = new Uint8Array(16).fill(9);
const nowMs = 1_700_000_000_123;
let keys: KeyPair;
let answer: Uint8Array;
const keyOf = (id: string): Uint8Array | undefined => (id === keyId(keys.publicKey) ? keys.publicKey : undefined);
beforeAll(async () => {
  await ready;
  keys = keyPairFromSeed(new Uint8Array(32).fill(3));
  answer = signServerTime(nonce, nowMs + 0.7, keys);
});
const verify = (bytes: Uint8Array, asked = nonce): unknown => {
  const result = verifyServerTime(bytes, asked, keyOf);
  return result.ok ? result.value : result.error.type;
};

describe('the signed time', () => {
  it('is whole milliseconds for the nonce that was asked with', () => {
    expect(verify(answer)).toBe(nowMs);
  });

  it('is not believed for another nonce, from another key or of another purpose', () => {
    const stranger = keyPairFromSeed(new Uint8Array(32).fill(4));
    const payload = cborEncode([nonce, nowMs]);
    expect(verify(answer, new Uint8Array(16))).toBe('server-time-nonce-mismatch');
    expect(verify(signServerTime(nonce, nowMs, stranger))).toBe('server-time-key-unknown');
    expect(verify(signCose({ keys, payload, externalAad: utf8('postern-feed-v1') }))).toBe(
      'server-time-signature-invalid',
    );
  });

  it.each([
    ['text', ['now']],
    ['a negative time', [nonce, -1]],
    ['a fraction', [nonce, 0.5]],
    ['more than two parts', [nonce, nowMs, 1]],
    ['a time beyond all dates', [nonce, 9e15]],
  ])('refuses %s even when it is signed', (_what, payload) => {
    expect(
      verify(signCose({ keys, payload: cborEncode(payload as never), externalAad: utf8('postern-time-v1') })),
    ).toBe('server-time-malformed');
  });

  it('dies with every bit that is flipped in it', () => {
    for (let bit = 0; bit < answer.length * 8; bit++) {
      const flipped = Uint8Array.from(answer, (byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(typeof verify(flipped)).toBe('string');
    }
  });

  it('never throws for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(typeof verify(bytes)).toBe('string');
      }),
      { numRuns: 10_000 },
    );
  });
});
