// The way of a mark over the LAN with the cloud gone: gates as real processes, each on a machine of its own network, from the durable mark
// at one of them to its being known at the last of the others; and the memory of a gate that knows a whole festival.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { hexToBytes, type TicketResponse } from '@postern/shared';
import { journalPath, replicaPath } from '../../gate-agent/src/event-folder.ts';
import { feedStartMs } from '../lib/build-feed.ts';
import { fillReplica } from '../lib/fill-replica.ts';
import { createNetworkLab, missingNetworkLab, type NetworkLab } from '../lib/network-lab.ts';
import { quantile } from '../lib/statistics.ts';
import { startVenue, type Venue, type VenueGate } from '../lib/venue.ts';
import { benchFolder } from './gate-rig.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';
import { untilAll, watchMarks } from './watch-marks.ts';

const lossPercent = 5;
const everywhereMsMax = 500;
const knownMarks = 2_000_000;
const memoryTickets = 2;
const settleMs = 5_000;
/** Between two marks. */
const pauseMs = 250;
/** Gates that have not found each other by then will not. */
const giveUpMs = 60_000;
const startAtOnce = 4;
const floorPort = 9_000;

export const benchMesh: Bench = async ({ quick, gates = quick ? 6 : 20 }) => {
  const missing = missingNetworkLab();
  if (missing !== undefined) {
    console.log(`   not run: ${missing}`);
    return [];
  }
  const marks = quick ? 20 : 100;
  const folder = benchFolder();
  const lab = await createNetworkLab({ machines: gates + 1 });
  let venue: Venue | undefined;
  try {
    const floors = { quiet: await measureFloor(lab, gates, marks), lossy: [] as readonly number[] };
    lab.setLoss(lossPercent);
    floors.lossy = await measureFloor(lab, gates, marks);
    lab.setLoss(0);
    venue = await startVenue({
      lab,
      folder: folder.path,
      gates,
      databaseUrls: [`sqlite:${join(folder.path, 'cloud.db')}`],
      masterKey: randomBytes(32).toString('hex'),
      tickets: 2 * marks + memoryTickets,
    });
    const waiting = [...venue.gates];
    while (waiting.length > 0) await Promise.all(waiting.splice(0, startAtOnce).map((gate) => gate.start()));
    await untilConnected(venue.gates);
    await venue.clouds[0]?.kill('SIGKILL');
    const quiet = await measureWay(venue, 0, marks);
    lab.setLoss(lossPercent);
    const lossy = await measureWay(venue, marks, marks);
    lab.setLoss(0);
    return [
      ...wayRows(`a mark known at all of ${gates} gates, quiet`, quiet, floors.quiet, true),
      ...wayRows(`a mark known at all of ${gates} gates, ${lossPercent} % loss`, lossy, floors.lossy, false),
      ...(quick ? [] : [await measureMemory(venue)]),
    ];
  } finally {
    await venue?.end();
    lab.remove();
    folder.remove();
  }
};

function wayRows(
  name: string,
  samples: readonly number[],
  floor: readonly number[],
  hasBar: boolean,
): readonly BenchRow[] {
  const row = (share: number, label: string, bar: boolean): BenchRow =>
    benchRow(`${name}: ${label}`, quantile(samples, share), 'ms', {
      baseline: quantile(floor, share),
      ...(bar ? { bar: { atMost: everywhereMsMax } } : {}),
    });
  return [row(0.5, 'p50, beside a bare TCP fan-out', false), row(0.99, 'p99, beside a bare TCP fan-out', hasBar)];
}

/** Until each has the neighbours it will have. */
async function untilConnected(gates: readonly VenueGate[]): Promise<void> {
  for (const deadlineMs = performance.now() + giveUpMs; performance.now() < deadlineMs; await rest(500)) {
    const all = await Promise.all(
      gates.map((gate) => gate.json<{ readonly contact: { readonly lan: { readonly answering: number } } }>('/health')),
    );
    if (all.every(({ contact }) => contact.lan.answering >= Math.min(gates.length - 1, 6))) return;
  }
  throw new Error('the gates did not find each other');
}

