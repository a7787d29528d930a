// Goal: what we write is what everybody reads, and nothing that a tag says makes us read beyond it.
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  decodeNdef,
  encodeNdef,
  hexToBytes,
  ndefExternal,
  ndefRecordsMax,
  ndefUri,
  ndefUriRecord,
  ndefWellKnown,
  utf8,
  type NdefRecord,
} from '@postern/shared';

const hex = (text: string): Uint8Array => hexToBytes(text.replaceAll(' ', '')) ?? new Uint8Array(0);
const causeOf = (text: string): string => {
  const decoded = decodeNdef(hex(text));
  return decoded.ok ? 'decoded' : decoded.error.cause;
};

const anyRecord: fc.Arbitrary<NdefRecord> = fc.record({
  format: fc.constantFrom(ndefWellKnown, 2, 3, ndefExternal),
  type: fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 20 }),
  payload: fc.uint8Array({ maxLength: 300 }),
});

describe('an NDEF message', () => {
  it('reads as it was written, whatever its records', () =>
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 3 }), (records) => {
        expect(decodeNdef(encodeNdef(records))).toEqual({ ok: true, value: records });
      }),
    ));

  it('has the bytes of NFC Forum’s own example of a web address', () => {
    const message = hex('d1 01 08 55 01 6e 66 63 2e 63 6f 6d');
    const decoded = decodeNdef(message);
    expect(decoded.ok && decoded.value.map(ndefUri)).toEqual(['http://www.nfc.com']);
    expect(encodeNdef([{ format: ndefWellKnown, type: 'U', payload: message.slice(4) }])).toEqual(message);
  });

  it('may have a record with an id, and a length of four bytes', () => {
    expect(decodeNdef(hex('dc 01 01 02 58 69 64 aa'))).toEqual({
      ok: true,
      value: [{ format: ndefExternal, type: 'X', payload: hex('aa') }],
    });
    expect(decodeNdef(hex('c4 01 00000001 58 aa'))).toMatchObject({ ok: true, value: [{ type: 'X' }] });
  });

  it.each([
    ['nothing at all', '', 'a record without a header'],
    ['half a header', 'd1', 'a record without a header'],
    ['a header that is cut off', 'c1 01 00 00', 'a header that is cut off'],
    ['a payload that is cut off', 'd1 01 05 55 03 61', 'a record that says to be longer than its message'],
    ['4 GB of payload', 'c1 01 ff ff ff ff 55', 'a record that says to be longer than its message'],
    ['a type that is cut off', 'd4 ff 00 58', 'a record that says to be longer than its message'],
    ['an id that is cut off', 'dc 01 00 ff 58', 'a record that says to be longer than its message'],
    ['bytes behind the last record', 'd0 00 00 00', 'bytes behind the last record'],
    ['no last record', '90 00 00', 'a record without a header'],
    ['two first records', '90 00 00 d0 00 00', 'a record in the wrong place'],
    ['no first record', '50 00 00', 'a record in the wrong place'],
    ['chunks', 'b1 01 01 55 03 56 00 01 61', 'a record in chunks'],
    ['a chunk without a beginning', 'd6 00 01 61', 'a record in chunks'],
    ['the reserved form', 'd7 00 00', 'a record of a reserved form'],
    ['an empty record with a type', 'd0 01 00 55', 'an empty record that is not empty'],
    ['an unknown type with a name', 'd5 01 00 55', 'an unknown type that has a name'],
  ])('with %s is malformed', (_what, text, cause) => expect(causeOf(text)).toBe(cause));

  it('has at most 16 records and 1,024 bytes', () => {
    const empty = (flags: number): number[] => [flags, 0, 0];
    const records = (count: number): Uint8Array =>
      Uint8Array.from([...empty(0x90), ...Array.from({ length: count - 2 }, () => empty(0x10)).flat(), ...empty(0x50)]);
    expect(decodeNdef(records(ndefRecordsMax)).ok).toBe(true);
    expect(decodeNdef(records(ndefRecordsMax + 1)).ok).toBe(false);
    expect(decodeNdef(new Uint8Array(1_025)).ok).toBe(false);
  });
});

describe('a web address', () => {
  it('is abbreviated where it begins with https, and reads as it was', () => {
    for (const uri of ['https://example.org/t?a=1', 'http://example.org', 'tel:1'])
      expect(ndefUri(ndefUriRecord(uri))).toBe(uri);
    expect(ndefUriRecord('https://a').payload).toEqual(Uint8Array.of(4, 0x61));
  });

  it.each([
    ['a telephone number', { format: ndefWellKnown, type: 'U', payload: utf8('\u0005123') }],
    ['a text', { format: ndefWellKnown, type: 'T', payload: utf8('\u0002enhi') }],
    ['nothing', { format: ndefWellKnown, type: 'U', payload: new Uint8Array(0) }],
  ])('is not %s', (_what, record) => expect(ndefUri(record)).toBeUndefined());
});
