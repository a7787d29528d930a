// How the address of a HID device is written: `hid://0c2e:0b61` by USB vendor and product id, `?serial=…` where there are several of
// a kind, or `hid:///dev/postern/hid-…` by the port it is plugged into. Scanners and relay boards have it in common.
import { ok, type Result } from '@postern/shared';
import { deviceUriError, readDeviceSettings, type DeviceSettings, type DeviceUriError } from '../device-uri.ts';

export type HidAddress =
  | { readonly type: 'path'; readonly path: string }
  | {
      readonly type: 'id';
      readonly vendorId: number;
      readonly productId: number;
      readonly serial: string | undefined;
    };

/** Reads `uri`, giving the address beside what `read` makes of the other settings. */
export function readHidUri<T>(
  scheme: 'hid' | 'hid-relay',
  uri: string,
  read: (settings: DeviceSettings) => T,
): Result<T & { readonly address: HidAddress }, DeviceUriError> {
  const [where = '', query = ''] = uri.slice(`${scheme}://`.length).split('?', 2);
  const [, vendor, product] = /^([0-9a-f]{4}):([0-9a-f]{4})$/i.exec(where) ?? [];
  const isPath = /^\/dev\/[\w.:/+-]{1,200}$/.test(where) && !where.includes('..');
  if (!isPath && (vendor === undefined || product === undefined))
    return deviceUriError(`after ${scheme}:// comes VENDOR:PRODUCT as lsusb shows it, or /dev/hidraw0`);
  const settings = readDeviceSettings(query, (all) => ({
    own: read(all),
    serial: isPath ? undefined : all.text('serial'),
  }));
  if (!settings.ok) return settings;
  const { own, serial } = settings.value;
  const address: HidAddress = isPath
    ? { type: 'path', path: where }
    : {
        type: 'id',
        vendorId: Number.parseInt(vendor ?? '', 16),
        productId: Number.parseInt(product ?? '', 16),
        serial,
      };
  return ok({ ...own, address });
}

const hexadecimal = (id: number): string => id.toString(16).padStart(4, '0');

/** As in the URI. */
export const describeHidAddress = (address: HidAddress): string =>
  address.type === 'path'
    ? address.path
    : `${hexadecimal(address.vendorId)}:${hexadecimal(address.productId)}${address.serial === undefined ? '' : ` serial ${address.serial}`}`;
