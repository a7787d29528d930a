// Goal: tickets that pretix has signed are believed offline, as pretix's own scanners believe them, and nothing else is. The codes in
// test/fixtures/pretix-sig1 were published with those scanners; keys and further codes are made here.
import {
  bytesToHex,
  concatBytes,
  foreignTicketId,
  hexToBytes,
  keyId,
  keyPairFromSeed,
  parseSecret,
  pretixMethod,
  pretixOf,
  pretixRulesSchema,
  readSecretClaims,
  ready,
  sign,
  utf8,
  type KeyPair,
  type Lookups,
  type Presentation,
} from '@postern/shared';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { pretixPublicKeys as publicKeys, pretixVectors } from '../../../fixtures/pretix-sig1/vectors.ts';

beforeAll(() => ready);
const { signal } = new AbortController();
const shown = (text: string): Presentation => ({ medium: 'optical', text, readerId: 'camera', seenAtMs: 0 });
const lookupsWith = (rules: object | undefined, listed: Lookups['ticketByCode'] = () => undefined): Lookups => ({
  event: 7,
  issuerKey: () => undefined,
  ticketByCode: listed,
  ticketByShortCode: () => undefined,
  tag: () => ({ type: 'unbound' }),
  ...(rules === undefined ? {} : { pretix: () => pretixOf({ pretix: pretixRulesSchema.parse(rules) }) }),
});
const verify = (text: string, lookups: Lookups) => pretixMethod.verify(shown(text), lookups, signal);

