// A disk that fails or is full: the gate stays shut, says so, loses nothing that it acknowledged, and works again when the disk does.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { firstReason, missingPrograms, missingRoot, runOrReport } from '../support/not-run.ts';
import { createGateStoreHarness, readMarks, temporaryFolder } from '../support/gate-store-harness.ts';
import { admittedDraft } from '../contract/store.ts';
import { bigFaults, expectNothingLost, onJournal, startWriter, type WriterRun } from '../support/store-process.ts';

const rounds = bigFaults ? Array.from({ length: 30 }, (_, index) => index + 1) : [10, 17];

/** Runs a writer with one fault and checks the order of what it said. */
async function runWithFault(folder: string, fault: string): Promise<WriterRun> {
  const run = await startWriter(folder, 25, [...onJournal(folder), '-e', `inject=${fault}`]).ended;
  const failedAt = run.lines.findIndex((line) => line.failed !== undefined);
  if (run.lines[0]?.started === true && failedAt >= 0) {
    expect(run.lines[failedAt]).toEqual({ failed: 'store-failed' });
    expect(run.lines[failedAt + 1]).toEqual({ afterwards: 'store-stopped' });
  }
  return run;
}

describe('an I/O error of the journal', () => {
  runOrReport(
    'one failed fsync: nobody is let in, and only a verified reopening goes on',
    missingPrograms('strace'),
    async () => {
      let failures = 0;
      for (const when of rounds) {
        const folder = temporaryFolder();
        const run = await runWithFault(folder, `fsync:error=EIO:when=${when}`);
        const marks = await expectNothingLost(folder, run.acknowledged);
        if (!run.lines.some((line) => line.failed !== undefined)) continue;
        failures++;
        expect(run.lines.some((line) => line.reopened === true)).toBe(true);
        // What reached the file without having been acknowledged has had its uses given back.
        const told = new Set(run.acknowledged.map(({ sequence }) => sequence));
        const lapsed = new Set(marks.map((mark) => (mark.kind === 'lapsed' ? mark.of.sequence : 0)));
        expect(
          marks.filter((mark) => mark.kind === 'admitted' && !told.has(mark.sequence) && !lapsed.has(mark.sequence)),
        ).toEqual([]);
      }
      expect(failures).toBeGreaterThan(0);
    },
  );

  runOrReport(
    'a disk that stays full: nobody is let in, and nothing acknowledged is lost',
    missingPrograms('strace'),
    async () => {
      for (const when of bigFaults ? rounds.map((round) => round + 65) : [70, 81]) {
        const folder = temporaryFolder();
        const run = await runWithFault(folder, `pwrite64:error=ENOSPC:when=${when}+`);
        const failedAt = run.lines.findIndex((line) => line.failed !== undefined);
        expect(failedAt).toBeGreaterThan(0);
        expect(
          run.lines.slice(failedAt).some((line) => line.acknowledged !== undefined || line.reopened === true),
        ).toBe(false);
        await expectNothingLost(folder, run.acknowledged);
      }
    },
  );

  runOrReport(
    'a full file system: the gate stops, and admits again once there is room',
    firstReason(missingRoot(), missingPrograms('mount', 'umount')),
    async () => {
      const folder = temporaryFolder();
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'postern-full', folder]);
      onTestFinished(() => void execFileSync('umount', ['-l', folder]));
      const harness = await createGateStoreHarness(folder);
      const store = harness.store();
      const ballast = join(folder, 'ballast');
      writeFileSync(ballast, Buffer.alloc(1_000_000));
      let acknowledged = 0;
      while (store.healthy() && acknowledged < 10_000) {
        const answer = await store.append(admittedDraft(harness.event));
        if (answer.ok) acknowledged++;
        else expect(answer.error.type).toBe('store-failed');
      }
      expect(store.healthy()).toBe(false);
      expect(await store.append(admittedDraft(harness.event))).toEqual({ ok: false, error: { type: 'store-stopped' } });
      // Whatever room the checkpoint has made is taken too.
      writeUntilFull(join(folder, 'ballast-2'));
      expect(await store.reopen()).toMatchObject({ ok: false, error: { type: 'store-failed' } });
      rmSync(ballast);
      expect(await store.reopen()).toEqual({ ok: true, value: undefined });
      expect(await store.append(admittedDraft(harness.event))).toMatchObject({ ok: true });
      expect(readMarks(harness.journalPath).filter((mark) => mark.kind === 'admitted').length).toBeGreaterThanOrEqual(
        acknowledged + 1,
      );
      await store.close();
    },
  );
});

function writeUntilFull(path: string): void {
  try {
    for (let index = 0; index < 1_000; index++) writeFileSync(path, Buffer.alloc(4_096), { flag: 'a' });
  } catch {
    // ENOSPC is what this is for.
  }
}
