// The settings that every turnstile behind relays has, whatever switches them: length of the opening, and how passages are seen.
import type { DeviceSettings } from '../device-uri.ts';
import type { RelayTurnstileSettings } from './relay-turnstile.ts';

/** A pulse has to be longer than a program takes to start. */
const pulseMsMin = 100;
const pulseMsMax = 60_000;
const pulseMsDefault = 500;
const tailMsMax = 10_000;
const tailMsDefault = 500;

export type OpeningSettings = Pick<RelayTurnstileSettings, 'opening' | 'tailMs'>;

/** `open=pulse&pulse-ms=500` or `open=hold`, and `tail-ms=500`. */
export function readOpening({ word, whole }: DeviceSettings): OpeningSettings {
  const type = word('open', ['pulse', 'hold']);
  const ms = whole('pulse-ms', pulseMsMin, pulseMsMax, pulseMsDefault);
  return {
    opening: type === 'pulse' ? { type, ms } : { type },
    tailMs: whole('tail-ms', 0, tailMsMax, tailMsDefault),
  };
}
