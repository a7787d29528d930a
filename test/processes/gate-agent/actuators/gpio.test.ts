// A turnstile at GPIO lines, with stand-ins for libgpiod's programs as real processes. No real GPIO was used.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Actuator } from '@postern/shared';
import { openActuator, type OpenedActuator } from '../../../../gate-agent/src/actuators/open.ts';
import { createGpioPrograms } from '../../../../gate-agent/src/gpio/programs.ts';
import { createSystemTimer } from '../../../../gate-agent/src/system.ts';
import { actuatorContract } from '../../../contract/actuator.ts';
import { createGpioBoard, type GpioBoard } from '../../../../scripts/lib/gpio-board.ts';
import { silentLogger } from '../../../support/readers.ts';

const never = new AbortController().signal;
const address = 'gpio://gpiochip0?entry=17&exit=27&sensor=22&pulse-ms=150&tail-ms=0';

interface Bench extends Required<Pick<OpenedActuator, 'actuator' | 'close'>> {
  readonly board: GpioBoard;
}

const opened: { readonly close: () => Promise<void>; readonly folder: string }[] = [];
const endAll = async (): Promise<void> => {
  for (const { close, folder } of opened.splice(0)) {
    await close();
    rmSync(folder, { recursive: true, force: true });
  }
};

function createBench(
  uri: string,
  { major = 2, passageTimeoutMs = 5_000 }: { readonly major?: 1 | 2; readonly passageTimeoutMs?: number } = {},
): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'postern-gpio-'));
  const board = createGpioBoard(folder, major);
  const made = openActuator(uri, {
    timer: createSystemTimer(),
    logger: silentLogger,
    passageTimeoutMs,
    programs: createGpioPrograms(folder),
  });
  if (!made.ok) throw new Error(made.error.cause);
  const { actuator, close } = made.value;
  if (close === undefined) throw new Error('nothing to close');
  opened.push({ close, folder });
  return { actuator, close, board };
}

/** Waits until `isSo`; the test's own time-out is the end of it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(5);
}

/** Lets somebody walk each time that a relay goes on, if `walks` says so, until the returned function is called. */
function walkThrough(board: GpioBoard, line: number, walks: () => boolean): () => void {
  let stopped = false;
  void (async () => {
    for (let atMs = 10_000; !stopped; atMs += 5_000) {
      while (!stopped && board.driven(line) !== 1) await pause(5);
      if (!stopped && walks()) board.edges(22, { on: true, atMs }, { on: false, atMs: atMs + 400 });
      while (!stopped && board.driven(line) === 1) await pause(5);
    }
  })();
  return () => void (stopped = true);
}

describe.each([1, 2] as const)('with the command lines of libgpiod %i', (major) => {
  afterEach(endAll);

  test('relays are off at rest, on for a pulse, and whoever passes the sensor has passed', async () => {
    const { actuator, board } = createBench(address, { major });
    await actuator.rest('locked', 'entry');
    await until(() => board.driven(17) === 0);
    const passage = actuator.open('entry', 1, never);
    await until(() => board.driven(17) === 1);
    board.edges(22, { on: true, atMs: 1_000 }, { on: false, atMs: 1_400 });
    expect(await passage).toEqual({ type: 'passed', persons: 1 });
    await until(() => board.driven(17) === 0);
  });

  test('a pulse ends although nobody passes, and the opening lapses at the time-out', async () => {
    const { actuator, board } = createBench(address, { major, passageTimeoutMs: 800 });
    await actuator.rest('locked', 'entry');
    const passage = actuator.open('entry', 1, never);
    await until(() => board.driven(17) === 1);
    await until(() => board.driven(17) !== 1);
    expect(await passage).toEqual({ type: 'lapsed' });
    await until(() => board.driven(17) === 0);
  });

  test('a relay that opens at low voltage is high at rest', async () => {
    const { actuator, board } = createBench(`${address}&active=low`, { major });
    await actuator.rest('locked', 'entry');
    await until(() => board.driven(17) === 1);
    await actuator.rest('free', 'entry');
    await until(() => board.driven(17) === 0);
  });

  test('rest of one direction leaves an opening of the other alone', async () => {
    const { actuator, board } = createBench(address, { major });
    await actuator.rest('locked', 'entry');
    await actuator.rest('free', 'exit');
    const passage = actuator.open('entry', 1, never);
    await until(() => board.driven(17) === 1);
    await actuator.rest('free', 'exit');
    board.edges(22, { on: true, atMs: 1_000 });
    expect(await passage).toEqual({ type: 'passed', persons: 1 });
    await until(() => board.driven(27) === 1);
  });

  test('without a sensor an opening counts as passed when its pulses are given', async () => {
    const { actuator, board } = createBench('gpio://gpiochip0?entry=17&pulse-ms=150&passage=none', { major });
    await actuator.rest('locked', 'entry');
    expect(await actuator.open('entry', 2, never)).toEqual({ type: 'passed', persons: 2 });
    expect(board.log().filter((line) => line.endsWith('17=1'))).toHaveLength(2);
  });
});

