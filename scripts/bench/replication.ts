// What replication costs: round trips, bytes and seconds to bring 10,000 offline marks to the cloud, beside the ways of two other
// products against the same server; and what a visitor at the lane notices of 100,000 marks that arrive meanwhile.
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  bytesToHex,
  createIngest,
  createOwnSegments,
  createReplicator,
  loadLedger,
  ready,
  type Ledger,
  type Peer,
} from '@postern/shared';
import { createCloudPeer } from '../../gate-agent/src/peers/cloud-peer.ts';
import { startReplication } from '../../gate-agent/src/replication/worker-front.ts';
import { createSystemClock, createSystemRandom, createSystemTimer } from '../../gate-agent/src/system.ts';
import { buildSnapshot, feedEvent, generatedTicket } from '../lib/build-feed.ts';
import { quantile } from '../lib/statistics.ts';
import {
  admittedMark,
  createMemoryJournal,
  simulatedBoot,
  simulatedDirectory,
  simulatedKeys,
  simulatedTicket,
} from '../sim/gate-marks.ts';
import { createMemoryReplicaStore, type ReplicaImage } from '../sim/memory-replica-store.ts';
import { quietLogger } from '../sim/replica.ts';
import { applySnapshot, benchFolder, benchPass, createBenchGate, openBenchFeed, type BenchGate } from './gate-rig.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

const marks = 10_000;
const delaysMs = [0, 50, 200] as const;
const batchMarks = 200;
const startMs = Date.UTC(2026, 8, 21, 16);

export const benchReplication: Bench = async ({ quick }) => {
  await ready;
  const ledger = await loadLedger();
  return [...(await benchDraining(ledger, quick)), ...(await benchLatency(quick))];
};

async function benchDraining(ledger: Ledger, quick: boolean): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  const { image, msPerMark } = await workOffline(ledger);
  for (const delayMs of delaysMs) {
    const server = await startServer(feedEvent, 0, 0, delayMs);
    const drained = await reconnect(ledger, image, server.url);
    // A request takes what it takes: some of them, one after the other as those products send them, tell what all take.
    const one = await postSome(`${server.url}/one`, oneScan, delayMs === 0 ? 200 : quick ? 5 : 40);
    const batch = await postSome(`${server.url}/batch`, batchOfScans, quick && delayMs > 0 ? 3 : marks / batchMarks);
    server.stop();
    if (delayMs === 0) {
      rows.push(
        benchRow('bringing an offline mark into a signed segment, as it happens', msPerMark, 'ms'),
        benchRow('draining 10,000 offline marks: round trips, beside 200 a POST', drained.roundTrips, '', {
          baseline: marks / batchMarks,
          bar: { atMost: 20 },
        }),
        benchRow(
          'draining 10,000 offline marks: bytes a mark, heads and signatures included, beside one POST a scan',
          drained.bytes / marks,
          'B',
          { baseline: oneScan.length, bar: { atMost: 30 } },
        ),
      );
    }
    rows.push(
      benchRow(
        `draining 10,000 offline marks at ${delayMs} ms: seconds until they are checked and stored, beside one POST a scan`,
        drained.seconds,
        's',
        { baseline: one * marks },
      ),
      benchRow(
        `draining 10,000 offline marks at ${delayMs} ms: the same, beside 200 a POST (neither checked nor stored)`,
        drained.seconds,
        's',
        { baseline: (batch * marks) / batchMarks },
      ),
    );
  }
  return rows;
}

const writer = { event: feedEvent, gate: 'gate-1', boot: simulatedBoot('gate-1', 1) };

/** What a gate does while nobody can be reached: its marks go into segments all the same. */
async function workOffline(ledger: Ledger): Promise<{ readonly image: ReplicaImage; readonly msPerMark: number }> {
  const journal = createMemoryJournal();
  for (let sequence = 1; sequence <= marks; sequence++)
    journal.add(admittedMark(writer, sequence, sequence, { ms: startMs + sequence * 1_130, counter: 0 }));
  const store = createMemoryReplicaStore();
  const own = createOwnSegments({
    ...writer,
    secretKey: simulatedKeys('gate-1').secretKey,
    ledger,
    store,
    journal,
    log: quietLogger,
    breathe: async () => {},
  });
  const started = performance.now();
  await own.drain();
  return { image: store.image(), msPerMark: (performance.now() - started) / marks };
}

/** From the first message to a server that has checked and stored every mark. */
async function reconnect(
  ledger: Ledger,
  image: ReplicaImage,
  url: string,
): Promise<{ readonly roundTrips: number; readonly bytes: number; readonly seconds: number }> {
  const store = createMemoryReplicaStore({ image });
  const ingest = createIngest({ ledger, store, directory: simulatedDirectory(['gate-1']), log: quietLogger });
  const own = createOwnSegments({
    ...writer,
    secretKey: simulatedKeys('gate-1').secretKey,
    ledger,
    store,
    journal: createMemoryJournal(),
    log: quietLogger,
    breathe: async () => {},
  });
  const replicator = createReplicator({ gate: 'gate-1', store, ingest, own, clock: createSystemClock() });
  const peer: Peer = createCloudPeer({
    cloudUrl: url,
    fetch: (target, init) =>
      fetch(target, {
        method: 'POST',
        headers: { ...init.headers },
        body: Buffer.from(init.body ?? []),
        signal: init.signal,
      }),
  });
  const started = performance.now();
  const report = await replicator.syncWith(peer, feedEvent, new AbortController().signal);
  if (!report.ok || !report.value.equal) throw new Error('the server did not take the marks');
  return {
    roundTrips: report.value.roundTrips,
    bytes: report.value.bytesSent,
    seconds: (performance.now() - started) / 1_000,
  };
}

