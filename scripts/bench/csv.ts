// Tickets out of a CSV and back into one, on SQLite and on PostgreSQL: rows a second of an import into an empty database beside a bare
// insert of equal rows into the same tables (SQLite: prepared statements, transactions of the same size, the same order; PostgreSQL: COPY of
// whole tables), of a dry run, of a second import that finds nothing to do, and of an export; and the reader alone beside csv-parse.
import { chmodSync, createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { eventRequestSchema, ready, ticketFileOptionsSchema } from '@postern/shared';
import Sqlite from 'better-sqlite3';
import { parse } from 'csv-parse';
import { sql } from 'kysely';
import type { Cloud } from '../../cloud-sync/src/main.ts';
import { systemActor } from '../../cloud-sync/src/services/audit.ts';
import { bytesOfFile, openCsv, type CsvBytes } from '../../cloud-sync/src/services/csv-file.ts';
import { ticketsPerBatch } from '../../cloud-sync/src/services/ticket-import-batches.ts';
import { withDatabase } from '../lib/cloud-database.ts';
import { benchEvent, openBenchCloud, withDatabases, type BenchDatabases, type DatabaseKind } from './cloud-rig.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

/** What an import fills. */
const tables = ['ticket', 'ticket_code', 'ticket_holder'] as const;
const rowsPerPiece = 10_000;

export const benchCsv: Bench = ({ quick }) =>
  withDatabases(async (databases) => {
    await ready;
    const tickets = quick ? 50_000 : 1_000_000;
    const path = join(databases.folder, 'tickets.csv');
    await writeTickets(path, tickets);
    const bytes = await bytesOfFile(path);
    if (!bytes.ok) throw new Error(bytes.error.type);
    const rows: BenchRow[] = [await benchReader(path, bytes.value)];
    for (const kind of databases.kinds) rows.push(...(await benchOn(databases, kind, bytes.value, tickets)));
    return rows;
  });

/** As a box office's has them: in Windows-1252, with semicolons and a column of no interest. */
async function writeTickets(path: string, count: number): Promise<void> {
  const pieces = function* (): Generator<Buffer> {
    yield Buffer.from('Bestellnummer;Strichcode;Tickettyp;Vorname;Nachname;E-Mail;Gültig bis;Preis\r\n', 'latin1');
    for (let start = 0; start < count; start += rowsPerPiece) {
      const rows = Array.from({ length: Math.min(rowsPerPiece, count - start) }, (_, index) => {
        const number = start + index;
        return `B${number >> 1};${1e12 + number * 7_919};Day;Jörg;Müller ${number};j${number}@example.org;28.11.2026 04:00;"12,50"\r\n`;
      });
      yield Buffer.from(rows.join(''), 'latin1');
    }
  };
  await pipeline(Readable.from(pieces()), createWriteStream(path));
}

async function benchReader(path: string, bytes: CsvBytes): Promise<BenchRow> {
  const ourMs = await time(async () => {
    const opened = await openCsv(bytes);
    if (!opened.ok) throw new Error(opened.error.type);
    let rows = 0;
    for await (const entries of opened.value.rows) rows += entries.length;
    return rows;
  });
  const theirMs = await time(async () => {
    let rows = 0;
    for await (const _row of createReadStream(path).pipe(parse({ delimiter: ';', encoding: 'latin1' }))) rows += 1;
    return rows - 1;
  });
  if (ourMs.result !== theirMs.result) throw new Error('the readers have not read the same');
  const megabytes = (ms: number): number => bytes.size / 1_000 / ms;
  return benchRow('the CSV reader, its encoding found out, beside csv-parse', megabytes(ourMs.ms), 'MB/s', {
    baseline: megabytes(theirMs.ms),
  });
}

async function benchOn(
  databases: BenchDatabases,
  kind: DatabaseKind,
  bytes: CsvBytes,
  tickets: number,
): Promise<readonly BenchRow[]> {
  const url = await databases.create(kind);
  const cloud = await openBenchCloud(databases, `${kind}-csv`, url);
  const perSecond = (ms: number): number => (tickets / ms) * 1_000;
  const count = tickets.toLocaleString('en');
  try {
    const event = await cloud.events.create(eventRequestSchema.parse(benchEvent));
    if (!event.ok) throw new Error(event.error.type);
    const dry = await time(() => importAll(cloud, bytes, true));
    const first = await time(() => importAll(cloud, bytes, false));
    const second = await time(() => importAll(cloud, bytes, false));
    const out = await time(() => exportAll(cloud));
    if (first.result.created !== tickets || second.result.unchanged !== tickets || out.result < tickets)
      throw new Error('not all tickets came in, stayed, and came out');
    const floorMs = await (kind === 'SQLite' ? bareInsert(databases, url) : copy(databases, url));
    const floor = kind === 'SQLite' ? 'a bare insert of equal rows' : 'COPY of equal rows';
    return [
      benchRow(`${kind}: ${count} tickets imported, rows a second, beside ${floor}`, perSecond(first.ms), '1/s', {
        baseline: perSecond(floorMs),
        ...(kind === 'SQLite' ? { bar: { ratioAtLeast: 0.5 } } : {}),
      }),
      benchRow(`${kind}: the same file looked at only (dry run)`, perSecond(dry.ms), '1/s'),
      benchRow(`${kind}: the same file again, nothing to do`, perSecond(second.ms), '1/s'),
      benchRow(`${kind}: exported with holders and uses`, perSecond(out.ms), '1/s'),
    ];
  } finally {
    await cloud.close();
  }
}

async function time<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly result: T }> {
  const started = performance.now();
  const result = await work();
  return { ms: performance.now() - started, result };
}

