import { scryptSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { derivePinInSlices } from '@postern/shared';
import { createPinCheck } from '../../../gate-agent/src/pin.ts';

const salt = '0123456789abcdef0123456789abcdef';
const member = (operator: string, pin: string, role: 'steward' | 'supervisor') => ({
  operator,
  role,
  salt,
  pinHash: scryptSync(pin, Buffer.from(salt, 'hex'), 32, { N: 16_384, r: 8, p: 1 }).toString('hex'),
});
const staff = [member('abcdefgh', '4711', 'supervisor'), member('ijklmnop', '0815', 'steward')];

test('the right PIN gives the role of exactly that operator', async () => {
  const check = createPinCheck(() => staff, derivePinInSlices);
  expect(await check('abcdefgh', '4711')).toBe('supervisor');
  expect(await check('ijklmnop', '0815')).toBe('steward');
  expect(await check('abcdefgh', '0815')).toBeUndefined();
});

test('nobody has a PIN, not even an empty one', async () => {
  const check = createPinCheck(() => staff, derivePinInSlices);
  for (const pin of ['', '4711', '0000']) expect(await check('nobody00', pin)).toBeUndefined();
});

test('a new feed counts at once, also for somebody who has left', async () => {
  let present: readonly (typeof staff)[number][] = staff;
  const check = createPinCheck(() => present, derivePinInSlices);
  present = [];
  expect(await check('abcdefgh', '4711')).toBeUndefined();
});

test('many checks at once all get their answer', async () => {
  const check = createPinCheck(() => staff, derivePinInSlices);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => check('abcdefgh', index % 2 === 0 ? '4711' : '9999')),
  );
  expect(answers.filter((role) => role === 'supervisor')).toHaveLength(4);
});
