// Goal: the key of a phone is made once, lies nowhere in the clear, and is not believed together with somebody else's certificate.
import 'fake-indexeddb/auto';
import { beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { bytesToHex, keyPairFromSeed, ready } from '@postern/shared';
import { openDeviceDatabase, type DeviceDatabase } from '../../../../gate-agent/src/handheld/core/databases.ts';
import {
  forgetDevice,
  forgetRevoked,
  loadPhoneIdentity,
  loadPhoneRevoked,
  loadSealedMarks,
  openDeviceKey,
  renewDeviceKey,
  savePhoneIdentity,
  savePhoneRevoked,
} from '../../../../gate-agent/src/handheld/core/device.ts';
import { announce, feedKeys } from '../../../../scripts/lib/build-feed.ts';

const seed = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
/** Gives the same seed as often as one is wanted: a second key could not be told from the first. */
const random = (bytes: number): Uint8Array => seed.slice(0, bytes);

beforeAll(() => ready);
let devices = 0;
let database: DeviceDatabase;
beforeEach(async () => {
  database = await openDeviceDatabase(`device-${++devices}`);
  onTestFinished(() => database.close());
});

const publicKey = (): string => bytesToHex(keyPairFromSeed(seed).publicKey);
const enrol = (key: string): Promise<void> =>
  savePhoneIdentity(
    database,
    {
      v: 1,
      gate: { id: 'hand', name: 'Handheld', zone: 'main' },
      event: { id: 7, name: 'Night' },
      cloud: 'https://cloud.test',
      publicKey: key,
      certificate: 'AAAA',
      ca: 'AAAA',
      feedKeys: [announce(feedKeys('a'), 'active')],
    },
    [],
  );

test('asked again it is the same key, with whatever chance there is then', async () => {
  const first = await openDeviceKey(database, random);
  const again = await openDeviceKey(database, (bytes) => new Uint8Array(bytes).fill(9));
  expect(first).toMatchObject({ ok: true });
  expect(again).toEqual(first);
});

test('what is stored neither is the key nor gives the one that opens it', async () => {
  await openDeviceKey(database, random);
  const stored = await database.getAll('kept');
  const bytes = stored.flatMap((value) =>
    typeof value === 'object' && value !== null
      ? Object.values(value).filter((part) => part instanceof Uint8Array)
      : [],
  );
  expect(bytes.length).toBeGreaterThan(0);
  for (const part of bytes) expect(bytesToHex(part)).not.toContain(bytesToHex(seed));
  const keys = stored.filter((value) => value instanceof CryptoKey);
  expect(keys).toHaveLength(1);
  for (const key of keys) await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow('not extractable');
});

test('before it is enrolled it is nobody, afterwards who the cloud has said', async () => {
  expect(await loadPhoneIdentity(database, random)).toEqual({ ok: false, error: { type: 'not-enrolled' } });
  await openDeviceKey(database, random);
  await enrol(publicKey());
  expect(await loadPhoneIdentity(database, random)).toMatchObject({ ok: true, value: { gate: { id: 'hand' } } });
});

test('a key that was altered, or a certificate for another one, makes no gate', async () => {
  await openDeviceKey(database, random);
  await enrol('00'.repeat(32));
  expect(await loadPhoneIdentity(database, random)).toMatchObject({ ok: false, error: { type: 'identity-damaged' } });
  await enrol(publicKey());
  await database.put('kept', { iv: new Uint8Array(12), sealed: new Uint8Array(48) }, 'device-key');
  expect(await loadPhoneIdentity(database, random)).toMatchObject({ ok: false, error: { type: 'identity-damaged' } });
});

test('an attempt to enrol again costs no gate its key, unless nobody can read that any more', async () => {
  await openDeviceKey(database, random);
  await enrol(publicKey());
  const other = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(9);
  expect(await renewDeviceKey(database, other)).toEqual({ ok: true, value: keyPairFromSeed(seed) });
  expect(await loadPhoneIdentity(database, random)).toMatchObject({ ok: true, value: { gate: { id: 'hand' } } });
  await database.put('kept', { iv: new Uint8Array(12), sealed: new Uint8Array(48) }, 'device-key');
  expect(await renewDeviceKey(database, other)).toEqual({ ok: true, value: keyPairFromSeed(other(32)) });
  expect(await loadPhoneIdentity(database, random)).toEqual({ ok: false, error: { type: 'not-enrolled' } });
});

test('what it was before goes with its key staying, where the cloud has made another gate of it', async () => {
  await openDeviceKey(database, random);
  await enrol(publicKey());
  await forgetDevice(database, true);
  expect((await database.getAllKeys('kept')).toSorted()).toEqual(['device-key', 'wrap-key']);
});

test('a phone that forgets keeps nothing but the note why', async () => {
  await openDeviceKey(database, random);
  await enrol(publicKey());
  await savePhoneRevoked(database, { atMs: 5, sealed: Uint8Array.of(1, 2) });
  await forgetDevice(database);
  expect(await database.getAllKeys('kept')).toEqual(['revoked']);
  expect(await loadPhoneRevoked(database)).toEqual({ atMs: 5, sealed: Uint8Array.of(1, 2) });
});

test('what is sealed for the cloud outlives the next enrolment, and the next time that everything is forgotten', async () => {
  await savePhoneRevoked(database, { atMs: 5, sealed: Uint8Array.of(1, 2) });
  await forgetRevoked(database);
  expect(await loadPhoneRevoked(database)).toBeUndefined();
  await openDeviceKey(database, random);
  await savePhoneRevoked(database, { atMs: 9, sealed: Uint8Array.of(3) });
  await forgetDevice(database);
  expect(await loadSealedMarks(database)).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3)]);
});
