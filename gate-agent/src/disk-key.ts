// The key that seals this gate's databases: where it lies, and whether it is the one with which they were sealed. `sealed.json` in the
// data folder says that by a fingerprint, so that a wrong key is one clear complaint and never looks like a damaged disk.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesToHex, err, ok, type Random, type Result } from '@postern/shared';
import { z } from 'zod';
import { writeFileDurably } from './clock-file.ts';
import type { DiskKey } from './store/database.ts';

/** As a credential of systemd, and beside the gate's identity. */
const keyName = 'disk-key';
const keyBytes = 32;
const keyFileBytesMax = 1_024;
const sealedSchema = z.object({ v: z.literal(1), fingerprint: z.string().regex(/^[0-9a-f]{32}$/) });

export interface DiskKeyPlaces {
  readonly data: string;
  /** Named in gate.toml: then nothing else is looked at. */
  readonly keyFile: string | undefined;
  /** Folders of systemd's credentials, the first one before the data folder, the others after it. */
  readonly credentials: readonly (string | undefined)[];
}

export interface FoundDiskKey {
  readonly key: DiskKey | undefined;
  /** The file it came from. */
  readonly from: string | undefined;
  /** Whether this folder's databases have been sealed with it, or are being so. */
  readonly sealed: boolean;
}

export interface DiskKeyError {
  readonly type: 'disk-key-missing' | 'disk-key-wrong' | 'disk-key-unreadable';
  /** One sentence that says what to do. */
  readonly cause: string;
}

export const diskKeyPath = (data: string): string => join(data, 'identity', keyName);
const sealedPath = (data: string): string => join(data, 'sealed.json');

/** No key is an error only where the databases are sealed, or gate.toml names one. */
export function findDiskKey(places: DiskKeyPlaces): Result<FoundDiskKey, DiskKeyError> {
  const { data, keyFile } = places;
  const [first, ...others] = places.credentials.map((folder) =>
    folder === undefined ? undefined : join(folder, keyName),
  );
  const candidates = keyFile === undefined ? [first, diskKeyPath(data), ...others] : [keyFile];
  const fingerprint = readFingerprint(data);
  for (const from of candidates) {
    const text = from === undefined ? undefined : readKeyText(from);
    // Another gate's credentials on the same machine are none of ours.
    if (from === undefined || text === undefined || (text === '' && others.includes(from))) continue;
    const key = text.trim().toLowerCase();
    if (!/^[0-9a-f]{64}$/.test(key))
      return err({
        type: 'disk-key-unreadable',
        cause: `${from} cannot be read, or is not a disk key (${keyBytes * 2} hexadecimal digits); correct its owner, or bring the right file back`,
      });
    if (fingerprint !== undefined && fingerprint !== '' && fingerprint !== fingerprintOf(key))
      return err({
        type: 'disk-key-wrong',
        cause: `${from} is not the key that sealed the databases in ${data}; ${bring}`,
      });
    return ok({ key, from, sealed: fingerprint !== undefined });
  }
  if (fingerprint !== undefined)
    return err({
      type: 'disk-key-missing',
      cause: `the databases in ${data} are sealed, and their key is not here (looked at: ${candidates.filter((path) => path !== undefined).join(', ')}); ${bring}`,
    });
  return keyFile === undefined
    ? ok({ key: undefined, from: undefined, sealed: false })
    : err({
        type: 'disk-key-missing',
        cause: `${keyFile} (disk.keyFile) is not there; bring it, or take the line out`,
      });
}

const bring =
  'bring the right key back (as systemd gives it, only the running agent has it: start it); if it is lost for good, enrol a new gate in another folder: what lies here cannot be opened any more';

/** Notes durably with which key the databases are sealed from now on. */
export async function noteSealed(data: string, key: DiskKey): Promise<void> {
  await writeFileDurably(sealedPath(data), `${JSON.stringify({ v: 1, fingerprint: fingerprintOf(key) })}\n`, 0o600);
}

/** A key beside the identity, where there is none; the next start seals with it. */
export async function makeDiskKey(data: string, random: Random): Promise<void> {
  await writeFileDurably(diskKeyPath(data), `${bytesToHex(random(keyBytes))}\n`, 0o600);
}

/** When everything that it opened is gone: what is left of that in unused blocks opens no more. A key of systemd's is somebody else's to take away. */
export async function replaceDiskKey(data: string, random: Random): Promise<void> {
  await rm(sealedPath(data), { force: true });
  if (readKeyText(diskKeyPath(data)) === undefined) return;
  const file = await open(diskKeyPath(data), 'r+');
  try {
    // In place, as far as a card does that.
    await file.write(bytesToHex(random(keyBytes)), 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The key is random, so this tells nothing of it. */
const fingerprintOf = (key: DiskKey): string =>
  createHmac('sha256', Buffer.from(key, 'hex')).update('postern-disk-key-v1').digest('hex').slice(0, 32);

/** Undefined where nothing is sealed; empty where it cannot be told with which key. */
function readFingerprint(data: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(sealedPath(data), 'utf8');
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw cause;
  }
  try {
    return sealedSchema.parse(JSON.parse(text)).fingerprint;
  } catch {
    // Damaged: the databases are sealed, and whether a key fits they say themselves.
    return '';
  }
}

/** Undefined where there is no such file; empty where it may not be read. */
function readKeyText(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    return text.length > keyFileBytesMax ? '' : text;
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    return '';
  }
}

const isMissing = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
