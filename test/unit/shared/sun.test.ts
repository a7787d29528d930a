// Goal: NTAG 424 DNA messages are believed exactly when NXP's published arithmetic says so.
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  bytesToHex,
  decodeNdef,
  diversifyKey,
  hexToBytes,
  ndefUri,
  parseSunUri,
  sunMac,
  sunSuffixDefault,
  verifySun,
  type SunKeys,
} from '@postern/shared';
import { sunMessage } from '../../../scripts/lib/virtual-tags.ts';

const hex = (text: string): Uint8Array => hexToBytes(text) ?? new Uint8Array(0);
const keys: SunKeys = {
  metaRead: hex('000102030405060708090a0b0c0d0e0f'),
  fileRead: hex('101112131415161718191a1b1c1d1e1f'),
  suffix: sunSuffixDefault,
};
const uid = '04a1b2c3d4e580';

function uriOf(message: Uint8Array): string {
  const records = decodeNdef(message);
  const uri = records.ok && records.value[0] !== undefined ? ndefUri(records.value[0]) : undefined;
  if (uri === undefined) throw new Error('a web address was expected');
  return uri;
}
const verify = (uri: string, by = keys) => {
  const mirror = parseSunUri(uri);
  return mirror?.ok === true ? verifySun(mirror.value, by) : mirror;
};

describe('published values', () => {
  it('AN12196: key of zeros, UID 04DE5F1EACC040, counter 61', () => {
    const mirror = parseSunUri('https://choose.url.com/ntag424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086');
    expect(mirror).toMatchObject({ ok: true, value: { kind: 'encrypted' } });
    expect(bytesToHex(sunMac(new Uint8Array(16), hex('04de5f1eacc040'), 61))).toBe('94eed9ee65337086');
    // Its CMAC is by the key itself and not by one of the tag: with our keys only the PICC data opens, and the CMAC is wrong.
    const opened = verify('https://x/?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086', {
      ...keys,
      metaRead: new Uint8Array(16),
    });
    expect(opened).toEqual({ ok: false, error: { type: 'signature-invalid' } });
  });

  it('AN10922: a diversified AES-128 key', () => {
    const master = hex('00112233445566778899aabbccddeeff');
    expect(bytesToHex(diversifyKey(master, hex('04782e21801d803042f54e585020416275')))).toBe(
      'a8dd63a3b89d54b37ca802473fda9175',
    );
  });
});

describe('a message of a tag', () => {
  it('tells which tag it was and how often it was read, encrypted or plain', () =>
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 6, maxLength: 6 }),
        fc.integer({ min: 0, max: 0xffffff }),
        fc.boolean(),
        (id, counter, plain) => {
          const tag = `04${bytesToHex(id)}`;
          const verified = verify(uriOf(sunMessage({ uid: tag, keys, counter, plain })));
          expect(verified?.ok === true && [bytesToHex(verified.value.uid), verified.value.counter]).toEqual([
            tag,
            counter,
          ]);
        },
      ),
      { numRuns: 50 },
    ));

  it('names the tag the same way each time, and another tag differently', () => {
    const tagOf = (tag: string, counter: number): string => {
      const verified = verify(uriOf(sunMessage({ uid: tag, keys, counter })));
      return verified?.ok === true ? verified.value.tag : '';
    };
    expect(tagOf(uid, 1)).toMatch(/^[0-9a-f]{8}$/);
    expect(tagOf(uid, 2)).toBe(tagOf(uid, 1));
    expect(tagOf('04a1b2c3d4e581', 1)).not.toBe(tagOf(uid, 1));
  });

  it('is not believed with one digit changed, of either kind', () => {
    for (const plain of [false, true]) {
      const uri = uriOf(sunMessage({ uid, keys, counter: 9, plain }));
      const start = uri.indexOf('?');
      for (let at = start; at < uri.length; at++) {
        const digit = uri.charAt(at);
        if (!/[0-9A-F]/.test(digit)) continue;
        const other = digit === '0' ? '1' : '0';
        expect(verify(uri.slice(0, at) + other + uri.slice(at + 1))?.ok, `character ${at}`).not.toBe(true);
      }
    }
  });

  it('is not believed with the keys of another event', () => {
    const uri = uriOf(sunMessage({ uid, keys, counter: 9 }));
    for (const other of [{ metaRead: keys.fileRead }, { fileRead: keys.metaRead }, { suffix: hex('00'.repeat(9)) }])
      expect(verify(uri, { ...keys, ...other })).toEqual({ ok: false, error: { type: 'signature-invalid' } });
  });

  it('in LRP mode has a reason of its own', () => {
    const uri = `https://x/?picc_data=${'07'.repeat(24)}&cmac=${'00'.repeat(8)}`;
    expect(verify(uri)).toEqual({ ok: false, error: { type: 'tag-unsupported' } });
  });

  it.each([
    ['too few digits', '?e=00&c=0011223344556677'],
    ['no digits', `?e=${'zz'.repeat(16)}&c=0011223344556677`],
    ['a CMAC that is too short', `?e=${'00'.repeat(16)}&c=001122`],
    ['a UID of four bytes', '?uid=04a1b2c3&ctr=000001&cmac=0011223344556677'],
    ['a counter of two bytes', '?uid=04a1b2c3d4e580&ctr=0001&cmac=0011223344556677'],
  ])('with %s is malformed', (_what, query) =>
    expect(verify(`https://x/${query}`)).toEqual({ ok: false, error: { type: 'malformed' } }),
  );

  it.each(['https://x/', 'https://x/?e=00', 'https://x/?cmac=00', 'https://x/?uid=04&cmac=00', '', '?', '?&&=&'])(
    '%s is none at all',
    (uri) => expect(parseSunUri(uri)).toBeUndefined(),
  );
});
