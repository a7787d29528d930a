// Goal: a gate as a process of its own with a turnstile, lamps and a fire contact at GPIO lines, from a typed code to the relay and back
// from the passage sensor. The programs that drive the lines are stand-ins: no real GPIO was used.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eventResponseSchema, ticketBatchResponseSchema } from '@postern/shared';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNewCloud, temporaryFolder, type CloudProcess } from '../support/cloud-process.ts';
import { enrolGate } from '../support/enrol-gate.ts';
import { listenToGate, startGateProcess, type GateEvents, type GateProcess } from '../support/gate-process.ts';
import { createGpioBoard, type GpioBoard } from '../../scripts/lib/gpio-board.ts';

const turnstile = 'gpio://gpiochip0?entry=17&sensor=22&pulse-ms=300&tail-ms=400';

/** The test's own time-out is the end of it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(10);
}

describe('a gate with a wired turnstile', () => {
  const folder = temporaryFolder();
  const gateFolder = join(folder.path, 'gate-a');
  const configPath = join(gateFolder, 'gate.toml');
  let board: GpioBoard;
  let cloud: CloudProcess;
  let gate: GateProcess;
  let events: GateEvents;
  let codes: readonly string[] = [];
  let scanned = 0;
  let sensorMs = 1_000;

  const start = async (): Promise<void> => {
    gate = startGateProcess(configPath, { PATH: `${board.folder}:${process.env['PATH'] ?? ''}` });
    events = await listenToGate((await gate.ready).url);
  };
  const scanNext = async (): Promise<void> => {
    gate.type(codes[scanned++] ?? '');
    await until(() => board.driven(17) === 1);
  };
  const walk = (): void => {
    board.edges(22, { on: true, atMs: sensorMs }, { on: false, atMs: sensorMs + 150 });
    sensorMs += 300;
  };

  beforeAll(async () => {
    const programs = join(folder.path, 'programs');
    mkdirSync(programs);
    board = createGpioBoard(programs, 2);
    board.input(24, '1');
    const started = await startNewCloud(folder.path);
    cloud = started.process;
    const { url: cloudUrl, post } = started;
    const { event } = eventResponseSchema.parse(
      await post('/api/events', {
        name: 'Wired night',
        types: [{ id: 1, name: 'Standing' }],
        zones: [{ id: 'arena', name: 'Arena' }],
      }),
    );
    const { tickets } = ticketBatchResponseSchema.parse(
      await post('/api/tickets/batch', { event, tickets: Array.from({ length: 4 }, () => ({ type: 1 })) }),
    );
    codes = tickets.map(({ text }) => text ?? '');
    const lanes = [{ id: 'main', readers: ['stdin://'], actuator: turnstile, passageTimeoutMs: 1_500 }];
    const settings = '[fire]\ninput = "gpio://gpiochip0?line=24"\n';
    await enrolGate({ url: cloudUrl, post, event, folder: gateFolder, lanes, settings });
    await post(`/admin/events/${event}/publish`, {});
    const signal = 'signal = "gpio://gpiochip0?green=5&red=6&buzzer=13"';
    writeFileSync(configPath, readFileSync(configPath, 'utf8').replace('[[lanes]]\n', `[[lanes]]\n${signal}\n`));
    await start();
  });

  afterAll(async () => {
    events?.close();
    gate?.kill('SIGKILL');
    cloud?.kill('SIGKILL');
    await Promise.all([gate?.ended, cloud?.ended]);
    folder.remove();
  });

  test('is locked at the start; a ticket opens it for a pulse, and the sensor says who has passed', async () => {
    expect(board.driven(17)).toBe(0);
    await scanNext();
    await until(() => board.driven(5) === 1);
    walk();
    expect(await events.next('passage')).toMatchObject({ passage: { type: 'passed', persons: 1 } });
    await until(() => board.driven(17) === 0);
  });

  test('gives the use back when nobody passes, and alarms when somebody follows', async () => {
    await scanNext();
    expect(await events.next('passage')).toMatchObject({ passage: { type: 'lapsed' } });
    await scanNext();
    walk();
    walk();
    expect(await events.next('passage')).toMatchObject({ passage: { type: 'passed', persons: 1, tailgaters: 1 } });
    expect(await events.next('tailgating')).toMatchObject({ persons: 1 });
  });

  test('closes when its sensor is blind, and comes back by itself', async () => {
    board.set('gpiomon', 'fails');
    board.stopMonitor(22);
    gate.type(codes[scanned++] ?? '');
    await events.next('state', ({ state }) => state.name === 'closed');
    board.set('gpiomon', 'works');
    await events.next('state', ({ state }) => state.name === 'idle');
  });

  test('is free while the fire contact is on, and stays so when it goes off', async () => {
    board.input(24, '0');
    await events.next('state', ({ state }) => state.name === 'free' && state.why === 'fire');
    await until(() => board.driven(17) === 1 && board.driven(5) === 1 && board.driven(6) === 0);
    board.input(24, '1');
    const looks = board.log().filter((line) => line.startsWith('gpioget')).length;
    await until(() => board.log().filter((line) => line.startsWith('gpioget')).length > looks + 1);
    expect(board.driven(17)).toBe(1);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('lets go of every line after %s', async (signal) => {
    await until(() => [17, 5, 6].every((line) => board.driven(line) !== undefined));
    gate.kill(signal);
    const { code } = await gate.ended;
    expect(code).toBe(signal === 'SIGTERM' ? 0 : null);
    await until(() => [17, 5, 6, 13].every((line) => board.driven(line) === undefined));
    events.close();
    if (signal === 'SIGTERM') await start();
  });
});
