// kill -9 at every write and every fsync of the journal's files: whatever was acknowledged is there at the next start.
import { describe, expect } from 'vitest';
import { missingPrograms, runOrReport } from '../support/not-run.ts';
import { bigFaults, expectNothingLost, onJournal, startWriter, type Acknowledged } from '../support/store-process.ts';
import { temporaryFolder } from '../support/gate-store-harness.ts';

const admissions = bigFaults ? 30 : 6;
const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);
/** Which call of a start is its last: some while the store opens, most among the first admissions. The big run tries every one. */
const calls: readonly (readonly [string, readonly number[]])[] = [
  ['pwrite64', bigFaults ? upTo(400) : [1, 52, 58, 64]],
  ['fsync', bigFaults ? upTo(100) : [1, 4, 7, 9, 11]],
];

describe('killed at a write of the journal', () => {
  for (const [call, places] of calls) {
    runOrReport(
      `${call}: no acknowledged mark is lost, and the next start admits again`,
      missingPrograms('strace'),
      async () => {
        const folder = temporaryFolder();
        const acknowledged: Acknowledged[] = [];
        let kills = 0;
        let killsAmongAdmissions = 0;
        for (const when of places) {
          const run = await startWriter(folder, admissions, [
            ...onJournal(folder),
            '-e',
            `inject=${call}:signal=KILL:when=${when}`,
          ]).ended;
          acknowledged.push(...run.acknowledged);
          await expectNothingLost(folder, acknowledged);
          if (run.acknowledged.length === admissions) break;
          kills++;
          if (run.acknowledged.length > 0) killsAmongAdmissions++;
        }
        expect([kills > 2, killsAmongAdmissions > 0]).toEqual([true, true]);
      },
    );
  }
});
