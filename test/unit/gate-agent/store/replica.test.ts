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
  type Ledger,
  type Mark,
  type MarkId,
} from '@postern/shared';
import { openDatabase } from '../../../../gate-agent/src/store/database.ts';
import { createJournalReader } from '../../../../gate-agent/src/store/journal-reader.ts';
import { markTablesSql } from '../../../../gate-agent/src/store/mark-tables.ts';
import { createReplicaCounts } from '../../../../gate-agent/src/store/replica-counts.ts';
import { replicaTablesSql } from '../../../../gate-agent/src/store/replica-tables.ts';
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

  function count(list: readonly Mark[], leaving: readonly Mark[] = []): number {
    const database = openDatabase(':memory:');
    database.exec(markTablesSql);
    database.exec(replicaTablesSql);
    const known = new Map<string, Mark>();
    const key = ({ gate, boot, sequence }: MarkId): string => `${gate} ${boot} ${sequence}`;
    const counts = createReplicaCounts(database, (id) => known.get(key(id)));
    for (const mark of list) {
      known.set(key(mark), mark);
      counts.note(mark);
    }
    for (const mark of leaving) {
      known.delete(key(mark));
      counts.forget(mark);
    }
    const persons = database.prepare('SELECT persons FROM zone_count').pluck().get() as number | undefined;
    database.close();
    return persons ?? 0;
  }

  test('are what entered, less what left, lapsed or was taken back', () => {
    expect(count([entered(1, 4), entered(2), entered(3), lapsed(4, 1, 1), undone(5, 2), exited(6)])).toBe(3);
  });

  test('are no longer counted by marks that leave the history, whatever these had taken back', () => {
    const list = [entered(1, 4), entered(2), lapsed(3, 1, 1), lapsed(4, 1, 9), undone(5, 2), exited(6), entered(7, 2)];
    fc.assert(
      fc.property(fc.shuffledSubarray(list), (leaving) => {
        const staying = list.filter((mark) => !leaving.includes(mark));
        expect(count(list, leaving)).toBe(count(staying));
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
});
