// SQLite, for one process: the only file of the service that imports better-sqlite3. Its own tables go through kysely; the ready-made
// SQLite files that gates download are written here too.
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import {
  CompiledQuery,
  SqliteDialect,
  SqliteDriver,
  type AccessMode,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type SqliteDatabase,
} from 'kysely';

/** Milliseconds that a statement waits for another process's lock. */
const busyTimeoutMs = 5_000;

/** Visitors come in no order of their tickets, so that what is written lies all over the file: the default of 2 MiB holds too little of it. */
const cacheKibibytes = 65_536;
/** Pages (of 4 KiB) in the write-ahead log before they go into the file; by default every other batch of marks would wait for that. */
const checkpointPages = 8_000;

/** Opens a file (or `:memory:`), creating it and its folder for the owner alone; durable at every commit. Throws what SQLite throws. */
export function openSqlite(path: string): Dialect {
  if (path !== ':memory:' && !existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite gives its other files the mode of this one.
    closeSync(openSync(path, 'a', 0o600));
  }
  const database = new Sqlite(path, { timeout: busyTimeoutMs });
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  // What is deleted from a page that is written anyway is written over: keys that were destroyed, names that were erased.
  database.pragma('secure_delete = FAST');
  database.pragma(`cache_size = -${cacheKibibytes}`);
  database.pragma(`wal_autocheckpoint = ${checkpointPages}`);
  const kept = keepStatements(database);
  const dialect = new SqliteDialect({ database: kept });
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: (): Driver => new ImmediateDriver({ database: kept }),
  };
}

/** Statements that stay prepared, the last used ones, and how long their text may be: long ones differ in how many values they take. */
const statementsKeptMax = 300;
const keptCharactersMax = 4_000;

/** Preparing a statement takes longer than most take to run, and the service has few different ones. */
function keepStatements(database: Sqlite.Database): SqliteDatabase {
  const kept = new Map<string, Sqlite.Statement>();
  return {
    prepare: (sql) => {
      const statement = kept.get(sql) ?? database.prepare(sql);
      if (sql.length > keptCharactersMax) return statement;
      kept.delete(sql);
      kept.set(sql, statement);
      const [oldest = ''] = kept.size > statementsKeptMax ? kept.keys() : [];
      kept.delete(oldest);
      return statement;
    },
    close: () => void database.close(),
  };
}

/**
 * Transactions take the write lock as they begin, so that what one has read is still so when it writes, also with a second process (the
 * command line beside the service). A deferred one would fail at its first write instead, without waiting. One that only reads sees the
 * database as it was at its first read, and holds up nobody.
 */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(
    connection: DatabaseConnection,
    { accessMode }: { readonly accessMode?: AccessMode } = {},
  ): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(accessMode === 'read only' ? 'begin' : 'begin immediate'));
  }
}

/** A plain SQLite file to be filled and shipped: not a store, so nothing is synced before the end. */
export interface SqliteFile {
  readonly execute: (sql: string) => void;
  /** Inserts rows in one transaction. */
  readonly insert: (sql: string, rows: Iterable<readonly SqliteValue[]>) => void;
  /** Writes a compact copy without journal, ready to ship. */
  readonly vacuumInto: (path: string) => void;
  readonly close: () => void;
}
export type SqliteValue = string | number | bigint | Uint8Array | null;

export function createSqliteFile(path: string): SqliteFile {
  const sqlite = new Sqlite(path);
  sqlite.pragma('journal_mode = OFF');
  sqlite.pragma('synchronous = OFF');
  return {
    execute: (sql) => void sqlite.exec(sql),
    insert: (sql, rows) => {
      const statement = sqlite.prepare(sql);
      sqlite.transaction(() => {
        for (const row of rows) statement.run(...row);
      })();
    },
    vacuumInto: (copy) => void sqlite.prepare('VACUUM INTO ?').run(copy),
    close: () => void sqlite.close(),
  };
}

/** Pages (of 4 KiB) that a backup copies at a time: others have their turn in between. */
const backupPages = 4_096;

/**
 * Copies a database as it is at one moment into `to`, which must not exist, also while others write to it. The copy is one file. Throws
 * what SQLite throws.
 */
export async function copySqlite(
  from: string,
  to: string,
  progress: (pages: number, total: number) => void,
): Promise<void> {
  const source = new Sqlite(from, { timeout: busyTimeoutMs, fileMustExist: true });
  let pages = 0;
  try {
    // One reader's view from the first page to the last: else whoever writes meanwhile makes the copy begin again.
    source.exec('begin');
    source.prepare('select count(*) from sqlite_master').get();
    await source.backup(to, {
      progress: ({ totalPages, remainingPages }) => {
        pages = totalPages;
        progress(totalPages - remainingPages, totalPages);
        return backupPages;
      },
    });
    progress(pages, pages);
  } finally {
    source.close();
  }
  const copy = new Sqlite(to, { fileMustExist: true });
  try {
    copy.pragma('journal_mode = DELETE');
  } finally {
    copy.close();
  }
}

const checkCacheKibibytes = 262_144;

/** What is wrong with a database file; undefined where SQLite finds nothing. */
export function checkSqlite(path: string): string | undefined {
  try {
    const database = new Sqlite(path, { readonly: true, fileMustExist: true });
    try {
      // It looks every row up in every index, all over the file.
      database.pragma(`cache_size = -${checkCacheKibibytes}`);
      const found = database.pragma('integrity_check(1)', { simple: true });
      return found === 'ok' ? undefined : String(found);
    } finally {
      database.close();
    }
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
