// Goal: the bytes of each command, and nothing taken from an answer that its status and length do not vouch for.
import { describe, expect, test } from 'vitest';
import { bytesToHex, hexToBytes, ok } from '@postern/shared';
import {
  ask,
  getUid,
  readAnswer,
  readBinary,
  readPages,
  selectApplication,
  selectFile,
  updateBinary,
  writePage,
  type TagError,
} from '../../../../gate-agent/src/readers/nfc-apdu.ts';

const hex = (text: string): Uint8Array => hexToBytes(text) ?? new Uint8Array(0);

describe('commands', () => {
  test.each([
    ['the UID', getUid(), 'ffca000000'],
    ['16 bytes from page 4', readPages(4, 16), 'ffb0000410'],
    ['from a page beyond 255', readPages(0x0102, 16), 'ffb0010210'],
    ['write a page', writePage(5, hex('d1010c55')), 'ffd6000504d1010c55'],
    ['the NDEF application', selectApplication(hex('d2760000850101')), '00a4040007d276000085010100'],
    ['a file', selectFile(0xe104), '00a4000c02e104'],
    ['read a file', readBinary(0x0102, 59), '00b001023b'],
    ['write a file', updateBinary(2, hex('aabb')), '00d6000202aabb'],
  ] as const)('%s', (_what, command, expected) => expect(bytesToHex(command)).toBe(expected));
});

describe('answers', () => {
  const refused = (status: string): TagError => ({ type: 'tag-refused', status });
  test.each([
    ['4 bytes', '01020304 9000', ok(hex('01020304'))],
    ['too few', '010203 9000', { type: 'tag-malformed', cause: '3 bytes where 4 to 8 were asked for' }],
    ['too many', '010203040506070809 9000', { type: 'tag-malformed', cause: '9 bytes where 4 to 8 were asked for' }],
    ['no such file', '6a82', refused('6a82')],
    ['data with a warning', '01020304 6282', refused('6282')],
    ['half a status', '90', { type: 'tag-malformed', cause: 'an answer of 1 bytes' }],
    ['more than there can be', `${'00'.repeat(257)} 9000`, { type: 'tag-malformed', cause: 'an answer of 259 bytes' }],
    ['nothing, as of a tag that has left', '', { type: 'tag-gone' }],
  ] as const)('%s', (_what, answer, expected) => {
    const read = readAnswer(hex(answer.replaceAll(' ', '')), 4, 8);
    expect(read).toEqual('type' in expected ? { ok: false, error: expected } : expected);
  });

  test('a tag that is gone is gone, whatever was asked', async () => {
    const gone = { ok: false, error: { type: 'tag-gone' } } as const;
    expect(await ask(async () => gone, getUid(), {})).toEqual(gone);
  });
});
