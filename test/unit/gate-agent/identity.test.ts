import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesToHex, keyPairFromSeed, ready } from '@postern/shared';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  identityFolder,
  isDeviceKeyExposed,
  loadIdentity,
  openDeviceKey,
  pemToSeed,
  saveIdentity,
  seedToPem,
} from '../../../gate-agent/src/identity.ts';
import type { StoredIdentity } from '../../../gate-agent/src/stored-identity.ts';

let data = '';
beforeAll(() => ready);
beforeEach(() => (data = mkdtempSync(join(tmpdir(), 'identity-'))));
afterEach(() => rmSync(data, { recursive: true, force: true }));

const random = (byte: number) => (bytes: number) => new Uint8Array(bytes).fill(byte);
const keyPath = (): string => join(identityFolder(data), 'device-key.pem');
const stored = (publicKey: string): StoredIdentity => ({
  v: 1,
  gate: { id: 'gate-a', name: 'Gate A', zone: 'arena' },
  event: { id: 1, name: 'Night' },
  cloud: 'http://127.0.0.1',
  publicKey,
  certificate: 'AAAA',
  ca: 'AAAA',
  feedKeys: [{ use: 'feed', keyId: '00'.repeat(8), publicKey: '00'.repeat(32), state: 'active' }],
});

describe('the device key', () => {
  test('is made once, readable by its owner alone, and stays the same', async () => {
    const first = await openDeviceKey(data, random(7));
    const again = await openDeviceKey(data, random(8));
    expect(again).toEqual(first);
    expect(statSync(keyPath()).mode & 0o777).toBe(0o600);
    expect(await isDeviceKeyExposed(data)).toBe(false);
  });

  test('that others can read is noticed, and closed again when it is opened', async () => {
    await openDeviceKey(data, random(7));
    chmodSync(keyPath(), 0o644);
    expect(await isDeviceKeyExposed(data)).toBe(true);
    await openDeviceKey(data, random(7));
    expect(await isDeviceKeyExposed(data)).toBe(false);
  });

  test('is a PKCS #8 file that other programs read as the same key', () => {
    const seed = random(9)(32);
    const jwk = createPublicKey(createPrivateKey(seedToPem(seed))).export({ format: 'jwk' });
    expect(Buffer.from(String(jwk.x), 'base64url').toString('hex')).toBe(bytesToHex(keyPairFromSeed(seed).publicKey));
    expect(pemToSeed(seedToPem(seed))).toEqual(seed);
  });

  test.each(['', 'hello', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'])(
    'damaged to %j is said so and never replaced',
    async (text) => {
      await openDeviceKey(data, random(7));
      writeFileSync(keyPath(), text);
      expect(await openDeviceKey(data, random(8))).toMatchObject({ ok: false, error: { type: 'identity-damaged' } });
    },
  );
});

describe('an identity', () => {
  test('is not there before enrolment', async () => {
    expect(await loadIdentity(data)).toMatchObject({ ok: false, error: { type: 'not-enrolled' } });
    await openDeviceKey(data, random(7));
    expect(await loadIdentity(data)).toMatchObject({ ok: false, error: { type: 'not-enrolled' } });
  });

  test('comes back whole', async () => {
    await openDeviceKey(data, random(7));
    await saveIdentity(data, stored(bytesToHex(keyPairFromSeed(random(7)(32)).publicKey)));
    expect(await loadIdentity(data)).toMatchObject({
      ok: true,
      value: { gate: { id: 'gate-a' }, keys: keyPairFromSeed(random(7)(32)) },
    });
  });

  test('of another device key is refused', async () => {
    await openDeviceKey(data, random(7));
    await saveIdentity(data, stored('ab'.repeat(32)));
    expect(await loadIdentity(data)).toMatchObject({ ok: false, error: { type: 'identity-damaged' } });
  });

  test('that was cut off is refused', async () => {
    await openDeviceKey(data, random(7));
    await saveIdentity(data, stored('ab'.repeat(32)));
    writeFileSync(join(identityFolder(data), 'identity.json'), '{"v":1,"gate"');
    expect(await loadIdentity(data)).toMatchObject({ ok: false, error: { type: 'identity-damaged' } });
  });
});
