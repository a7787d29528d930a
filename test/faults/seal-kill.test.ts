// kill -9 at every step by which an unsealed data folder is sealed: whatever is there then is whole, a gate works on it, and the next start
// goes on to the end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { unsealedFiles } from '../../gate-agent/src/store/seal-folder.ts';
import { temporaryFolder } from '../support/gate-store-harness.ts';
import { missingPrograms, runOrReport } from '../support/not-run.ts';
import { bigFaults } from '../support/store-process.ts';
import { contentOf, foundIn, makeUnsealedFolder } from '../support/unsealed-folder.ts';

const root = join(import.meta.dirname, '../..');
const key = 'c3'.repeat(32);
const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);
/** Which call is the last one. The big run tries every one. */
const calls: readonly (readonly [string, readonly number[]])[] = [
  ['rename', bigFaults ? upTo(10) : [1, 3, 5, 7, 9]],
  ['fsync', bigFaults ? upTo(60) : [1, 3, 6]],
  ['pwrite64', bigFaults ? upTo(400) : [60, 110]],
];

/** Whether it was killed. */
async function sealUnderStrace(data: string, call: string, when: number): Promise<boolean> {
  const command = [
    'node',
    '--conditions=source',
    '--import',
    'tsx',
    join(root, 'test/faults/seal-writer.ts'),
    data,
    key,
  ];
  const inject = `inject=${call}:signal=KILL:when=${when}`;
  const child = spawn('strace', ['-f', '-qq', '-o', '/dev/null', '-e', inject, ...command], {
    cwd: root,
    stdio: 'ignore',
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return signal === 'SIGKILL' || code !== 0;
}

describe('killed while a data folder is sealed', () => {
  for (const [call, places] of calls) {
    runOrReport(
      `${call}: everything is there, and the next start seals the rest`,
      missingPrograms('strace'),
      async () => {
        const folder = temporaryFolder();
        await makeUnsealedFolder(join(folder, 'original'));
        const before = await contentOf(join(folder, 'original'));
        let halfSealed = 0;
        let kills = 0;
        for (const when of places) {
          const data = join(folder, `${when}`);
          cpSync(join(folder, 'original'), data, { recursive: true });
          if (!(await sealUnderStrace(data, call, when))) break;
          kills++;
          if (unsealedFiles(data).length > 0 && unsealedFiles(data).length < 4) halfSealed++;
          expect([when, await contentOf(data, key)]).toEqual([when, before]);
          expect([when, await sealUnderStrace(data, 'rename', 1_000)]).toEqual([when, false]);
          expect([when, unsealedFiles(data), foundIn(data)]).toEqual([when, [], []]);
          expect([when, await contentOf(data, key)]).toEqual([when, before]);
        }
        expect([kills > 0, call === 'fsync' || halfSealed > 0]).toEqual([true, true]);
      },
    );
  }
});