/** What pretix's scanning app posts for one redemption, and what alf.io's station sends for 200. */
const oneScan = JSON.stringify({
  datetime: '2026-09-21T19:02:11.000Z',
  force: true,
  ignore_unpaid: false,
  nonce: '4wvS3rTa8Cq1M0uPz5Xh',
  type: 'entry',
  secret: simulatedTicket(1),
});
const batchOfScans = JSON.stringify(
  Array.from({ length: batchMarks }, (_, index) => ({
    identifier: simulatedTicket(index),
    code: simulatedTicket(index + 1),
    timestamp: startMs + index,
  })),
);

/** Seconds a request, of `count` sequential ones. */
async function postSome(url: string, body: string, count: number): Promise<number> {
  const started = performance.now();
  for (let index = 0; index < count; index++)
    await (await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })).text();
  return (performance.now() - started) / 1_000 / count;
}

/** Quiet and busy take turns, so that both see the same machine: each round brings the marks of one more gate. */
async function benchLatency(quick: boolean): Promise<readonly BenchRow[]> {
  const [rounds, marksPerRound] = quick ? [4, 5_000] : [10, 10_000];
  const tickets = 10_000;
  const folder = benchFolder();
  const server = await startServer(feedEvent, rounds, marksPerRound, 0);
  try {
    const cache = await openBenchFeed(folder.path);
    await applySnapshot(cache, buildSnapshot({ path: join(folder.path, 'snapshot.gz'), tickets: generated(tickets) }));
    const gate = createBenchGate(folder.path, cache);
    const replication = startReplication({
      settings: {
        gate: 'gate-1',
        event: feedEvent,
        boot: bytesToHex(createSystemRandom()(8)),
        journalPath: join(folder.path, 'journal.db'),
        replicaPath: join(folder.path, 'replica.db'),
        ...simulatedKeys('gate-1'),
        keyPem: '',
        certificate: new Uint8Array(0),
        ca: new Uint8Array(0),
        cloudUrl: server.url,
        lanListen: undefined,
        lanPeers: [],
        lanDiscover: false,
      },
      logger: quietLogger,
      timer: createSystemTimer(),
      random: createSystemRandom(),
      through: () => undefined,
    });
    replication.setGates(
      ['gate-1', ...Array.from({ length: rounds }, (_, index) => `remote-${index + 1}`)].map((id) => ({
        id,
        publicKey: bytesToHex(simulatedKeys(id).publicKey),
      })),
    );
    const learned = (): number => replication.status().gates.reduce((sum, known) => sum + known.marks, 0);
    const scanner = createScanner(gate, tickets);
    await scanner.run((taken) => taken >= 300);
    const quiet: number[] = [];
    const busy: number[] = [];
    let busyMs = 0;
    for (let round = 1; round <= rounds; round++) {
      await server.more();
      replication.poke();
      const started = performance.now();
      const samples = await scanner.run(() => learned() >= round * marksPerRound);
      busyMs += performance.now() - started;
      busy.push(...samples);
      quiet.push(...(await scanner.run((taken) => taken >= samples.length)));
    }
    await replication.stop();
    await gate.close();
    const many = (rounds * marksPerRound).toLocaleString('en');
    return [
      benchRow(
        `decision to committed mark while ${many} remote marks arrive, p50, beside quiet`,
        quantile(busy, 0.5),
        'ms',
        { baseline: quantile(quiet, 0.5) },
      ),
      benchRow(
        `decision to committed mark while ${many} remote marks arrive, p99, beside quiet`,
        quantile(busy, 0.99),
        'ms',
        { baseline: quantile(quiet, 0.99), bar: { ratioAtMost: 1.5 } },
      ),
      benchRow(
        `${many} remote marks: learned a second, while scanning`,
        (rounds * marksPerRound * 1_000) / busyMs,
        'marks/s',
      ),
    ];
  } finally {
    server.stop();
    folder.remove();
  }
}

/** Between two visitors of this lane. */
const betweenVisitorsMs = 3;
const scansBetweenRests = 50;

function createScanner(
  gate: BenchGate,
  tickets: number,
): { readonly taken: () => number; readonly run: (until: (taken: number) => boolean) => Promise<readonly number[]> } {
  let scans = 0;
  return {
    taken: () => scans,
    run: async (until) => {
      const samples: number[] = [];
      while (!until(samples.length)) {
        const { ticket } = generatedTicket((scans * 7_919) % tickets);
        const text = benchPass(ticket.id, ticket.type);
        const started = performance.now();
        await gate.scan(text);
        samples.push(performance.now() - started);
        scans += 1;
        if (scans % scansBetweenRests === 0) gate.rest();
        await sleep(betweenVisitorsMs);
      }
      return samples;
    },
  };
}

function* generated(count: number): Iterable<ReturnType<typeof generatedTicket>> {
  for (let index = 0; index < count; index++) yield generatedTicket(index);
}

interface BenchServer {
  readonly url: string;
  /** Resolves once it has the marks of one more gate. */
  readonly more: () => Promise<void>;
  readonly stop: () => void;
}

async function startServer(event: number, gates: number, marksPerGate: number, delayMs: number): Promise<BenchServer> {
  const path = fileURLToPath(new URL('./remote-marks-server.ts', import.meta.url));
  const child: ChildProcess = fork(path, [event, gates, marksPerGate, delayMs].map(String), {
    execArgv: ['--conditions=source', '--import', 'tsx'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (data: Buffer) => resolve(data.toString().trim()));
    child.once('exit', (code) => reject(new Error(`the bench server ended with code ${code}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    more: () =>
      new Promise((resolve) => {
        child.once('message', () => resolve());
        child.send('more');
      }),
    stop: () => void child.kill(),
  };
}
