// Opens the database by URL, SQLite or PostgreSQL, and brings its schema up to date. One schema, one list of migrations and one set of
// queries for both; what differs between them stays in this folder.
import { existsSync } from 'node:fs';
import { err, ok, type Logger, type Result } from '@postern/shared';
import {
  Kysely,
  Migrator,
  PostgresAdapter,
  sql,
  DEFAULT_MIGRATION_TABLE as migrationTable,
  type Dialect,
  type Transaction,
} from 'kysely';
import { migrations } from './migrations/index.ts';
import { openPostgres, openPostgresChannel, type Channel, type ChannelDeps } from './postgres.ts';
import { createPortableTypes } from './portable-types.ts';
import type { Schema } from './schema.ts';
import { openSqlite } from './sqlite.ts';

export type Database = Kysely<Schema>;
/** What a query needs: the database itself or an open transaction. */
export type Queries = Kysely<Schema> | Transaction<Schema>;
export type DatabaseError =
  | { readonly type: 'database-unusable'; readonly cause: string }
  /** A newer program has migrated it; `migrations` are the ones that this one does not know. */
  | { readonly type: 'database-newer'; readonly migrations: readonly string[] };

const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const isPostgresUrl = (url: string): boolean => /^postgres(?:ql)?:\/\//.test(url);
export const isPostgres = (queries: Queries): boolean => queries.getExecutor().adapter instanceof PostgresAdapter;

/** A database's URL as people and logs may see it: without its password. Whatever shows a URL shows this. */
export const redactUrl = (url: string): string =>
  url.replace(/^(\w+:\/\/[^:@/?#]*):[^@/?#]*@/, '$1:***@').replace(/([?&]password=)[^&#]*/gi, '$1***');

/** Why nothing can be looked up at `url`, and what to do; undefined where there is a database, or PostgreSQL will tell. */
export function explainMissing(url: string): string | undefined {
  const file = url.replace(/^sqlite:/, '');
  return isPostgresUrl(url) || file === ':memory:' || existsSync(file)
    ? undefined
    : `There is no database ${file}. Name the one you mean with --database or --data, or make it with cloud-sync migrate.`;
}

/**
 * Opens `sqlite:FILE` (or `sqlite::memory:`), creating it and its folder, or `postgres://USER:PASSWORD@HOST/DATABASE`, which connects with
 * its first query. Durable at every commit.
 */
export function openDatabase(url: string, log: Logger = silent): Result<Database, DatabaseError> {
  try {
    const dialect: Dialect = isPostgresUrl(url) ? openPostgres(url, log) : openSqlite(url.replace(/^sqlite:/, ''));
    return ok(new Kysely<Schema>({ dialect }));
  } catch (cause) {
    return err(unusable(cause));
  }
}

/** How the processes on this database reach each other; undefined on SQLite, where there is one. */
export const openChannel = (url: string, deps: ChannelDeps): Channel | undefined =>
  isPostgresUrl(url) ? openPostgresChannel(url, deps) : undefined;

/** Brings the schema up to date, forward only; answers with the names of what it applied. Of several processes one does it. */
export async function migrate(database: Database): Promise<Result<readonly string[], DatabaseError>> {
  try {
    const applied = await appliedMigrations(database);
    const unknown = applied.filter((name) => migrations[name] === undefined);
    if (unknown.length > 0) return err({ type: 'database-newer', migrations: unknown });
    if (applied.length === Object.keys(migrations).length) return ok([]);
    return await (isPostgres(database) ? migratePostgres(database) : migrateOn(database));
  } catch (cause) {
    return err(unusable(cause));
  }
}

/** Names of the migrations that this database has seen, in order. */
export async function appliedMigrations(queries: Queries): Promise<readonly string[]> {
  if (!(await hasTable(queries, migrationTable))) return [];
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(migrationTable)}`.execute(queries);
  return rows.map((row) => row.name).toSorted();
}

/** Asked at every start, so by name: to list all tables takes a hundred times as long. */
async function hasTable(queries: Queries, name: string): Promise<boolean> {
  const { rows } = isPostgres(queries)
    ? await sql`select 1 where to_regclass(${name}) is not null`.execute(queries)
    : await sql`select 1 from sqlite_master where type = 'table' and name = ${name}`.execute(queries);
  return rows.length > 0;
}

async function migrateOn(database: Database): Promise<Result<readonly string[], DatabaseError>> {
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  return error === undefined ? ok((results ?? []).map((result) => result.migrationName)) : err(unusable(error));
}

/** On one connection that may take its time: an index on millions of rows outlasts what a request may. */
const migratePostgres = (database: Database): Promise<Result<readonly string[], DatabaseError>> =>
  database.connection().execute(async (connection) => {
    await sql`set statement_timeout = 0`.execute(connection);
    try {
      return await migrateOn(connection.withPlugin(createPortableTypes()));
    } finally {
      await sql`reset statement_timeout`.execute(connection);
    }
  });

/** pg reports a host that refuses on every address as an error without words; its code says as much. */
function unusable(cause: unknown): DatabaseError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return { type: 'database-unusable', cause: message === '' ? code : message };
}
