// Who this phone is: one Ed25519 key that was made here, kept under a key of the browser that no script can read out, and what enrolment
// bought for it. Reading it back checks that key and certificate still belong together.
import {
  bytesToHex,
  err,
  keyPairFromSeed,
  laneConfigSchema,
  ok,
  seedBytes,
  type EnrolResponse,
  type KeyPair,
  type Random,
  type Result,
} from '@postern/shared';
import { z } from 'zod';
import { savedClockSchema, type SavedClock } from '../../clock-trust.ts';
import { identitySchema, type StoredIdentity } from '../../stored-identity.ts';
import type { DeviceDatabase } from './databases.ts';

const names = {
  wrapKey: 'wrap-key',
  deviceKey: 'device-key',
  identity: 'identity',
  lanes: 'lanes',
  clock: 'clock',
  revoked: 'revoked',
} as const;

const sealedPrefix = 'sealed-';
const sealedSeedSchema = z.object({ iv: z.instanceof(Uint8Array), sealed: z.instanceof(Uint8Array) });
const ivBytes = 12;
const algorithm = 'AES-GCM';

export interface PhoneIdentity extends StoredIdentity {
  readonly keys: KeyPair;
  readonly lanes: EnrolResponse['lanes'];
}

export type PhoneIdentityError =
  | { readonly type: 'not-enrolled' }
  | { readonly type: 'identity-damaged'; readonly cause: string };

/**
 * The device key, made and durably stored at the first call. Called again before an enrolment has succeeded it gives the same key, so that
 * a broken-off enrolment can simply be repeated.
 */
export async function openDeviceKey(
  database: DeviceDatabase,
  random: Random,
): Promise<Result<KeyPair, PhoneIdentityError>> {
  const [wrapKey, stored] = await Promise.all([
    database.get('kept', names.wrapKey),
    database.get('kept', names.deviceKey),
  ]);
  if (stored !== undefined) {
    const sealed = sealedSeedSchema.safeParse(stored);
    if (!sealed.success || !(wrapKey instanceof CryptoKey)) return damaged('the device key cannot be read');
    try {
      const { iv, sealed: bytes } = sealed.data;
      const seed = await crypto.subtle.decrypt({ name: algorithm, iv: own(iv) }, wrapKey, own(bytes));
      return seed.byteLength === seedBytes
        ? ok(keyPairFromSeed(new Uint8Array(seed)))
        : damaged('the device key has another length');
    } catch {
      // Web Crypto says no more than that.
      return damaged('the device key does not open');
    }
  }
  const seed = random(seedBytes);
  const iv = random(ivBytes);
  const fresh = await crypto.subtle.generateKey({ name: algorithm, length: 256 }, false, ['encrypt', 'decrypt']);
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: algorithm, iv: own(iv) }, fresh, own(seed)));
  await keep(database, { [names.wrapKey]: fresh, [names.deviceKey]: { iv, sealed } });
  return ok(keyPairFromSeed(seed));
}

/**
 * The key for another enrolment. One that can be read stays, with all that goes with it, until the enrolment has succeeded: a phone that could not
 * start may be a gate again at the next attempt. One that cannot proves nothing; marks that it has signed stay where they are.
 */
export async function renewDeviceKey(
  database: DeviceDatabase,
  random: Random,
): Promise<Result<KeyPair, PhoneIdentityError>> {
  const keys = await openDeviceKey(database, random);
  if (keys.ok) return keys;
  await forgetDevice(database);
  return openDeviceKey(database, random);
}

export async function loadPhoneIdentity(
  database: DeviceDatabase,
  random: Random,
): Promise<Result<PhoneIdentity, PhoneIdentityError>> {
  const [identity, lanes] = await Promise.all([
    database.get('kept', names.identity),
    database.get('kept', names.lanes),
  ]);
  if (identity === undefined) return err({ type: 'not-enrolled' });
  const parsed = identitySchema.safeParse(identity);
  if (!parsed.success) return damaged(parsed.error.issues[0]?.message ?? 'unreadable');
  const keys = await openDeviceKey(database, random);
  if (!keys.ok) return keys;
  if (bytesToHex(keys.value.publicKey) !== parsed.data.publicKey)
    return damaged('the certificate was made for another device key');
  const parsedLanes = z.array(laneConfigSchema).safeParse(lanes);
  return ok({ ...parsed.data, keys: keys.value, lanes: parsedLanes.success ? parsedLanes.data : [] });
}

