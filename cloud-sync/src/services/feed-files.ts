// The feed's immutable files in the data folder, each named by its SHA-256: written aside, synced, then renamed, so that a name
// always stands for all of its bytes. A CDN or an object store can serve the same folder. Where several processes share a database the
// bytes go there too, and a folder fetches what it lacks: it is a cache then, and may be emptied.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { assert, bytesToHex, type FileReference, type Random } from '@postern/shared';
import type { FeedParts } from '../store/feed-parts.ts';

export interface FeedFiles {
  /** Stores what comes, whole or not at all. */
  readonly store: (source: Readable) => Promise<FileReference>;
  /** Stores these bytes. */
  readonly write: (bytes: Uint8Array) => Promise<FileReference>;
  /** Stores the gzip of a file; also says size and hash of the file itself. */
  readonly writeGzipOf: (path: string) => Promise<{ readonly packed: FileReference; readonly plain: FileReference }>;
  readonly read: (sha256: string) => Promise<{ readonly stream: Readable; readonly bytes: number } | undefined>;
  /** Where the file lies, fetched from other processes if need be; undefined where nobody has it. */
  readonly locate: (sha256: string) => Promise<string | undefined>;
  /** Gives other processes a file that lies in the folder; false when it does not. */
  readonly share: (sha256: string) => Promise<boolean>;
  readonly remove: (sha256: string) => Promise<void>;
  /** A path in the same folder for building something; the caller removes what it leaves there. */
  readonly scratchPath: () => string;
}

/** `parts`: where other processes look for the files of this one, and this one for theirs; absent on SQLite. */
export function createFeedFiles(folder: string, random: Random, parts?: FeedParts): FeedFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const scratchPath = (): string => join(folder, `building-${bytesToHex(random(8))}`);
  /** `expected`: the name that the bytes must have. */
  const keep = async (
    [source, ...through]: readonly [Readable, ...Transform[]],
    expected?: string,
  ): Promise<FileReference> => {
    const path = scratchPath();
    const meter = createMeter();
    try {
      await pipeline([source, ...through, meter.stream, createWriteStream(path, { mode: 0o600, flags: 'wx' })]);
      await syncFile(path);
      const reference = meter.reference();
      assert(expected === undefined || reference.sha256 === expected, 'a file of the feed has the hash it is named by');
      await rename(path, join(folder, reference.sha256));
      await syncFile(folder);
      return reference;
    } finally {
      await rm(path, { force: true });
    }
  };
  const store = async (source: Readable, ...through: readonly Transform[]): Promise<FileReference> => {
    const reference = await keep([source, ...through]);
    await parts?.save(reference.sha256, createReadStream(join(folder, reference.sha256)));
    return reference;
  };
  /** Files on their way from the database: whoever asks meanwhile shares them. */
  const fetching = new Map<string, Promise<boolean>>();
  const fetchFromOthers = async (from: FeedParts, sha256: string): Promise<boolean> => {
    if (!(await from.has(sha256))) return false;
    await keep([Readable.from(from.load(sha256))], sha256);
    return true;
  };
  const isHere = async (sha256: string): Promise<boolean> => {
    if (existsSync(join(folder, sha256))) return true;
    if (parts === undefined) return false;
    const shared = fetching.get(sha256) ?? fetchFromOthers(parts, sha256).finally(() => fetching.delete(sha256));
    fetching.set(sha256, shared);
    return shared;
  };
  const locate = async (sha256: string): Promise<string | undefined> =>
    sha256Pattern.test(sha256) && (await isHere(sha256)) ? join(folder, sha256) : undefined;
  return {
    store: (source) => store(source),
    locate,
    write: (bytes) => store(Readable.from([bytes])),
    writeGzipOf: async (path) => {
      const plain = createMeter();
      const packed = await store(createReadStream(path), plain.stream, createGzip({ level: 9 }));
      return { packed, plain: plain.reference() };
    },
    read: async (sha256) => {
      const path = await locate(sha256);
      return path === undefined ? undefined : { stream: createReadStream(path), bytes: (await stat(path)).size };
    },
    share: async (sha256) => {
      if (!sha256Pattern.test(sha256) || !existsSync(join(folder, sha256))) return false;
      await parts?.save(sha256, createReadStream(join(folder, sha256)));
      return true;
    },
    remove: async (sha256) => {
      if (!sha256Pattern.test(sha256)) return;
      await rm(join(folder, sha256), { force: true });
      await parts?.remove(sha256);
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