async function importAll(
  { ticketFileImports }: Cloud,
  bytes: CsvBytes,
  dryRun: boolean,
): Promise<{ readonly created: number; readonly unchanged: number }> {
  const options = ticketFileOptionsSchema.parse({});
  const done = await ticketFileImports.run(benchEvent.event, bytes, { dryRun, options, by: systemActor });
  if (!done.ok) throw new Error(done.error.detail ?? done.error.type);
  return done.value;
}

async function exportAll({ ticketExports }: Cloud): Promise<number> {
  const pages = await ticketExports.open(benchEvent.event, { holders: true, uses: true });
  if (!pages.ok) throw new Error(pages.error.type);
  let lines = 0;
  for await (const page of pages.value) lines += page.split('\n').length - 1;
  return lines;
}

/** As quick as SQLite takes them while it is as durable; what it is given is read beforehand. */
async function bareInsert(databases: BenchDatabases, fromUrl: string): Promise<number> {
  const toUrl = await databases.create('SQLite');
  const open = (url: string): Sqlite.Database => new Sqlite(url.replace(/^sqlite:/, ''));
  const [from, to] = [open(fromUrl), open(toUrl)];
  to.pragma('journal_mode = WAL');
  to.pragma('synchronous = FULL');
  to.pragma('cache_size = -65536');
  to.pragma('wal_autocheckpoint = 8000');
  const sides = tables.map((table) => {
    const columns = from.prepare(`select * from "${table}" limit 1`).columns().length;
    return {
      read: from.prepare(`select * from "${table}" where rowid > ? order by rowid limit ${ticketsPerBatch}`).raw(),
      insert: to.prepare(`insert into "${table}" values (${Array.from({ length: columns }, () => '?').join(', ')})`),
    };
  });
  let ms = 0;
  for (let after = 0; ; after += ticketsPerBatch) {
    const pages = sides.map(({ read, insert }) => ({ insert, rows: read.all(after) as unknown[][] }));
    if (pages.every(({ rows }) => rows.length === 0)) break;
    const started = performance.now();
    to.transaction(() => {
      for (const { insert, rows } of pages) for (const row of rows) insert.run(...row);
    })();
    ms += performance.now() - started;
  }
  from.close();
  to.close();
  return ms;
}

/** Table by table, from files that the server itself has written. */
async function copy(databases: BenchDatabases, fromUrl: string): Promise<number> {
  const toUrl = await databases.create('PostgreSQL');
  const folder = mkdtempSync(join(tmpdir(), 'postern-copies-'));
  // The server may run as somebody else.
  chmodSync(folder, 0o777);
  const withoutTimeout = (url: string, statement: (table: string) => string): Promise<number> =>
    withDatabase(url, (database) =>
      database.connection().execute(async (connection) => {
        await sql`set statement_timeout = 0`.execute(connection);
        const started = performance.now();
        for (const table of tables) await sql.raw(statement(table)).execute(connection);
        return performance.now() - started;
      }),
    );
  try {
    await withoutTimeout(fromUrl, (table) => `copy "${table}" to '${join(folder, table)}'`);
    return await withoutTimeout(toUrl, (table) => `copy "${table}" from '${join(folder, table)}'`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
