// Inserts for the tables whose rows come in numbers. What a query builder makes of some hundred rows takes longer to build, and to parse at
// the other end, than the rows take to store; so these statements have few different texts. On PostgreSQL all rows travel as one
// value, and rows of several tables in one statement, because each is a journey to the database and back; on SQLite in statements
// of so many rows that each stays prepared.
import { toUSVString } from 'node:util';
import { CompiledQuery, type Insertable } from 'kysely';
import { bulkTables, type BulkTable, type ColumnType } from './bulk-tables.ts';
import { isPostgres, type Queries } from './database.ts';
import type { Schema } from './schema.ts';

/** What becomes of a row whose key is there already: an error, left as it is, or replaced. */
type Present = 'refuse' | 'keep' | 'replace';

/** Rows of one statement on SQLite; what is left over goes in halves of it, so that there are few different texts. */
const sqliteRowsMax = 64;
/** Rows that travel as one value on PostgreSQL: some hundred kilobytes. */
const postgresRowsMax = 1_000;

type Row = Readonly<Record<string, unknown>>;

interface Insert {
  readonly table: BulkTable;
  readonly rows: readonly Row[];
  readonly present: Present;
}

/** Rows of several tables that are stored together. None may need another to be there: their order is the database's. */
export interface RowBatch {
  /** Each row has a value, or null, for every column. */
  readonly add: <T extends BulkTable>(table: T, rows: readonly Insertable<Schema[T]>[], present?: Present) => void;
  /** Stores what was added since the last time. */
  readonly write: (queries: Queries) => Promise<void>;
}

export function createRowBatch(): RowBatch {
  let waiting: Insert[] = [];
  return {
    add: (table, rows, present = 'refuse') => {
      if (rows.length > 0) waiting.push({ table, rows, present });
    },
    write: async (queries) => {
      const inserts = waiting;
      waiting = [];
      await (isPostgres(queries) ? insertOnPostgres(queries, inserts) : insertOnSqlite(queries, inserts));
    },
  };
}

/** Stores the rows of one table. */
export async function insertRows<T extends BulkTable>(
  queries: Queries,
  table: T,
  rows: readonly Insertable<Schema[T]>[],
  present?: Present,
): Promise<void> {
  const batch = createRowBatch();
  batch.add(table, rows, present);
  await batch.write(queries);
}

async function insertOnSqlite(queries: Queries, inserts: readonly Insert[]): Promise<void> {
  for (const { table, rows, present } of inserts)
    for (let start = 0, size = sqliteRowsMax; start < rows.length; start += size) {
      while (size > rows.length - start) size /= 2;
      await queries.executeQuery(sqliteInsert(table, rows.slice(start, start + size), present));
    }
}

async function insertOnPostgres(queries: Queries, inserts: readonly Insert[]): Promise<void> {
  const parts = inserts.flatMap(({ rows, ...insert }) =>
    Array.from({ length: Math.ceil(rows.length / postgresRowsMax) }, (_, part) => ({
      ...insert,
      rows: rows.slice(part * postgresRowsMax, (part + 1) * postgresRowsMax),
    })),
  );
  let together: Insert[] = [];
  const insertTogether = async (): Promise<void> => {
    if (together.length > 0) await queries.executeQuery(postgresInserts(together));
    together = [];
  };
  for (const part of parts) {
    // A row that is replaced twice is refused within one statement, and a full part is a statement's worth.
    if (part.rows.length === postgresRowsMax || together.some(({ table }) => table === part.table))
      await insertTogether();
    together.push(part);
  }
  await insertTogether();
}

/** All but the last as parts of its statement. */
function postgresInserts(inserts: readonly Insert[]): CompiledQuery {
  const texts = inserts.map((insert, index) => postgresInsert(insert, index + 1));
  const others = texts.slice(0, -1).map((text, index) => `"rows_${index + 1}" as (${text})`);
  return CompiledQuery.raw(
    `${others.length === 0 ? '' : `with ${others.join(', ')} `}${texts.at(-1) ?? ''}`,
    inserts.map(toJson),
  );
}

function postgresInsert({ table, present }: Insert, parameter: number): string {
  const columns = columnsOf(table);
  const values = columns.map(([name, type]) => (type === 'bytes' ? `decode("${name}", 'hex')` : `"${name}"`));
  const types = columns.map(([name, type]) => `"${name}" ${type === 'bytes' ? 'text' : type}`);
  return `${insertInto(table)} select ${values.join(', ')} from json_to_recordset($${parameter}::json) as sent(${types.join(', ')})${onConflict(table, present)}`;
}

function toJson({ table, rows }: Insert): string {
  const binary = columnsOf(table).flatMap(([name, type]) => (type === 'bytes' ? [name] : []));
  const sent = binary.length === 0 ? rows : rows.map((row) => ({ ...row, ...toHex(row, binary) }));
  return JSON.stringify(sent, (_key, value: unknown) => wellFormed(value));
}

/** Half of a surrogate pair is no text: PostgreSQL reads none out of JSON, and SQLite gives back something else than it was given. */
const wellFormed = (value: unknown): unknown =>
  typeof value === 'string' && surrogate.test(value) ? toUSVString(value) : value;
const surrogate = /[\ud800-\udfff]/;

const toHex = (row: Row, columns: readonly string[]): Row =>
  Object.fromEntries(columns.map((name) => [name, Buffer.from(row[name] as Uint8Array).toString('hex')]));

function sqliteInsert(table: BulkTable, rows: readonly Row[], present: Present): CompiledQuery {
  const columns = columnsOf(table);
  const values: unknown[] = [];
  for (const row of rows) for (const [name] of columns) values.push(wellFormed(row[name]));
  return CompiledQuery.raw(sqliteText(table, rows.length, present), values);
}

/** By table, number of rows and what becomes of those that are there: to make such a text takes longer than to look it up. */
const sqliteTexts = new Map<string, string>();

function sqliteText(table: BulkTable, rows: number, present: Present): string {
  const key = `${table}/${rows}/${present}`;
  const known = sqliteTexts.get(key);
  if (known !== undefined) return known;
  const places = `(${columnsOf(table)
    .map(() => '?')
    .join(', ')})`;
  const text = `${insertInto(table)} values ${Array.from({ length: rows }, () => places).join(', ')}${onConflict(table, present)}`;
  sqliteTexts.set(key, text);
  return text;
}

const columnsByTable = new Map(
  Object.entries(bulkTables).map(([table, { columns }]) => [table, Object.entries<ColumnType>(columns)]),
);
const columnsOf = (table: BulkTable): readonly (readonly [string, ColumnType])[] => columnsByTable.get(table) ?? [];

const insertInto = (table: BulkTable): string =>
  `insert into "${table}" (${columnsOf(table)
    .map(([name]) => `"${name}"`)
    .join(', ')})`;

function onConflict(table: BulkTable, present: Present): string {
  if (present === 'refuse') return '';
  if (present === 'keep') return ' on conflict do nothing';
  const key: readonly string[] = bulkTables[table].key;
  const others = columnsOf(table).flatMap(([name]) => (key.includes(name) ? [] : [name]));
  const set = others.map((name) => `"${name}" = excluded."${name}"`);
  return ` on conflict (${key.map((name) => `"${name}"`).join(', ')}) do update set ${set.join(', ')}`;
}
