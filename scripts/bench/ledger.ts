// The ledger: what a mark costs on its way from the journal through a signed segment into another gate's projection, in time and bytes, beside
// a bare append-only SQLite log as the floor and two other CRDT libraries; whether that grows with the marks that are known; and how fast
// a gate catches up that was away.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  encodeChunk,
  loadLedger,
  ready,
  segmentMarksMax,
  signChunk,
  type Ledger,
  type SegmentState,
  type SignedChunk,
} from '@postern/shared';
import { openDatabase } from '../../gate-agent/src/store/database.ts';
import { median } from '../lib/statistics.ts';
import { simulatedKeys } from '../sim/gate-marks.ts';
import { benchFolder } from './gate-rig.ts';
import { benchCatchUp } from './ledger-catch-up.ts';
import { benchMark, makeChunks, openLedgerGate, otherGate, writerOf, type LedgerGate } from './ledger-gate.ts';
import { rivals } from './ledger-rivals.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

const batchMarks = 10;

export const benchLedger: Bench = async ({ quick }) => {
  await ready;
  const ledger = await loadLedger();
  return [
    ...benchBytes(ledger),
    ...benchRivals(ledger, quick ? 2_000 : 10_000),
    ...(await benchWay(ledger, quick)),
    ...(await benchCatchUp(quick)),
  ];
};

const range = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, at) => from + at);

/** One segment from the first mark to the last, in each form in which it travels. */
function benchBytes(ledger: Ledger): readonly BenchRow[] {
  const writer = writerOf(otherGate);
  const segment = (
    coded: boolean,
    perChunk: number,
  ): { readonly whole: number; readonly open: number; readonly head: number } => {
    const id = { ...writer, segment: 0 };
    const document = ledger.createSegment(id);
    document.append(range(1, segmentMarksMax).map((sequence) => benchMark(writer, sequence, sequence, coded).bytes));
    let [open, heads, chunks] = [0, 0, 0];
    for (let from = 0; from < segmentMarksMax; from += perChunk) {
      const count = from + perChunk;
      const through = benchMark(writer, count, count).mark.at;
      const state = { ...id, firstSequence: 1, count, hash: document.hashAt(count), closed: false, through };
      const chunk = signChunk(
        simulatedKeys(otherGate).secretKey,
        state,
        'changes',
        from,
        document.changes(from, count),
      );
      open += chunk.payload.length;
      heads += encodeChunk(chunk).length - chunk.payload.length;
      chunks += 1;
    }
    return { whole: document.save().length / segmentMarksMax, open: open / segmentMarksMax, head: heads / chunks };
  };
  const [one, ten, foreign] = [segment(false, 1), segment(false, batchMarks), segment(true, segmentMarksMax)];
  const inRivals = rivals.map(({ name, open }) => {
    const [single, batched] = [open(), open()];
    const marks = range(1, segmentMarksMax).map((sequence) => benchMark(writer, sequence, sequence).bytes);
    let [singleBytes, batchedBytes] = [0, 0];
    for (const mark of marks) singleBytes += single.append([mark]).length;
    for (let from = 0; from < marks.length; from += batchMarks)
      batchedBytes += batched.append(marks.slice(from, from + batchMarks)).length;
    const perMark = (bytes: number): number => bytes / segmentMarksMax;
    return { name, whole: perMark(batched.whole().length), one: perMark(singleBytes), ten: perMark(batchedBytes) };
  });
  return [
    benchRow('closed segment: bytes a mark', one.whole, 'B', { bar: { atMost: 26 } }),
    benchRow("closed segment: the same where tickets are somebody else's codes (16 random bytes)", foreign.whole, 'B'),
    ...inRivals.map((rival) =>
      benchRow(`closed segment: the same, beside ${rival.name}`, one.whole, 'B', { baseline: rival.whole }),
    ),
    benchRow('open segment: bytes a mark at one mark a change', one.open, 'B', { bar: { atMost: 170 } }),
    ...inRivals.map((rival) =>
      benchRow(`open segment: the same, beside ${rival.name}`, one.open, 'B', { baseline: rival.one }),
    ),
    benchRow(`open segment: bytes a mark at ${batchMarks} marks a change`, ten.open, 'B', { bar: { atMost: 70 } }),
    ...inRivals.map((rival) =>
      benchRow(`open segment: the same, beside ${rival.name}`, ten.open, 'B', { baseline: rival.ten }),
    ),
    benchRow('signed head: bytes a chunk, signature included', one.head, 'B'),
  ];
}

