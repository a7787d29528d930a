// Tickets that a pretix server sells, on SQLite and on PostgreSQL: the first import, beside bare fetching of the same pages, and how many requests it
// takes beside the pages that there are; admissions that go back, beside bare posts of equal bodies, as many at a time. The server is the
// stand-in of the tests in a process of its own, with no delay of a network.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventRequestSchema, pretixConnectSchema, ready, type PretixRun } from '@postern/shared';
import type { Cloud } from '../../cloud-sync/src/main.ts';
import { orderFields } from '../../cloud-sync/src/services/pretix/messages.ts';
import { withDatabase } from '../lib/cloud-database.ts';
import { admittedMark, simulatedBoot } from '../sim/gate-marks.ts';
import { benchEvent, openBenchCloud, withDatabases, type BenchDatabases, type DatabaseKind } from './cloud-rig.ts';
import type { PretixServerStarted } from './pretix-server.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';
import { makeSegments } from './segments.ts';

const pageSize = 50;
/** As the cloud sends. */
const postsAtOnce = 4;
const serverScript = fileURLToPath(new URL('./pretix-server.ts', import.meta.url));
const gate = 'gate-1';
const writer = { event: benchEvent.event, gate, boot: simulatedBoot(gate, 1) };
const startMs = Date.UTC(2026, 8, 21, 16);

export const benchPretix: Bench = ({ quick }) =>
  withDatabases(async (databases) => {
    await ready;
    const orders = quick ? 500 : 2_500;
    const rows: BenchRow[] = [];
    for (const kind of databases.kinds) rows.push(...(await benchOn(databases, kind, orders)));
    return rows;
  });

async function benchOn(databases: BenchDatabases, kind: DatabaseKind, orders: number): Promise<readonly BenchRow[]> {
  const server = await startServer(databases, orders);
  const tickets = server.secrets.length;
  const url = await databases.create(kind);
  const cloud = await openBenchCloud(databases, `${kind}-pretix`, url);
  try {
    const event = await cloud.events.create(eventRequestSchema.parse({ ...benchEvent, types: [] }));
    if (!event.ok) throw new Error(event.error.type);
    const { url: address, token, organizer, slug, list } = server;
    const request = pretixConnectSchema.parse({ server: address, organizer, slug, token, lists: [{ id: list }] });
    const { signal } = new AbortController();
    const connected = await cloud.pretix.connect(benchEvent.event, request, { signal, anywhere: true });
    if (!connected.ok) throw new Error(connected.error.type);
    // Both at their best: the server has rendered every page once.
    await fetchPages(server);
    const bareMs = await timed(() => fetchPages(server));
    let requests = 0;
    const importMs = await timed(async () => {
      const run = await sync(cloud);
      if (run.tickets.created !== tickets) throw new Error(`${run.tickets.created} of ${tickets} tickets came in`);
      ({ requests } = run);
    });
    await admitAll(cloud, url);
    const sendMs = await timed(async () => {
      const { checkIns } = await sync(cloud);
      if (checkIns.sent !== tickets) throw new Error(`${checkIns.sent} of ${tickets} admissions went back`);
    });
    const bareSendMs = await timed(() => postAll(server));
    const perSecond = (ms: number): number => (tickets / ms) * 1_000;
    const pages = Math.ceil(orders / pageSize);
    return [
      benchRow(
        `${kind}: pretix import of ${tickets} tickets, tickets a second, beside bare fetching of the same pages`,
        perSecond(importMs),
        '1/s',
        { baseline: perSecond(bareMs) },
      ),
      benchRow(`${kind}: the same, requests, beside the pages of orders`, requests, 'requests', { baseline: pages }),
      benchRow(
        `${kind}: admissions back to pretix a second, beside bare posts of equal bodies, ${postsAtOnce} at a time`,
        perSecond(sendMs),
        '1/s',
        { baseline: perSecond(bareSendMs) },
      ),
    ];
  } finally {
    await cloud.close();
  }
}

async function startServer({ own }: BenchDatabases, orders: number): Promise<PretixServerStarted> {
  const child = own(
    fork(serverScript, [String(orders)], {
      execArgv: ['--conditions=source', '--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }),
  );
  const [started] = (await once(child, 'message')) as [PretixServerStarted];
  return started;
}

const sync = async (cloud: Cloud): Promise<PretixRun> => {
  const synced = await cloud.pretixSync(benchEvent.event, {
    full: false,
    by: undefined,
    signal: new AbortController().signal,
  });
  if (!synced.ok) throw new Error(synced.error.type);
  if (synced.value.failure !== undefined) throw new Error(synced.value.failure.type);
  return synced.value.run;
};

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** The pages of an import, one after the other, and nothing done with them. */
async function fetchPages({ url, token, organizer, slug }: PretixServerStarted): Promise<void> {
  const query = new URLSearchParams({
    include_canceled_positions: 'true',
    testmode: 'false',
    page_size: String(pageSize),
    ordering: 'datetime',
  });
  for (const field of orderFields) query.append('include', field);
  let next: string | null = `${url}/api/v1/organizers/${organizer}/events/${slug}/orders/?${query.toString()}`;
  while (next !== null) {
    const response: Response = await fetch(next, { headers: { Authorization: `Token ${token}` } });
    ({ next } = (await response.json()) as { readonly next: string | null });
  }
}

async function postAll({ url, token, organizer, list, secrets }: PretixServerStarted): Promise<void> {
  const queue = [...secrets.entries()];
  const work = async (): Promise<void> => {
    for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
      const [index, secret] = entry;
      const response = await fetch(`${url}/api/v1/organizers/${organizer}/checkinrpc/redeem/`, {
        method: 'POST',
        headers: { Authorization: `Token ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({
          lists: [list],
          secret,
          type: 'entry',
          datetime: new Date(startMs + index).toISOString(),
          nonce: `bare-${index}`.padEnd(32, '0'),
          force: true,
          ignore_unpaid: true,
          questions_supported: false,
        }),
      });
      await response.json();
    }
  };
  await Promise.all(Array.from({ length: postsAtOnce }, work));
}

/** Every ticket has been let in at one gate. */
async function admitAll(cloud: Cloud, databaseUrl: string): Promise<void> {
  const tickets = await withDatabase(databaseUrl, (database) => database.selectFrom('ticket').select('id').execute());
  const marks = tickets.map(({ id }, index) =>
    admittedMark(writer, index + 1, id, { ms: startMs + index * 700, counter: 0 }),
  );
  for (const segment of await makeSegments(writer, marks)) {
    const stored = await cloud.replica.append(segment);
    if (!stored.ok) throw new Error(stored.error.type);
  }
}
