// The cloud over HTTP, on SQLite and on PostgreSQL: durable central verifies a second, one process and two on one database, and the
// slowest readings of a ticket, each beside a bare route of the same server and database in the same run.
import type { TicketResponse } from '@postern/shared';
import { quantile } from '../lib/statistics.ts';
import {
  copyTickets,
  createEvent,
  createProgram,
  issueTickets,
  makeMasterKey,
  startBareServer,
  startCloud,
  withDatabases,
  type BenchDatabases,
  type DatabaseKind,
} from './cloud-rig.ts';
import { runLoad, type Load, type LoadRequest, type LoadResult } from './load.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

/** Requests under way at any time: as many as fill a group commit, and few. */
const verifyConnections = 512;
const fewConnections = 64;
const readConnections = 16;

interface Counts {
  readonly rounds: number;
  /** Requests a round and contender. */
  readonly requests: number;
  /** Before anything counts: until the compiler has seen the whole way of a request. */
  readonly warmUp: number;
}

export const benchCentral: Bench = ({ quick }) =>
  withDatabases(async (databases) => {
    const counts = quick ? { rounds: 2, requests: 400, warmUp: 400 } : { rounds: 6, requests: 2_500, warmUp: 4_000 };
    const rows: BenchRow[] = [];
    for (const kind of databases.kinds) rows.push(...(await benchOn(databases, kind, counts)));
    return rows;
  });

async function benchOn(databases: BenchDatabases, kind: DatabaseKind, counts: Counts): Promise<readonly BenchRow[]> {
  const databaseUrl = await databases.create(kind);
  const masterKey = makeMasterKey();
  const cloud = await startCloud(databases, { name: `${kind}-1`, databaseUrl, masterKey });
  // SQLite is for one process.
  const second =
    kind === 'SQLite' ? undefined : await startCloud(databases, { name: `${kind}-2`, databaseUrl, masterKey });
  const bareUrl = await databases.create(kind);
  const bare = await startBareServer(databases, bareUrl);
  await createEvent(cloud);
  const program = await createProgram(cloud);
  const { rounds, requests, warmUp } = counts;
  // Twice: with many requests under way, and with few.
  const needed = 2 * (warmUp + rounds * requests);
  const tickets = await issueTickets(cloud, second === undefined ? needed : 2 * needed);
  const takeTickets = createTaker(tickets);

  const verifyAt = (url: string, count: number): Load => ({
    url,
    requests: takeTickets(count).map((ticket) => verifyRequest(ticket, program)),
    isGood: (status, body) => status === 200 && body.includes('"success":true'),
  });
  const bareAt = (path: string, count: number): Load => ({
    url: bare.url,
    requests: tickets.slice(0, count).map((ticket) => ({ ...verifyRequest(ticket, program), path })),
    isGood: (status, body) => status === 200 && body.includes('"success":true'),
  });
  const verify =
    (connections: number): Contender =>
    (count) =>
      runLoad(verifyAt(cloud.url, count), connections);
  const floor =
    (connections: number): Contender =>
    (count) =>
      runLoad(bareAt('/verify', count), connections);
  const groupedFloor = (count: number): Promise<LoadResult> =>
    runLoad(bareAt('/verify-grouped', count), verifyConnections);
  const both = async (count: number): Promise<LoadResult> => {
    if (second === undefined) throw new Error('SQLite has no second process');
    const loads = [verifyAt(cloud.url, count / 2), verifyAt(second.url, count / 2)];
    const results = await Promise.all(loads.map((load) => runLoad(load, verifyConnections / 2)));
    return { seconds: Math.max(...results.map(({ seconds }) => seconds)), latenciesMs: [] };
  };
  await copyTickets(databaseUrl, bareUrl);
  if (second !== undefined) await runLoad(verifyAt(second.url, warmUp), verifyConnections);
  const perSecond = await measureRates(
    {
      floor: floor(verifyConnections),
      groupedFloor,
      verify: verify(verifyConnections),
      floorForFew: floor(fewConnections),
      verifyForFew: verify(fewConnections),
      ...(second === undefined ? {} : { both }),
    },
    counts,
  );

  const read = (url: string, path: (ticket: string) => string) => (count: number) =>
    runLoad(
      {
        url,
        requests: tickets.slice(0, count).map(({ id }) => ({ method: 'GET', path: path(id), token: program })),
        isGood: (status) => status === 200,
      },
      readConnections,
    );
  const reading = await measureLatencies(
    { bare: read(bare.url, (id) => `/tickets/${id}`), read: read(cloud.url, (id) => `/api/tickets/${id}`) },
    counts,
  );
  return [
    benchRow(
      `${kind}: durable central verifies a second, beside verify + one FULL insert`,
      perSecond('verify'),
      '1/s',
      {
        baseline: perSecond('floor'),
        bar: { ratioAtLeast: 0.5 },
      },
    ),
    benchRow(
      `${kind}: the same with ${fewConnections} requests under way and not ${verifyConnections}`,
      perSecond('verifyForFew'),
      '1/s',
      {
        baseline: perSecond('floorForFew'),
      },
    ),
    benchRow(`${kind}: the first, beside verify + insert with a group commit`, perSecond('verify'), '1/s', {
      baseline: perSecond('groupedFloor'),
    }),
    ...(second === undefined
      ? []
      : [
          benchRow(`${kind}: central verifies a second of two processes, beside one`, perSecond('both'), '1/s', {
            baseline: perSecond('verify'),
          }),
        ]),
    benchRow(
      `${kind}: GET /api/tickets/{id} over ${readConnections} connections, p99, beside a bare route`,
      quantile(reading.read, 0.99),
      'ms',
      { baseline: quantile(reading.bare, 0.99) },
    ),
  ];
}

