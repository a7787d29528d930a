// What the gate's replica adds to the port: it leaves the gate's own marks in the journal, takes over those the journal has lost, and
// counts persons in zones whatever the order in which marks arrive.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  createIngest,
  createOwnSegments,
  encodeMark,
  loadLedger,
  ready,
  signChunk,
  type Acceptance,
  type CutBack,
  type Ledger,
  type Mark,
  type MarkId,
  type SegmentState,
} from '@postern/shared';
import { openDatabase } from '../../../../gate-agent/src/store/database.ts';
import { createJournalReader } from '../../../../gate-agent/src/store/journal-reader.ts';
import { markTablesSql } from '../../../../gate-agent/src/store/mark-tables.ts';
import { checkProjection } from '../../../../gate-agent/src/store/replica-projection.ts';
import { createReplicaCounts } from '../../../../gate-agent/src/store/replica-counts.ts';
import { replicaTablesSql } from '../../../../gate-agent/src/store/replica-tables.ts';
import { createReplicaReader } from '../../../../gate-agent/src/store/replica-reader.ts';
import { openReplica, type GateReplica } from '../../../../gate-agent/src/store/replica.ts';
import { admittedMark, simulatedBoot, simulatedDirectory, simulatedKeys } from '../../../../scripts/sim/gate-marks.ts';
import { createMemoryReplicaStore } from '../../../../scripts/sim/memory-replica-store.ts';
import { quietLogger } from '../../../../scripts/sim/replica.ts';
import { readMarks, temporaryFolder, writeMarks } from '../../../support/gate-store-harness.ts';
import { aMark, baseOf } from '../../../support/marks.ts';

const event = 7;
const own = { event, gate: 'gate-a', boot: simulatedBoot('gate-a', 1) };
const marks = (count: number, from = 1): Mark[] =>
  Array.from(
    { length: count },
    (_, index) =>
      admittedMark(own, from + index, from + index, { ms: 1_700_000_000_000 + (from + index) * 1_000, counter: 0 })
        .mark,
  );

let ledger: Ledger;
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});

interface Opened {
  readonly replica: GateReplica;
  readonly drain: () => Promise<unknown>;
  readonly close: () => void;
}

function open(journalPath: string, replicaPath: string): Opened {
  const journal = createJournalReader(journalPath);
  const replica = openReplica({ path: replicaPath, journal, breathe: async () => {} });
  const segments = createOwnSegments({
    ...own,
    secretKey: simulatedKeys('gate-a').secretKey,
    ledger,
    store: replica,
    journal,
    log: quietLogger,
    breathe: async () => {},
  });
  return {
    replica,
    drain: segments.drain,
    close: () => {
      replica.close();
      journal.close();
    },
  };
}

describe('own marks', () => {
  test('stay in the journal and are in the content hash all the same', async () => {
    const folder = temporaryFolder();
    writeMarks(join(folder, 'journal.db'), marks(30));
    const gate = open(join(folder, 'journal.db'), join(folder, 'replica.db'));
    await gate.drain();
    const elsewhere = createMemoryReplicaStore();
    const ingest = createIngest({
      ledger,
      store: elsewhere,
      directory: simulatedDirectory(['gate-a']),
      log: quietLogger,
    });
    for (const chunk of await gate.replica.chunks({ ...own, segment: 0 })) await ingest.chunk(chunk, 'gate-a');
    expect(await gate.replica.contentHash(event)).toBe(await elsewhere.contentHash(event));
    gate.close();
    expect(readMarks(join(folder, 'replica.db'))).toEqual([]);
  });

  test('that a power cut has taken from the journal are taken over from the own segments, once', async () => {
    const folder = temporaryFolder();
    writeMarks(join(folder, 'journal.db'), marks(30));
    const before = open(join(folder, 'journal.db'), join(folder, 'replica.db'));
    await before.drain();
    const hash = await before.replica.contentHash(event);
    before.close();
    mkdirSync(join(folder, 'after'));
    writeMarks(join(folder, 'after', 'journal.db'), marks(25));
    const after = open(join(folder, 'after', 'journal.db'), join(folder, 'replica.db'));
    expect(await after.replica.contentHash(event)).not.toBe(hash);
    expect(await after.replica.adoptLostMarks('gate-a', ledger)).toBe(5);
    expect(await after.replica.adoptLostMarks('gate-a', ledger)).toBe(0);
    expect(await after.replica.contentHash(event)).toBe(hash);
    after.close();
    expect(readMarks(join(folder, 'replica.db')).map(({ sequence }) => sequence)).toEqual([26, 27, 28, 29, 30]);
  });
});

