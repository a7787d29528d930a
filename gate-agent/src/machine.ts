// The machine under the gate, as far as the kernel tells: room on the disk of the data folder, the hottest sensor, a battery where there
// is one. What a machine has not, or does not tell, is absent.
import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

export interface MachineState {
  readonly disk?: { readonly freeBytes: number; readonly totalBytes: number };
  readonly temperatureC?: number;
  readonly battery?: { readonly percent: number; readonly charging: boolean };
}

/** More entries than any machine has are not looked at. */
const entriesMax = 64;
/** Sensors that say nothing say something out of this range. */
const temperatureCRange = { min: -60, max: 200 } as const;

export const readMachine = (data: string, sys = '/sys/class'): MachineState => ({
  ...readDisk(data),
  ...readTemperature(join(sys, 'thermal')),
  ...readBattery(join(sys, 'power_supply')),
});

export function readDisk(data: string): Pick<MachineState, 'disk'> {
  try {
    const { bsize, blocks, bavail } = statfsSync(data);
    return { disk: { freeBytes: bsize * bavail, totalBytes: bsize * blocks } };
  } catch {
    // The folder is gone or the disk does not answer: the store says that louder.
    return {};
  }
}

function readTemperature(folder: string): Pick<MachineState, 'temperatureC'> {
  const degrees = entriesOf(folder)
    .filter((name) => name.startsWith('thermal_zone'))
    .flatMap((name) => numberIn(join(folder, name, 'temp')) ?? [])
    .map((thousandths) => thousandths / 1_000)
    .filter((celsius) => celsius > temperatureCRange.min && celsius < temperatureCRange.max);
  return degrees.length === 0 ? {} : { temperatureC: Math.round(10 * Math.max(...degrees)) / 10 };
}

/** The emptiest one. */
function readBattery(folder: string): Pick<MachineState, 'battery'> {
  const batteries = entriesOf(folder)
    .filter(
      (name) => textIn(join(folder, name, 'type')) === 'Battery' && textIn(join(folder, name, 'scope')) !== 'Device',
    )
    .flatMap((name) => {
      const percent = numberIn(join(folder, name, 'capacity'));
      const status = textIn(join(folder, name, 'status'));
      const charging = status === 'Charging' || status === 'Full';
      return percent === undefined || percent < 0 || percent > 100 ? [] : [{ percent, charging }];
    })
    .toSorted((a, b) => a.percent - b.percent);
  return batteries[0] === undefined ? {} : { battery: batteries[0] };
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).slice(0, entriesMax);
  } catch {
    // No such class of devices here.
    return [];
  }
}

function textIn(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // A sensor that is switched off answers with an error.
    return undefined;
  }
}

function numberIn(path: string): number | undefined {
  const text = textIn(path);
  return text === undefined || !/^-?[0-9]{1,9}$/.test(text) ? undefined : Number(text);
}
