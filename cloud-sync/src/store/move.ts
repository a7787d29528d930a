// Moves a deployment from SQLite to PostgreSQL: every table that the schema has, in batches and in one transaction, and proof that both
// sides are equal before it commits. Nothing is left behind when it fails, and the source is only read.
import { assert, err, ok, type Result } from '@postern/shared';
import { sql, type TableMetadata } from 'kysely';
import { appliedMigrations, migrate, type Database, type DatabaseError, type Queries } from './database.ts';
import { migrations } from './migrations/index.ts';
import { readContentHash } from './replica.ts';
import type { Schema } from './schema.ts';
import { createTableHash, type Row, type TableHash } from './table-hash.ts';

/** Rows an INSERT brings at most; PostgreSQL takes at most 65,535 values a statement. */
const rowsPerStatementMax = 1_000;
const valuesPerStatementMax = 60_000;
/** An INSERT is sent off once its bytes and texts reach this. */
const statementBytesMax = 8 * 1024 * 1024;
/** Rows read back at a time for the proof; a chunk or a part of a file has up to a megabyte. */
const rowsPerFetch = 200;

export type MoveError =
  | DatabaseError
  /** The source needs `cloud-sync migrate` first. */
  | { readonly type: 'source-outdated'; readonly migrations: readonly string[] }
  | { readonly type: 'target-not-empty'; readonly table: string }
  | { readonly type: 'not-equal'; readonly what: string };

export interface MovedTable {
  readonly table: string;
  readonly rows: number;
  /** Of the content, equal on both sides. */
  readonly hash: string;
}

export interface Moved {
  readonly tables: readonly MovedTable[];
  /** Content hashes of the events' histories, equal on both sides. */
  readonly histories: ReadonlyMap<number, string>;
}

export type MoveProgress = (table: string, rows: number, total: number) => void;

/** Nobody may write to either meanwhile: both are locked against it. */
export async function moveDatabase(
  source: Database,
  target: Database,
  progress: MoveProgress = () => undefined,
): Promise<Result<Moved, MoveError>> {
  const applied = await appliedMigrations(source);
  const missing = Object.keys(migrations).filter((name) => !applied.includes(name));
  if (missing.length > 0) return err({ type: 'source-outdated', migrations: missing });
  const unknown = applied.filter((name) => migrations[name] === undefined);
  if (unknown.length > 0) return err({ type: 'database-newer', migrations: unknown });
  const migrated = await migrate(target);
  if (!migrated.ok) return migrated;
  try {
    return ok(
      await source.transaction().execute((from) =>
        target.connection().execute(async (connection) => {
          // A million rows may take longer than a request may.
          await sql`set statement_timeout = 0`.execute(connection);
          return connection.transaction().execute((to) => moveAll(from, to, progress));
        }),
      ),
    );
  } catch (cause) {
    if (cause instanceof Stop) return err(cause.error);
    return err({ type: 'database-unusable', cause: cause instanceof Error ? cause.message : String(cause) });
  }
}

/** Rolls the target back. */
class Stop extends Error {
  readonly error: MoveError;
  constructor(error: MoveError) {
    super(error.type);
    this.error = error;
  }
}

async function moveAll(from: Queries, to: Queries, progress: MoveProgress): Promise<Moved> {
  const tables = (await from.introspection.getTables()).filter(({ isView }) => !isView);
  await lockAll(to, tables);
  for (const { name } of tables) if (await hasRow(to, name)) throw new Stop({ type: 'target-not-empty', table: name });
  const moved: MovedTable[] = [];
  for (const table of tables) {
    const sent = await copyTable(from, to, table, progress);
    const found = await hashTable(to, table);
    const [ours, theirs] = [describe(sent), describe(found)];
    if (ours !== theirs) throw new Stop({ type: 'not-equal', what: `table ${table.name}: ${ours}, now ${theirs}` });
    moved.push({ table: table.name, rows: sent.rows(), hash: sent.digest() });
  }
  const histories = new Map<number, string>();
  for (const { id } of await from.selectFrom('event').select('id').orderBy('id').execute()) {
    const [ours, theirs] = [await readContentHash(from, id), await readContentHash(to, id)];
    if (ours !== theirs) throw new Stop({ type: 'not-equal', what: `history of event ${id}: ${ours}, now ${theirs}` });
    histories.set(id, ours);
  }
  await sql`analyze`.execute(to);
  return { tables: moved, histories };
}

const describe = (hash: TableHash): string => `${hash.rows()} rows, hash ${hash.digest()}`;

/** Also says, by failing, which table of the source the target does not have. */
async function lockAll(to: Queries, tables: readonly TableMetadata[]): Promise<void> {
  const names = sql.join(tables.map(({ name }) => sql.table(name)));
  await sql`lock table ${names} in share row exclusive mode`.execute(to);
}

const hasRow = async (queries: Queries, table: string): Promise<boolean> =>
  (await sql`select 1 from ${sql.table(table)} limit 1`.execute(queries)).rows.length > 0;

/** Sends all rows and hashes them as they were read. */
async function copyTable(
  from: Queries,
  to: Queries,
  { name, columns }: TableMetadata,
  progress: MoveProgress,
): Promise<TableHash> {
  const total = await countRows(from, name);
  const hash = createTableHash(columns.map((column) => column.name));
  const rowsMax = Math.min(rowsPerStatementMax, Math.floor(valuesPerStatementMax / columns.length));
  let held: Row[] = [];
  let heldBytes = 0;
  const send = async (): Promise<void> => {
    // Tables of the future have no type here: their rows are what the source says they are.
    if (held.length > 0)
      await to
        .insertInto(name as keyof Schema)
        .values(held)
        .execute();
    held = [];
    heldBytes = 0;
    progress(name, hash.rows(), total);
  };
  for await (const row of from
    .selectFrom(name as 'event')
    .selectAll()
    .stream()) {
    hash.add({ ...row });
    held.push({ ...row });
    heldBytes += sizeOf({ ...row });
    if (held.length >= rowsMax || heldBytes >= statementBytesMax) await send();
  }
  await send();
  return hash;
}

async function countRows(queries: Queries, table: string): Promise<number> {
  const { rows } = await sql<{ rows: number }>`select count(*) as rows from ${sql.table(table)}`.execute(queries);
  return rows[0]?.rows ?? 0;
}

function sizeOf(row: Row): number {
  let bytes = 0;
  for (const value of Object.values(row))
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
  return bytes;
}

/** The hash of what PostgreSQL holds, read with a cursor so that no table has to fit into memory. */
async function hashTable(queries: Queries, { name, columns }: TableMetadata): Promise<TableHash> {
  const hash = createTableHash(columns.map((column) => column.name));
  await sql`declare moved no scroll cursor for select * from ${sql.table(name)}`.execute(queries);
  for (;;) {
    const { rows } = await sql<Row>`fetch ${sql.lit(rowsPerFetch)} from moved`.execute(queries);
    for (const row of rows) hash.add(row);
    if (rows.length < rowsPerFetch) break;
  }
  await sql`close moved`.execute(queries);
  assert(hash.rows() === (await countRows(queries, name)), 'a cursor reads every row');
  return hash;
}
