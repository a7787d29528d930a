// The order to forget everything: good for one gate and one start of it, and for nobody who is not the cloud.
import { beforeAll, expect, test } from 'vitest';
import fc from 'fast-check';
import {
  keyId,
  keyPairFromSeed,
  ready,
  signWipeOrder,
  verifyWipeOrder,
  type KeyPair,
  type WipeOrder,
} from '@postern/shared';

let feed: KeyPair;
beforeAll(async () => {
  await ready;
  feed = keyPairFromSeed(new Uint8Array(32).fill(1));
});
const order: WipeOrder = {
  gate: 'gate-a',
  order: '00112233445566778899aabbccddeeff',
  boot: '0011223344556677',
  askedAtMs: 1_790_000_000_000,
  sealKey: new Uint8Array(32).fill(7),
};
const keyOf = (id: string): Uint8Array | undefined => (id === keyId(feed.publicKey) ? feed.publicKey : undefined);

test('says what was signed, to the gate and the start that it names', () => {
  expect(verifyWipeOrder(signWipeOrder(order, feed), order, keyOf)).toEqual({ ok: true, value: order });
});

test('is refused by other gates, by later starts, and from other keys', () => {
  const signed = signWipeOrder(order, feed);
  expect(verifyWipeOrder(signed, { ...order, gate: 'gate-b' }, keyOf)).toMatchObject({
    error: { type: 'wipe-of-another-gate' },
  });
  expect(verifyWipeOrder(signed, { ...order, boot: 'ffffffffffffffff' }, keyOf)).toMatchObject({
    error: { type: 'wipe-of-another-gate' },
  });
  const other = keyPairFromSeed(new Uint8Array(32).fill(2));
  expect(verifyWipeOrder(signWipeOrder(order, other), order, keyOf)).toMatchObject({
    error: { type: 'wipe-key-unknown' },
  });
});

test('no changed byte goes through, and no bytes at all throw', () => {
  const signed = signWipeOrder(order, feed);
  fc.assert(
    fc.property(fc.nat(signed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const altered = Uint8Array.from(signed, (byte, index) => (index === at ? byte ^ change : byte));
      expect(verifyWipeOrder(altered, order, keyOf).ok).toBe(false);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => !verifyWipeOrder(bytes, order, keyOf).ok));
});
