// Building the feed's snapshot, on SQLite and on PostgreSQL: from the tickets in the cloud's database to the published, signed, compressed
// and synced file, beside a plain SELECT of the same rows, page by page.
import { eventRequestSchema, ready, ticketRequestSchema } from '@postern/shared';
import type { Cloud } from '../../cloud-sync/src/main.ts';
import { withDatabase } from '../lib/cloud-database.ts';
import { benchEvent, openBenchCloud, withDatabases, type BenchDatabases, type DatabaseKind } from './cloud-rig.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

const ticketsPerTransaction = 10_000;
const rowsPerPage = 5_000;

export const benchFeedBuild: Bench = ({ quick }) =>
  withDatabases(async (databases) => {
    await ready;
    const tickets = quick ? 20_000 : 1_000_000;
    const rows: BenchRow[] = [];
    for (const kind of databases.kinds) rows.push(...(await benchOn(databases, kind, tickets)));
    return rows;
  });

async function benchOn(databases: BenchDatabases, kind: DatabaseKind, tickets: number): Promise<readonly BenchRow[]> {
  const url = await databases.create(kind);
  const cloud = await openBenchCloud(databases, `${kind}-feed`, url);
  try {
    await issue(cloud, tickets);
    const readMs = await timeSelect(url, tickets);
    const started = performance.now();
    const published = await cloud.feed.publish(benchEvent.event, { snapshot: true });
    const ms = performance.now() - started;
    if (!published.ok || published.value.tickets !== tickets) throw new Error('the feed has not all tickets');
    const count = tickets.toLocaleString('en');
    return [
      benchRow(`${kind}: feed of ${count} tickets built and published, beside a plain SELECT`, ms / 1_000, 's', {
        baseline: readMs / 1_000,
      }),
      benchRow(`${kind}: the same, tickets a second`, (tickets / ms) * 1_000, '1/s'),
    ];
  } finally {
    await cloud.close();
  }
}

async function issue(cloud: Cloud, tickets: number): Promise<void> {
  const event = await cloud.events.create(eventRequestSchema.parse(benchEvent));
  if (!event.ok) throw new Error(event.error.type);
  const request = ticketRequestSchema.parse({ type: 1 });
  for (let done = 0; done < tickets; done += ticketsPerTransaction) {
    const some = Array.from({ length: Math.min(ticketsPerTransaction, tickets - done) }, () => request);
    const issued = await cloud.tickets.issue(benchEvent.event, some);
    if (!issued.ok) throw new Error(issued.error.type);
  }
}

/** On a connection of its own, as the cloud's is. */
const timeSelect = (url: string, tickets: number): Promise<number> =>
  withDatabase(url, async (database) => {
    let read = 0;
    const started = performance.now();
    for (let after = ''; ;) {
      const page = await database
        .selectFrom('ticket')
        .selectAll()
        .where('event', '=', benchEvent.event)
        .where('id', '>', after)
        .orderBy('id')
        .limit(rowsPerPage)
        .execute();
      read += page.length;
      if (page.length < rowsPerPage) break;
      after = page.at(-1)?.id ?? '';
    }
    if (read !== tickets) throw new Error('the SELECT has not all tickets');
    return performance.now() - started;
  });
