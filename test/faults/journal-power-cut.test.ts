// Power cuts: the journal on a file system of its own that is shut down under a running writer, without flushing anything, and mounted
// again. What was acknowledged before the cut is there.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished } from 'vitest';
import { firstReason, missingPrograms, missingRoot, runOrReport } from '../support/not-run.ts';
import { bigFaults, expectNothingLost, startWriter, type Acknowledged } from '../support/store-process.ts';
import { temporaryFolder } from '../support/gate-store-harness.ts';

const cuts = bigFaults ? 100 : 12;
const imageBytes = 64 * 1024 * 1024;
/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH (2): as if the power went. Node has no ioctl. */
const shutdownProgram = `
import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))
`;

const unmountMsMax = 30_000;

const run = (program: string, ...args: readonly string[]): void => void execFileSync(program, args, { stdio: 'pipe' });

/** Whether a loop device still has this image. */
const isAttached = (image: string): boolean =>
  execFileSync('losetup', ['-j', image], { encoding: 'utf8' }).trim() !== '';

/** Why loop mounts cannot be used here although the programs are there (containers often forbid them). */
function missingLoopMount(): string | undefined {
  if ((missingRoot() ?? missingPrograms('losetup')) !== undefined) return undefined;
  try {
    run('losetup', '-f');
    return undefined;
  } catch {
    return 'no loop devices';
  }
}

describe('a power cut', () => {
  runOrReport(
    `${cuts} cuts under a running writer lose no acknowledged mark`,
    firstReason(missingRoot(), missingPrograms('mkfs.ext4', 'mount', 'umount', 'python3'), missingLoopMount()),
    async () => {
      const folder = temporaryFolder();
      const image = join(folder, 'disk.img');
      const mountPoint = join(folder, 'mnt');
      mkdirSync(mountPoint);
      run('truncate', '-s', String(imageBytes), image);
      run('mkfs.ext4', '-q', image);
      // Other tests make mount namespaces meanwhile, which hold on to what is mounted then: shared, it is unmounted there too.
      run('mount', '--bind', folder, folder);
      run('mount', '--make-shared', folder);
      const mount = (): void => run('mount', '-o', 'loop', image, mountPoint);
      /** Until nobody has it: what is only mounted anew goes on being the disk that was shut down. */
      const unmount = async (): Promise<void> => {
        run('umount', mountPoint);
        mounted = false;
        for (let waitedMs = 0; isAttached(image); waitedMs += 10) {
          if (waitedMs > unmountMsMax) throw new Error('somebody else holds on to the disk');
          await sleep(10);
        }
      };
      let mounted = false;
      onTestFinished(() => {
        if (mounted) run('umount', '-l', mountPoint);
        run('umount', '-l', folder);
      });
      const acknowledged: Acknowledged[] = [];
      for (let cut = 0; cut < cuts; cut++) {
        mount();
        mounted = true;
        const writer = startWriter(mountPoint, 1_000_000);
        // Each cut at another moment, the first while the store has only just opened; checkpoints come every hundred marks.
        const enough = 1 + ((cut * 97) % 350);
        while (
          writer.lines.filter((line) => line.acknowledged !== undefined).length < enough &&
          writer.child.exitCode === null
        )
          await sleep(2);
        run('python3', '-c', shutdownProgram, mountPoint);
        const known = writer.lines.map((line) => line.acknowledged).filter((mark) => mark !== undefined);
        writer.child.kill('SIGKILL');
        await writer.ended;
        expect(known.length).toBeGreaterThanOrEqual(enough);
        acknowledged.push(...known);
        await unmount();
        mount();
        mounted = true;
        await expectNothingLost(mountPoint, acknowledged);
        await unmount();
      }
    },
  );
});
