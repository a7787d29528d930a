// Everything that is derived from an event's marks, dropped and made anew, and hashed: a projection that was kept up to date mark by mark
// must be what all marks together make, to the byte, on either database.
import type { Clock } from '@postern/shared';
import { sql } from 'kysely';
import type { Database, Queries } from '../store/database.ts';
import { storeCorrections } from '../store/corrections.ts';
import { createRowBatch } from '../store/insert-rows.ts';
import { lockTickets } from '../store/locks.ts';
import { readMark } from '../store/mark-rows.ts';
import type { Schema } from '../store/schema.ts';
import { createTableHash, type Row, type TableHash } from '../store/table-hash.ts';
import { deriveBindingsAnew } from './binding-rows.ts';
import { followCorrections } from './corrected-stories.ts';
import { readEvent } from './events.ts';
import { deriveRecountsAnew } from './recounts.ts';
import { foldTickets, storeHistories } from './stories.ts';

const ticketsPerTransaction = 200;
const rowsPerPage = 5_000;

const mark = ['gate', 'boot', 'sequence'] as const;
/** The derived tables by what tells their rows of one event apart. */
const keys = {
  story: ['ticket'],
  entry: mark,
  departure: mark,
  presence: ['ticket', 'zone'],
  recount: mark,
  correction: mark,
  case: ['id'],
  binding: mark,
  binding_named: ['by_gate', 'by_boot', 'by_sequence', ...mark],
  binding_conflict: ['id'],
} as const satisfies Partial<Record<keyof Schema, readonly string[]>>;
type DerivedTable = keyof typeof keys;

/** When this database took note of a case: no mark says it. */
const notDerived: ReadonlySet<string> = new Set(['opened_at_ms', 'changed_at_ms']);

export interface ProjectionHash {
  /** Over all tables, 64 hexadecimal digits. */
  readonly hash: string;
  readonly rowsByTable: Readonly<Record<DerivedTable, number>>;
  readonly hashByTable: Readonly<Record<DerivedTable, string>>;
}

/** Equal wherever the same marks, rules and work on cases are. */
export async function hashProjection(database: Database, event: number): Promise<ProjectionHash> {
  const rowsByTable: Partial<Record<DerivedTable, number>> = {};
  const hashByTable: Partial<Record<DerivedTable, string>> = {};
  const whole = createTableHash(['table', 'hash']);
  for (const table of Object.keys(keys) as DerivedTable[]) {
    const { rows, digest } = await hashTable(database, table, event);
    rowsByTable[table] = rows();
    hashByTable[table] = digest();
    whole.add({ table, hash: digest() });
  }
  return {
    hash: whole.digest(),
    rowsByTable: rowsByTable as Record<DerivedTable, number>,
    hashByTable: hashByTable as Record<DerivedTable, string>,
  };
}

async function hashTable(database: Database, table: DerivedTable, event: number): Promise<TableHash> {
  const key = keys[table].map((column) => sql.ref(column));
  let hash: TableHash | undefined;
  for (let last: Row | undefined; ;) {
    const after =
      last === undefined
        ? sql``
        : sql`and (${sql.join(key)}) > (${sql.join(keys[table].map((column) => last?.[column]))})`;
    const { rows } = await sql<Row>`
      select * from ${sql.table(table)} where event = ${event} ${after} order by ${sql.join(key)} limit ${rowsPerPage}
    `.execute(database);
    for (const row of rows) {
      // A ticket that was locked, and of which nothing is known.
      if (table === 'story' && row['uses_spent'] === 0 && row['inside'] === 0 && row['epoch_seen'] === 0) continue;
      hash ??= createTableHash(Object.keys(row).filter((column) => !notDerived.has(column)));
      hash.add(row);
    }
    last = rows.at(-1);
    if (rows.length < rowsPerPage) return hash ?? createTableHash([]);
  }
}

export interface Rebuilt {
  readonly tickets: number;
  readonly before: ProjectionHash;
  readonly after: ProjectionHash;
}

