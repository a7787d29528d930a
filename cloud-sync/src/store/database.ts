// Opens the database by URL and is the only file of the service that imports better-sqlite3: for its own tables through kysely, and
// for the ready-made SQLite files that gates download. `postgres:` joins here.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { err, ok, type Result } from '@postern/shared';
import Sqlite from 'better-sqlite3';
import { Kysely, Migrator, SqliteDialect, type Transaction } from 'kysely';
import { migrations } from './migrations/index.ts';
import type { Schema } from './schema.ts';

export type Database = Kysely<Schema>;
/** What a query needs: the database itself or an open transaction. */
export type Queries = Kysely<Schema> | Transaction<Schema>;
export type DatabaseError = { readonly type: 'database-unusable'; readonly cause: string };

/** Milliseconds that a statement waits for another process's lock. */
const busyTimeoutMs = 5_000;

/** Opens `sqlite:FILE` (or `sqlite::memory:`), creating it and its folder; durable at every commit. */
export function openDatabase(url: string): Result<Database, DatabaseError> {
  const path = url.replace(/^sqlite:/, '');
  try {
    if (path !== ':memory:' && !existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const sqlite = new Sqlite(path, { timeout: busyTimeoutMs });
    sqlite.pragma('journal_mode = WAL');
    sqlite.pragma('synchronous = FULL');
    sqlite.pragma('foreign_keys = ON');
    return ok(new Kysely<Schema>({ dialect: new SqliteDialect({ database: sqlite }) }));
  } catch (cause) {
    return err({ type: 'database-unusable', cause: cause instanceof Error ? cause.message : String(cause) });
  }
}

/** Brings the schema up to date; answers with the names of what it applied. */
export async function migrate(database: Database): Promise<Result<readonly string[], DatabaseError>> {
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined)
    return err({ type: 'database-unusable', cause: error instanceof Error ? error.message : 'a migration failed' });
  return ok((results ?? []).map((result) => result.migrationName));
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
