import {
  cleanText,
  codeMethod,
  encodePass,
  keyId,
  keyPairFromSeed,
  qrMethod,
  ready,
  type Lookups,
  type Presentation,
} from '@postern/shared';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ticketIdOfTests } from '../../../support/marks.ts';

beforeAll(() => ready);
const signal = new AbortController().signal;
const shown = (text: string): Presentation => ({ medium: 'optical', text, readerId: 'camera', seenAtMs: 0 });
const known = { id: ticketIdOfTests, epoch: 4, type: 2 };
const lookups: Lookups = {
  event: 7,
  issuerKey: () => undefined,
  ticketByCode: (code) => (code === 'BOX-OFFICE 42' ? known : undefined),
  ticketByShortCode: (code) => (code === 'K7QF-2M9X' ? known : undefined),
};

describe('cleaning a scanned text', () => {
  it.each([
    ['CR LF', 'ABC\r\n', 'ABC'],
    ['an AIM identifier', ']Q3ABC', 'ABC'],
    ['an ECI designator', '\\000026ABC', 'ABC'],
    ['both, with a tab behind', ']C0\\000026ABC\t', 'ABC'],
    ['nothing from a Base45 text that ends with a space', 'PN1:ABC ', 'PN1:ABC '],
  ])('takes off %s', (_what, text, expected) => expect(cleanText(text)).toBe(expected));
});

describe('method qr', () => {
  it('claims what a signed pass says', async () => {
    const keys = keyPairFromSeed(new Uint8Array(32).fill(3));
    const text = `]Q3${encodePass({ ticketId: ticketIdOfTests, event: 7, type: 2, epoch: 1, expiresS: 99 }, keys)}\r\n`;
    expect(qrMethod.accepts(shown(text))).toBe(true);
    const withKey = { ...lookups, issuerKey: () => ({ publicKey: keys.publicKey, state: 'active' as const }) };
    expect(await qrMethod.verify(shown(text), withKey, signal)).toEqual({
      ok: true,
      value: {
        method: 'qr',
        assurance: 'signed',
        ticketId: ticketIdOfTests,
        event: 7,
        type: 2,
        epoch: 1,
        keyId: keyId(keys.publicKey),
        expiresS: 99,
      },
    });
    expect(await qrMethod.verify(shown(text), lookups, signal)).toEqual({ ok: false, error: { type: 'key-unknown' } });
  });
});

describe('method code', () => {
  it('looks up foreign codes and short typed codes', async () => {
    for (const text of ['BOX-OFFICE 42', ' BOX-OFFICE 42\r\n', ']C0BOX-OFFICE 42', 'K7QF-2M9X'])
      expect(await codeMethod.verify(shown(text), lookups, signal), text).toMatchObject({
        ok: true,
        value: { assurance: 'looked-up', ticketId: ticketIdOfTests, epoch: 4, event: 7 },
      });
  });

  it('refuses what it does not know, and what cannot be a code', async () => {
    expect(await codeMethod.verify(shown('BOX-OFFICE 43'), lookups, signal)).toEqual({
      ok: false,
      error: { type: 'code-unknown' },
    });
    for (const text of ['', '\r\n', '   ', 'x'.repeat(2_000)])
      expect(await codeMethod.verify(shown(text), lookups, signal)).toEqual({
        ok: false,
        error: { type: 'not-a-ticket' },
      });
  });

  it('never throws on 10,000 random texts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), async (text) => {
        expect((await codeMethod.verify(shown(text), lookups, signal)).ok).toBe(false);
      }),
      { numRuns: 10_000 },
    );
  });
});