/** Best while gates are quiet: what they ship meanwhile is in neither hash for sure. What people have made of cases stays. */
export async function rebuildProjection(database: Database, clock: Clock, event: number): Promise<Rebuilt> {
  const before = await hashProjection(database, event);
  await database.transaction().execute(async (queries) => {
    const pending = await queries.selectFrom('correction_pending').selectAll().where('event', '=', event).execute();
    await queries.deleteFrom('correction').where('event', '=', event).execute();
    const rows = await queries
      .selectFrom('mark')
      .select(['event', 'gate', 'boot', 'bytes'])
      .where('event', '=', event)
      .where('kind', '=', 'corrected')
      .orderBy('gate')
      .orderBy('boot')
      .orderBy('sequence')
      .execute();
    await storeCorrections(
      queries,
      rows.flatMap((row) => readMark(row) ?? []),
    );
    // What is derived here follows below; uses still wait for those that were not followed before.
    await queries.deleteFrom('correction_pending').where('event', '=', event).execute();
    for (const row of pending) await queries.insertInto('correction_pending').values(row).execute();
  });
  const tickets = await rebuildTickets(database, clock, event);
  await database.transaction().execute(async (queries) => {
    await deriveRecountsAnew(queries, event);
    await deriveBindingsAnew(queries, event);
    await queries.deleteFrom('projection_outdated').where('event', '=', event).execute();
  });
  return { tickets, before, after: await hashProjection(database, event) };
}

/** At the start: what an older version has derived, and corrections that a process before has not followed to the end. */
export async function bringUpToDate(database: Database, clock: Clock): Promise<void> {
  const outdated = await database.selectFrom('projection_outdated').select('event').execute();
  for (const { event } of outdated) await rebuildProjection(database, clock, event);
  await followCorrections(database, clock);
}

/** Every ticket that has a mark, a story or a case that somebody has worked on. */
async function rebuildTickets(database: Database, clock: Clock, event: number): Promise<number> {
  let tickets = 0;
  for (let after: string | undefined; ;) {
    const pages = await Promise.all(
      (['mark', 'story', 'case_work', 'case'] as const).map((table) => readTicketPage(database, table, event, after)),
    );
    // The page ends where the shortest full one does: of what lies behind that, some tables have not been read.
    const ends = pages.flatMap((page) => (page.length === ticketsPerTransaction ? [page.at(-1) ?? ''] : []));
    const end = ends.toSorted()[0];
    const some = [...new Set(pages.flat())].filter((ticket) => end === undefined || ticket <= end).toSorted();
    if (some.length > 0) await database.transaction().execute((queries) => rebuildSome(queries, clock, event, some));
    tickets += some.length;
    if (end === undefined) return tickets;
    after = end;
  }
}

async function readTicketPage(
  database: Database,
  table: 'mark' | 'story' | 'case_work' | 'case',
  event: number,
  after: string | undefined,
): Promise<readonly string[]> {
  const rows = await database
    .selectFrom(table)
    .select('ticket')
    .distinct()
    .where('event', '=', event)
    .where('ticket', 'is not', null)
    .$if(after !== undefined, (select) => select.where('ticket', '>', after ?? ''))
    .orderBy('ticket')
    .limit(ticketsPerTransaction)
    .execute();
  return rows.flatMap(({ ticket }) => ticket ?? []);
}

async function rebuildSome(queries: Queries, clock: Clock, event: number, tickets: readonly string[]): Promise<void> {
  await lockTickets(queries, event, tickets);
  const record = await readEvent(queries, event);
  if (record === undefined) return;
  const cases = await queries
    .selectFrom('case')
    .select(['id', 'opened_at_ms', 'changed_at_ms'])
    .where('event', '=', event)
    .where('ticket', 'in', tickets)
    .execute();
  for (const table of ['entry', 'departure', 'presence', 'case'] as const)
    await queries.deleteFrom(table).where('event', '=', event).where('ticket', 'in', tickets).execute();
  const times = new Map(cases.map(({ id, ...time }) => [id, time]));
  const histories = await foldTickets(queries, record.policy, tickets);
  const batch = createRowBatch();
  await storeHistories(queries, batch, clock.wallMs(), event, histories, new Set(tickets), times);
  await batch.write(queries);
}