describe('what goes wrong', () => {
  let bench: Bench;
  let actuator: Actuator;
  let board: GpioBoard;
  beforeEach(async () => {
    bench = createBench(address);
    ({ actuator, board } = bench);
    await actuator.rest('locked', 'entry');
  });
  afterEach(endAll);

  test('a sensor that chatters at one person is one person', async () => {
    const passage = actuator.open('entry', 2, never);
    await until(() => board.driven(17) === 1);
    const chatter = Array.from({ length: 40 }, (_, index) => ({ on: index % 2 === 0, atMs: 1_000 + index * 7 }));
    board.edges(22, ...chatter);
    // The second one comes later, and is one as well.
    board.edges(22, { on: true, atMs: 3_000 }, { on: true, atMs: 3_004 }, { on: false, atMs: 3_300 });
    expect(await passage).toEqual({ type: 'passed', persons: 2 });
  });

  test('what gpiomon prints besides edges is left out, however long', async () => {
    const passage = actuator.open('entry', 1, never);
    await until(() => board.driven(17) === 1);
    board.print(22, `${'x'.repeat(20_000)}\n\u0000\n1 22\n9 22 5.0\n`);
    board.edges(22, { on: true, atMs: 1_000 });
    expect(await passage).toEqual({ type: 'passed', persons: 1 });
  });

  test('a gpioset that says no, or nothing, is an opening that fails, and the next one works', async () => {
    for (const [index, how] of (['fails', 'hangs'] as const).entries()) {
      board.set('gpioset', how);
      await expect(actuator.open('entry', 1, never)).rejects.toThrow(/busy|does not answer/);
      board.set('gpioset', 'works');
      await actuator.rest('locked', 'entry');
      expect(board.driven(17)).toBe(0);
      const passage = actuator.open('entry', 1, never);
      await until(() => board.driven(17) === 1);
      board.edges(22, { on: true, atMs: 1_000 * (index + 1) });
      expect(await passage).toEqual({ type: 'passed', persons: 1 });
    }
  });

  test('a line that has its state of rest already is not let go for being told again', async () => {
    const driver = board.driver(17);
    await actuator.rest('locked', 'entry');
    expect(board.driver(17)).toBe(driver);
  });

  test('a gpioset that dies at rest is started again', async () => {
    const before = board.driver(17) ?? 0;
    process.kill(before, 'SIGKILL');
    await until(() => board.driven(17) === 0 && board.driver(17) !== before);
  });

  test('a gpiomon that dies ends the opening as unknown, and sees again at the next rest', async () => {
    const passage = actuator.open('entry', 1, never);
    await until(() => board.driven(17) === 1);
    board.stopMonitor(22);
    await expect(passage).rejects.toThrow('the passage sensor is blind');
    expect(board.driven(17)).toBe(0);
    board.set('gpiomon', 'fails');
    await expect(actuator.rest('locked', 'entry')).rejects.toThrow('busy');
    board.set('gpiomon', 'works');
    await actuator.rest('locked', 'entry');
    const next = actuator.open('entry', 1, never);
    await until(() => board.driven(17) === 1);
    board.edges(22, { on: true, atMs: 1_000 });
    expect(await next).toEqual({ type: 'passed', persons: 1 });
  });

  test('where gpioset is missing, rest says what to install', async () => {
    const other = createBench(address);
    other.board.remove('gpioset');
    await expect(other.actuator.rest('locked', 'entry')).rejects.toThrow('sudo apt-get install gpiod');
  });

  test('after close nobody drives a line or watches one', async () => {
    const driver = board.driver(17) ?? 0;
    await bench.close();
    expect(board.driven(17)).toBeUndefined();
    expect(() => process.kill(driver, 0)).toThrow('ESRCH');
    await expect(actuator.open('entry', 1, never)).rejects.toThrow('closed');
  });
});

test('when the agent is killed its lines are let go at once, open or not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-gpio-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const board = createGpioBoard(folder, 2);
  const source = (path: string): string =>
    JSON.stringify(new URL(`../../../../gate-agent/src/${path}`, import.meta.url));
  const agent = spawn(
    process.execPath,
    [
      '--conditions=source',
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      `const { openActuator } = await import(${source('actuators/open.ts')});
       const { createGpioPrograms } = await import(${source('gpio/programs.ts')});
       const { createSystemTimer } = await import(${source('system.ts')});
       const opened = openActuator('gpio://gpiochip0?entry=17&exit=27&open=hold', {
         timer: createSystemTimer(), logger: console, passageTimeoutMs: 60000,
         programs: createGpioPrograms(${JSON.stringify(folder)}),
       });
       await opened.value.actuator.rest('free', 'exit');
       await opened.value.actuator.open('entry', 1, new AbortController().signal);`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  onTestFinished(() => void agent.kill('SIGKILL'));
  await until(() => board.driven(17) === 1 && board.driven(27) === 1);
  agent.kill('SIGKILL');
  await until(() => board.driven(17) === undefined && board.driven(27) === undefined);
});

describe('the contract', () => {
  const stops: (() => void)[] = [];
  afterEach(async () => {
    stops.splice(0).forEach((stop) => stop());
    await endAll();
  });

  actuatorContract('gpio://', () => {
    const planned: boolean[] = [];
    let walks = true;
    let bench: Bench | undefined;
    // Made when a test asks: while tests are collected nothing is started.
    const get = (): Bench => {
      if (bench !== undefined) return bench;
      bench = createBench('gpio://gpiochip0?entry=17&exit=27&sensor=22&pulse-ms=100&tail-ms=0', {
        passageTimeoutMs: 700,
      });
      for (const line of [17, 27]) stops.push(walkThrough(bench.board, line, () => walks));
      return bench;
    };
    const nobodyWalks = (): void => void planned.push(false);
    return {
      // Real processes take real time, which the awaited passages wait for.
      time: { advance: async () => undefined },
      get actuator(): Actuator {
        const { actuator } = get();
        const open: Actuator['open'] = (...how) => {
          walks = planned.shift() ?? true;
          return actuator.open(...how);
        };
        return { ...actuator, open };
      },
      lapseNext: nobodyWalks,
      waitNext: nobodyWalks,
      observed: () => ([17, 27].some((line) => get().board.driven(line) === 1) ? 'free' : 'locked'),
    };
  });
});
