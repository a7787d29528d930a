// What an operator waits for: messages to webhooks beside bare POSTs of equal bodies to the same receiver, and a backup and its restore, each
// whole with its checks and on the disk, beside `cp` of the same bytes.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fsyncSync, openSync, rmSync, statSync } from 'node:fs';
import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { encodeMark, eventRequestSchema, ready, ticketRequestSchema, type Mark } from '@postern/shared';
import { deliveryName } from '../../cloud-sync/src/services/webhooks/deliver.ts';
import { newDelivery } from '../../cloud-sync/src/services/webhooks/outbox.ts';
import { backupSqlite, restoreSqlite } from '../../cloud-sync/src/store/backup.ts';
import type { Database } from '../../cloud-sync/src/store/database.ts';
import { insertRows } from '../../cloud-sync/src/store/insert-rows.ts';
import { withDatabase } from '../lib/cloud-database.ts';
import { benchEvent, openBenchCloud, withDatabases, type BenchDatabases, type DatabaseKind } from './cloud-rig.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

/** As many attempts are under way as the service allows: four receivers, each four at a time. */
const receivers = 4;
const connectionsPerReceiver = 4;
const rowsPerTransaction = 10_000;
const eveningMs = Date.UTC(2026, 8, 21, 19);

export const benchOperations: Bench = ({ quick }) =>
  withDatabases(async (databases) => {
    await ready;
    const rows: BenchRow[] = [];
    for (const kind of databases.kinds) rows.push(await benchWebhooks(databases, kind, quick ? 400 : 8_000));
    rows.push(...(await benchBackup(databases, quick ? 10_000 : 1_000_000, quick ? 20_000 : 2_000_000)));
    return rows;
  });

// ---- webhooks

async function benchWebhooks(databases: BenchDatabases, kind: DatabaseKind, messages: number): Promise<BenchRow> {
  const servers = await Promise.all(Array.from({ length: receivers }, startReceiver));
  const urls = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const databaseUrl = await databases.create(kind);
  const cloud = await openBenchCloud(databases, `${kind}-webhooks`, databaseUrl, {
    POSTERN_CLOUD_WEBHOOK_NETWORKS: '127.0.0.0/8',
  });
  try {
    await cloud.events.create(eventRequestSchema.parse(benchEvent));
    const { token = '' } = (await cloud.users.createFirst()) ?? {};
    const endpoints: string[] = [];
    for (const url of urls) {
      const made = await cloud.app.request('/api/events/1/webhooks', {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ url, types: ['mark.admitted'] }),
      });
      endpoints.push(((await made.json()) as { id: string }).id);
    }
    const deliveries = Array.from({ length: messages }, (_, index) =>
      newDelivery({
        endpoint: endpoints[index % receivers] ?? '',
        message: `msg_${index.toString().padStart(24, '0')}`,
        type: 'mark.admitted',
        data: { event: 1, marks: [{ gate: 'gate-a', boot: '0'.repeat(16), sequence: index, ticket: ticketId(index) }] },
        nowMs: Date.now(),
      }),
    );
    await withDatabase(databaseUrl, async (database) => {
      for (let start = 0; start < messages; start += 100)
        await database
          .insertInto('webhook_delivery')
          .values(deliveries.slice(start, start + 100))
          .execute();
    });
    const bareMs = await postBare(
      urls,
      deliveries.map(({ body }) => body),
    );
    const started = performance.now();
    const run = await cloud.jobs.start(deliveryName, 0, {});
    if (!run.ok) throw new Error(run.error.type);
    await cloud.jobs.perform(run.value.id);
    const ms = performance.now() - started;
    const ended = await cloud.jobs.find(run.value.id);
    if (!ended.ok || ended.value.result?.counts['delivered'] !== messages)
      throw new Error(`not all were delivered: ${JSON.stringify(ended)}`);
    return benchRow(
      `${kind}: messages to webhooks, signed and kept, beside bare POSTs of equal bodies`,
      (messages / ms) * 1_000,
      '1/s',
      { baseline: (messages / bareMs) * 1_000 },
    );
  } finally {
    await cloud.close();
    for (const server of servers) server.close();
  }
}

