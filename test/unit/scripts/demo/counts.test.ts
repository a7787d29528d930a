// Goal: the demo's last line says what the databases hold, not what the demo meant to do.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeMark, hexToBytes, type Mark } from '@postern/shared';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { markTablesSql } from '../../../../gate-agent/src/store/mark-tables.ts';
import { askJournal, countAll, countJournal } from '../../../../scripts/demo/counts.ts';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'demo-counts-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const boots = { 'gate-a': 'a'.repeat(16), 'gate-b': 'b'.repeat(16) } as const;
type GateId = keyof typeof boots;
const ticket = (number: number): string => number.toString(16).padStart(32, '0');

type Change = Partial<Extract<Mark, { kind: 'admitted' }>>;
const base = (gate: GateId, sequence: number, number: number) =>
  ({
    event: 1,
    gate,
    boot: boots[gate],
    sequence,
    at: { ms: 1_000 + sequence, counter: 0 },
    monotonicMs: 5,
    clock: { source: 'server', uncertaintyMs: 100 },
    lane: 'main',
    ticketId: ticket(number),
    epoch: 1,
    method: 'qr',
  }) as const;
const admitted = (gate: GateId, sequence: number, number: number, change: Change = {}): Mark => ({
  ...base(gate, sequence, number),
  kind: 'admitted',
  ticketType: 1,
  zone: 'hall',
  uses: 1,
  outOfTouch: false,
  peersReachable: 1,
  ...change,
});
const refused = (gate: GateId, sequence: number, number: number, code: string, count = 1): Mark => ({
  ...base(gate, sequence, number),
  kind: 'refused',
  code,
  count,
});

function writeJournal(gate: GateId, marks: readonly Mark[]): string {
  const path = join(folder, `${gate}.db`);
  const database = new Sqlite(path);
  database.exec(markTablesSql);
  database.prepare('INSERT INTO writer (id, event, gate, boot) VALUES (1, 1, ?, ?)').run(gate, boots[gate]);
  for (const mark of marks)
    database
      .prepare('INSERT INTO mark (writer, sequence, ticket, bytes) VALUES (1, ?, ?, ?)')
      .run(mark.sequence, 'ticketId' in mark ? hexToBytes(mark.ticketId) : null, encodeMark(mark));
  database.close();
  return path;
}

function writeCloud(marks: readonly Mark[], cases: number): string {
  const path = join(folder, 'cloud.db');
  const database = new Sqlite(path);
  database.exec(
    'CREATE TABLE mark (gate TEXT, boot TEXT, sequence INTEGER, kind TEXT, count INTEGER); CREATE TABLE "case" (id TEXT, state TEXT);',
  );
  for (const { gate, boot, sequence, kind } of marks)
    database.prepare('INSERT INTO mark VALUES (?, ?, ?, ?, 1)').run(gate, boot, sequence, kind);
  for (let index = 0; index < cases; index++)
    database.prepare(`INSERT INTO "case" VALUES (?, 'open')`).run(String(index));
  database.close();
  return path;
}

const marksA = [admitted('gate-a', 1, 1), admitted('gate-a', 2, 2), refused('gate-a', 3, 1, 'already-used', 3)];
const marksB = [
  admitted('gate-b', 1, 2),
  admitted('gate-b', 2, 3, { operator: 'supervis1' }),
  refused('gate-b', 3, 4, 'declined'),
];

test('entries, refusals, holds, marks and double entries are counted from the databases', () => {
  const { totals, pairs } = countAll(
    [writeJournal('gate-a', marksA), writeJournal('gate-b', marksB)],
    writeCloud([...marksA, ...marksB], 1),
  );
  expect(totals).toEqual({ admitted: 4, refused: 4, held: 2, doubleEntries: 1, marks: 6, lost: 0 });
  expect(pairs).toBe(1);
});

test('a mark that the cloud lacks is lost, whatever else the cloud has', () => {
  const { totals } = countAll(
    [writeJournal('gate-a', marksA), writeJournal('gate-b', marksB)],
    writeCloud([...marksA, ...marksB.slice(1), admitted('gate-b', 9, 9)], 1),
  );
  expect(totals.lost).toBe(1);
});

test("a case that the cloud missed makes its count differ from the journals' pairs", () => {
  const { totals, pairs } = countAll(
    [writeJournal('gate-a', marksA), writeJournal('gate-b', marksB)],
    writeCloud([...marksA, ...marksB], 0),
  );
  expect(totals.doubleEntries).not.toBe(pairs);
});

test('an entry that lapsed or was taken back is not counted as admitted', () => {
  const lapsed: Mark = { ...base('gate-a', 2, 1), kind: 'lapsed', of: { boot: boots['gate-a'], sequence: 1 }, uses: 1 };
  expect(countJournal(writeJournal('gate-a', [admitted('gate-a', 1, 1), lapsed])).admitted).toBe(0);
});

test('the query that the page shows lists each ticket with its entries', () => {
  expect(askJournal(writeJournal('gate-a', marksA))).toEqual([
    { ticket: ticket(1), entries: 1 },
    { ticket: ticket(2), entries: 1 },
  ]);
});
