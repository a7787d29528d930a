import { base45Decode, base45Encode } from '@postern/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('Base45', () => {
  it.each([
    ['AB', 'BB8'],
    ['Hello!!', '%69 VD92EX0'],
    ['base-45', 'UJCLQE7W581'],
    ['ietf!', 'QED8WEX0'],
  ])('writes and reads the example %s of RFC 9285', (plain, text) => {
    const bytes = new TextEncoder().encode(plain);
    expect(base45Encode(bytes)).toBe(text);
    expect(base45Decode(text)).toEqual({ ok: true, value: bytes });
  });

  it('reads back whatever it wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(base45Decode(base45Encode(bytes))).toEqual({ ok: true, value: bytes });
      }),
    );
  });

  it.each([
    ['a group over two bytes', ':::'],
    ['the smallest group over two bytes', 'GGX'],
    ['a group over one byte', '::'],
    ['a one-character tail', 'BB8A'],
    ['lower case', 'bb8'],
    ['a character outside the alphabet', 'BB_'],
    ['a character beyond ASCII', 'BBé'],
  ])('refuses %s', (_what, text) => {
    expect(base45Decode(text)).toMatchObject({ ok: false, error: { type: 'malformed' } });
  });

  it('accepts a text only if it is the one text of its bytes, in 10,000 random texts', () => {
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:abc_';
    const text = fc.array(fc.constantFrom(...alphabet), { maxLength: 40 }).map((characters) => characters.join(''));
    fc.assert(
      fc.property(text, (candidate) => {
        const decoded = base45Decode(candidate);
        if (decoded.ok) expect(base45Encode(decoded.value)).toBe(candidate);
      }),
      { numRuns: 10_000 },
    );
  });
});