describe('marks of orders', () => {
  const writer = { event, gate: 'gate-b', boot: simulatedBoot('gate-b', 1) };
  const ordered = (sequence: number): Mark => ({
    ...writer,
    sequence,
    kind: 'ordered',
    at: { ms: 1_700_000_000_000 + sequence, counter: 0 },
    monotonicMs: sequence,
    clock: { source: 'server', uncertaintyMs: 100 },
    lane: '',
    order: 'evacuate',
    zone: '',
  });
  const stateAt = (count: number): SegmentState => ({
    ...writer,
    segment: 0,
    firstSequence: 1,
    count,
    hash: count.toString(16).padStart(64, '0'),
    closed: false,
    through: { ms: 1_700_000_000_000 + count, counter: 0 },
  });
  const acceptanceOf = (from: number, to: number): Acceptance => ({
    chunk: signChunk(simulatedKeys('gate-b').secretKey, stateAt(to), 'changes', from, new Uint8Array([to])),
    before: from === 0 ? undefined : stateAt(from),
    after: stateAt(to),
    marks: Array.from({ length: to - from }, (_, index) => ordered(from + index + 1)).map((mark) => ({
      mark,
      bytes: encodeMark(mark),
    })),
  });

  test('are told once each, are told to be gone where a revocation takes them, and what comes after is told too', async () => {
    const folder = temporaryFolder();
    writeMarks(join(folder, 'journal.db'), marks(1));
    const { replica, close } = open(join(folder, 'journal.db'), join(folder, 'replica.db'));
    const reader = createReplicaReader({
      path: join(folder, 'replica.db'),
      clock: { wallMs: () => 0, monotonicMs: () => 0 },
      logger: quietLogger,
    });
    const learned = (sequence: number) => ({ type: 'learned', mark: ordered(sequence) });
    const cutBackTo2: CutBack = {
      before: stateAt(3),
      after: stateAt(2),
      kept: [acceptanceOf(0, 2).chunk],
      marks: { from: 3, to: 3 },
      aside: [],
    };
    expect((await replica.append(acceptanceOf(0, 2))).ok).toBe(true);
    expect((await replica.append(acceptanceOf(2, 3))).ok).toBe(true);
    expect(reader.newsOfOrders(event)).toEqual([learned(1), learned(2), learned(3)]);
    expect(reader.newsOfOrders(event)).toEqual([]);

    expect((await replica.cutBack(cutBackTo2)).ok).toBe(true);
    expect(reader.newsOfOrders(event)).toEqual([{ type: 'unlearned', id: { ...writer, sequence: 3 } }]);
    expect((await replica.append(acceptanceOf(2, 4))).ok).toBe(true);
    expect(reader.newsOfOrders(event)).toEqual([learned(3), learned(4)]);
    expect(reader.newsOfOrders(event + 1)).toEqual([]);
    reader.close();
    close();
  });
});

