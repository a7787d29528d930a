// The process that holds the Bluetooth adapter. It is one of its own because what bands and everybody else within reach send is parsed in it by
// a stack that throws out of its callbacks where an answer is shorter than it thought, that keeps every address it has ever heard, and that is
// of no use any more once its adapter has gone: then this process ends, and the next one starts afresh. The only file that knows noble.
import { existsSync } from 'node:fs';
import type { Characteristic, Noble, Peripheral } from '@stoprocent/noble';
import { bandIn, type Sighting } from './ble-advertisement.ts';
import type { BleInput } from './ble-uri.ts';

/** What a band's service consists of. */
export type BandCharacteristic = 'credential' | 'challenge' | 'proof' | 'id' | 'key';

export type BleFault = 'package-missing' | 'reader-missing' | 'reader-forbidden' | 'reader-failed';

export type BleNotice =
  /** It listens. */
  | { readonly type: 'ready' }
  | { readonly type: 'sighting'; readonly sighting: Sighting }
  /** `cause` where it failed. */
  | { readonly type: 'answer'; readonly id: number; readonly bytes?: Uint8Array; readonly cause?: string }
  | { readonly type: 'notified'; readonly characteristic: BandCharacteristic; readonly bytes: Uint8Array }
  /** So many addresses have been heard that another process should take over. */
  | { readonly type: 'worn' }
  /** The last words. */
  | {
      readonly type: 'failed';
      readonly fault: BleFault;
      readonly cause: string;
    };

export type BleCommand =
  | { readonly type: 'connect'; readonly address: string }
  | { readonly type: 'read' | 'listen'; readonly characteristic: BandCharacteristic }
  | { readonly type: 'write'; readonly characteristic: BandCharacteristic; readonly bytes: Uint8Array }
  | { readonly type: 'disconnect' };

/** Their UUIDs are the service's with so much added to the short part. */
const characteristicNumbers: Readonly<Record<BandCharacteristic, number>> = {
  credential: 1,
  challenge: 2,
  proof: 3,
  id: 4,
  key: 5,
};
/** The most that an attribute may hold: Vol 3, Part F, 3.2.9 of the Core Specification. */
const valueBytesMax = 512;
const lookForAdapterEveryMs = 250;
const addressesHeardMax = 5_000;
const bandsKnownMax = 256;
/** What noble adds up of all that one address has ever advertised. */
const advertisedMax = 32;

const tell = (notice: BleNotice): boolean => process.send?.(notice) ?? false;

function fail(fault: BleFault, cause: string): void {
  process.send?.({ type: 'failed', fault, cause } satisfies BleNotice, () => process.exit(1));
}

const causeOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause)).slice(0, 200);

async function main(input: BleInput): Promise<void> {
  const { adapter } = input;
  const device = adapter.type === 'uart' ? adapter.path : `/sys/class/bluetooth/hci${adapter.index}`;
  if (adapter.type === 'uart' && !existsSync(device)) return fail('reader-missing', `there is no ${device}`);
  const { withBindings } = await import('@stoprocent/noble');
  const noble = withBindings(
    'hci',
    adapter.type === 'hci'
      ? { hciDriver: 'default', deviceId: adapter.index }
      : { hciDriver: 'uart', bindParams: { uart: { port: adapter.path, baudRate: adapter.baud } } },
  );
  const bands = new Map<string, Peripheral>();
  listen(noble, input, bands, device);
  const obey = createObedience(noble, input.service, bands);
  process.on('message', ({ id, command }: { readonly id: number; readonly command: BleCommand }) => {
    obey(command).then(
      (bytes) => tell({ type: 'answer', id, ...(bytes === undefined ? {} : { bytes: Uint8Array.from(bytes) }) }),
      (cause: unknown) => tell({ type: 'answer', id, cause: causeOf(cause) }),
    );
  });
}

const scan = (noble: Noble): void =>
  noble.startScanning([], true, (cause) => {
    if (cause) fail('reader-failed', `the Bluetooth adapter does not listen: ${cause.message}`);
  });

