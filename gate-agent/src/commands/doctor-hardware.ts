// The doctor's look at relays, sensors, lamps, scanners and Bluetooth adapters: is what drives them installed, is the device there, may the agent use it.
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeHidAddress, type HidAddress } from '../hid/hid-uri.ts';
import { listHidraw } from '../hid/hidraw.ts';
import type { BleAdapter } from '../readers/ble-uri.ts';
import { fail, well, type DoctorDeps, type Finding } from './doctor-finding.ts';

/** What is looked at: `lane main`, and the address as the configuration has it. */
export interface Looked {
  readonly about: string;
  readonly what: string;
}

export type HardwareDeps = Pick<DoctorDeps, 'hasProgram' | 'hasPackage' | 'deviceFolder' | 'hidrawFolder'>;

export const udevRemedy =
  'install the udev rules (systemd/70-postern.rules to /etc/udev/rules.d/) and run: sudo udevadm trigger; the agent runs as postern-gate';
const dialoutRemedy =
  'add the user to the group dialout: sudo usermod -aG dialout postern-gate, then restart the agent';

/** With `setpriv` no line stays driven by a program whose agent is dead. */
const gpioPrograms = [
  ['gpioset', 'gpiod'],
  ['setpriv', 'util-linux'],
] as const;

/** The rules make this folder, with a name for each device's socket. */
export const lacksOurLinks = (path: string, { deviceFolder = '/dev' }: HardwareDeps): boolean =>
  path.startsWith('/dev/postern/') && !existsSync(join(deviceFolder, 'postern'));

export function checkGpio({ about, what }: Looked, chip: string, deps: HardwareDeps): Finding {
  const device = join(deps.deviceFolder ?? '/dev', chip);
  for (const [program, package_] of gpioPrograms)
    if (!deps.hasProgram(program))
      return fail(about, `${what} needs ${program}, which is not installed`, `sudo apt install ${package_}`);
  if (!existsSync(device))
    return fail(about, `${what}: there is no ${device}`, 'what is there: gpiodetect; correct the chip in gate.toml');
  if (!isUsable(device)) return fail(about, `${what}: ${device} must not be used by this user`, udevRemedy);
  return well(about, `${what}: gpioset and ${device} are there`);
}

export function checkHid({ about, what }: Looked, address: HidAddress, deps: HardwareDeps): Finding {
  const { deviceFolder = '/dev', hidrawFolder = '/sys/class/hidraw' } = deps;
  if (!deps.hasPackage('node-hid'))
    return fail(about, `${what} needs the package node-hid, which is not installed`, 'npm install node-hid');
  const paths =
    address.type === 'path'
      ? [address.path].filter((path) => existsSync(path))
      : listHidraw(hidrawFolder)
          .filter(({ vendorId, productId }) => vendorId === address.vendorId && productId === address.productId)
          .map(({ name }) => join(deviceFolder, name));
  if (paths.length === 0)
    return fail(
      about,
      `${what}: there is no ${describeHidAddress(address)}`,
      address.type === 'path' && lacksOurLinks(address.path, deps)
        ? udevRemedy
        : `plug it in; what is there: lsusb${what.startsWith('reader') ? '. A scanner has to be in HID POS mode: its manual has a code for that' : ''}`,
    );
  const usable = paths.find(isUsable);
  if (usable === undefined) return fail(about, `${what}: ${paths[0]} must not be used by this user`, udevRemedy);
  return well(about, `${what}: node-hid and ${usable} are there`);
}

export function checkSerial({ about, what }: Looked, path: string, { hasProgram }: HardwareDeps): Finding {
  if (!hasProgram('stty'))
    return fail(about, `${what} needs stty, which is not installed`, 'sudo apt install coreutils');
  if (!existsSync(path))
    return fail(
      about,
      `${what}: there is no ${path}`,
      'plug the scanner in; what is there: ls /dev/ttyACM* /dev/ttyUSB* /dev/serial/by-id/',
    );
  if (!isUsable(path)) return fail(about, `${what}: ${path} must not be used by this user`, dialoutRemedy);
  return well(about, `${what}: the device is there`);
}

/** It is only read: nothing is ever written to a keyboard. */
export function checkTypingScanner({ about, what }: Looked, path: string): Finding {
  if (!existsSync(path))
    return fail(
      about,
      `${what}: there is no ${path}`,
      'plug the scanner in; what is there: ls /dev/input/by-id/*-event-kbd',
    );
  if (!isUsable(path, constants.R_OK))
    return fail(
      about,
      `${what}: ${path} must not be read by this user`,
      'give it to the agent by a udev rule: see "A scanner that types" in the README',
    );
  return well(about, `${what}: the device is there`);
}

export function checkBluetooth({ about, what }: Looked, adapter: BleAdapter, { hasPackage }: HardwareDeps): Finding {
  const path = adapter.type === 'hci' ? `/sys/class/bluetooth/hci${adapter.index}` : adapter.path;
  if (!hasPackage('@stoprocent/noble'))
    return fail(
      about,
      `${what} needs the package @stoprocent/noble, which is not installed`,
      'npm install @stoprocent/noble',
    );
  if (!existsSync(path))
    return fail(
      about,
      `${what}: there is no ${path}`,
      'plug the Bluetooth adapter in; what is there: ls /sys/class/bluetooth; switched off: sudo rfkill unblock bluetooth',
    );
  if (adapter.type === 'uart' && !isUsable(path))
    return fail(about, `${what}: ${path} must not be used by this user`, dialoutRemedy);
  return well(about, `${what}: noble and the Bluetooth adapter are there`);
}

function isUsable(path: string, how = constants.R_OK | constants.W_OK): boolean {
  try {
    accessSync(path, how);
    return true;
  } catch {
    return false; // That it throws is the answer.
  }
}