/** Appending in memory, ten at a time, with the update for peers; and taking such updates in. */
function benchRivals(ledger: Ledger, marks: number): readonly BenchRow[] {
  const writer = writerOf(otherGate);
  const list = range(1, marks).map((sequence) => benchMark(writer, sequence, sequence).bytes);
  const batches = range(0, marks / batchMarks).map((at) => list.slice(at * batchMarks, (at + 1) * batchMarks));
  const ours = timeOurs(ledger, batches);
  const rows: BenchRow[] = [];
  for (const { name, open } of rivals) {
    const [writing, reading] = [open(), open()];
    const updates: Uint8Array[] = [];
    const appendMs = timed(() => updates.push(...batches.map((batch) => writing.append(batch))));
    const applyMs = timed(() => updates.forEach((update) => reading.apply(update)));
    rows.push(
      benchRow(
        `in memory: µs a mark appended ${batchMarks} at a time and signed, beside ${name} (unsigned)`,
        (ours.appendMs * 1_000) / marks,
        'µs',
        {
          baseline: (appendMs * 1_000) / marks,
        },
      ),
      benchRow(
        `in memory: µs a mark of such a chunk checked, beside ${name} (unchecked)`,
        (ours.checkMs * 1_000) / marks,
        'µs',
        {
          baseline: (applyMs * 1_000) / marks,
        },
      ),
    );
  }
  return rows;
}

function timeOurs(
  ledger: Ledger,
  batches: readonly (readonly Uint8Array[])[],
): { readonly appendMs: number; readonly checkMs: number } {
  const writer = writerOf(otherGate);
  const { publicKey, secretKey } = simulatedKeys(otherGate);
  const chunks: SignedChunk[] = [];
  const appendMs = timed(() => {
    let document = ledger.createSegment({ ...writer, segment: 0 });
    let [segment, first] = [0, 1];
    for (const [index, batch] of batches.entries()) {
      if (document.full()) {
        first += document.count();
        segment += 1;
        document = ledger.createSegment({ ...writer, segment });
      }
      const from = document.count();
      document.append(batch);
      const count = document.count();
      const state = { ...writer, segment, firstSequence: first, count, hash: document.hashAt(count), closed: false };
      const through = { ms: index, counter: 0 };
      chunks.push(signChunk(secretKey, { ...state, through }, 'changes', from, document.changes(from, count)));
    }
  });
  const checkMs = timed(() => {
    let known: SegmentState | undefined;
    for (const chunk of chunks) {
      const checked = ledger.check(chunk, publicKey, chunk.head.from === 0 ? undefined : known);
      if (!checked.ok) throw new Error(checked.error.type);
      known = checked.value.state;
    }
  });
  return { appendMs, checkMs };
}

function timed(work: () => unknown): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

interface Costs {
  readonly journal: number[];
  readonly segment: number[];
  readonly projection: number[];
}

