// Which band an advertisement is of: the static id in its manufacturer data, or in its service data. Anybody within reach can send anything:
// what is not exactly a band of ours is none.
import { bytesToHex, tagIdBytesMax } from '@postern/shared';
import type { BleInput } from './ble-uri.ts';

/** As a Bluetooth stack reports it, unjudged. */
export interface Advertisement {
  readonly address: string;
  readonly rssi: number;
  readonly connectable: boolean;
  /** Two bytes of company identifier, little-endian, then what that company wants. */
  readonly manufacturerData?: Uint8Array;
  readonly serviceData: readonly { readonly uuid: string; readonly data: Uint8Array }[];
  readonly serviceUuids: readonly string[];
}

/** A band as heard once. */
export interface Sighting {
  readonly address: string;
  readonly rssi: number;
  /** Empty for a blank band, which only the band desk has to do with. */
  readonly id: Uint8Array;
  /** Can be connected to and has the service that bands answer by. */
  readonly canAnswer: boolean;
}

/** Vol 4, Part E, 7.7.65.2 of the Core Specification: -127 to +20 dBm; 127 is "not available", and not very near. */
const rssiMaxDbm = 20;
const rssiMinDbm = -127;
const addressPattern = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
const bluetoothBase = '00001000800000805f9b34fb';

export function bandIn(
  { address, rssi, connectable, manufacturerData, serviceData, serviceUuids }: Advertisement,
  { service, company }: Pick<BleInput, 'service' | 'company'>,
): Sighting | undefined {
  if (!Number.isInteger(rssi) || rssi < rssiMinDbm || rssi > rssiMaxDbm || !addressPattern.test(address))
    return undefined;
  const ofService = serviceData.find(({ uuid }) => isService(uuid, service))?.data;
  const canAnswer = connectable && (ofService !== undefined || serviceUuids.some((uuid) => isService(uuid, service)));
  const id = (company === undefined ? ofService : dataOf(company, manufacturerData)) ?? new Uint8Array(0);
  if (id.length > tagIdBytesMax || (id.length === 0 && !canAnswer)) return undefined;
  return { address, rssi, id: Uint8Array.from(id), canAnswer };
}

/** By which a band is told from others while it is near, from such, too, as advertise the same id. */
export const bandName = ({ id, address }: Sighting): string => `${address} ${bytesToHex(id)}`;

function dataOf(company: number, data: Uint8Array | undefined): Uint8Array | undefined {
  const [low, high] = data ?? [];
  return low === undefined || high === undefined || high * 256 + low !== company ? undefined : data?.subarray(2);
}

/** A stack may write a short UUID without its leading zeros, or at full length. */
const isService = (uuid: string, service: string): boolean => fullUuid(uuid) === fullUuid(service);

const fullUuid = (uuid: string): string => {
  const digits = uuid.toLowerCase().replaceAll('-', '');
  return digits.length > 8 ? digits : `${digits.padStart(8, '0')}${bluetoothBase}`;
};
