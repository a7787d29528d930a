// The feed's immutable files in the data folder, each named by its SHA-256: written aside, synced, then renamed, so that a name
// always stands for all of its bytes. A CDN or an object store can serve the same folder.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { bytesToHex, type FileReference, type Random } from '@postern/shared';

export interface FeedFiles {
  /** Stores these bytes. */
  readonly write: (bytes: Uint8Array) => Promise<FileReference>;
  /** Stores the gzip of a file; also says size and hash of the file itself. */
  readonly writeGzipOf: (path: string) => Promise<{ readonly packed: FileReference; readonly plain: FileReference }>;
  readonly read: (sha256: string) => { readonly stream: Readable; readonly bytes: Promise<number> } | undefined;
  readonly remove: (sha256: string) => Promise<void>;
  /** A path in the same folder for building something; the caller removes what it leaves there. */
  readonly scratchPath: () => string;
}

export function createFeedFiles(folder: string, random: Random): FeedFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const scratchPath = (): string => join(folder, `building-${bytesToHex(random(8))}`);
  const store = async (source: Readable, ...through: readonly Transform[]): Promise<FileReference> => {
    const path = scratchPath();
    const meter = createMeter();
    try {
      await pipeline([source, ...through, meter.stream, createWriteStream(path, { mode: 0o600, flags: 'wx' })]);
      await syncFile(path);
      const reference = meter.reference();
      await rename(path, join(folder, reference.sha256));
      await syncFile(folder);
      return reference;
    } finally {
      await rm(path, { force: true });
    }
  };
  return {
    write: (bytes) => store(Readable.from([bytes])),
    writeGzipOf: async (path) => {
      const plain = createMeter();
      const packed = await store(createReadStream(path), plain.stream, createGzip({ level: 9 }));
      return { packed, plain: plain.reference() };
    },
    read: (sha256) => {
      const path = join(folder, sha256);
      if (!sha256Pattern.test(sha256) || !existsSync(path)) return undefined;
      return { stream: createReadStream(path), bytes: stat(path).then(({ size }) => size) };
    },
    remove: async (sha256) => {
      if (sha256Pattern.test(sha256)) await rm(join(folder, sha256), { force: true });
    },
    scratchPath,
  };
}

const sha256Pattern = /^[0-9a-f]{64}$/;

/** Passes bytes on, counting and hashing them. */
function createMeter(): { readonly stream: Transform; readonly reference: () => FileReference } {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, reference: () => ({ sha256: hash.digest('hex'), bytes }) };
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
