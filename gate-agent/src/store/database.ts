// The only file of the gate that imports better-sqlite3. Every database that holds marks is opened here with WAL and
// synchronous=FULL (the driver's own WAL default is NORMAL, which loses acknowledged rows at a power cut).
import Sqlite from 'better-sqlite3';

export type Database = Sqlite.Database;
export type Statement = Sqlite.Statement;

export interface OpenOptions {
  readonly readonly?: boolean;
  /** `full` for whatever must survive a power cut; `off` only for files that are rebuilt from others. */
  readonly synchronous?: 'full' | 'off';
  /** For a read-only file that nobody changes while it is open: takes its lock once instead of at every query. */
  readonly immutable?: boolean;
}

/** Read-only files are mapped instead of copied page by page: a lookup among millions then costs no system call for its pages. */
const mappedBytesMax = 1024 * 1024 * 1024;

/** Milliseconds that a statement waits for another process's lock before it errs with SQLITE_BUSY. */
const busyTimeoutMs = 2_000;

export function openDatabase(path: string, options: OpenOptions = {}): Database {
  const database = new Sqlite(path, { readonly: options.readonly ?? false, timeout: busyTimeoutMs });
  try {
    if (options.readonly === true) database.pragma(`mmap_size = ${mappedBytesMax}`);
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
