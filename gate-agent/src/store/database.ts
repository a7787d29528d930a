// The only file of the gate that imports its SQLite, with page-wise encryption built in. Every database that holds marks is opened here
// with WAL and synchronous=FULL (the driver's own WAL default is NORMAL, which loses acknowledged rows at a power cut).
import { closeSync, openSync, readSync } from 'node:fs';
import Sqlite from 'better-sqlite3-multiple-ciphers';

export type Database = Sqlite.Database;
export type Statement = Sqlite.Statement;

/** Seals whole database files: 64 hexadecimal digits. Never logged. */
export type DiskKey = string;

export interface OpenOptions {
  readonly readonly?: boolean;
  /** `full` for whatever must survive a power cut; `off` only for files that are rebuilt from others. */
  readonly synchronous?: 'full' | 'off';
  /** For a read-only file that nobody changes while it is open: takes its lock once instead of at every query. */
  readonly immutable?: boolean;
  /** Seals a new file, opens a sealed one. A file that has not been sealed yet works as it is: a gate has to (seal-folder.ts). */
  readonly key?: DiskKey | undefined;
}

/** Read-only files are mapped instead of copied page by page: a lookup among millions then costs no system call for its pages. */
const mappedBytesMax = 1024 * 1024 * 1024;

/** Milliseconds that a statement waits for another process's lock before it errs with SQLITE_BUSY. */
const busyTimeoutMs = 2_000;

export function openDatabase(path: string, options: OpenOptions = {}): Database {
  const readonly = options.readonly ?? false;
  const key = options.key !== undefined && isPlainDatabase(path) ? undefined : options.key;
  const database = new Sqlite(path, { readonly, timeout: busyTimeoutMs });
  try {
    if (key !== undefined) useKey(database, key);
    if (readonly) database.pragma(`mmap_size = ${mappedBytesMax}`);
    else database.pragma('journal_mode = WAL');
    database.pragma(`synchronous = ${options.synchronous ?? 'full'}`);
    database.pragma('foreign_keys = ON');
    if (options.immutable === true) database.pragma('locking_mode = EXCLUSIVE');
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

/** An unsealed file, or what was in one, to copy from: nothing is written to it. */
export const openUnsealed = (source: string | Buffer): Database => new Sqlite(source);

/** Beside `database`, under the name `sealed`: a new file, which holds nothing until somebody copies. Made durable by whoever closes it. */
export function attachSealed(database: Database, path: string, key: DiskKey, pageBytes: number): void {
  database.pragma("cipher = 'chacha20'");
  database.prepare('ATTACH ? AS sealed KEY ?').run(path, `raw:${key}`);
  database.pragma(`sealed.page_size = ${pageBytes}`);
  // Whatever is broken off is made anew.
  database.pragma('sealed.journal_mode = OFF');
  database.pragma('sealed.synchronous = OFF');
}

/** Seals a file in place that nobody else has open. What it is broken off at is neither plain nor sealed: only for copies. */
export function sealInPlace(path: string, key: DiskKey): void {
  const database = new Sqlite(path);
  try {
    // No journal, which would hold the pages of before.
    database.pragma('journal_mode = OFF');
    database.pragma('synchronous = OFF');
    database.pragma("cipher = 'chacha20'");
    database.pragma(`rekey = "raw:${key}"`);
  } finally {
    database.close();
  }
}

/**
 * ChaCha20-Poly1305: as quick on processors without AES instructions (Raspberry Pi 4), and a page that has been altered does not open.
 * `raw`: the key is random already, so nothing is stretched at each opening.
 */
function useKey(database: Database, key: DiskKey): void {
  database.pragma("cipher = 'chacha20'");
  database.pragma(`key = "raw:${key}"`);
  // Sorters would spill what they sort into files of their own, unsealed.
  database.pragma('temp_store = MEMORY');
}

const plainHeader = Buffer.from('SQLite format 3\0');

/** Whether a file is there and is an SQLite database that anybody can read. */
export function isPlainDatabase(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return false;
    throw cause;
  }
  try {
    const header = Buffer.alloc(plainHeader.length);
    return readSync(file, header, 0, header.length, 0) === header.length && header.equals(plainHeader);
  } finally {
    closeSync(file);
  }
}
