// What `hid-relay://16c0:05df?entry=1&exit=2&pulse-ms=500` means: which relays of a USB board open a direction, and how. Such boards have
// no inputs, so there is no passage sensor: each opening counts as passed, and `passage=none` may say so aloud.
import { ok, type Result } from '@postern/shared';
import { deviceUriError, type DeviceUriError } from '../device-uri.ts';
import { readHidUri, type HidAddress } from '../hid/hid-uri.ts';
import { readOpening, type OpeningSettings } from './relay-uri.ts';

const relayMax = 8;

export interface HidRelayUri extends Pick<OpeningSettings, 'opening'> {
  readonly address: HidAddress;
  readonly entry: number | undefined;
  readonly exit: number | undefined;
}

export function parseHidRelay(uri: string): Result<HidRelayUri, DeviceUriError> {
  const parsed = readHidUri('hid-relay', uri, (settings) => ({
    entry: settings.whole('entry', 1, relayMax, undefined),
    exit: settings.whole('exit', 1, relayMax, undefined),
    passage: settings.word('passage', ['none']),
    opening: readOpening(settings).opening,
  }));
  if (!parsed.ok) return parsed;
  const { entry, exit, opening, address } = parsed.value;
  if ((entry ?? exit) === undefined) return deviceUriError('entry=RELAY or exit=RELAY is missing: nothing would open');
  if (entry === exit) return deviceUriError(`relay ${entry} is used twice`);
  return ok({ entry, exit, opening, address });
}
