// From a decoded text to a committed mark, beside the floor of the same process and disk: one Ed25519 verify and one durable commit
// of an equal row. With an empty gate; with a million tickets and two million known marks, for a visitor who comes the first time;
// and for one of whom four marks are known. The full gate once more with its databases sealed, and their plain copies beside it.
import { join } from 'node:path';
import { bytesToHex, encodeMark, hexToBytes, ready, sign, verifySignature, type Mark } from '@postern/shared';
import { openDatabase, type DiskKey } from '../../gate-agent/src/store/database.ts';
import { journalTablesSql } from '../../gate-agent/src/store/mark-tables.ts';
import { createSystemRandom } from '../../gate-agent/src/system.ts';
import {
  buildSnapshot,
  feedEvent,
  feedKeys,
  feedStartMs,
  generatedTicket,
  type CodedTicket,
} from '../lib/build-feed.ts';
import { fillReplica } from '../lib/fill-replica.ts';
import { quantile } from '../lib/statistics.ts';
import { applySnapshot, benchFolder, benchPass, createBenchGate, openBenchFeed, type BenchGate } from './gate-rig.ts';
import { benchRow, type Bench } from './row.ts';

/** Until the compiler has seen the whole way of a scan: a gate has, long before the doors open. */
const warmUpScans = 2_000;
/** Visitors between two moments in which nobody comes. */
const scansBetweenRests = 100;

export const benchScan: Bench = async ({ quick }) => {
  await ready;
  const tickets = quick ? 100_000 : 1_000_000;
  const marks = 2 * tickets;
  const scans = quick ? 1_000 : 4_000;
  const folder = benchFolder();
  try {
    const gates = {
      empty: await gateWith(join(folder.path, 'empty'), 0, 0),
      full: await gateWith(join(folder.path, 'full'), tickets, marks),
      sealed: await gateWith(join(folder.path, 'sealed'), tickets, marks, bytesToHex(createSystemRandom()(32))),
    };
    const floor = createFloor(join(folder.path, 'floor.db'));
    const samples: {
      readonly floor: number[];
      readonly empty: number[];
      readonly full: number[];
      readonly known: number[];
      readonly sealed: number[];
      readonly sealedKnown: number[];
    } = { floor: [], empty: [], full: [], known: [], sealed: [], sealedKnown: [] };
    for (let index = 0; index < warmUpScans + scans; index++) {
      const text = passOf(unmarkedTicket((index * 7_919) % (tickets / 2)));
      const knownText = passOf(markedTicket((index * 7_919) % (tickets / 2)));
      const turn: readonly (readonly [keyof typeof samples, () => Promise<unknown>])[] = [
        ['floor', async () => floor.step()],
        ['empty', () => gates.empty.scan(text)],
        ['full', () => gates.full.scan(text)],
        ['known', () => gates.full.scan(knownText)],
        ['sealed', () => gates.sealed.scan(text)],
        ['sealedKnown', () => gates.sealed.scan(knownText)],
      ];
      // Each in turn goes first, so that none always finds the disk as the same other left it.
      for (let offset = 0; offset < turn.length; offset++) {
        const [name, step] = turn[(index + offset) % turn.length] ?? ['floor', async () => undefined];
        const started = performance.now();
        await step();
        if (index >= warmUpScans) samples[name].push(performance.now() - started);
      }
      if (index % scansBetweenRests === 0)
        for (const rest of [floor.rest, gates.empty.rest, gates.full.rest, gates.sealed.rest]) rest();
    }
    await Promise.all([gates.empty.close(), gates.full.close(), gates.sealed.close()]);
    floor.close();
    const p = (name: keyof typeof samples, share: number): number => quantile(samples[name], share);
    const many = `${tickets.toLocaleString('en')} tickets, ${marks.toLocaleString('en')} known marks`;
    return [
      benchRow('text to committed mark, p50, beside verify + commit', p('empty', 0.5), 'ms', {
        baseline: p('floor', 0.5),
        bar: { ratioAtMost: 1.25 },
      }),
      benchRow('text to committed mark, p99, beside verify + commit', p('empty', 0.99), 'ms', {
        baseline: p('floor', 0.99),
      }),
      benchRow(`the same with ${many}, p50, beside verify + commit`, p('full', 0.5), 'ms', {
        baseline: p('floor', 0.5),
      }),
      benchRow(`the same with ${many}, p50, beside the empty gate`, p('full', 0.5), 'ms', {
        baseline: p('empty', 0.5),
        bar: { ratioAtMost: 1.1 },
      }),
      benchRow(`the same with ${many}, four of them this ticket's, p50`, p('known', 0.5), 'ms', {
        baseline: p('floor', 0.5),
      }),
      benchRow(`the same with ${many}, p99, beside the empty gate`, p('full', 0.99), 'ms', {
        baseline: p('empty', 0.99),
      }),
      benchRow('the same with sealed databases, p50, beside unsealed ones', p('sealed', 0.5), 'ms', {
        baseline: p('full', 0.5),
        bar: { ratioAtMost: 1.15 },
      }),
      benchRow('the same with sealed databases, p99, beside unsealed ones', p('sealed', 0.99), 'ms', {
        baseline: p('full', 0.99),
      }),
      benchRow(
        "the same with sealed databases, four marks this ticket's, p50, beside unsealed",
        p('sealedKnown', 0.5),
        'ms',
        {
          baseline: p('known', 0.5),
        },
      ),
    ];
  } finally {
    folder.remove();
  }
};

