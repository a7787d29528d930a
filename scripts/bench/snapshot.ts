// The snapshot of a million tickets: how small it is, how fast a gate takes it beside importing the same rows as JSON, how soon a gate
// that has it lets the first visitor in, and the memory it needs.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { encodeTicketRow, insertTicketSql, ready, snapshotTablesSql, type Ticket } from '@postern/shared';
import { openDatabase } from '../../gate-agent/src/store/database.ts';
import { buildSnapshot, generatedTicket, type BuiltSnapshot, type CodedTicket } from '../lib/build-feed.ts';
import { median } from '../lib/statistics.ts';
import { applySnapshot, benchFolder, benchPass, openBenchFeed } from './gate-rig.ts';
import { benchRow, type Bench } from './row.ts';

/** Rows a page of a JSON API: how other systems fill their scanners. */
const rowsPerPage = 1_000;
const starts = 3;

export const benchSnapshot: Bench = async ({ quick }) => {
  await ready;
  const tickets = quick ? 250_000 : 1_000_000;
  const codedTickets = quick ? 100_000 : 1_000_000;
  const folder = benchFolder();
  try {
    const own = buildSnapshot({ path: join(folder.path, 'own.gz'), tickets: generatedTickets(tickets, false) });
    const coded = buildSnapshot({ path: join(folder.path, 'coded.gz'), tickets: generatedTickets(codedTickets, true) });
    const applyMs = await timeApply(join(folder.path, 'gate'), own);
    const importMs = timeImport(join(folder.path, 'import.db'), tickets);
    const started = Array.from({ length: starts }, () => startGate(join(folder.path, 'gate')));
    const count = tickets.toLocaleString('en');
    const codedCount = codedTickets.toLocaleString('en');
    return [
      benchRow(`snapshot of ${count} tickets: compressed bytes a ticket`, own.reference.bytes / tickets, 'B', {
        bar: { atMost: 20 },
      }),
      benchRow(
        `snapshot of ${codedCount} tickets with a foreign code each: compressed bytes a ticket`,
        coded.reference.bytes / codedTickets,
        'B',
        { bar: { atMost: 42 } },
      ),
      benchRow('rows a second into a gate: snapshot, beside row-wise JSON', tickets / (applyMs / 1_000), '1/s', {
        baseline: tickets / (importMs / 1_000),
        // The bar is about a million; fewer rows fit into the importing side's memory, and fixed costs weigh more on ours.
        ...(quick ? {} : { bar: { ratioAtLeast: 10 } }),
      }),
      benchRow(
        `process start to first admission with ${count} tickets`,
        median(started.map((start) => start.admittedMs)) / 1_000,
        's',
        { bar: { atMost: 2 } },
      ),
      benchRow(
        `resident memory of a gate with ${count} tickets`,
        median(started.map((start) => start.residentBytes)) / 2 ** 20,
        'MiB',
      ),
    ];
  } finally {
    folder.remove();
  }
};

function* generatedTickets(count: number, coded: boolean): Iterable<CodedTicket> {
  for (let index = 0; index < count; index++) yield generatedTicket(index, coded);
}

/** From the downloaded file to answers from it: hashes, unpacking, fsync and swap included. */
async function timeApply(folder: string, snapshot: BuiltSnapshot): Promise<number> {
  const cache = await openBenchFeed(folder);
  const started = performance.now();
  await applySnapshot(cache, snapshot);
  const ms = performance.now() - started;
  cache.close();
  return ms;
}

/**
 * The same tickets from pages of JSON that are in memory already, into the same tables, by prepared statements in ONE transaction: as
 * fast as rows get; with a transaction a page, as such imports usually are, it takes many times as long.
 */
function timeImport(path: string, count: number): number {
  const pages: string[] = [];
  for (let start = 0; start < count; start += rowsPerPage) {
    const rows = Array.from(
      { length: Math.min(rowsPerPage, count - start) },
      (_, index) => generatedTicket(start + index).ticket,
    );
    pages.push(JSON.stringify({ results: rows }));
  }
  const database = openDatabase(path);
  database.exec(snapshotTablesSql);
  const insert = database.prepare(insertTicketSql);
  const started = performance.now();
  database.transaction(() => {
    for (const page of pages)
      for (const ticket of (JSON.parse(page) as { readonly results: readonly Ticket[] }).results)
        insert.run(...encodeTicketRow(ticket));
  })();
  const ms = performance.now() - started;
  database.close();
  return ms;
}

function startGate(folder: string): { readonly admittedMs: number; readonly residentBytes: number } {
  const { ticket } = generatedTicket(42);
  const command = [
    '--conditions=source',
    '--import',
    'tsx',
    join(import.meta.dirname, 'start-gate.ts'),
    folder,
    benchPass(ticket.id, ticket.type),
  ];
  const answer = JSON.parse(execFileSync(process.execPath, command, { encoding: 'utf8' })) as {
    readonly decision: string;
    readonly admittedMs: number;
    readonly residentBytes: number;
  };
  if (answer.decision !== 'admit') throw new Error(`the first visitor was not let in: ${answer.decision}`);
  return answer;
}
