// From a presentation to the command that reaches the relay: lines driven by gpioset (a stand-in: no GPIO was switched), and a USB relay
// board at the seam (a model: no board was switched). Beside the same command with nothing before it.
import { mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { openActuator, type OpenedActuator } from '../../gate-agent/src/actuators/open.ts';
import { createGpioPrograms } from '../../gate-agent/src/gpio/programs.ts';
import type { OpenHid } from '../../gate-agent/src/hid/hid-port.ts';
import { generatedTicket } from '../lib/build-feed.ts';
import { createGpioBoard } from '../lib/gpio-board.ts';
import { createRelayBoardModel } from '../lib/hid-models.ts';
import { missingPrograms } from '../lib/missing.ts';
import { quantile } from '../lib/statistics.ts';
import { benchFolder, benchPass, silentLogger } from './gate-rig.ts';
import { benchClock, benchTimer, createLaneBench } from './lane-rig.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

const warmUps = 5;
const entryLine = 17;
const switchOn = 0xff;

/** A turnstile, and when it has been told to open. */
interface WatchedTurnstile extends Required<Pick<OpenedActuator, 'actuator' | 'close'>> {
  readonly nextOpening: () => Promise<number>;
}

export const benchRelays: Bench = async ({ quick }) => {
  const folder = benchFolder();
  try {
    const missing = missingPrograms('setpriv');
    if (missing !== undefined) console.log(`   relays at GPIO lines not run: ${missing}`);
    const [gpioOpenings, hidOpenings] = quick ? [20, 50] : [100, 200];
    return [
      ...(missing !== undefined
        ? []
        : await measure('to gpioset (a stand-in)', gpioOpenings, join(folder.path, 'gpio'), openGpio)),
      ...(await measure('to a USB relay board (a model)', hidOpenings, join(folder.path, 'hid'), openHidRelay)),
    ];
  } finally {
    folder.remove();
  }
};

async function measure(
  name: string,
  openings: number,
  folder: string,
  open: (folder: string) => WatchedTurnstile,
): Promise<readonly BenchRow[]> {
  const ours = open(join(folder, 'ours'));
  const floor = open(join(folder, 'floor'));
  const bench = await createLaneBench(join(folder, 'gate'), openings + warmUps, ours.actuator);
  const never = new AbortController().signal;
  const samples: { readonly ours: number[]; readonly floor: number[] } = { ours: [], floor: [] };
  try {
    await floor.actuator.rest('locked', 'entry');
    for (let index = 0; index < openings + warmUps; index++) {
      const { ticket } = generatedTicket(index);
      const text = benchPass(ticket.id, ticket.type);
      const [opened, passed] = [ours.nextOpening(), bench.nextPassage()];
      const shownMs = benchClock.monotonicMs();
      bench.lane.present({ medium: 'optical', text, readerId: 'bench', seenAtMs: shownMs });
      const oursMs = (await opened) - shownMs;
      await passed;

      const openedBare = floor.nextOpening();
      const toldMs = benchClock.monotonicMs();
      const over = floor.actuator.open('entry', 1, never);
      const floorMs = (await openedBare) - toldMs;
      await over;
      if (index < warmUps) continue;
      samples.ours.push(oursMs);
      samples.floor.push(floorMs);
    }
  } finally {
    await bench.close();
    await Promise.all([ours.close(), floor.close()]);
  }
  return ([0.5, 0.99] as const).map((share) =>
    benchRow(
      `presentation to the command ${name}, p${share * 100}, beside the command alone`,
      quantile(samples.ours, share),
      'ms',
      { baseline: quantile(samples.floor, share) },
    ),
  );
}

function openGpio(folder: string): WatchedTurnstile {
  mkdirSync(folder, { recursive: true });
  const board = createGpioBoard(folder, 2);
  let told = (_atMs: number): void => undefined;
  const watcher = watch(folder, () => {
    if (board.driven(entryLine) === 1) told(benchClock.monotonicMs());
  });
  const { actuator, close } = open(`gpio://gpiochip0?entry=${entryLine}&pulse-ms=100`, {
    programs: createGpioPrograms(folder),
  });
  return {
    actuator,
    close: async () => {
      watcher.close();
      await close();
    },
    nextOpening: () => new Promise((resolve) => (told = resolve)),
  };
}

function openHidRelay(): WatchedTurnstile {
  const model = createRelayBoardModel();
  let told = (_atMs: number): void => undefined;
  const hid: OpenHid = async (address) => {
    const port = await model.open(address);
    return {
      ...port,
      sendFeatureReport: (report) => {
        if (report[1] === switchOn) told(benchClock.monotonicMs());
        return port.sendFeatureReport(report);
      },
    };
  };
  return {
    ...open('hid-relay://16c0:05df?entry=1&pulse-ms=100', { hid }),
    nextOpening: () => new Promise((resolve) => (told = resolve)),
  };
}

function open(
  uri: string,
  devices: Partial<Parameters<typeof openActuator>[1]>,
): Required<Pick<OpenedActuator, 'actuator' | 'close'>> {
  const opened = openActuator(uri, { timer: benchTimer, logger: silentLogger, passageTimeoutMs: 5_000, ...devices });
  if (!opened.ok) throw new Error(opened.error.cause);
  const { actuator, close } = opened.value;
  if (close === undefined) throw new Error('it has a device');
  return { actuator, close };
}
