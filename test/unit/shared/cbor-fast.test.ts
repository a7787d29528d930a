// The short way must say exactly what the general library says, wherever it says anything.
import { decode, encode as encodeToBuffer, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CborValue } from '@postern/shared';
import { fastDecode, fastEncode } from '../../../shared/src/cbor-fast.ts';

/** In Node the library answers with Buffers, which are not equal to plain arrays. */
const encode = (value: CborValue, encodeOptions: typeof rfc8949EncodeOptions): Uint8Array =>
  Uint8Array.from(encodeToBuffer(value, encodeOptions));

const options = {
  strict: true,
  useMaps: true,
  rejectDuplicateMapKeys: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  allowBigInt: false,
};

const leaf = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
  fc.boolean(),
  fc.constant(null),
  fc.string({ maxLength: 40 }),
  fc.uint8Array({ maxLength: 300 }),
);
const values = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(fc.tuple(fc.oneof(fc.integer(), fc.string({ maxLength: 5 })), tie('value')), { maxLength: 5 })
      .map((entries) => new Map(entries)),
  ),
})).value;

describe('the short way through CBOR', () => {
  it('encodes as the general library does', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = fastEncode(value);
        if (bytes !== undefined) expect(bytes).toEqual(encode(value, rfc8949EncodeOptions));
      }),
      { numRuns: 5_000 },
    );
  });

  it('reads back what the general library has encoded, or leaves it', () => {
    fc.assert(
      fc.property(values, (value) => {
        const decoded = fastDecode(encode(value, rfc8949EncodeOptions), 16);
        if (decoded !== undefined) expect(decoded).toEqual(value);
      }),
      { numRuns: 5_000 },
    );
  });

  it('does take the short way for what a mark or a pass is made of', () => {
    const value = [
      1,
      0,
      77,
      1_750_000_000_000,
      -5,
      'qr',
      null,
      true,
      new Uint8Array(16),
      new Map<number | string, CborValue>([
        [7, 1],
        [-65_537, [1, 2, 3]],
        ['a', 'b'],
      ]),
    ];
    const bytes = fastEncode(value);
    expect(bytes).toEqual(encode(value, rfc8949EncodeOptions));
    expect(fastDecode(bytes ?? new Uint8Array(0), 4)).toEqual(value);
  });

  it('accepts no random bytes that the general library would encode otherwise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
        const decoded = fastDecode(bytes, 8);
        if (decoded === undefined) return;
        expect(encode(decode(bytes, options) as CborValue, rfc8949EncodeOptions)).toEqual(bytes);
        expect(decoded).toEqual(decode(bytes, options));
      }),
      { numRuns: 50_000 },
    );
  });

  it('accepts no changed byte of a mark that is not itself an encoding', () => {
    const mark = encode(
      [
        1,
        0,
        77,
        1_750_000_000_000,
        3,
        'lane',
        null,
        new Uint8Array(16),
        new Map<number, number | string>([
          [1, 2],
          [24, 'x'],
        ]),
      ],
      rfc8949EncodeOptions,
    );
    for (let index = 0; index < mark.length; index++)
      for (let bit = 0; bit < 8; bit++) {
        const changed = Uint8Array.from(mark);
        changed[index] = (changed[index] ?? 0) ^ (1 << bit);
        const decoded = fastDecode(changed, 8);
        if (decoded !== undefined) expect(encode(decoded, rfc8949EncodeOptions)).toEqual(changed);
      }
  });
});
