// How soon after a Bluetooth adapter is plugged in again the wristband that is held up is decided on, beside noble alone, started at that
// moment, hearing it. The adapter is real noble's, on BlueZ's emulated controller; how strongly the band is heard is put in.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createStewardActuator } from '../../gate-agent/src/actuators/none.ts';
import { openBleRadio } from '../../gate-agent/src/readers/ble-radio.ts';
import { parseBleUri } from '../../gate-agent/src/readers/ble-uri.ts';
import { createBleReader, type BleReader } from '../../gate-agent/src/readers/ble.ts';
import { createSystemRandom } from '../../gate-agent/src/system.ts';
import { createBluetooth, missingBluetooth, type Bluetooth } from '../lib/bluetooth.ts';
import { generatedTicket } from '../lib/build-feed.ts';
import { median } from '../lib/statistics.ts';
import { benchFolder, silentLogger } from './gate-rig.ts';
import { benchClock, benchTimer, createLaneBench, type LaneBench } from './lane-rig.ts';
import { benchRow, type Bench } from './row.ts';

/** How long the adapter is away. */
const awayMs = 1_000;
const advertisedEveryMs = 50;
const advertisement = { address: 'c0:00:00:00:00:01', rssi: -40, type: 3 } as const;

export const benchBandReturns: Bench = async ({ quick }) => {
  const missing = missingBluetooth();
  if (missing !== undefined) {
    console.log(`   Bluetooth adapters not run: ${missing}`);
    return [];
  }
  const returns = quick ? 2 : 7;
  const folder = benchFolder();
  const bluetooth = await createBluetooth();
  let bench: LaneBench | undefined;
  try {
    await bluetooth.plugIn();
    bench = await createLaneBench(join(folder.path, 'gate'), 2 * returns, createStewardActuator());
    const ours = await measureOurs(returns, bench, bluetooth);
    const floor = await measureFloor(returns, bluetooth);
    return [
      benchRow(
        `Bluetooth adapter back after ${awayMs / 1_000} s to the decision on a band that is held up for 0.4 s, beside bare noble started then to hearing it`,
        median(ours) / 1_000,
        's',
        { baseline: median(floor) / 1_000 },
      ),
    ];
  } finally {
    await bench?.close();
    await bluetooth.close();
    folder.remove();
  }
};

/** Advertises the band of this number, as one that is held up does, until it is let down. */
function holdUp(bluetooth: Bluetooth, number: number): () => void {
  const data = Uint8Array.from([2, 0x01, 0x06, 4, 0xff, 0xff, 0xff, number]);
  const advertising = setInterval(() => bluetooth.air.advertise({ ...advertisement, data }), advertisedEveryMs);
  return () => clearInterval(advertising);
}

async function loseAdapter(bluetooth: Bluetooth): Promise<number> {
  await bluetooth.unplug();
  await rest(awayMs);
  await bluetooth.plugIn();
  return benchClock.monotonicMs();
}

async function measureOurs(returns: number, bench: LaneBench, bluetooth: Bluetooth): Promise<readonly number[]> {
  const samples: number[] = [];
  let visitors = 0;
  /** From `fromMs` to the decision on the next visitor's band. */
  const letNextIn = async (fromMs: number): Promise<number> => {
    const visitor = visitors++;
    await bench.bind(Uint8Array.of(visitor), generatedTicket(visitor).ticket.id, 'ble');
    const decided = bench.nextDecision();
    const letDown = holdUp(bluetooth, visitor);
    const { decision, atMs } = await decided;
    letDown();
    if (decision.kind !== 'admit') throw new Error(`a band was not let in: ${JSON.stringify(decision)}`);
    return atMs - fromMs;
  };
  for (let loss = 0; loss < returns; loss++) {
    // A reader that has failed a moment ago waits longer: each loss is the first of one.
    const stop = bench.attach(openReader(bluetooth.adapterPath));
    await letNextIn(0);
    samples.push(await letNextIn(await loseAdapter(bluetooth)));
    await stop();
  }
  return samples;
}

function openReader(adapterPath: string): BleReader {
  const input = parseBleUri(`ble://${adapterPath}`);
  if (!input.ok) throw new Error(input.error.cause);
  return createBleReader({
    id: 'bench',
    gate: 'gate-1',
    input: input.value,
    clock: benchClock,
    random: createSystemRandom(),
    logger: silentLogger,
    openRadio: openBleRadio(input.value, benchTimer),
  });
}

async function measureFloor(returns: number, bluetooth: Bluetooth): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let number = 0; number < returns; number++) {
    const backMs = await loseAdapter(bluetooth);
    const letDown = holdUp(bluetooth, number);
    const bare = fork(fileURLToPath(new URL('./bare-ble.ts', import.meta.url)), [bluetooth.adapterPath], {
      execArgv: ['--conditions=source', '--import', 'tsx'],
    });
    const [{ atMs }] = (await once(bare, 'message')) as [{ readonly atMs: number }];
    samples.push(atMs - backMs);
    letDown();
    const ended = once(bare, 'exit');
    bare.kill('SIGKILL');
    await ended;
  }
  return samples;
}