function listen(noble: Noble, { adapter, ...input }: BleInput, bands: Map<string, Peripheral>, device: string): void {
  const heard = new Set<string>();
  let hasBeenOn = false;
  // Pulled out while noble was writing to it, an adapter goes without a word.
  setInterval(() => {
    if (hasBeenOn && !existsSync(device)) fail('reader-failed', 'the Bluetooth adapter has gone');
  }, lookForAdapterEveryMs);
  noble.on('stateChange', (state) => {
    if (state === 'poweredOn') {
      hasBeenOn = true;
      noble.once('scanStart', () => tell({ type: 'ready' }));
      scan(noble);
    } else if (hasBeenOn) fail('reader-failed', `the Bluetooth adapter has gone (${state})`);
    else if (state === 'unauthorized' || state === 'unsupported') {
      // It says `unsupported` for each of these.
      if (adapter.type === 'uart' || existsSync(device))
        fail('reader-forbidden', 'this user may not use the Bluetooth adapter');
      else fail('reader-missing', `there is no Bluetooth adapter hci${adapter.index}`);
    }
    // Others may pass: an adapter on a serial line is off until it has answered.
  });
  noble.on('discover', (peripheral) => {
    const { address, rssi, connectable, advertisement } = peripheral;
    const { manufacturerData, serviceData, serviceUuids } = advertisement;
    heard.add(address);
    if (heard.size > addressesHeardMax && [...bands.values()].every(({ state }) => state === 'disconnected')) {
      process.send?.({ type: 'worn' } satisfies BleNotice, () => process.exit(0));
      return;
    }
    const sighting = bandIn(
      {
        address,
        rssi,
        connectable,
        serviceData,
        serviceUuids,
        // oxlint-disable-next-line typescript/no-unnecessary-condition -- Not so in noble's types, but so in what it does.
        ...(manufacturerData ? { manufacturerData } : {}),
      },
      input,
    );
    if (serviceData.length > advertisedMax) serviceData.length = 0;
    if (serviceUuids.length > advertisedMax) serviceUuids.length = 0;
    if (sighting === undefined) return;
    if (sighting.canAnswer) {
      bands.delete(address);
      bands.set(address, peripheral);
      const oldest = bands.keys().next().value;
      if (bands.size > bandsKnownMax && oldest !== undefined) bands.delete(oldest);
    }
    tell({ type: 'sighting', sighting });
  });
}

/** Does what is asked, with one band at a time; whoever asks sees to it that nothing takes too long. */
function createObedience(
  noble: Noble,
  service: string,
  bands: ReadonlyMap<string, Peripheral>,
): (command: BleCommand) => Promise<Uint8Array | undefined> {
  let current: Peripheral | undefined;
  let characteristics: ReadonlyMap<string, Characteristic> = new Map();

  const connect = async (address: string): Promise<undefined> => {
    const band = bands.get(address);
    if (band === undefined) throw new Error('the band is not there any more');
    current = band;
    characteristics = new Map();
    try {
      await band.connectAsync();
    } finally {
      // It stops listening in order to connect.
      scan(noble);
    }
    const found = await band.discoverSomeServicesAndCharacteristicsAsync([shortUuid(service)], []);
    characteristics = new Map(found.characteristics.map((one) => [one.uuid, one]));
    return undefined;
  };

  const disconnect = async (): Promise<undefined> => {
    const band = current;
    current = undefined;
    if (band?.state === 'connecting') band.cancelConnect();
    else if (band?.state === 'connected') await band.disconnectAsync();
    return undefined;
  };

  const find = (name: BandCharacteristic): Characteristic => {
    const characteristic = characteristics.get(uuidOf(service, name));
    if (characteristic === undefined) throw new Error(`the band has no characteristic ${name}`);
    return characteristic;
  };

  return async (command) => {
    switch (command.type) {
      case 'connect':
        return connect(command.address);
      case 'disconnect':
        return disconnect();
      case 'read': {
        const bytes = await find(command.characteristic).readAsync();
        if (bytes.length > valueBytesMax) throw new Error('the band has sent too much');
        return bytes;
      }
      case 'write':
        await find(command.characteristic).writeAsync(Buffer.from(command.bytes), false);
        return undefined;
      case 'listen': {
        const { characteristic: name } = command;
        const characteristic = find(name);
        characteristic.on('data', (bytes, isNotification) => {
          if (isNotification && bytes.length <= valueBytesMax)
            tell({ type: 'notified', characteristic: name, bytes: Uint8Array.from(bytes) });
        });
        await characteristic.subscribeAsync();
        return undefined;
      }
    }
  };
}

function uuidOf(service: string, name: BandCharacteristic): string {
  const short = service.length === 4 ? 4 : 8;
  const number = (Number.parseInt(service.slice(0, short), 16) + characteristicNumbers[name]) % 16 ** short;
  return shortUuid(number.toString(16).padStart(short, '0') + service.slice(short));
}

/** As noble writes it: no zeros in front of a short one. */
const shortUuid = (uuid: string): string => (uuid.length === 4 ? Number.parseInt(uuid, 16).toString(16) : uuid);

process.on('disconnect', () => process.exit(0));
process.on('uncaughtException', (cause) => fail('reader-failed', `the Bluetooth stack failed: ${causeOf(cause)}`));
main(JSON.parse(process.argv[2] ?? '')).catch((cause: unknown) =>
  fail('package-missing', `noble cannot be loaded: ${causeOf(cause)}`),
);
