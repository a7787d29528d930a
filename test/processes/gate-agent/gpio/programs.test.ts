// What libgpiod's programs are told, in the command lines of both versions: by the installed programs as far as a machine without
// GPIO allows, and by stand-ins beyond that. No real GPIO was used.
import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LaneState } from '@postern/shared';
import { openFireInput } from '../../../../gate-agent/src/fire-input.ts';
import { createGpioPrograms, gpioCommandsOf } from '../../../../gate-agent/src/gpio/programs.ts';
import { createLaneSignal, parseSignal } from '../../../../gate-agent/src/signals/open.ts';
import { createSystemTimer } from '../../../../gate-agent/src/system.ts';
import { createGpioBoard } from '../../../../scripts/lib/gpio-board.ts';
import { describeOrReport, missingPrograms } from '../../../support/not-run.ts';
import { createScratchFolder, silentLogger } from '../../../support/readers.ts';

const timer = createSystemTimer();

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(5);
}

async function createMachine(major: 1 | 2) {
  const folder = await createScratchFolder();
  const board = createGpioBoard(folder, major);
  return { board, deps: { programs: createGpioPrograms(folder), timer, logger: silentLogger } };
}

describe('which version is installed', () => {
  test.each([
    ['gpioset (libgpiod) v1.6.3\nCopyright (C) 2017-2018', 1],
    ['gpioset (libgpiod) v2.2.1\nCopyright (C) 2017-2023', 2],
    ['gpioset (libgpiod) v2.1-devel', 2],
    ['gpioset (libgpiod) v3.0', undefined],
    ['v17', undefined],
    ['', undefined],
  ])('%j', (text, major) => {
    expect(gpioCommandsOf(text)?.major).toBe(major);
  });
});

describeOrReport('the installed programs', missingPrograms('gpioset', 'gpiomon', 'gpioget'), () => {
  test('understand what they are told, up to the chip that is not there', async () => {
    const commands = await createGpioPrograms().find();
    const lines = { chip: 'gpiochip-not-here', activeLow: true, pull: 'up' } as const;
    const values = [
      { line: 17, on: true },
      { line: 27, on: false },
    ];
    for (const [program = '', ...args] of [
      commands.drive(lines, values, undefined),
      commands.drive(lines, values, 1_250),
      commands.monitor(lines, 22),
      commands.read(lines, 24),
    ]) {
      const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 10_000 });
      expect({ program, status, stderr }).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/No such file or directory|cannot find GPIO chip/),
      });
    }
  });
});

describe.each([1, 2] as const)('a fire contact with the command lines of libgpiod %i', (major) => {
  /** Follows the contact until the test ends. */
  async function watch(deps: Awaited<ReturnType<typeof createMachine>>['deps'], uri: string) {
    const stop = new AbortController();
    let fires = 0;
    const hurried = { after: (_: number, fn: () => void) => timer.after(5, fn) };
    const opened = openFireInput(uri, { ...deps, timer: hurried });
    if (!opened.ok) throw new Error(opened.error.cause);
    const running = opened.value.run(() => fires++, stop.signal);
    onTestFinished(async () => {
      stop.abort();
      await running;
    });
    return { watch: opened.value, fires: () => fires };
  }

  test('is told while it is on, and an input that cannot be read keeps its last state', async () => {
    const { board, deps } = await createMachine(major);
    board.input(24, '1');
    const fire = await watch(deps, 'gpio://gpiochip0?line=24');
    await until(() => board.log().length >= 2);
    expect(fire.fires()).toBe(0);
    board.input(24, '0');
    await until(() => fire.fires() > 2);
    board.set('gpioget', 'fails');
    await until(() => fire.watch.trouble() !== undefined);
    expect(fire.watch.trouble()).toContain('busy');
    expect(fire.watch.isOn()).toBe(true);
    board.set('gpioget', 'works');
    board.input(24, '1');
    await until(() => !fire.watch.isOn());
    expect(fire.watch.trouble()).toBeUndefined();
  });

  test('what it prints besides 0 and 1 is trouble, and no fire', async () => {
    const { board, deps } = await createMachine(major);
    board.input(24, '77');
    const fire = await watch(deps, 'gpio://gpiochip0?line=24&active=high&pull=none');
    await until(() => fire.watch.trouble() !== undefined);
    expect(fire.fires()).toBe(0);
  });
});

describe('lamps and buzzer', () => {
  async function createLamps(uri: string, major: 1 | 2 = 2) {
    const { board, deps } = await createMachine(major);
    const parsed = parseSignal(uri);
    if (!parsed.ok) throw new Error(parsed.error.cause);
    const signal = createLaneSignal(parsed.value, deps);
    onTestFinished(signal.close);
    const show = (name: LaneState['name']): void => signal.show({ name } as LaneState);
    return { board, show, signal, green: () => board.driven(5), red: () => board.driven(6) };
  }

  test.each([1, 2] as const)('show the state, with the command lines of libgpiod %i', async (major) => {
    const { board, show, green, red } = await createLamps('gpio://gpiochip0?green=5&red=6&buzzer=13', major);
    show('open');
    await until(() => green() === 1 && red() === 0);
    show('refused');
    await until(() => green() === 0 && red() === 1);
    await until(() => board.driven(13) === 1);
    await until(() => board.driven(13) === 0);
    show('held');
    await until(() => green() === 1 && red() === 1);
    show('idle');
    await until(() => green() === 0 && red() === 0);
  });

  test('the newest state is shown, however many came before; showing returns at once', async () => {
    const { board, show, green, red } = await createLamps('gpio://gpiochip0?green=5&red=6&active=low');
    for (let round = 0; round < 500; round++) {
      show('deciding');
      show('open');
      show('refused');
    }
    await until(() => green() === 1 && red() === 0);
    expect(board.log().length).toBeLessThan(10);
  });

  test('a call for staff has a light of its own, whatever the lane does meanwhile, and sounds once', async () => {
    const { board, show, signal, green } = await createLamps('gpio://gpiochip0?green=5&call=19&buzzer=13');
    show('idle');
    signal.call(true);
    signal.call(true);
    await until(() => board.driven(19) === 1 && board.driven(13) === 1);
    show('open');
    await until(() => board.driven(19) === 1 && green() === 1);
    signal.call(false);
    await until(() => board.driven(19) === 0 && green() === 1);
  });

  test('lamps that do not work, or hang, throw nothing, and show the next state that works', async () => {
    const { board, show, green } = await createLamps('gpio://gpiochip0?green=5&buzzer=13');
    board.set('gpioset', 'fails');
    show('refused');
    show('open');
    await until(() => board.log().length >= 2);
    board.set('gpioset', 'hangs');
    show('held');
    board.set('gpioset', 'works');
    show('open');
    await until(() => green() === 1);
  });

  test.each(['gpio://gpiochip0', 'gpio://gpiochip0?green=5&red=5', 'gpio://gpiochip0?blue=1', 'file:///dev/null'])(
    '%j is turned down',
    (uri) => expect(parseSignal(uri)).toMatchObject({ ok: false, error: { type: 'device-uri-invalid' } }),
  );
});
