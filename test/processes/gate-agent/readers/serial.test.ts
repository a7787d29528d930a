// Scanners at a serial device: a pseudo-terminal made by socat, which is a real terminal to the kernel, `stty` and Node. No real
// scanner and no real serial port was used.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createSupervisor, presentationTextCharsMax, type Reader } from '@postern/shared';
import { openReader } from '../../../../gate-agent/src/readers/open.ts';
import { describeReaderContract } from '../../../contract/reader.ts';
import { describeOrReport, missingPrograms } from '../../../support/not-run.ts';
import {
  createCollector,
  createFakeDecoder,
  createScratchFolder,
  hurriedTimer,
  silentLogger,
  systemClock,
  noNfc,
} from '../../../support/readers.ts';

interface Line {
  /** What the reader opens. */
  readonly path: string;
  readonly send: (text: string | Uint8Array) => Promise<void>;
  readonly unplug: () => Promise<void>;
}

const lines: { readonly program: ChildProcess; readonly scanner: FileHandle }[] = [];
afterEach(async () => {
  for (const { program, scanner } of lines.splice(0)) {
    await scanner.close();
    program.kill('SIGKILL');
  }
});

async function plugIn(folder: string): Promise<Line> {
  const [path, scannerPath] = [join(folder, 'ttyACM0'), join(folder, 'scanner')];
  const program = spawn('socat', [`pty,rawer,link=${path}`, `pty,rawer,link=${scannerPath}`], { stdio: 'ignore' });
  while (!existsSync(path) || !existsSync(scannerPath)) await pause(5);
  const scanner = await open(scannerPath, 'r+');
  lines.push({ program, scanner });
  return {
    path,
    send: async (text) => void (await scanner.write(typeof text === 'string' ? Buffer.from(text) : text)),
    unplug: async () => {
      const gone = once(program, 'exit');
      // Ends as a device does: its names are gone as well.
      program.kill('SIGTERM');
      await gone;
    },
  };
}

function openSerial(path: string): Reader {
  const opened = openReader(`serial://${path}?baud=115200`, {
    id: 'serial',
    gate: 'north',
    random: (length) => new Uint8Array(length),
    clock: systemClock,
    logger: silentLogger,
    decoder: () => createFakeDecoder(() => []),
    nfc: noNfc,
    timer: hurriedTimer,
    stdin: new PassThrough(),
  });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

/** Sends until the first presentation has arrived: a code that is sent while nobody has opened the device yet is lost. */
async function sendUntilRead(line: Line, text: string, texts: () => readonly string[]): Promise<void> {
  while (texts().length === 0) {
    await line.send(text);
    await pause(20);
  }
}

describeOrReport('serial://', missingPrograms('socat'), () => {
  test('one code a line, whatever ends it, and nothing of a line that is too long', async () => {
    const line = await plugIn(await createScratchFolder());
    const { deliver, texts, until, all } = createCollector();
    const stop = new AbortController();
    const running = openSerial(line.path).run(deliver, stop.signal);
    await sendUntilRead(line, 'READY\r', texts);
    await line.send('A1\rB2\nC3\r\n');
    await line.send(`${'x'.repeat(presentationTextCharsMax + 1)}\r`);
    await line.send(Uint8Array.of(0x03, 0x04, 0x1a, 0xff, 0x0d));
    await line.send('D4\r');
    while (texts().at(-1) !== 'D4') await until(all.length + 1);
    stop.abort();
    await running;
    expect(texts().filter((text) => text !== 'READY')).toEqual(['A1', 'B2', 'C3', '\u0003\u0004\u001a\u00ff', 'D4']);
    expect(all[0]).toMatchObject({ medium: 'optical', readerId: 'serial' });
  });

  test('pulled out the run ends; supervised it reads again once it is plugged in', async () => {
    const folder = await createScratchFolder();
    const line = await plugIn(folder);
    const { deliver, texts, all } = createCollector();
    const stop = new AbortController();
    const supervisor = createSupervisor({
      reader: openSerial(line.path),
      deliver,
      clock: systemClock,
      random: (bytes) => new Uint8Array(bytes),
      logger: silentLogger,
      timer: { after: (_, fn) => hurriedTimer.after(0, fn) },
    });
    const running = supervisor.run(stop.signal);
    await sendUntilRead(line, 'BEFORE\r', texts);
    await line.unplug();
    while (supervisor.health().state !== 'restarting' || !/cannot be used/.test(supervisor.health().lastError ?? ''))
      await pause(5);
    all.splice(0);
    const again = await plugIn(folder);
    await sendUntilRead(again, 'AFTER\r', texts);
    expect(texts()[0]).toBe('AFTER');
    stop.abort();
    await running;
  });

  test('a device that is missing, or is none, is a fault that says where to look', async () => {
    const folder = await createScratchFolder();
    for (const path of [join(folder, 'ttyACM9'), '/dev/null'])
      await expect(openSerial(path).run(() => undefined, new AbortController().signal)).rejects.toMatchObject({
        type: 'scanner-missing',
        message: expect.stringContaining('ls /dev/ttyACM*'),
      });
  });

  describeReaderContract('serial://', async () => {
    const line = await plugIn(await createScratchFolder());
    const stop = new AbortController();
    return {
      reader: openSerial(line.path),
      show: async (text) => {
        void (async () => {
          while (!stop.signal.aborted) {
            await line.send(`${text}\r`);
            await pause(20);
          }
        })();
      },
      close: async () => {
        stop.abort();
        await pause(30);
      },
    };
  });
});
