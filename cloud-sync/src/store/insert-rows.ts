// Inserts for the tables whose rows come in numbers. What a query builder makes of some hundred rows takes longer to build, and to parse at
// the other end, than the rows take to store; so these statements have few different texts. On PostgreSQL all rows travel as one
// value, on SQLite in statements of so many rows that each stays prepared.
import { toUSVString } from 'node:util';
import { CompiledQuery, type Insertable } from 'kysely';
import { isPostgres, type Queries } from './database.ts';
import type { Schema } from './schema.ts';

type ColumnType = 'bigint' | 'text' | 'bytes';
interface Table<T extends keyof Schema> {
  readonly columns: Readonly<Record<keyof Schema[T] & string, ColumnType>>;
  readonly key: readonly (keyof Schema[T] & string)[];
}

const tables = {
  mark: {
    columns: {
      event: 'bigint',
      gate: 'text',
      boot: 'text',
      sequence: 'bigint',
      ticket: 'text',
      kind: 'text',
      at_ms: 'bigint',
      at_counter: 'bigint',
      count: 'bigint',
      bytes: 'bytes',
      received_at_ms: 'bigint',
    },
    key: ['event', 'gate', 'boot', 'sequence'],
  } satisfies Table<'mark'>,
  story: {
    columns: { event: 'bigint', ticket: 'text', uses_spent: 'bigint', inside: 'bigint', epoch_seen: 'bigint' },
    key: ['event', 'ticket'],
  } satisfies Table<'story'>,
  entry: {
    columns: {
      event: 'bigint',
      gate: 'text',
      boot: 'text',
      sequence: 'bigint',
      ticket: 'text',
      lane: 'text',
      kind: 'text',
      at_ms: 'bigint',
      uncertainty_ms: 'bigint',
      persons: 'bigint',
    },
    key: ['event', 'gate', 'boot', 'sequence'],
  } satisfies Table<'entry'>,
  presence: {
    columns: { event: 'bigint', ticket: 'text', zone: 'text', persons: 'bigint' },
    key: ['event', 'ticket', 'zone'],
  } satisfies Table<'presence'>,
  usage: {
    columns: {
      event: 'bigint',
      gate: 'text',
      boot: 'text',
      sequence: 'bigint',
      at_ms: 'bigint',
      kind: 'text',
      lane: 'text',
      ticket: 'text',
      method: 'text',
      person: 'text',
      reason: 'text',
      count: 'bigint',
    },
    key: ['event', 'gate', 'boot', 'sequence'],
  } satisfies Table<'usage'>,
  audit_entry: {
    columns: {
      chain: 'text',
      sequence: 'bigint',
      event: 'bigint',
      at_ms: 'bigint',
      action: 'text',
      actor_kind: 'text',
      actor: 'text',
      gate: 'text',
      method: 'text',
      ticket: 'text',
      subject: 'text',
      reason: 'text',
      request: 'text',
      mark: 'text',
      details: 'text',
      fields: 'text',
      hash: 'text',
    },
    key: ['chain', 'sequence'],
  } satisfies Table<'audit_entry'>,
  audit_field: {
    columns: {
      chain: 'text',
      sequence: 'bigint',
      field: 'text',
      value: 'text',
      salt: 'text',
      erasure: 'text',
    },
    key: ['chain', 'sequence', 'field'],
  } satisfies Table<'audit_field'>,
};
type BulkTable = keyof typeof tables;

/** What becomes of a row whose key is there already: an error, left as it is, left as it is but locked, or replaced. */
type Present = 'refuse' | 'keep' | 'lock' | 'replace';

/** Rows of one statement on SQLite; what is left over goes in halves of it, so that there are few different texts. */
const sqliteRowsMax = 64;
/** Rows that travel as one value on PostgreSQL: some hundred kilobytes. */
const postgresRowsMax = 1_000;

type Row = Readonly<Record<string, unknown>>;

/** Stores the rows, in order; each has a value, or null, for every column. */
export async function insertRows<T extends BulkTable>(
  queries: Queries,
  table: T,
  rows: readonly Insertable<Schema[T]>[],
  present: Present = 'refuse',
): Promise<void> {
  const onPostgres = isPostgres(queries);
  for (let start = 0, size = onPostgres ? postgresRowsMax : sqliteRowsMax; start < rows.length; start += size) {
    while (!onPostgres && size > rows.length - start) size /= 2;
    const some: readonly Row[] = rows.slice(start, start + size);
    await queries.executeQuery(onPostgres ? postgresInsert(table, some, present) : sqliteInsert(table, some, present));
  }
}

function postgresInsert(table: BulkTable, rows: readonly Row[], present: Present): CompiledQuery {
  const columns = columnsOf(table);
  const values = columns.map(([name, type]) => (type === 'bytes' ? `decode("${name}", 'hex')` : `"${name}"`));
  const types = columns.map(([name, type]) => `"${name}" ${type === 'bytes' ? 'text' : type}`);
  const binary = columns.flatMap(([name, type]) => (type === 'bytes' ? [name] : []));
  const sent = binary.length === 0 ? rows : rows.map((row) => ({ ...row, ...toHex(row, binary) }));
  return CompiledQuery.raw(
    `${insertInto(table)} select ${values.join(', ')} from json_to_recordset($1::json) as sent(${types.join(', ')})${onConflict(table, present)}`,
    [JSON.stringify(sent, (_key, value: unknown) => wellFormed(value))],
  );
}

/** Half of a surrogate pair is no text: PostgreSQL reads none out of JSON, and SQLite gives back something else than it was given. */
const wellFormed = (value: unknown): unknown => (typeof value === 'string' ? toUSVString(value) : value);

const toHex = (row: Row, columns: readonly string[]): Row =>
  Object.fromEntries(columns.map((name) => [name, Buffer.from(row[name] as Uint8Array).toString('hex')]));

function sqliteInsert(table: BulkTable, rows: readonly Row[], present: Present): CompiledQuery {
  const columns = columnsOf(table);
  const places = `(${columns.map(() => '?').join(', ')})`;
  return CompiledQuery.raw(
    `${insertInto(table)} values ${rows.map(() => places).join(', ')}${onConflict(table, present)}`,
    rows.flatMap((row) => columns.map(([name]) => wellFormed(row[name]))),
  );
}

const columnsOf = (table: BulkTable): readonly (readonly [string, ColumnType])[] =>
  Object.entries(tables[table].columns);

const insertInto = (table: BulkTable): string =>
  `insert into "${table}" (${columnsOf(table)
    .map(([name]) => `"${name}"`)
    .join(', ')})`;

function onConflict(table: BulkTable, present: Present): string {
  if (present === 'refuse') return '';
  if (present === 'keep') return ' on conflict do nothing';
  const key: readonly string[] = tables[table].key;
  const others = columnsOf(table).flatMap(([name]) => (key.includes(name) ? [] : [name]));
  const source = present === 'lock' ? `"${table}"` : 'excluded';
  const set = (present === 'lock' ? others.slice(0, 1) : others).map((name) => `"${name}" = ${source}."${name}"`);
  return ` on conflict (${key.map((name) => `"${name}"`).join(', ')}) do update set ${set.join(', ')}`;
}