/** A mark's way on a real disk, at a gate that knows few marks and at one that knows many; they take turns. */
async function benchWay(ledger: Ledger, quick: boolean): Promise<readonly BenchRow[]> {
  const [few, many] = quick ? [1_000, 50_000] : [10_000, 2_000_000];
  const [rounds, perRound] = quick ? [12, 20] : [60, 50];
  const folder = benchFolder();
  const opened: LedgerGate[] = [];
  try {
    const open = (name: string, known: number): LedgerGate => {
      const path = join(folder.path, name);
      mkdirSync(path);
      const gate = openLedgerGate(path, ledger, known);
      opened.push(gate);
      return gate;
    };
    const gates = [open('few', few), open('many', many)] as const;
    const empty = open('empty', 0);
    const bare = openBareLog(join(folder.path, 'bare.db'));
    const chunks = await makeChunks(ledger, otherGate, range(1_000_000, rounds * perRound), batchMarks);
    const chunksOf = (round: number): readonly SignedChunk[] =>
      chunks.filter(({ head }) => {
        const end = head.firstSequence + head.count - 1;
        return end > round * perRound && end <= (round + 1) * perRound;
      });
    const costs = gates.map((): Costs => ({ journal: [], segment: [], projection: [] }));
    const floor: number[] = [];
    const marks = range(0, perRound).map((at) => benchMark(writerOf(otherGate), at + 1, at).bytes);
    for (let round = 0; round < rounds; round++) {
      const tickets = range(round * perRound, perRound);
      floor.push(timed(() => marks.forEach(bare.append)) / perRound);
      for (const [at, gate] of round % 2 === 0 ? [...gates.entries()] : [...gates.entries()].toReversed()) {
        const cost = costs[at];
        if (cost === undefined) continue;
        cost.journal.push((await timedAsync(() => gate.admit(tickets))) / perRound);
        cost.segment.push((await timedAsync(() => gate.drain())) / perRound);
        cost.projection.push((await timedAsync(() => gate.take(chunksOf(round)))) / perRound);
        gate.rest();
      }
      await empty.admit(tickets);
      await empty.drain();
      await empty.take(chunksOf(round));
      empty.rest();
    }
    const [ofFew, ofMany] = costs;
    if (ofFew === undefined || ofMany === undefined) throw new Error('two gates');
    const sum = (cost: Costs): number =>
      (median(cost.journal) + median(cost.segment) + median(cost.projection)) * 1_000;
    const bareUs = median(floor) * 1_000;
    await empty.close();
    opened.splice(opened.indexOf(empty), 1);
    const sizes = empty.sizes();
    const perMark = (bytes: number, count: number): number => bytes / count;
    const total = rounds * perRound;
    const count = (marksKnown: number): string => marksKnown.toLocaleString('en');
    return [
      benchRow(
        'a mark into the journal, committed: µs, beside a bare append-only SQLite log',
        median(ofFew.journal) * 1_000,
        'µs',
        { baseline: bareUs },
      ),
      benchRow('a mark of the journal into a signed segment, stored: µs', median(ofFew.segment) * 1_000, 'µs'),
      benchRow(
        `a mark of another gate checked, stored and projected, ${batchMarks} a chunk: µs`,
        median(ofFew.projection) * 1_000,
        'µs',
      ),
      benchRow('journal + segment + projection: µs a mark, beside the bare log', sum(ofFew), 'µs', {
        baseline: bareUs,
      }),
      benchRow(
        `journal + segment + projection with ${count(many)} marks known, beside ${count(few)}`,
        sum(ofMany),
        'µs',
        {
          baseline: sum(ofFew),
          bar: { ratioAtMost: 1.1 },
        },
      ),
      benchRow('journal on the disk: bytes a mark, beside the bare log', perMark(sizes.journal, total), 'B', {
        baseline: perMark(bare.close(), total),
      }),
      benchRow(
        "replica on the disk: bytes a mark, own segments and another gate's marks with theirs",
        perMark(sizes.replica, 2 * total),
        'B',
      ),
    ];
  } finally {
    for (const gate of opened) await gate.close();
    folder.remove();
  }
}

async function timedAsync(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** As little as a durable log can do. */
function openBareLog(path: string): { readonly append: (bytes: Uint8Array) => void; readonly close: () => number } {
  const database = openDatabase(path, { synchronous: 'full' });
  database.exec('CREATE TABLE log (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT');
  const insert = database.prepare('INSERT INTO log (bytes) VALUES (?)');
  return {
    append: (bytes) => void insert.run(bytes),
    close: () => {
      const pages = database.pragma('page_count', { simple: true }) as number;
      const size = database.pragma('page_size', { simple: true }) as number;
      database.close();
      return pages * size;
    },
  };
}
