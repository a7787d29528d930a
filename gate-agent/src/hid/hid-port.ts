// The one file that knows node-hid: opens a HID device as the few operations that scanners and relay boards need. The package is
// optional and loaded when the first device is opened; tests put a model of a device in its place.
import { describeHidAddress, type HidAddress } from './hid-uri.ts';

export interface HidPort {
  /** One input report, its id first; and a fault, which node-hid tells as an Error or as plain text. */
  readonly on: ((event: 'data', listener: (report: Uint8Array) => void) => unknown) &
    ((event: 'error', listener: (cause: unknown) => void) => unknown);
  /** The report's id (0 where the device has none) and its bytes. */
  readonly sendFeatureReport: (report: Buffer) => Promise<number>;
  readonly getFeatureReport: (id: number, bytesMax: number) => Promise<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** Rejects with a sentence that says what to do. */
export type OpenHid = (address: HidAddress) => Promise<HidPort>;

/** HID usage page of bar code scanners (USB HID Usage Tables, "Barcode Scanner page"). */
const scannerUsagePage = 0x8c;

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

export const openHid: OpenHid = async (address) => {
  const hid = await import('node-hid').catch((cause: unknown) => {
    throw new Error(`the package node-hid cannot be loaded: npm install node-hid (${messageOf(cause).slice(0, 200)})`);
  });
  const path = address.type === 'path' ? address.path : await findPath(address, hid.devicesAsync);
  try {
    return await hid.HIDAsync.open(path);
  } catch (cause) {
    throw new Error(`${path} cannot be opened (${messageOf(cause)}): udev rules and group, see gate-agent doctor`, {
      cause,
    });
  }
};

interface ListedDevice {
  readonly path?: string | undefined;
  readonly serialNumber?: string | undefined;
  readonly usagePage?: number | undefined;
}

/** A scanner that is a keyboard as well has several; the one that delivers scans goes first. */
async function findPath(
  address: Extract<HidAddress, { type: 'id' }>,
  list: (vendorId: number, productId: number) => Promise<readonly ListedDevice[]>,
): Promise<string> {
  const all = await list(address.vendorId, address.productId);
  const fitting = all.filter(({ serialNumber }) => address.serial === undefined || serialNumber === address.serial);
  const { path } = fitting.find(({ usagePage }) => usagePage === scannerUsagePage) ?? fitting[0] ?? {};
  if (path === undefined)
    throw new Error(`there is no HID device ${describeHidAddress(address)}; what is plugged in: lsusb`);
  return path;
}
