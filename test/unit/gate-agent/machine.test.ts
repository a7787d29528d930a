// What the kernel tells of a machine, also of one that tells nothing or nonsense.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readMachine } from '../../../gate-agent/src/machine.ts';
import { temporaryFolder } from '../../support/gate-store-harness.ts';

function machineWith(files: Readonly<Record<string, string>>): string {
  const sys = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(sys, path, '..'), { recursive: true });
    writeFileSync(join(sys, path), text);
  }
  return sys;
}

test('the hottest sensor counts, and nonsense does not', () => {
  const sys = machineWith({
    'thermal/thermal_zone0/temp': '48312\n',
    'thermal/thermal_zone1/temp': '61750\n',
    'thermal/thermal_zone2/temp': '-273000\n',
    'thermal/thermal_zone3/temp': 'hot\n',
    'thermal/cooling_device0/temp': '99000\n',
  });
  expect(readMachine(sys, sys).temperatureC).toBe(61.8);
});

test('a battery is the machine’s own, not that of a mouse, and mains are none', () => {
  const sys = machineWith({
    'power_supply/AC/type': 'Mains\n',
    'power_supply/AC/capacity': '1\n',
    'power_supply/BAT0/type': 'Battery\n',
    'power_supply/BAT0/capacity': '41\n',
    'power_supply/BAT0/status': 'Discharging\n',
    'power_supply/mouse/type': 'Battery\n',
    'power_supply/mouse/scope': 'Device\n',
    'power_supply/mouse/capacity': '3\n',
  });
  expect(readMachine(sys, sys).battery).toEqual({ percent: 41, charging: false });
});

test('where there are no sensors there is nothing of them, and the disk is known', () => {
  const { disk, ...rest } = readMachine(temporaryFolder(), '/nowhere');
  expect(rest).toEqual({});
  expect(disk?.totalBytes).toBeGreaterThan(disk?.freeBytes ?? Number.NaN);
  expect(readMachine('/nowhere/at/all', '/nowhere')).toEqual({});
});
