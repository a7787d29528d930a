// Goal: the lane keeps its promises on the gate's real journal too, under the same random interleavings as in memory.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markKey, type Mark } from '@postern/shared';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openJournal } from '../../gate-agent/src/store/journal.ts';
import { createGateStore } from '../../gate-agent/src/store/store.ts';
import { createRig, policy, rigEvent, silentLogger, tickets, type Rig, type RigOptions } from '../support/lane-rig.ts';
import { laneStepsArbitrary, letEverybodyIn, runLaneScenario } from '../support/lane-scenario.ts';
import type { VirtualTime } from '../support/virtual-time.ts';

const boot = '00000000000000aa';
let folder: string;
let runs = 0;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'postern-lane-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const createOnDisk = async (
  settings: Pick<RigOptions, 'direction' | 'onFailure'> = {},
): Promise<Rig & { readonly journalPath: string }> => {
  const journalPath = join(folder, `journal-${++runs}.db`);
  const store = ({ clock, timer }: VirtualTime) => {
    const gateStore = createGateStore({
      journalPath,
      replicaPath: join(folder, 'no-replica.db'),
      event: rigEvent,
      gate: 'north',
      boot,
      clock,
      time: () => ({ nowMs: clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 10 }),
      timer,
      logger: silentLogger,
      policy: () => policy,
      ticket: (id) => tickets.find((ticket) => ticket.id === id),
    });
    return { store: gateStore, marks: () => readMarks(journalPath) };
  };
  return { ...(await createRig({ ...settings, store })), journalPath };
};

/** As somebody else sees the file: what is not in it was not durable. */
function readMarks(path: string): readonly Mark[] {
  const journal = openJournal({ path, gate: 'reader', boot: 'ffffffffffffffff' });
  const marks: Mark[] = [];
  journal.forEach((mark) => marks.push(mark));
  journal.close();
  return marks;
}

test.each(['entry', 'exit'] as const)(
  'an %s lane keeps its promises on the journal',
  async (direction) => {
    await fc.assert(
      fc.asyncProperty(laneStepsArbitrary, fc.constantFrom('locked', 'free'), async (steps, onFailure) => {
        const rig = await createOnDisk({ direction, onFailure });
        if (direction === 'exit') await letEverybodyIn(rig);
        await runLaneScenario(rig, steps);
        await rig.store.close();
        rmSync(rig.journalPath, { force: true });
      }),
      { numRuns: 150 },
    );
  },
  120_000,
);

test('what the lane has told is what the journal holds', async () => {
  const rig = await createOnDisk();
  rig.turnstile.plan({ type: 'pass' }, { type: 'lapse' }, { type: 'part', persons: 3 });
  for (const text of ['T1', 'T2', 'T5', 'T7', 'T1']) await rig.scan(text, 8_000);
  await rig.lane.stop();
  await rig.store.close();
  const told = rig.events.flatMap((event) =>
    event.type === 'decision' && event.mark !== undefined ? [markKey(event.mark)] : [],
  );
  const marks = rig.marks();
  expect(marks.map((mark) => mark.kind)).toEqual([
    'admitted',
    'admitted',
    'lapsed',
    'admitted',
    'lapsed',
    'refused',
    'refused',
  ]);
  expect(marks.filter((mark) => mark.kind === 'admitted').map(markKey)).toEqual(told);
});