/** As pretix writes it. */
const secretOf = (keys: KeyPair, payload: Uint8Array): string => {
  const lengths = new Uint8Array([1, payload.length >> 8, payload.length & 0xff, 0, 64]);
  const bytes = concatBytes(lengths, payload, sign(keys.secretKey, payload));
  return [...Buffer.from(bytes).toString('base64')].toReversed().join('');
};
const varint = (value: number): Uint8Array => {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return new Uint8Array([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
};
const numberField = (field: number, value: number): Uint8Array => concatBytes(varint(field * 8), varint(value));
const textField = (field: number, text: string): Uint8Array =>
  concatBytes(varint(field * 8 + 2), varint(text.length), utf8(text));
const payloadOf = (...fields: readonly Uint8Array[]): Uint8Array => concatBytes(textField(1, 'a seed'), ...fields);

describe('codes that pretix has published with its scanners', () => {
  const items = [{ item: 1, type: 40 }];
  test.each(pretixVectors.map((vector) => [vector.name, vector] as const))('%s', async (_name, { qr, key }) => {
    const proved = await verify(qr, lookupsWith({ keys: publicKeys, items }));
    expect(proved).toMatchObject({
      ok: true,
      value: {
        method: 'pretix',
        assurance: 'signed',
        event: 7,
        epoch: 0,
        type: 40,
        ticketId: foreignTicketId(7, qr),
        keyId: keyId(hexToBytes(key) ?? new Uint8Array(0)),
      },
    });
    // By the other key alone it proves nothing.
    const others = publicKeys.filter((other) => other !== key);
    expect(await verify(qr, lookupsWith({ keys: others, items }))).toEqual({
      ok: false,
      error: { type: 'key-unknown' },
    });
  });

  test('say from when on they are valid, and a zero for no end', async () => {
    const timed = pretixVectors.find(({ name }) => name.startsWith('valid-from'));
    const proved = await verify(timed?.qr ?? '', lookupsWith({ keys: publicKeys }));
    expect(proved.ok && [proved.value.notBeforeS, proved.value.expiresS, proved.value.type]).toEqual([
      1_675_465_200,
      undefined,
      undefined,
    ]);
  });

  test('are read through what scan engines put around them', async () => {
    const [{ qr } = { qr: '' }] = pretixVectors;
    expect(pretixMethod.accepts(shown(`]Q3${qr}\r\n`))).toBe(true);
    expect((await verify(`]Q3${qr}\r\n`, lookupsWith({ keys: publicKeys }))).ok).toBe(true);
  });
});

describe('what the ticket list says', () => {
  const [{ qr } = { qr: '' }] = pretixVectors;
  const listed = { id: 'a'.repeat(32), epoch: 3, type: 9 };

  it('counts beside the signature: its ticket, its epoch, its type', async () => {
    const lookups = lookupsWith({ keys: publicKeys, items: [{ item: 1, type: 40 }] }, (code) =>
      code === qr ? listed : undefined,
    );
    expect(await verify(qr, lookups)).toMatchObject({
      ok: true,
      value: { method: 'pretix', assurance: 'signed', ticketId: listed.id, epoch: 3, type: 9 },
    });
  });

  it('is all there is where no key of the event is known', async () => {
    const lookups = lookupsWith(undefined, (code) => (code === qr ? listed : undefined));
    expect(await verify(qr, lookups)).toMatchObject({
      ok: true,
      value: { method: 'code', assurance: 'looked-up', ticketId: listed.id },
    });
    expect(await verify(qr, lookupsWith(undefined))).toEqual({ ok: false, error: { type: 'code-unknown' } });
  });
});

describe('items and dates', () => {
  const keys = (): KeyPair => keyPairFromSeed(new Uint8Array(32).fill(9));
  const rules = (rest: object = {}): object => ({
    keys: [bytesToHex(keys().publicKey)],
    items: [
      { item: 5, type: 1 },
      { item: 5, variation: 8, type: 2 },
    ],
    ...rest,
  });
  const typeOf = async (...fields: readonly Uint8Array[]): Promise<number | undefined> => {
    const proved = await verify(secretOf(keys(), payloadOf(...fields)), lookupsWith(rules()));
    return proved.ok ? proved.value.type : -1;
  };

  it("a variation is of its own type where it has one, else of its item's", async () => {
    expect(await typeOf(numberField(2, 5))).toBe(1);
    expect(await typeOf(numberField(2, 5), numberField(3, 8))).toBe(2);
    expect(await typeOf(numberField(2, 5), numberField(3, 9))).toBe(1);
    expect(await typeOf(numberField(2, 6))).toBeUndefined();
  });

  it('another date of a series is another event', async () => {
    const text = secretOf(keys(), payloadOf(numberField(2, 5), numberField(4, 14)));
    expect((await verify(text, lookupsWith(rules({ subevent: 14 })))).ok).toBe(true);
    expect(await verify(text, lookupsWith(rules({ subevent: 15 })))).toEqual({
      ok: false,
      error: { type: 'other-event' },
    });
  });

  it('an end is what the code says', async () => {
    const text = secretOf(keys(), payloadOf(numberField(2, 5), numberField(6, 1_700_000_000)));
    expect(await verify(text, lookupsWith(rules()))).toMatchObject({ ok: true, value: { expiresS: 1_700_000_000 } });
  });

  it('signed nonsense is malformed, and stops nobody else', async () => {
    const text = secretOf(keys(), new Uint8Array([0x0a, 0x7f, 1]));
    expect(await verify(text, lookupsWith(rules()))).toEqual({ ok: false, error: { type: 'malformed' } });
  });
});

describe('hostile texts', () => {
  const keys = (): KeyPair => keyPairFromSeed(new Uint8Array(32).fill(9));
  const valid = (): string => secretOf(keys(), payloadOf(numberField(2, 5)));

  it.each([
    ['empty', ''],
    ['of the right end alone', 'QA'],
    ['not Base64', `${'*'.repeat(120)}QA`],
    ['without its last byte', 'cut'],
    ['with a byte more', 'long'],
    ['longer than any secret', `${'A'.repeat(400)}QA`],
    ['our own pass', 'PN1:ABC'],
  ])('%s: no code of pretix', (_what, text) => {
    const bytes = Buffer.from([...valid()].toReversed().join(''), 'base64');
    const again = (changed: Uint8Array): string => [...Buffer.from(changed).toString('base64')].toReversed().join('');
    const shownText =
      text === 'cut'
        ? again(bytes.subarray(0, -1))
        : text === 'long'
          ? again(concatBytes(bytes, new Uint8Array(1)))
          : text;
    expect(parseSecret(shownText)).toBeUndefined();
    expect(pretixMethod.accepts(shown(shownText))).toBe(false);
  });

  it('a ticket has one text: bits that decoders pass over make no other ticket of it', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    let texts = 0;
    for (const seed of ['a seed', 'a seed.', 'a seed..']) {
      const text = secretOf(keys(), concatBytes(textField(1, seed), numberField(2, 5)));
      expect(parseSecret(text)).toBeDefined();
      const padding = text.length - text.replace(/^=+/, '').length;
      const last = alphabet.indexOf(text.charAt(padding));
      for (let spare = 1; spare < 4 ** padding; spare++) {
        const other = text.slice(0, padding) + alphabet.charAt(last + spare) + text.slice(padding + 1);
        expect(Buffer.from([...other].toReversed().join(''), 'base64')).toEqual(
          Buffer.from([...text].toReversed().join(''), 'base64'),
        );
        expect(parseSecret(other)).toBeUndefined();
        texts += 1;
      }
    }
    expect(texts).toBe(3 + 15);
  });

  it('no changed byte of a signed code is believed', async () => {
    const lookups = lookupsWith({ keys: [bytesToHex(keys().publicKey)] });
    const bytes = Buffer.from([...valid()].toReversed().join(''), 'base64');
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (place, change) => {
        const changed = Uint8Array.from(bytes, (byte, index) => (index === place ? byte ^ change : byte));
        const text = [...Buffer.from(changed).toString('base64')].toReversed().join('');
        const answer = await verify(text, lookups);
        expect(answer.ok).toBe(false);
      }),
    );
  });

  it('a payload of any bytes reads to its end or not at all, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (payload) => {
        const claims = readSecretClaims(payload);
        for (const value of Object.values(claims ?? {})) expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
      }),
    );
    // An endless number, a length beyond the end, a group, field 0.
    for (const bytes of [
      [0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
      [0x0a, 9, 1],
      [0x0b],
      [0x00, 1],
    ])
      expect(readSecretClaims(new Uint8Array(bytes))).toBeUndefined();
  });
});
