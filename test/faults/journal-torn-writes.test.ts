// Every moment at which the power may go, with every fate of the writes that were not synced yet: dropped, reordered, torn. Rebuilt
// from a record of what a real writer did to its files.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { isPlainDatabase, type DiskKey } from '../../gate-agent/src/store/database.ts';
import { openJournal } from '../../gate-agent/src/store/journal.ts';
import { diskAfterCut, lucks, readTrace, traceArguments, type DiskOperation } from '../support/disk-replay.ts';
import { missingPrograms, runOrReport } from '../support/not-run.ts';
import { bigFaults, startWriter, type WriterLine } from '../support/store-process.ts';
import { createGateStoreHarness, temporaryFolder } from '../support/gate-store-harness.ts';

const admissions = bigFaults ? 250 : 12;
const trials = bigFaults ? 4 : 1;

describe.each([
  ['an unsealed journal', undefined],
  ['a sealed journal', '5e'.repeat(32)],
])('writes to %s that were not synced', (_what, key) => {
  runOrReport(
    'are dropped, reordered and torn at every point: no acknowledged mark is lost',
    missingPrograms('strace'),
    async () => {
      const folder = temporaryFolder();
      const trace = join(folder, 'trace');
      const written = join(folder, 'written');
      mkdirSync(written);
      // A journal that has been closed in order is what every start begins with.
      await (await createGateStoreHarness(written, key)).store().close();
      expect(isPlainDatabase(join(written, 'journal.db'))).toBe(key === undefined);
      const base = new Map([['journal.db', readFileSync(join(written, 'journal.db'))]]);
      const { acknowledged } = await startWriter(written, admissions, traceArguments(trace), key).ended;
      expect(acknowledged).toHaveLength(admissions);
      const operations = readTrace(trace, 'journal.db');
      expect(lastSaid(operations)).toHaveLength(admissions);
      expect(operations.filter((operation) => operation.type === 'sync').length).toBeGreaterThanOrEqual(admissions);

      const random = createRandom(1);
      const cut = join(folder, 'cut');
      let states = 0;
      for (let point = 1; point <= operations.length; point++)
        for (const luck of lucks)
          for (let trial = 0; trial < (luck.startsWith('some') ? trials : 1); trial++) {
            rmSync(cut, { recursive: true, force: true });
            mkdirSync(cut);
            const before = operations.slice(0, point);
            for (const [file, bytes] of diskAfterCut(base, before, luck, random)) writeFileSync(join(cut, file), bytes);
            expect({ point, luck, missing: missingMarks(join(cut, 'journal.db'), lastSaid(before), key) }).toEqual({
              point,
              luck,
              missing: [],
            });
            states++;
          }
      expect(states).toBeGreaterThan(4 * admissions);
    },
  );
});

/** Tickets acknowledged so far that the journal, opened as a gate opens it, does not have. */
function missingMarks(path: string, acknowledged: readonly string[], key: DiskKey | undefined): readonly string[] {
  const found = new Set<string>();
  const journal = openJournal({ path, gate: 'gate-1', boot: 'ffffffffffffffff', key });
  try {
    journal.replay((mark) => 'ticketId' in mark && found.add(mark.ticketId));
  } finally {
    journal.close();
  }
  return acknowledged.filter((ticketId) => !found.has(ticketId));
}

function lastSaid(operations: readonly DiskOperation[]): readonly string[] {
  return operations.flatMap((operation) =>
    operation.type === 'said' ? ((JSON.parse(operation.text) as WriterLine).acknowledged?.ticketId ?? []) : [],
  );
}

/** Repeatable numbers from 0 to 1 (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
