// Goal: a scanner that types is read from its own device, and from a real process that reads it. The device here is a named pipe that says what the
// kernel would; the kernel's own events are in the guest (test/guest).
import { execFileSync } from 'node:child_process';
import { constants, openSync, closeSync, writeSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createEvdevReader } from '../../../../gate-agent/src/readers/evdev.ts';
import { typedEvents } from '../../../../scripts/lib/typing.ts';
import { describeReaderContract } from '../../../contract/reader.ts';
import { describeOrReport, missingPrograms } from '../../../support/not-run.ts';
import { createCollector, createScratchFolder, silentLogger, systemClock } from '../../../support/readers.ts';

function plugIn(folder: string): {
  readonly path: string;
  readonly type: (text: string) => void;
  readonly unplug: () => void;
} {
  const path = join(folder, 'event-kbd');
  execFileSync('mkfifo', [path]);
  // Held open for reading too: what is typed before anybody reads waits.
  const device = openSync(path, constants.O_RDWR);
  return {
    path,
    type: (text) => void writeSync(device, typedEvents(text)),
    unplug: () => {
      closeSync(device);
      rmSync(path);
    },
  };
}
const openReader = (path: string) =>
  createEvdevReader({ id: 'scanner', path, clock: systemClock, logger: silentLogger });

describeOrReport('evdev://', missingPrograms('mkfifo', 'cat'), () => {
  test('delivers each code that is typed, and ends when the device goes away', async () => {
    const scanner = plugIn(await createScratchFolder());
    const { deliver, all, texts, until } = createCollector();
    const running = openReader(scanner.path).run(deliver, new AbortController().signal);
    scanner.type('PN1:ABC-1/2\nsecond Code\n');
    await until(2);
    expect(texts()).toEqual(['PN1:ABC-1/2', 'second Code']);
    expect(all[0]).toMatchObject({ medium: 'optical', readerId: 'scanner' });
    scanner.unplug();
    await running;
  });

  test('a device that is missing, or cannot be read, is a fault that says where to look', async () => {
    const folder = await createScratchFolder();
    const run = (path: string): Promise<void> => openReader(path).run(() => undefined, new AbortController().signal);
    await expect(run(join(folder, 'none'))).rejects.toMatchObject({
      type: 'scanner-missing',
      message: expect.stringContaining('/dev/input/by-id'),
    });
    await expect(run(folder)).rejects.toMatchObject({ type: 'scanner-failed' });
  });

  describeReaderContract('evdev://', async () => {
    const scanner = plugIn(await createScratchFolder());
    let isOpen = true;
    return {
      reader: openReader(scanner.path),
      show: async (text) => {
        for (let times = 0; times < 3 && isOpen; times++) {
          scanner.type(`${text}\n`);
          await pause(20);
        }
      },
      close: async () => {
        isOpen = false;
        scanner.unplug();
      },
    };
  });
});
