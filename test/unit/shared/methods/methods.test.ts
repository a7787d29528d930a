import {
  cleanText,
  codeMethod,
  decodePass,
  encodePass,
  expiresInSMax,
  keyId,
  keyPairFromSeed,
  knownMethods,
  methodById,
  qrMethod,
  ready,
  type Lookups,
  type Presentation,
  type Ticket,
} from '@postern/shared';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ticketIdOfTests } from '../../../support/marks.ts';

const aCredentialId: unknown = expect.stringMatching(/^[0-9a-f]{16}$/);

beforeAll(() => ready);
/** Keys can only be made once the library is ready. */
const keyPairOf = (fill: number) => () => keyPairFromSeed(new Uint8Array(32).fill(fill));
const signal = new AbortController().signal;
const shown = (text: string): Presentation => ({ medium: 'optical', text, readerId: 'camera', seenAtMs: 0 });
const known = { id: ticketIdOfTests, epoch: 4, type: 2 };
const lookups: Lookups = {
  event: 7,
  issuerKey: () => undefined,
  ticketByCode: (code) => (code === 'BOX-OFFICE 42' ? known : undefined),
  ticketByShortCode: (code) => (code === 'K7QF-2M9X' ? known : undefined),
  tag: () => ({ type: 'unbound' }),
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
        credentialId: aCredentialId,
        expiresS: 99,
      },
    });
    expect(await qrMethod.verify(shown(text), lookups, signal)).toEqual({ ok: false, error: { type: 'key-unknown' } });
  });
});

describe('generating a static pass', () => {
  const keys = keyPairOf(3);
  const nowMs = 1_790_000_000_500;
  const ticket: Ticket = { id: ticketIdOfTests, type: 2, epoch: 1, status: 'valid', party: 1 };
  const generate = (options: unknown, fields: Partial<Ticket> = {}) =>
    qrMethod.generate({ event: 7, ticket: { ...ticket, ...fields }, options, nowMs }, keys());

  it('gives what `verify` claims, for as long as the ticket says', async () => {
    const generated = await generate(undefined, { validFromS: 5, validUntilS: 1_800_000_000 });
    const claims = { ticketId: ticketIdOfTests, event: 7, type: 2, epoch: 1, notBeforeS: 5, expiresS: 1_800_000_000 };
    expect(generated).toEqual({
      ok: true,
      value: { credentialId: aCredentialId, payload: { text: encodePass(claims, keys()), expiresS: 1_800_000_000 } },
    });
  });

  it.each([
    ['never, when nobody asks for an end', undefined, undefined, undefined],
    ['with the ticket', undefined, 1_790_000_060, 1_790_000_060],
    ['after as many seconds as asked for', 60, undefined, 1_790_000_060],
    ['after as many seconds, when the ticket lasts longer', 60, 1_790_000_061, 1_790_000_060],
    ['with the ticket, when it ends before', 60, 1_790_000_059, 1_790_000_059],
  ])('ends %s', async (_what, expiresIn, validUntilS, expected) => {
    const generated = await generate(
      expiresIn === undefined ? {} : { expiresIn },
      validUntilS === undefined ? {} : { validUntilS },
    );
    const { text = '', expiresS } = generated.ok ? generated.value.payload : {};
    const pass = decodePass(String(text), () => ({ publicKey: keys().publicKey, state: 'active' }));
    expect(pass.ok && pass.value.expiresS).toBe(expected);
    expect(expiresS).toBe(expected);
  });

  it.each([0, -1, 1.5, expiresInSMax + 1, '60', null].map((expiresIn) => ({ expiresIn })))(
    'refuses %o',
    async (options) => {
      expect(await generate(options)).toMatchObject({ ok: false, error: { type: 'options-invalid' } });
    },
  );

  it('refuses options that it does not know, or that are none', async () => {
    for (const options of [{ expiresin: 60 }, 'soon', 60, []])
      expect(await generate(options)).toMatchObject({ error: { type: 'options-invalid' } });
  });
});

describe('the known methods', () => {
  it('are found by their ids, each once', () => {
    expect(knownMethods.map((method) => methodById(method.id))).toEqual(knownMethods);
    expect(methodById('palm-reading')).toBeUndefined();
  });

  it('leave each text to the method that knows its prefix, and the rest to `code`', () => {
    const first = (text: string) => knownMethods.find((method) => method.accepts(shown(text)))?.id;
    expect(['PN1:A', ']Q3PN2:A', 'PN3:A', 'ABC'].map(first)).toEqual(['qr', 'dynamic', 'code', 'code']);
  });
});

describe('method code', () => {
  it('has nothing to generate', async () => {
    const request = { event: 7, ticket: known, nowMs: 0 };
    expect(await codeMethod.generate(request, keyPairFromSeed(new Uint8Array(32)))).toEqual({
      ok: false,
      error: { type: 'nothing-to-generate' },
    });
  });

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
