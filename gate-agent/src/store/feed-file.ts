// One downloaded snapshot on its way into use: size and SHA-256 are right before it is opened, unpacking stops at the signed size,
// and the unpacked file has its signed SHA-256 and says inside which event and version it is. Everything streams: memory stays
// small whatever the file claims to be.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { err, ok, tokenTable, type FeedError, type FileReference, type Manifest, type Result } from '@postern/shared';
import { snapshotProblem } from '../feed-store.ts';
import { openDatabase, type Database, type DiskKey } from './database.ts';

const chunkBytes = 1024 * 1024;

/** Bytes and hash of a download (a file, or its bytes), against what the manifest signed. */
export async function checkFile(
  download: string | Uint8Array,
  expected: FileReference,
  what: 'snapshot' | 'delta',
  signal: AbortSignal,
): Promise<Result<void, FeedError>> {
  const size = typeof download === 'string' ? (await stat(download)).size : download.length;
  if (size < expected.bytes) return err({ type: 'feed-cut-off', what, bytes: size, expected: expected.bytes });
  if (size > expected.bytes) return err({ type: 'feed-too-large', what, bytes: size, bytesMax: expected.bytes });
  return checkHash(await hashOf(download, signal), expected.sha256, what);
}

/** What a file holds, by size and hash. */
export async function referenceOf(path: string, signal: AbortSignal): Promise<FileReference> {
  return { sha256: await hashOf(path, signal), bytes: (await stat(path)).size };
}

async function hashOf(download: string | Uint8Array, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(readableOf(download), hash, { signal });
  return hash.digest('hex');
}

/** In pieces, between which others have their turn. */
const readableOf = (download: string | Uint8Array): Readable =>
  typeof download === 'string'
    ? createReadStream(download, { highWaterMark: chunkBytes })
    : Readable.from(piecesOf(download));

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

/** As `checkFile`, for bytes in memory. */
export function checkBytes(
  bytes: Uint8Array,
  expected: FileReference,
  what: 'snapshot' | 'delta' | 'faces',
): Result<void, FeedError> {
  if (bytes.length < expected.bytes)
    return err({ type: 'feed-cut-off', what, bytes: bytes.length, expected: expected.bytes });
  if (bytes.length > expected.bytes)
    return err({ type: 'feed-too-large', what, bytes: bytes.length, bytesMax: expected.bytes });
  return checkHash(createHash('sha256').update(bytes).digest('hex'), expected.sha256, what);
}

const checkHash = (found: string, expected: string, what: 'snapshot' | 'delta' | 'faces'): Result<void, FeedError> =>
  found === expected ? ok(undefined) : err({ type: 'feed-hash-mismatch', what, expected, found });

/** Unpacks a download (a file, or its bytes) into `to`, which may be left behind in part when this fails. */
export async function unpackSnapshot(
  from: string | Uint8Array,
  to: Writable,
  expected: Manifest['snapshot']['database'],
  signal: AbortSignal,
): Promise<Result<void, FeedError>> {
  const hash = createHash('sha256');
  let bytes = 0;
  let tooLarge = false;
  const meter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      tooLarge = bytes > expected.bytes;
      if (tooLarge) return done(new UnpackError('larger than signed'));
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const unpack = createGunzip({ chunkSize: chunkBytes });
  unpack.on('error', (cause) => meter.destroy(new UnpackError(cause.message)));
  try {
    await pipeline(readableOf(from), unpack, meter, to, { signal });
  } catch (cause) {
    if (tooLarge) return err({ type: 'feed-too-large', what: 'snapshot', bytes, bytesMax: expected.bytes });
    if (isUnpackError(cause)) return err({ type: 'feed-malformed', what: 'snapshot', cause: cause.message });
    throw cause;
  }
  if (bytes < expected.bytes) return err({ type: 'feed-cut-off', what: 'snapshot', bytes, expected: expected.bytes });
  return checkHash(hash.digest('hex'), expected.sha256, 'snapshot');
}

class UnpackError extends Error {}
/** Trouble with the packed bytes, not with the disk: zlib's codes begin with Z_. */
const isUnpackError = (cause: unknown): cause is Error =>
  cause instanceof UnpackError ||
  (cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && cause.code.startsWith('Z_'));

/** fsync of a file, or of a folder after a rename in it. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Views and triggers are programs: a lookup in one could run for ever. `sqlite_` names are SQLite's own. */
const strangersSql = `
  SELECT name FROM sqlite_schema
  WHERE type <> 'table' OR (name NOT IN ('meta', 'ticket', 'code', '${tokenTable}') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\')`;

/** Whether the event's tickets are tokens: only then is there a table of them. */
export const hasTokens = (snapshot: Database): boolean =>
  snapshot.prepare('SELECT 1 FROM main.sqlite_schema WHERE name = ?').get(tokenTable) !== undefined;

/** Whether any ticket has a language: only then is there a column of them. */
export const hasLanguages = (snapshot: Database): boolean =>
  snapshot.prepare("SELECT 1 FROM pragma_table_info('ticket', 'main') WHERE name = 'language'").get() !== undefined;

/** Opens an unpacked snapshot whose hash was right, and checks that it is the one its manifest means. */
export const openSnapshot = (path: string, manifest: Manifest, key?: DiskKey): Result<Database, FeedError> =>
  openChecked(() => openDatabase(path, { readonly: true, immutable: true, key }), manifest);

/** The same for one that is opened in another way; closed again when it is not what its manifest means. */
export function openChecked(open: () => Database, manifest: Manifest): Result<Database, FeedError> {
  let database: Database | undefined;
  try {
    database = open();
    if (database.prepare(strangersSql).pluck().get() !== undefined)
      throw new Error('more in it than the tables of a snapshot');
    const meta = new Map(database.prepare('SELECT name, value FROM meta').raw().all() as [string, number][]);
    const problem = snapshotProblem(meta, manifest);
    if (problem === undefined) return ok(database);
    database.close();
    return err(problem);
  } catch (cause) {
    database?.close();
    return err({
      type: 'feed-malformed',
      what: 'snapshot',
      cause: cause instanceof Error ? cause.message.slice(0, 200) : 'no snapshot',
    });
  }
}