async function gateWith(folder: string, tickets: number, marks: number, key?: DiskKey): Promise<BenchGate> {
  const cache = await openBenchFeed(folder, key);
  await applySnapshot(cache, buildSnapshot({ path: `${folder}.gz`, tickets: generatedTickets(tickets) }));
  if (marks > 0)
    fillReplica({
      path: join(folder, 'replica.db'),
      key,
      event: feedEvent,
      marks,
      atMs: feedStartMs - 86_400_000,
      ticketId: (index) => generatedTicket(markedTicket(index % (tickets / 2))).ticket.id,
    });
  return createBenchGate(folder, cache, key);
}

/** All marks lie on every other ticket, four on each: a first visit and a known visitor can be told apart. */
const markedTicket = (index: number): number => 2 * index;
const unmarkedTicket = (index: number): number => 2 * index + 1;

function passOf(index: number): string {
  const { ticket } = generatedTicket(index);
  return benchPass(ticket.id, ticket.type);
}

function* generatedTickets(count: number): Iterable<CodedTicket> {
  for (let index = 0; index < count; index++) yield generatedTicket(index);
}

/** What no gate can do without: check one signature, and make one row like a mark's durable in a table like the journal's. */
function createFloor(path: string): {
  readonly step: () => void;
  readonly rest: () => void;
  readonly close: () => void;
} {
  const database = openDatabase(path);
  database.pragma('wal_autocheckpoint = 0');
  database.exec(journalTablesSql);
  database.exec("INSERT INTO writer (id, event, gate, boot) VALUES (1, 7, 'gate-1', '00000000000000aa')");
  const insert = database.prepare('INSERT INTO mark (writer, sequence, ticket, bytes) VALUES (1, ?, ?, ?)');
  const ticket = hexToBytes(generatedTicket(0).ticket.id);
  let sequence = 0;
  const mark: Mark = {
    event: feedEvent,
    gate: 'gate-1',
    boot: '00000000000000aa',
    kind: 'admitted',
    sequence: 1_000,
    at: { ms: feedStartMs, counter: 17 },
    monotonicMs: 1_000_000,
    clock: { source: 'server', uncertaintyMs: 20 },
    lane: 'a',
    ticketId: generatedTicket(0).ticket.id,
    epoch: 0,
    method: 'qr',
    ticketType: 1,
    zone: 'main',
    uses: 1,
    outOfTouch: false,
    peersReachable: 3,
  };
  const bytes = encodeMark(mark);
  const { publicKey, secretKey } = feedKeys('issuer');
  const message = new Uint8Array(80);
  const signature = sign(secretKey, message);
  return {
    step: () => {
      if (!verifySignature(publicKey, message, signature)) throw new Error('the floor does not verify');
      insert.run(++sequence, ticket, bytes);
    },
    rest: () => void database.pragma('wal_checkpoint(PASSIVE)'),
    close: () => void database.close(),
  };
}