type Contender = (count: number) => Promise<LoadResult>;

/** All in turn, round by round; answers with how many a second each made of it. */
async function measureRates(
  contenders: Readonly<Record<string, Contender>>,
  { rounds, requests, warmUp }: Counts,
): Promise<(name: string) => number> {
  const seconds = new Map<string, number>();
  const all = Object.entries(contenders);
  for (const [name, run] of all) if (name !== 'both') await run(warmUp);
  for (let round = 0; round < rounds; round++)
    for (const [name, run] of rotated(all, round))
      seconds.set(name, (seconds.get(name) ?? 0) + (await run(requests)).seconds);
  return (name) => (rounds * requests) / (seconds.get(name) ?? Number.NaN);
}

async function measureLatencies<N extends string>(
  contenders: Readonly<Record<N, Contender>>,
  { rounds, requests, warmUp }: Counts,
): Promise<Readonly<Record<N, readonly number[]>>> {
  const all = Object.entries<Contender>(contenders);
  const samples = new Map<string, number[]>();
  for (const [, run] of all) await run(warmUp);
  for (let round = 0; round < rounds; round++)
    for (const [name, run] of rotated(all, round))
      samples.set(name, [...(samples.get(name) ?? []), ...(await run(requests)).latenciesMs]);
  return Object.fromEntries(samples) as unknown as Record<N, readonly number[]>;
}

/** Each goes first in turn, so that none always finds the machine as the same other left it. */
const rotated = <T>(items: readonly T[], by: number): readonly T[] => {
  const from = by % items.length;
  return [...items.slice(from), ...items.slice(0, from)];
};

/** Each ticket admits once. */
function createTaker(tickets: readonly TicketResponse[]): (count: number) => readonly TicketResponse[] {
  let taken = 0;
  return (count) => {
    const some = tickets.slice(taken, taken + count);
    if (some.length < count) throw new Error('there are not enough tickets for this benchmark');
    taken += count;
    return some;
  };
}

const verifyRequest = ({ id, text = '' }: TicketResponse, token: string): LoadRequest => ({
  method: 'POST',
  path: `/api/tickets/${id}/methods/qr/verify`,
  token,
  body: JSON.stringify({ presented_data: text }),
});
