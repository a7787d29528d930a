// The gate's store in a temporary folder, with a clock, a timer and a feed that a test holds in its hands.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { decodeMark, encodeMark, hexToBytes, type Mark, type Ticket } from '@postern/shared';
import { openDatabase, type DiskKey } from '../../gate-agent/src/store/database.ts';
import { markTablesSql } from '../../gate-agent/src/store/mark-tables.ts';
import { quietMs } from '../../gate-agent/src/store/quiet-work.ts';
import { createGateStore, type GateStore } from '../../gate-agent/src/store/store.ts';
import type { StoreHarness } from '../contract/store.ts';
import { createTestClock, createTestTimer, samplePolicy, silentLogger } from './gate-rig.ts';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface GateStoreHarness extends StoreHarness {
  readonly folder: string;
  readonly store: () => GateStore;
  readonly durableMarks: () => readonly Mark[];
  readonly journalPath: string;
  readonly replicaPath: string;
}

/** In a temporary folder unless another is given; its files are sealed where there is a key. */
export async function createGateStoreHarness(folder = temporaryFolder(), key?: DiskKey): Promise<GateStoreHarness> {
  const journalPath = join(folder, 'journal.db');
  const replicaPath = join(folder, 'replica.db');
  const clock = createTestClock();
  const timer = createTestTimer();
  const tickets = new Map<string, Ticket>();
  let boots = 0;
  const start = (): GateStore =>
    createGateStore({
      journalPath,
      replicaPath,
      key,
      event: samplePolicy.event,
      gate: 'gate-1',
      boot: (++boots).toString(16).padStart(16, '0'),
      clock,
      timer,
      logger: silentLogger,
      time: () => ({ nowMs: clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 20 }),
      policy: () => samplePolicy,
      ticket: (id) => tickets.get(id),
    });
  let store = start();
  onTestFinished(() => store.close());
  return {
    folder,
    journalPath,
    replicaPath,
    clock,
    event: samplePolicy.event,
    gate: 'gate-1',
    canBeOutOfTouch: true,
    store: () => store,
    setTicket: (ticket) => void tickets.set(ticket.id, ticket),
    restart: async () => {
      await store.close();
      store = start();
    },
    becomeQuiet: () => {
      clock.advance(quietMs + 1);
      timer.runAll();
    },
    durableMarks: () => readMarks(journalPath),
    learn: (marks) => {
      writeMarks(replicaPath, marks);
      clock.advance(2_000);
    },
    breakCommits: () =>
      setTrigger(
        journalPath,
        `CREATE TRIGGER broken_mark BEFORE INSERT ON mark BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END;
      CREATE TRIGGER broken_probe BEFORE INSERT ON write_probe BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END;`,
      ),
    repair: () => setTrigger(journalPath, 'DROP TRIGGER broken_mark; DROP TRIGGER broken_probe;'),
  };
}

function setTrigger(path: string, sql: string): void {
  const database = openDatabase(path);
  database.exec(sql);
  database.close();
}

/** Every mark of a journal or replica, in order of writer and sequence. */
export function readMarks(path: string, key?: DiskKey): readonly Mark[] {
  const database = openDatabase(path, { readonly: true, key });
  const rows = database
    .prepare(
      'SELECT event, gate, boot, bytes FROM mark JOIN writer ON writer.id = mark.writer ORDER BY mark.writer, sequence',
    )
    .all();
  database.close();
  return (rows as { event: number; gate: string; boot: string; bytes: Uint8Array }[]).map(({ bytes, ...writer }) => {
    const mark = decodeMark(bytes, writer);
    if (!mark.ok) throw new Error(mark.error.cause);
    return mark.value;
  });
}

/** Stores marks of other gates as the replicator does. */
export function writeMarks(path: string, marks: readonly Mark[]): void {
  const database = openDatabase(path);
  database.exec(markTablesSql);
  const writer = database.prepare('INSERT OR IGNORE INTO writer (event, gate, boot) VALUES (?, ?, ?)');
  const insert = database.prepare(
    'INSERT INTO mark (writer, sequence, ticket, bytes) VALUES ((SELECT id FROM writer WHERE event = ? AND gate = ? AND boot = ?), ?, ?, ?)',
  );
  for (const mark of marks) {
    writer.run(mark.event, mark.gate, mark.boot);
    insert.run(
      mark.event,
      mark.gate,
      mark.boot,
      mark.sequence,
      'ticketId' in mark ? hexToBytes(mark.ticketId) : null,
      encodeMark(mark),
    );
    if (mark.kind === 'bound')
      database
        .prepare('INSERT INTO band (tag, writer, sequence) SELECT ?, id, ? FROM writer WHERE gate = ? AND boot = ?')
        .run(hexToBytes(mark.tagHash), mark.sequence, mark.gate, mark.boot);
  }
  database.close();
}
