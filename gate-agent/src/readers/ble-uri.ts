// What a `ble://` URI means:
//   ble://hci0?rssi=-55&dwell-ms=400     the computer's own Bluetooth adapter, or a USB one: hci0 is the first, hci1 the second
//   ble:///dev/ttyACM0?baud=1000000      an adapter on a serial line that speaks HCI (H4), such as an nRF52 board as a dongle
// `rssi` and `dwell-ms`: so near, in dBm, and for so long a band must be to count as held up. `company` (or `none`) names the manufacturer data
// that hold a band's id, `service` the GATT service that it answers by. `proof=required` passes on no band that has not proved itself,
// `proof=none` asks none.
import { ok, type Result } from '@postern/shared';
import { deviceUriError, readDeviceSettings, type DeviceUriError } from '../device-uri.ts';

export type BleAdapter =
  | { readonly type: 'hci'; readonly index: number }
  | { readonly type: 'uart'; readonly path: string; readonly baud: number };

export interface BleInput {
  readonly adapter: BleAdapter;
  readonly rssiMin: number;
  readonly dwellMs: number;
  /** 4 or 32 hexadecimal digits. */
  readonly service: string;
  /** Bluetooth SIG company identifier; absent where the id is in the service data instead. */
  readonly company?: number;
  readonly proof: 'offered' | 'required' | 'none';
}

export function parseBleUri(uri: string): Result<BleInput, DeviceUriError> {
  const [device = '', query = ''] = uri.slice('ble://'.length).split('?', 2);
  const index = /^hci(\d{1,2})$/.exec(device)?.[1];
  if (index === undefined && !/^\/[\w.:/+-]{1,200}$/.test(device))
    return deviceUriError('after ble:// comes hci0, or the device of a serial line: ble:///dev/ttyACM0');
  const settings = readDeviceSettings(query, ({ whole, word, text }) => ({
    rssiMin: whole('rssi', -100, 0, -55),
    dwellMs: whole('dwell-ms', 0, 5_000, 400),
    service: (text('service') ?? 'fff0').toLowerCase().replaceAll('-', ''),
    company: (text('company') ?? 'ffff').toLowerCase(),
    proof: word('proof', ['offered', 'required', 'none']),
    adapter:
      index === undefined
        ? { type: 'uart' as const, path: device, baud: whole('baud', 9_600, 4_000_000, 1_000_000) }
        : { type: 'hci' as const, index: Number(index) },
  }));
  if (!settings.ok) return settings;
  const { service, company } = settings.value;
  if (!/^(?:[0-9a-f]{4}|[0-9a-f]{32})$/.test(service))
    return deviceUriError('service must be a UUID of 4 or 32 hexadecimal digits, such as fff0');
  if (company !== 'none' && !/^[0-9a-f]{4}$/.test(company))
    return deviceUriError('company must be four hexadecimal digits, such as ffff, or none');
  return ok({
    adapter: settings.value.adapter,
    rssiMin: settings.value.rssiMin,
    dwellMs: settings.value.dwellMs,
    service,
    ...(company === 'none' ? {} : { company: Number.parseInt(company, 16) }),
    proof: settings.value.proof,
  });
}