/** From here on the phone counts as enrolled. */
export const savePhoneIdentity = (
  database: DeviceDatabase,
  identity: StoredIdentity,
  lanes: EnrolResponse['lanes'],
): Promise<void> => keep(database, { [names.identity]: identity, [names.lanes]: lanes });

/** What outlives the page of its clock: the floor below which no time is believed, and whether the phone's own clock was right. */
export interface PhoneClock {
  readonly saved: SavedClock;
  readonly wallIsRight: boolean;
}
const phoneClockSchema = z.object({ saved: savedClockSchema, wallIsRight: z.boolean() });

export async function loadPhoneClock(database: DeviceDatabase): Promise<PhoneClock | undefined> {
  const parsed = phoneClockSchema.safeParse(await database.get('kept', names.clock));
  return parsed.success ? parsed.data : undefined;
}
export const savePhoneClock = async (database: DeviceDatabase, clock: PhoneClock): Promise<void> =>
  void (await database.put('kept', clock, names.clock));

export interface PhoneRevoked {
  /** Unix ms. */
  readonly atMs: number;
  /** To which its marks are sealed; absent where the cloud has named none. */
  readonly sealKey?: Uint8Array | undefined;
  /** Its marks, for somebody to carry to the cloud; absent where there are none, or they are not sealed yet. */
  readonly sealed?: Uint8Array | undefined;
}
const revokedSchema = z.object({
  atMs: z.number(),
  sealKey: z.instanceof(Uint8Array).optional(),
  sealed: z.instanceof(Uint8Array).optional(),
});

/** Whoever damages the note gains nothing: it was written because the phone is revoked. */
export async function loadPhoneRevoked(database: DeviceDatabase): Promise<PhoneRevoked | undefined> {
  const stored = await database.get('kept', names.revoked);
  if (stored === undefined) return undefined;
  const parsed = revokedSchema.safeParse(stored);
  return parsed.success ? parsed.data : { atMs: 0 };
}
export const savePhoneRevoked = (database: DeviceDatabase, revoked: PhoneRevoked): Promise<void> =>
  keep(database, { [names.revoked]: revoked });

/** Everything but the note that it was revoked and what is for the cloud: key, unless that stays, identity, list, clock. */
export async function forgetDevice(database: DeviceDatabase, keyStays = false): Promise<void> {
  const transaction = database.transaction(['kept', 'file'], 'readwrite', { durability: 'strict' });
  const kept = transaction.objectStore('kept');
  const forgetting: Promise<unknown>[] = [transaction.objectStore('file').clear()];
  for (const name of await kept.getAllKeys())
    if (name !== names.revoked && !name.startsWith(sealedPrefix) && !(keyStays && isOfKey(name)))
      forgetting.push(kept.delete(name));
  await Promise.all([...forgetting, transaction.done]);
}

const isOfKey = (name: string): boolean => name === names.wrapKey || name === names.deviceKey;

/** Another enrolment makes a gate of it again; what is sealed stays until somebody has carried it to the cloud. */
export async function forgetRevoked(database: DeviceDatabase): Promise<void> {
  const revoked = await loadPhoneRevoked(database);
  if (revoked?.sealed !== undefined) await keep(database, { [`${sealedPrefix}${revoked.atMs}`]: revoked.sealed });
  await database.delete('kept', names.revoked);
}

/** Marks of gates that this phone has been, sealed to the cloud. */
export async function loadSealedMarks(database: DeviceDatabase): Promise<readonly Uint8Array[]> {
  const range = IDBKeyRange.bound(sealedPrefix, `${sealedPrefix}\uffff`);
  const earlier = (await database.getAll('kept', range)).filter((value) => value instanceof Uint8Array);
  const last = (await loadPhoneRevoked(database))?.sealed;
  return last === undefined ? earlier : [...earlier, last];
}

async function keep(database: DeviceDatabase, values: Readonly<Record<string, unknown>>): Promise<void> {
  const transaction = database.transaction('kept', 'readwrite', { durability: 'strict' });
  await Promise.all([
    ...Object.entries(values).map(([name, value]) => transaction.store.put(value, name)),
    transaction.done,
  ]);
}

/** Web Crypto takes bytes that own their buffer. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);
const damaged = (cause: string): Result<never, PhoneIdentityError> => err({ type: 'identity-damaged', cause });