describe('persons in a zone', () => {
  const entered = (sequence: number, uses = 1): Mark => ({
    ...aMark({ ...baseOf({ sequence }), gate: 'gate-b' }),
    uses,
  });
  const undone = (sequence: number, of: number): Mark => ({
    ...baseOf({ sequence }),
    gate: 'gate-c',
    kind: 'undone',
    reason: 'wrong-person',
    of: { gate: 'gate-b', boot: baseOf().boot, sequence: of },
  });
  const lapsed = (sequence: number, of: number, uses: number): Mark => ({
    ...baseOf({ sequence }),
    gate: 'gate-b',
    kind: 'lapsed',
    of: { boot: baseOf().boot, sequence: of },
    uses,
  });
  const exited = (sequence: number): Mark => ({
    ...baseOf({ sequence }),
    gate: 'gate-b',
    kind: 'exited',
    zone: 'arena',
  });

  /** The persons that other gates' marks have brought into the arena since the last recount, in the order in which these arrive. */
  function count(
    list: readonly Mark[],
    ownBefore: readonly Mark[] = [],
    leaving: readonly Mark[] = [],
    ownAfter: readonly Mark[] = [],
  ): number {
    let own = ownBefore;
    const database = openDatabase(':memory:');
    database.exec(markTablesSql);
    database.exec(replicaTablesSql);
    const known = new Map<string, Mark>();
    const key = ({ gate, boot, sequence }: MarkId): string => `${gate} ${boot} ${sequence}`;
    const findOwn = (id: MarkId): Mark | undefined => own.find((mark) => key(mark) === key(id));
    const counts = createReplicaCounts(database, {
      find: (id) => known.get(key(id)) ?? findOwn(id),
      findOwn,
      correctionsBefore: () => 0,
      ownMarks: (_event, isWanted) => own.filter(isWanted),
      ofGates: () => [...known.values(), ...own].filter(({ kind }) => kind === 'corrected' || kind === 'recounted'),
      newestFirst: (_event, visit) => {
        const marks = [...known.values()].toSorted((a, b) => b.sequence - a.sequence);
        for (const writer of new Set(marks.map(({ gate }) => gate)))
          for (const mark of marks.filter(({ gate }) => gate === writer)) if (!visit(mark)) break;
      },
    });
    for (const mark of list) {
      known.set(key(mark), mark);
      counts.note(mark);
    }
    own = [...ownBefore, ...ownAfter];
    counts.noteOwn(ownAfter);
    for (const mark of leaving) {
      known.delete(key(mark));
      counts.forget(mark);
    }
    const read = (): number =>
      (database.prepare("SELECT persons FROM zone_count WHERE zone = 'arena'").pluck().get() as number | undefined) ??
      0;
    const live = read();
    counts.rebuild();
    expect(read()).toBe(live);
    database.close();
    return live;
  }
  const ofGate = (gate: string, sequence: number): object => {
    const { ticketId: _ticket, epoch: _epoch, method: _method, ...base } = baseOf({ gate, sequence });
    return base;
  };
  const recounted = (gate: string, sequence: number, persons: number): Mark =>
    ({ ...ofGate(gate, sequence), kind: 'recounted', zone: 'arena', persons }) as Mark;
  const corrected = (gate: string, sequence: number, minutes: number): Mark =>
    ({ ...ofGate(gate, sequence), kind: 'corrected', offsetMs: minutes * 60_000 }) as Mark;

  test('are what entered, less what left, lapsed or was taken back', () => {
    expect(count([entered(1, 4), entered(2), entered(3), lapsed(4, 1, 1), undone(5, 2), exited(6)])).toBe(3);
  });

  test('are no longer counted by marks that leave the history, whatever these had taken back', () => {
    const moves = [entered(1, 4), entered(2), lapsed(3, 1, 1), lapsed(4, 1, 9), undone(5, 2), exited(6), entered(7, 2)];
    const list = [...moves, recounted('gate-c', 4, 50), recounted('gate-d', 6, 80), corrected('gate-b', 8, 3)];
    fc.assert(
      fc.property(fc.shuffledSubarray(list), (leaving) => {
        const staying = list.filter((mark) => !leaving.includes(mark));
        expect(count(list, [], leaving)).toBe(count(staying));
      }),
      { numRuns: 100 },
    );
  });

  test('do not depend on the order in which marks arrive, nor on a use being taken back twice', () => {
    const list = [
      entered(1, 4),
      entered(2),
      entered(3),
      lapsed(4, 1, 1),
      lapsed(5, 1, 9),
      undone(6, 2),
      undone(7, 2),
      exited(8),
    ];
    expect(list.every((mark) => encodeMark(mark).length > 0)).toBe(true);
    fc.assert(
      fc.property(fc.shuffledSubarray(list, { minLength: list.length }), (shuffled) => {
        expect(count(shuffled)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('are counted from the latest recount on, whatever arrives when, clock corrections too', () => {
    // By corrected time: gate-b's entries at minutes 1 and 2 become 21 and 22, after gate-d's recount at 20.
    const list = [
      entered(1, 4),
      entered(2),
      corrected('gate-b', 3, 20),
      recounted('gate-c', 10, 50),
      recounted('gate-d', 20, 80),
      entered(30, 3),
      lapsed(31, 30, 1),
      undone(32, 2),
      exited(33),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(list, { minLength: list.length }), (shuffled) => {
        expect(count(shuffled)).toBe(4 + 2 - 1);
      }),
      { numRuns: 100 },
    );
  });

  test("know what other gates have taken back of this gate's own entries, before and after a recount", () => {
    const own = [entered(1, 2), entered(40)];
    const back = (sequence: number, of: number): Mark => undone(sequence, of);
    expect(count([back(50, 1)], own)).toBe(-2);
    expect(count([recounted('gate-d', 20, 9), back(50, 1), back(51, 40)], own)).toBe(-1);
    expect(count([back(50, 1), back(51, 40), recounted('gate-d', 20, 9)], own)).toBe(-1);
  });

  test('take nothing back that this gate has taken back itself, whoever was first', () => {
    const own = [entered(1, 4), lapsed(2, 1, 1), entered(3), lapsed(4, 3, 1)];
    const others = [undone(50, 1), undone(51, 3)];
    expect(count(others, own)).toBe(-3);
    expect(count(others, own.slice(0, 1), [], own.slice(1))).toBe(-3);
    expect(count([...others, recounted('gate-d', 0, 9)], own)).toBe(-3);
  });

  test("put this gate's own entries where corrections have them that only others still know", () => {
    // A restored image: others have the end of that start, in which its clock was corrected; this gate counts by what its journal says.
    const own = [entered(1), entered(5), entered(30, 3), lapsed(31, 30, 1)];
    const counted = recounted('gate-d', 20, 9);
    const late = (minutes: number): Mark => corrected('gate-b', 40, minutes);
    for (const [minutes, due] of [
      [20, 2],
      [-20, -2],
      [1, 0],
    ] as const) {
      expect(count([counted, late(minutes)], own)).toBe(due);
      expect(count([late(minutes), counted], own)).toBe(due);
    }
  });
});

describe('what is derived of marks', () => {
  const all = (): readonly Mark[] => [
    { ...baseOf({ sequence: 1 }), gate: 'gate-b', kind: 'bound', tagHash: 'ab'.repeat(16) },
    aMark({ ...baseOf({ sequence: 2 }), gate: 'gate-b' }),
    { ...baseOf({ sequence: 3 }), gate: 'gate-b', kind: 'lapsed', of: { boot: baseOf().boot, sequence: 2 }, uses: 1 },
    aMark({ ...baseOf({ sequence: 4 }), gate: 'gate-b' }),
  ];

  test('is made anew once for a file of an older version, and proves from then on', () => {
    const folder = temporaryFolder();
    const [journalPath, replicaPath] = [join(folder, 'journal.db'), join(folder, 'replica.db')];
    writeMarks(journalPath, []);
    writeMarks(replicaPath, all());
    open(journalPath, replicaPath).close();
    const check = checkProjection(replicaPath, journalPath, { write: false });
    expect(check).toMatchObject({ marks: 4, differing: [], live: check.rebuilt });
    const database = openDatabase(replicaPath, { readonly: true });
    expect(database.prepare('SELECT persons FROM zone_count').pluck().get()).toBe(1);
    expect(database.prepare('SELECT count(*) FROM band').pluck().get()).toBe(1);
    database.close();
  });

  test('is found out where it is not what the marks make, and can be mended', () => {
    const folder = temporaryFolder();
    const [journalPath, replicaPath] = [join(folder, 'journal.db'), join(folder, 'replica.db')];
    writeMarks(journalPath, []);
    writeMarks(replicaPath, all());
    open(journalPath, replicaPath).close();
    const database = openDatabase(replicaPath);
    database.exec('UPDATE zone_count SET persons = 77; DELETE FROM band');
    database.close();
    expect(checkProjection(replicaPath, journalPath, { write: false }).differing).toEqual(['zone_count', 'band']);
    expect(checkProjection(replicaPath, journalPath, { write: true }).differing).toEqual(['zone_count', 'band']);
    const mended = checkProjection(replicaPath, journalPath, { write: false });
    expect(mended.live).toBe(mended.rebuilt);
  });
});
