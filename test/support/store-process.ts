// Runs test/faults/store-writer.ts in a process of its own, optionally under strace, and compares what it acknowledged with what
// the journal holds afterwards.
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { markKey, type Mark } from '@postern/shared';
import type { DiskKey } from '../../gate-agent/src/store/database.ts';
import { createGateStore } from '../../gate-agent/src/store/store.ts';
import { createTestClock, createTestTimer, samplePolicy, silentLogger } from './gate-rig.ts';
import { readMarks } from './gate-store-harness.ts';

const root = join(import.meta.dirname, '../..');
const writerCommand = [
  'node',
  '--conditions=source',
  '--import',
  'tsx',
  join(root, 'test/faults/store-writer.ts'),
] as const;

/** True for the many rounds of `npm run faults`. */
export const bigFaults = process.env['POSTERN_FAULTS'] === 'big';

export interface Acknowledged {
  readonly boot: string;
  readonly sequence: number;
  readonly ticketId: string;
}

export interface WriterLine {
  readonly started?: boolean;
  readonly acknowledged?: Acknowledged;
  readonly failed?: string;
  readonly afterwards?: string;
  readonly reopened?: boolean;
}

export interface WriterRun {
  readonly lines: readonly WriterLine[];
  readonly acknowledged: readonly Acknowledged[];
  /** The name of the signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null;
}

export interface WriterProcess {
  readonly child: ChildProcess;
  readonly lines: WriterLine[];
  readonly ended: Promise<WriterRun>;
}

/** `trace`: arguments for strace, which then runs the writer; `key`: of a sealed disk. */
export function startWriter(
  folder: string,
  admissions: number,
  trace?: readonly string[],
  key?: DiskKey,
): WriterProcess {
  const command = [
    ...(trace === undefined ? [] : ['strace', ...trace]),
    ...writerCommand,
    folder,
    String(admissions),
    ...(key === undefined ? [] : [key]),
  ];
  const child = spawn(command[0] ?? '', command.slice(1), { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  const lines: WriterLine[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as WriterLine);
  });
  const ended = new Promise<WriterRun>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_code, signal) =>
      resolve({
        lines,
        signal,
        acknowledged: lines.map((line) => line.acknowledged).filter((mark) => mark !== undefined),
      }),
    );
  });
  return { child, lines, ended };
}

/** Only calls on the journal and its write-ahead log count, and only they are disturbed. */
export const onJournal = (folder: string): readonly string[] => [
  '-f',
  '-qq',
  '-P',
  join(folder, 'journal.db'),
  '-P',
  join(folder, 'journal.db-wal'),
  '-o',
  '/dev/null',
];

/**
 * A new start of the gate must find everything that was acknowledged, in sequences without gaps, and go on admitting. Uses of
 * marks that are there without having been acknowledged are allowed: they were committed and nobody was told.
 */
export async function expectNothingLost(
  folder: string,
  acknowledged: readonly Acknowledged[],
): Promise<readonly Mark[]> {
  const clock = createTestClock();
  const ticketId = 'ab'.repeat(16);
  const store = createGateStore({
    journalPath: join(folder, 'journal.db'),
    replicaPath: join(folder, 'replica.db'),
    event: samplePolicy.event,
    gate: 'gate-1',
    boot: `${acknowledged.length.toString(16)}e${Math.trunc(performance.now()).toString(16)}`.padStart(16, '0'),
    clock,
    timer: createTestTimer(),
    logger: silentLogger,
    time: () => ({ nowMs: clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 20 }),
    policy: () => samplePolicy,
    ticket: () => undefined,
  });
  expect(store.trouble()).toBeUndefined();
  const next = await store.append({
    kind: 'denied',
    event: samplePolicy.event,
    lane: 'a',
    ticketId,
    epoch: 0,
    method: 'qr',
  });
  expect(next.ok).toBe(true);
  await store.close();
  const marks = readMarks(join(folder, 'journal.db'));
  const keys = new Map(marks.map((mark) => [markKey(mark), mark]));
  const missing = acknowledged.filter(({ boot, sequence, ticketId: id }) => {
    const mark = keys.get(markKey({ event: samplePolicy.event, gate: 'gate-1', boot, sequence }));
    return mark === undefined || !('ticketId' in mark) || mark.ticketId !== id;
  });
  expect(missing).toEqual([]);
  return marks;
}