async function startReceiver(): Promise<Server> {
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.once('end', () => response.writeHead(204).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function postBare(urls: readonly string[], bodies: readonly string[]): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connectionsPerReceiver });
  let next = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: receivers * connectionsPerReceiver }, async () => {
      for (let index = next++; index < bodies.length; index = next++)
        await post(agent, urls[index % receivers] ?? '', bodies[index] ?? '');
    }),
  );
  const ms = performance.now() - started;
  agent.destroy();
  return ms;
}

const post = (agent: Agent, url: string, body: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent, headers: { 'Content-Type': 'application/json' } });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      response.resume();
      response.once('end', resolve);
    });
    outgoing.end(body);
  });

// ---- backup and restore

async function benchBackup(databases: BenchDatabases, tickets: number, marks: number): Promise<readonly BenchRow[]> {
  const url = await databases.create('SQLite');
  const source = url.slice('sqlite:'.length);
  const cloud = await openBenchCloud(databases, 'backup', url);
  await cloud.events.create(eventRequestSchema.parse(benchEvent));
  const wanted = ticketRequestSchema.parse({ type: 1 });
  for (let done = 0; done < tickets; done += rowsPerTransaction) {
    const issued = await cloud.tickets.issue(
      benchEvent.event,
      Array.from({ length: Math.min(rowsPerTransaction, tickets - done) }, () => wanted),
    );
    if (!issued.ok) throw new Error(issued.error.type);
  }
  await cloud.close();
  await withDatabase(url, (database) => insertMarks(database, marks));
  const [copied, backup, restored] = ['copied.db', 'backup.db', 'restored.db'].map((name) =>
    join(databases.folder, name),
  ) as [string, string, string];
  // Once before it counts, so that all three read from memory what fits there.
  timeCopy(source, copied);
  const copyMs = timeCopy(source, copied);
  const backupMs = await timed(() => backupSqlite(source, backup));
  const restoreMs = await timed(() => restoreSqlite(backup, restored, async () => undefined));
  const megabytes = Math.round(statSync(backup).size / 1e6);
  for (const path of [copied, backup, restored]) rmSync(path);
  const what = `${tickets.toLocaleString('en')} tickets and ${marks.toLocaleString('en')} marks (${megabytes} MB)`;
  return [
    benchRow(`backup of ${what}, checked and synced, beside cp of the same bytes`, backupMs / 1_000, 's', {
      baseline: copyMs / 1_000,
    }),
    benchRow(`restore of the same, checked and synced, beside cp of the same bytes`, restoreMs / 1_000, 's', {
      baseline: copyMs / 1_000,
    }),
  ];
}

async function insertMarks(database: Database, marks: number): Promise<void> {
  for (let done = 0; done < marks; done += rowsPerTransaction) {
    const count = Math.min(rowsPerTransaction, marks - done);
    const rows = Array.from({ length: count }, (_, index) => toRow(done + index));
    await database.transaction().execute((queries) => insertRows(queries, 'mark', rows));
  }
}

const ticketId = (index: number): string => index.toString(16).padStart(32, '0');

function toRow(index: number) {
  const writer = { event: benchEvent.event, gate: `gate-${index % 20}`, boot: '00000000000000aa' };
  const mark: Mark = {
    ...writer,
    kind: 'admitted',
    sequence: Math.floor(index / 20) + 1,
    at: { ms: eveningMs + index, counter: 0 },
    monotonicMs: index,
    clock: { source: 'server', uncertaintyMs: 20 },
    lane: 'a',
    ticketId: ticketId(index),
    epoch: 0,
    method: 'qr',
    ticketType: 1,
    zone: 'main',
    uses: 1,
    outOfTouch: false,
    peersReachable: 3,
  };
  const { sequence, ticketId: ticket, kind, at, uses } = mark;
  const times = { at_ms: at.ms, at_counter: at.counter, received_at_ms: at.ms };
  return { ...writer, sequence, ticket, kind, ...times, count: uses, bytes: encodeMark(mark) };
}

async function timed(work: () => Promise<{ readonly ok: boolean }>): Promise<number> {
  const started = performance.now();
  const done = await work();
  if (!done.ok) throw new Error(JSON.stringify(done));
  return performance.now() - started;
}

function timeCopy(from: string, to: string): number {
  rmSync(to, { force: true });
  const started = performance.now();
  if (spawnSync('cp', [from, to]).status !== 0) throw new Error('cp failed');
  const file = openSync(to, 'r');
  fsyncSync(file);
  closeSync(file);
  return performance.now() - started;
}
