import { cborDecode, cborEncode, hexToBytes } from '@postern/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const bytesOf = (hex: string): Uint8Array => hexToBytes(hex.replaceAll(' ', '')) ?? new Uint8Array();

describe('deterministic CBOR', () => {
  it.each([
    ['a map with a duplicate key', 'a2 01 01 01 02'],
    ['keys out of order', 'a2 02 01 01 01'],
    ['an array of indefinite length', '9f 01 ff'],
    ['a byte string of indefinite length', '5f 41 00 ff'],
    ['an integer that is not the shortest', '18 01'],
    ['a length that is not the shortest', '58 01 00'],
    ['a byte string that declares 4 GiB', '5a ff ff ff ff 00'],
    ['a byte string that declares 2^64-1 bytes', '5b ff ff ff ff ff ff ff ff 00'],
    ['an array that declares a million items', '9a 00 0f 42 40 01'],
    ['a map that declares 2^63 pairs', 'bb 80 00 00 00 00 00 00 00'],
    ['arrays nested ten deep', '81 81 81 81 81 81 81 81 81 81 00'],
    ['a tag', 'c0 00'],
    ['undefined', 'f7'],
    ['not a number', 'f9 7e 00'],
    ['a float that is an integer', 'f9 3c 00'],
    ['bytes after the end', '00 00'],
    ['text that is no UTF-8', '62 c3 28'],
    ['nothing', ''],
    ['a head cut off', '19 01'],
  ])('refuses %s', (_what, hex) => {
    expect(cborDecode(bytesOf(hex), 1024)).toMatchObject({ ok: false, error: { type: 'malformed' } });
  });

  it('gives bytes of their own, whatever the encoder works with', () => {
    for (const length of [0, 5, 40, 200, 300, 9_000, 40_000]) {
      for (const value of [
        new Uint8Array(length),
        Buffer.alloc(length),
        'ä'.repeat(length),
        [1.5, 'ä'.repeat(length)],
      ]) {
        const bytes = cborEncode(value);
        expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
        expect(bytes.buffer.byteLength).toBe(bytes.length);
      }
    }
  });

  it('gives decoded bytes that do not change with what they came from', () => {
    for (const length of [4, 9_000]) {
      // The float is left to the general decoder.
      const source = Buffer.from(cborEncode([new Uint8Array(length), 1.5]));
      const decoded = cborDecode(source, 20_000);
      source.fill(0xff);
      expect(decoded).toEqual({ ok: true, value: [new Uint8Array(length), 1.5] });
    }
  });

  it('refuses more bytes than the caller allows before it looks at them', () => {
    expect(cborDecode(new Uint8Array(11), 10)).toMatchObject({
      ok: false,
      error: { cause: '11 bytes of CBOR, at most 10 are allowed' },
    });
  });

  it('never throws, and accepts 10,000 random inputs only in their one form', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const decoded = cborDecode(bytes, 64);
        if (decoded.ok) expect(cborEncode(decoded.value)).toEqual(bytes);
      }),
      { numRuns: 10_000 },
    );
  });

  it('reads back maps, arrays, bytes and texts', () => {
    const value = new Map<number | string, never>([
      [1, [new Uint8Array([1, 2]), 'text', -7, null, true]],
      [-65_537, new Map([[4, 0.5]])],
    ] as never);
    expect(cborDecode(cborEncode(value), 100)).toEqual({ ok: true, value });
  });
});
