// Unpacks a downloaded snapshot into the file that the gate keeps. Where the disk is sealed its rows go into a sealed file, and up to
// `imageBytesMax` nothing of it is on the disk unsealed even for a moment; a larger one is, until it has been sealed.
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import {
  languageColumnSql,
  ok,
  snapshotPageBytes,
  snapshotTablesSql,
  tokenTable,
  tokenTableSql,
  type FeedError,
  type FileReference,
  type Manifest,
  type Result,
} from '@postern/shared';
import { attachSealed, openUnsealed, type Database, type DiskKey } from './database.ts';
import { breathe } from './feed-deltas.ts';
import { hasLanguages, hasTokens, openChecked, referenceOf, syncPath, unpackSnapshot } from './feed-file.ts';

/** Downloads and snapshots up to this are held in memory while they are sealed: about two million tickets. */
export const imageBytesMax = 64 * 1024 * 1024;
/** Copied at a time; between two pages scans have their turn. */
const pageRows = 1_000;

export interface UnpackOptions {
  /** Its path or its bytes, whose size and hash were right. */
  readonly download: string | Uint8Array;
  readonly manifest: Manifest;
  readonly key: DiskKey | undefined;
  readonly signal: AbortSignal;
}

/** What has been written to `path`, durably; on an error a part of it may be left there. */
export async function unpackInto(path: string, options: UnpackOptions): Promise<Result<FileReference, FeedError>> {
  const { download, manifest, key, signal } = options;
  const expected = manifest.snapshot.database;
  if (key !== undefined) return unpackSealed(path, { ...options, key });
  const unpacked = await unpackSnapshot(download, createWriteStream(path), expected, signal);
  if (!unpacked.ok) return unpacked;
  await syncPath(path);
  return ok(expected);
}

async function unpackSealed(
  path: string,
  { download, manifest, key, signal }: UnpackOptions & { readonly key: DiskKey },
): Promise<Result<FileReference, FeedError>> {
  const expected = manifest.snapshot.database;
  const plainPath = `${path}.plain`;
  try {
    const image = expected.bytes <= imageBytesMax ? Buffer.alloc(expected.bytes) : undefined;
    const sink = image === undefined ? createWriteStream(plainPath) : intoMemory(image);
    const unpacked = await unpackSnapshot(download, sink, expected, signal);
    if (!unpacked.ok) return unpacked;
    return await sealSnapshot(image ?? plainPath, path, { manifest, key, signal });
  } finally {
    await rm(plainPath, { force: true });
  }
}

/** Copies an unsealed snapshot, once it is known to be the one that the manifest means, into a sealed file. */
export async function sealSnapshot(
  unsealed: string | Buffer,
  path: string,
  { manifest, key, signal }: Omit<UnpackOptions, 'download'> & { readonly key: DiskKey },
): Promise<Result<FileReference, FeedError>> {
  const plain = openChecked(() => openUnsealed(unsealed), manifest);
  if (!plain.ok) return plain;
  try {
    await rm(path, { force: true });
    attachSealed(plain.value, path, key, snapshotPageBytes);
    const tokens = hasTokens(plain.value);
    const tablesSql = [
      snapshotTablesSql,
      ...(hasLanguages(plain.value) ? [languageColumnSql] : []),
      ...(tokens ? [tokenTableSql] : []),
    ].join('');
    plain.value.exec(tablesSql.replaceAll(/(CREATE|ALTER) TABLE /g, '$1 TABLE sealed.'));
    plain.value.exec('INSERT INTO sealed.meta SELECT * FROM main.meta');
    await copyRows(plain.value, 'ticket', 'key', signal);
    await copyRows(plain.value, 'code', 'hash', signal);
    if (tokens) await copyRows(plain.value, tokenTable, 'key', signal);
  } finally {
    plain.value.close();
  }
  await syncPath(path);
  return ok(await referenceOf(path, signal));
}

async function copyRows(database: Database, table: string, key: string, signal: AbortSignal): Promise<void> {
  const copy = database.prepare(
    `INSERT INTO sealed.${table} SELECT * FROM main.${table} WHERE ${key} > ? ORDER BY ${key} LIMIT ${pageRows}`,
  );
  const last = database.prepare(`SELECT max(${key}) FROM sealed.${table}`).pluck();
  let after: unknown = Buffer.alloc(0);
  while (copy.run(after).changes > 0) {
    after = last.get();
    await breathe();
    signal.throwIfAborted();
  }
}

/** As much as there is room for; more than that the hash has refused already. */
function intoMemory(image: Buffer): Writable {
  let at = 0;
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      at += chunk.copy(image, at);
      done();
    },
  });
}
