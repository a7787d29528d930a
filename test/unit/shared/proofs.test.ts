// Goal: an event's combinations of proofs are met by exactly the proofs that meet them, each proof counting once.
import { joinMethods, methodsOf, unknownMembers, weighProofs } from '@postern/shared';
import { describe, expect, it, test } from 'vitest';

const qr = { method: 'qr', assurance: 'signed' } as const;
const code = { method: 'code', assurance: 'looked-up' } as const;
const band = { method: 'nfc', assurance: 'looked-up' } as const;
const phone = { method: 'dynamic', assurance: 'challenged' } as const;

describe('weighing proofs', () => {
  it('any one is enough where an event asks for nothing', () => {
    expect(weighProofs([], [code])).toBe('enough');
  });

  it.each([
    ['one signed, or two looked up', [['signed'], ['looked-up', 'looked-up']], [qr], 'enough'],
    ['one signed, or two looked up', [['signed'], ['looked-up', 'looked-up']], [phone], 'enough'],
    ['one signed, or two looked up', [['signed'], ['looked-up', 'looked-up']], [code], 'more'],
    ['one signed, or two looked up', [['signed'], ['looked-up', 'looked-up']], [code, band], 'enough'],
    ['one signed, or two looked up', [['signed'], ['looked-up', 'looked-up']], [code, code], 'more'],
    ['a method by name', [['nfc']], [code], 'never'],
    ['a method by name', [['nfc']], [code, band], 'enough'],
    ['a code and a band', [['code', 'nfc']], [band], 'more'],
    ['a code and a band', [['code', 'nfc']], [band, qr], 'more'],
    ['a code and a band', [['code', 'nfc']], [band, code], 'enough'],
    // The signed one is the only one for the second member: the first has to be met by the other.
    ['any and a signed one', [['looked-up', 'signed']], [qr, code], 'enough'],
    ['any and a signed one', [['looked-up', 'signed']], [code, band], 'more'],
    ['three', [['code', 'nfc', 'challenged']], [phone, band, code], 'enough'],
  ] as const)('%s: %j of %j is %s', (_what, rules, proofs, expected) => {
    expect(weighProofs(rules as never, proofs)).toBe(expected);
  });
});

test('members that are no method and no assurance are named', () => {
  expect(unknownMembers([['signed'], ['qr', 'palm']], ['qr', 'code'])).toEqual(['palm']);
});

test('a mark names every method', () => {
  expect(methodsOf(joinMethods([code, band]))).toEqual(['code', 'nfc']);
  expect(methodsOf(joinMethods([qr]))).toEqual(['qr']);
});
