// What a turnstile's `gpio://` address means:
//   gpio://gpiochip0?entry=17&exit=27&sensor=22&pulse-ms=500&active=low
//     entry, exit          output lines of the relays that open a direction, one or both
//     active               `high` (default) or `low`: at which voltage the relays open
//     open, pulse-ms       `pulse` (default), one of so many ms a person, or `hold` until all have passed
//     sensor               input line that goes on when somebody passes, in either direction;
//     entry-sensor, exit-sensor   where each direction has its own
//     sensor-active, sensor-pull  `low` (default) or `high`; `up` (default), `down` or `none`: a contact to ground needs nothing else
//     debounce-ms          an edge counts as a person after so much quiet (100)
//     tail-ms              after the last person, for so long a further one is a tailgater (500)
// Without any sensor an opening counts as passed, which `passage=none` says aloud.
import { ok, type Result } from '@postern/shared';
import { deviceUriError, type DeviceUriError } from '../device-uri.ts';
import { lineMax, lineUsedTwice, readGpioUri } from '../gpio/chip-uri.ts';
import { readOpening, type OpeningSettings } from './relay-uri.ts';

const debounceMsMax = 2_000;
const debounceMsDefault = 100;

export interface GpioTurnstileUri extends OpeningSettings {
  readonly chip: string;
  readonly activeLow: boolean;
  readonly entry: number | undefined;
  readonly exit: number | undefined;
  readonly entrySensor: number | undefined;
  readonly exitSensor: number | undefined;
  readonly sensorActiveLow: boolean;
  readonly pull: 'none' | 'up' | 'down';
  readonly debounceMs: number;
}

export function parseGpioTurnstile(uri: string): Result<GpioTurnstileUri, DeviceUriError> {
  const parsed = readGpioUri(uri, (settings) => {
    const line = (key: string): number | undefined => settings.whole(key, 0, lineMax, undefined);
    return {
      entry: line('entry'),
      exit: line('exit'),
      sensor: line('sensor'),
      entrySensor: line('entry-sensor'),
      exitSensor: line('exit-sensor'),
      activeLow: settings.word('active', ['high', 'low']) === 'low',
      sensorActiveLow: settings.word('sensor-active', ['low', 'high']) === 'low',
      pull: settings.word('sensor-pull', ['up', 'down', 'none']),
      debounceMs: settings.whole('debounce-ms', 0, debounceMsMax, debounceMsDefault),
      passage: settings.text('passage'),
      ...readOpening(settings),
    };
  });
  if (!parsed.ok) return parsed;
  const { sensor, entrySensor, exitSensor, passage, ...turnstile } = parsed.value;
  const { entry, exit } = turnstile;
  const hasSensor = [sensor, entrySensor, exitSensor].some((line) => line !== undefined);
  if (entry === undefined && exit === undefined)
    return deviceUriError('entry=LINE or exit=LINE is missing: nothing would open');
  if (passage !== undefined && passage !== 'none') return deviceUriError('passage must be none, or be left out');
  if (passage === 'none' && hasSensor) return deviceUriError('passage=none contradicts the sensor');
  if (sensor !== undefined && (entrySensor ?? exitSensor) !== undefined)
    return deviceUriError('sensor is for both directions; name it, or entry-sensor and exit-sensor');
  const twice = lineUsedTwice(entry, exit, sensor, entrySensor, exitSensor);
  if (twice !== undefined) return deviceUriError(twice);
  return ok({ ...turnstile, entrySensor: entrySensor ?? sensor, exitSensor: exitSensor ?? sensor });
}