/** Milliseconds from each mark's being durable to the last gate's knowing it. */
async function measureWay(
  { gates, tickets, event }: Venue,
  firstTicket: number,
  marks: number,
): Promise<readonly number[]> {
  const watches = gates.map(({ folder }) => ({
    own: watchMarks(journalPath(folder, event)),
    others: watchMarks(replicaPath(folder, event)),
  }));
  const samples: number[] = [];
  for (let mark = 0; mark < marks; mark++) {
    const from = mark % gates.length;
    const ticket = tickets[firstTicket + mark];
    if (ticket === undefined) throw new Error('there are tickets');
    const id = hexToBytes(ticket.id) ?? new Uint8Array(0);
    gates[from]?.scan(ticket);
    const durableMs = await untilAll([watches[from]?.own], id);
    const others = watches.filter((_, index) => index !== from).map((watch) => watch.others);
    samples.push((await untilAll(others, id)) - durableMs);
    await rest(pauseMs);
  }
  for (const { own, others } of watches) {
    own.close();
    others.close();
  }
  return samples;
}

const fanOut = fileURLToPath(new URL('./fan-out.ts', import.meta.url));

async function measureFloor(lab: NetworkLab, gates: number, times: number): Promise<readonly number[]> {
  const children: ChildProcess[] = [];
  const start = (machine: number, ...words: readonly string[]): ChildProcess => {
    const [program = '', ...before] = lab.at(machine);
    const child = spawn(
      program,
      [...before, process.execPath, '--conditions=source', '--import', 'tsx', fanOut, ...words],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    children.push(child);
    return child;
  };
  const firstWords = async (child: ChildProcess): Promise<string> => {
    let said = '';
    for await (const data of child.stdout ?? []) {
      said += String(data);
      if (said.endsWith('\n')) break;
    }
    return said;
  };
  try {
    const others = Array.from({ length: gates - 1 }, (_, index) => index + 1);
    for (const machine of others) await firstWords(start(machine, String(floorPort)));
    const addresses = others.map((machine) => `${lab.addressOf(machine)}:${floorPort}`);
    return JSON.parse(await firstWords(start(0, 'send', String(times), ...addresses))) as readonly number[];
  } finally {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }),
    );
  }
}

/** The same gate, freshly started, with and without two million marks of others; from source in both cases, which costs some 100 MB. */
async function measureMemory({ gates, tickets, event }: Venue): Promise<BenchRow> {
  const [gate] = gates;
  if (gate === undefined) throw new Error('there are gates');
  const [one, other] = tickets.slice(-memoryTickets);
  const without = await residentAfterStart(gate, one);
  await gate.kill('SIGTERM');
  fillReplica({
    path: replicaPath(gate.folder, event),
    event,
    marks: knownMarks,
    atMs: feedStartMs,
    ticketId: (index) => index.toString(16).padStart(32, '0'),
    firstWriter: 1_000,
  });
  return benchRow(
    `memory of a gate that knows ${knownMarks.toLocaleString('en')} marks, beside one that knows none`,
    await residentAfterStart(gate, other),
    'MB',
    { baseline: without },
  );
}

/** Once it has let somebody in and its replication has come to rest. */
async function residentAfterStart(gate: VenueGate, ticket: TicketResponse | undefined): Promise<number> {
  if (ticket === undefined) throw new Error('there are tickets');
  await gate.kill('SIGTERM');
  await gate.start();
  const decided = new Promise<void>((resolve) => gate.onEvent((heard) => heard.type === 'decision' && resolve()));
  gate.scan(ticket);
  await decided;
  await rest(settleMs);
  return residentMegabytes(gate.pid());
}

const residentMegabytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_000;
