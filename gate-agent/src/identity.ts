// Who this gate is: one Ed25519 key made here and never leaving the data folder, the certificate that a one-time code bought for
// it, the deployment's CA and the feed's keys. Reading it back checks that key and certificate still belong together.
import { chmod, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  bytesToHex,
  err,
  keyPairFromSeed,
  ok,
  pkcs8Prefix,
  seedBytes,
  type KeyPair,
  type Random,
  type Result,
} from '@postern/shared';
import { writeFileDurably } from './clock-file.ts';
import { identitySchema, type StoredIdentity } from './stored-identity.ts';

const fileBytesMax = 256 * 1024;
const keyFile = 'device-key.pem';
const identityFile = 'identity.json';

export interface Identity extends StoredIdentity {
  readonly keys: KeyPair;
  /** The private key as PEM, for TLS. Never logged. */
  readonly keyPem: string;
}

export type IdentityError =
  | { readonly type: 'not-enrolled'; readonly folder: string }
  | { readonly type: 'identity-damaged'; readonly cause: string };

export const identityFolder = (dataFolder: string): string => join(dataFolder, 'identity');

/** PKCS #8 PEM of an Ed25519 seed. */
export function seedToPem(seed: Uint8Array): string {
  const der = Buffer.concat([pkcs8Prefix, seed]);
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
}

/** The seed of what `seedToPem` made; undefined for anything else. */
export function pemToSeed(pem: string): Uint8Array | undefined {
  const body = /^-----BEGIN PRIVATE KEY-----\n([A-Za-z0-9+/=\n]+)-----END PRIVATE KEY-----\s*$/.exec(pem)?.[1];
  if (body === undefined) return undefined;
  const der = new Uint8Array(Buffer.from(body, 'base64'));
  const prefixed =
    der.length === pkcs8Prefix.length + seedBytes && pkcs8Prefix.every((byte, index) => der[index] === byte);
  return prefixed ? der.slice(pkcs8Prefix.length) : undefined;
}

/**
 * The device key, made and durably stored (0600) at the first call. Called again before an enrolment has succeeded it gives the
 * same key, so that a broken-off enrolment can simply be repeated.
 */
export async function openDeviceKey(
  dataFolder: string,
  random: Random,
): Promise<Result<{ readonly keys: KeyPair; readonly keyPem: string }, IdentityError>> {
  const folder = identityFolder(dataFolder);
  const path = join(folder, keyFile);
  const before = await readText(path);
  if (before !== undefined) {
    const seed = pemToSeed(before);
    if (seed === undefined)
      return err({
        type: 'identity-damaged',
        cause: `${path} is not a device key; restore it, or delete the folder and enrol again`,
      });
    await chmod(path, 0o600);
    return ok({ keys: keyPairFromSeed(seed), keyPem: before });
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const seed = random(seedBytes);
  const keyPem = seedToPem(seed);
  await writeFileDurably(path, keyPem, 0o600);
  return ok({ keys: keyPairFromSeed(seed), keyPem });
}

export async function saveIdentity(dataFolder: string, identity: StoredIdentity): Promise<void> {
  await writeFileDurably(
    join(identityFolder(dataFolder), identityFile),
    `${JSON.stringify(identity, null, 2)}\n`,
    0o600,
  );
}

/** `not-enrolled` when there is nothing yet, `identity-damaged` when what is there does not fit together. */
export async function loadIdentity(dataFolder: string): Promise<Result<Identity, IdentityError>> {
  const folder = identityFolder(dataFolder);
  const [keyPem, text] = await Promise.all([readText(join(folder, keyFile)), readText(join(folder, identityFile))]);
  if (keyPem === undefined || text === undefined) return err({ type: 'not-enrolled', folder });
  const seed = pemToSeed(keyPem);
  if (seed === undefined)
    return err({ type: 'identity-damaged', cause: `${join(folder, keyFile)} is not a device key` });
  const parsed = identitySchema.safeParse(parseJson(text));
  if (!parsed.success)
    return err({
      type: 'identity-damaged',
      cause: `${join(folder, identityFile)}: ${parsed.error.issues[0]?.message ?? 'unreadable'}`,
    });
  const keys = keyPairFromSeed(seed);
  if (bytesToHex(keys.publicKey) !== parsed.data.publicKey)
    return err({ type: 'identity-damaged', cause: 'the certificate was made for another device key' });
  return ok({ ...parsed.data, keys, keyPem });
}

/** For good: this machine can prove nothing any more, and joins again as another gate. */
export const forgetDeviceKey = (dataFolder: string): Promise<void> =>
  rm(join(identityFolder(dataFolder), keyFile), { force: true });

/** Whether others than the owner could read the device key; undefined when there is none. */
export async function isDeviceKeyExposed(dataFolder: string): Promise<boolean | undefined> {
  try {
    return ((await stat(join(identityFolder(dataFolder), keyFile))).mode & 0o077) !== 0;
  } catch {
    // No key yet: nothing to expose.
    return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    return text.length <= fileBytesMax ? text : undefined;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses undefined, which is the one answer to every damaged file.
    return undefined;
  }
}
