// The address of lines of a GPIO chip, as everything that uses such lines writes it: `gpio://gpiochip0?…`. What follows the `?`
// differs; numbers are the chip's line offsets (on a Raspberry Pi's `gpiochip0` the GPIO numbers, not the pins of the header).
import { ok, type Result } from '@postern/shared';
import { deviceUriError, readDeviceSettings, type DeviceSettings, type DeviceUriError } from '../device-uri.ts';

export const lineMax = 1_023;

/** Reads `uri`, giving the chip's name beside what `read` makes of its settings. */
export function readGpioUri<T>(
  uri: string,
  read: (settings: DeviceSettings) => T,
): Result<T & { readonly chip: string }, DeviceUriError> {
  const [, chip, query = ''] = /^gpio:\/\/([a-z0-9._-]{1,40})(?:\?(.*))?$/i.exec(uri) ?? [];
  if (chip === undefined) return deviceUriError('after gpio:// comes the name of a chip: gpio://gpiochip0?…');
  const settings = readDeviceSettings(query, read);
  return settings.ok ? ok({ ...settings.value, chip }) : settings;
}

/** A line used twice is a mistake in the wiring list. */
export function lineUsedTwice(...lines: readonly (number | undefined)[]): string | undefined {
  const given = lines.filter((line) => line !== undefined);
  const twice = given.find((line, index) => given.indexOf(line) !== index);
  return twice === undefined ? undefined : `line ${twice} is used twice`;
}
