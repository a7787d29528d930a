// What `serial:///dev/ttyACM0?baud=9600` means: the device, and its speed, which a USB scanner ignores and a real line needs.
import { ok, type Result } from '@postern/shared';
import { deviceUriError, readDeviceSettings, type DeviceUriError } from '../device-uri.ts';

const bauds = ['9600', '1200', '2400', '4800', '19200', '38400', '57600', '115200'] as const;

export interface SerialInput {
  readonly path: string;
  readonly baud: string;
}

export function parseSerial(uri: string): Result<SerialInput, DeviceUriError> {
  const [path = '', query = ''] = uri.slice('serial://'.length).split('?', 2);
  if (!/^\/[\w.:/+-]{1,200}$/.test(path))
    return deviceUriError('after serial:// comes a device: serial:///dev/ttyACM0, or one of /dev/serial/by-id/');
  const settings = readDeviceSettings(query, ({ word }) => ({ baud: word('baud', bauds) }));
  return settings.ok ? ok({ path, baud: settings.value.baud }) : settings;
}
