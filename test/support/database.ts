// The database that a test's project is about: every suite that asks here runs on SQLite in `unit` and `contract`, and on a real
// PostgreSQL in `postgres`.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { migrate, openDatabase, type Database } from '../../cloud-sync/src/store/database.ts';
import { createPostgresDatabase, recyclePostgresDatabase } from './postgres.ts';

export type DatabaseKind = 'sqlite' | 'postgres';

declare module 'vitest' {
  export interface ProvidedContext {
    /** What this project's tests run on; absent in projects that do not care, which take SQLite. */
    readonly database?: DatabaseKind;
    /** The PostgreSQL server of this run, in project `postgres`. */
    readonly postgresUrl?: string;
  }
}

export interface TestDatabase {
  readonly kind: DatabaseKind;
  readonly url: string;
  readonly remove: () => Promise<void>;
}

export const databaseKind = (): DatabaseKind => inject('database') ?? 'sqlite';

/** The URL of this run's PostgreSQL, without a database's name. */
export function postgresUrl(): string {
  const url = inject('postgresUrl');
  if (url === undefined) throw new Error('only the project `postgres` has a PostgreSQL');
  return url;
}

/** A new database, with the schema unless `isEmpty`; a SQLite one lies in `folder`, which the caller removes. */
export async function createTestDatabase(
  folder: string,
  { kind = databaseKind(), isEmpty = false }: { readonly kind?: DatabaseKind; readonly isEmpty?: boolean } = {},
): Promise<TestDatabase> {
  if (kind === 'sqlite') {
    const file = join(folder, 'cloud.db');
    if (!isEmpty && !existsSync(file)) writeFileSync(file, await migratedFile());
    return { kind, url: `sqlite:${file}`, remove: async () => undefined };
  }
  const url = await createPostgresDatabase(postgresUrl(), { isEmpty });
  return { kind, url, remove: async () => (isEmpty ? undefined : recyclePostgresDatabase(url)) };
}

let migrated: Promise<Uint8Array> | undefined;

/** A SQLite file with the schema, made once: to write a copy takes a tenth of making another. */
const migratedFile = (): Promise<Uint8Array> => (migrated ??= makeMigratedFile());

async function makeMigratedFile(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-migrated-'));
  const file = join(folder, 'cloud.db');
  await (await openMigrated(`sqlite:${file}`)).destroy();
  const bytes = readFileSync(file);
  rmSync(folder, { recursive: true });
  return bytes;
}

async function openMigrated(url: string): Promise<Database> {
  const opened = openDatabase(url);
  if (!opened.ok) throw new Error(opened.error.type);
  const done = await migrate(opened.value);
  if (!done.ok) throw new Error(done.error.type);
  return opened.value;
}

export interface OpenTestDatabase {
  readonly url: string;
  readonly database: Database;
  /** Closes and removes it. */
  readonly close: () => Promise<void>;
}

/** A new database with the schema, open, in a folder of its own. */
export async function openTestDatabase(): Promise<OpenTestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-database-'));
  const { url, remove } = await createTestDatabase(folder);
  const database = await openMigrated(url);
  return {
    url,
    database,
    close: async () => {
      await database.destroy();
      await remove();
      rmSync(folder, { recursive: true });
    },
  };
}
