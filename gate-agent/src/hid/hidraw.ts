// Which HID devices the kernel offers as /dev/hidraw…, for the doctor: it opens none.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface HidrawDevice {
  /** `hidraw0` */
  readonly name: string;
  readonly vendorId: number;
  readonly productId: number;
}

/** From /sys/class/hidraw: each device's `uevent` has a line `HID_ID=0003:00000C2E:00000B61`. */
export function listHidraw(folder: string): readonly HidrawDevice[] {
  return namesIn(folder).flatMap((name) => {
    const [, vendor, product] =
      /^HID_ID=[0-9A-F]{4}:([0-9A-F]{8}):([0-9A-F]{8})$/im.exec(readUevent(folder, name)) ?? [];
    if (vendor === undefined || product === undefined) return [];
    return [{ name, vendorId: Number.parseInt(vendor, 16), productId: Number.parseInt(product, 16) }];
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^hidraw\d+$/.test(name));
  } catch {
    return []; // A kernel without hidraw has no such folder.
  }
}

function readUevent(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name, 'device/uevent'), 'utf8');
  } catch {
    return ''; // Unplugged since it was listed.
  }
}
