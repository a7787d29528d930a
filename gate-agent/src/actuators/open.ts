// Picks a lane's actuator by the URI in its configuration: `none://` (a steward is the turnstile), `gpio://` (relays at the board's
// lines, see gpio-uri.ts), `hid-relay://` (a USB relay board, see hid-relay-uri.ts) or `sim://` (a simulated one; `sim://gate?pass-ms=300&usually=lapse`).
import { err, ok, type Actuator, type Logger, type Result, type Timer } from '@postern/shared';
import { deviceUriError, readDeviceSettings, type DeviceUriError } from '../device-uri.ts';
import { createGpioPrograms, type GpioPrograms } from '../gpio/programs.ts';
import { openHid, type OpenHid } from '../hid/hid-port.ts';
import { parseGpioTurnstile } from './gpio-uri.ts';
import { createGpioTurnstile } from './gpio.ts';
import { parseHidRelay } from './hid-relay-uri.ts';
import { createHidRelayTurnstile } from './hid-relay.ts';
import { createStewardActuator } from './none.ts';
import { createSimulatedTurnstile, type SimulatedTurnstile } from './simulated.ts';

export const actuatorSchemes = ['none', 'gpio', 'hid-relay', 'sim'] as const;

export type ActuatorError = { readonly type: 'actuator-unknown'; readonly uri: string; readonly cause: string };

export interface OpenedActuator {
  readonly actuator: Actuator;
  /** Lets go of the device; absent where there is none. */
  readonly close?: () => Promise<void>;
  /** The handle by which tests and the demo steer a simulated one. */
  readonly simulated?: SimulatedTurnstile;
}

export interface OpenActuatorDeps {
  readonly timer: Timer;
  readonly logger: Logger;
  readonly passageTimeoutMs: number;
  /** Those on PATH, when absent. */
  readonly programs?: GpioPrograms;
  /** Opens HID devices; node-hid when absent. */
  readonly hid?: OpenHid;
}

const passAfterMsDefault = 600;
const passAfterMsMax = 120_000;

/** Touches no device: what a URI names is only opened by the first `rest`. */
export function openActuator(uri: string, deps: OpenActuatorDeps): Result<OpenedActuator, ActuatorError> {
  const opened = openByScheme(uri, deps);
  return opened.ok ? opened : err({ type: 'actuator-unknown', uri, cause: opened.error.cause });
}

function openByScheme(uri: string, deps: OpenActuatorDeps): Result<OpenedActuator, DeviceUriError> {
  const { programs = createGpioPrograms() } = deps;
  switch (/^([a-z][a-z0-9+.-]*):\/\//.exec(uri)?.[1]) {
    case 'none':
      return ok({ actuator: createStewardActuator(uri) });
    case 'gpio': {
      const turnstile = parseGpioTurnstile(uri);
      return turnstile.ok ? ok(createGpioTurnstile(uri, turnstile.value, { ...deps, programs })) : turnstile;
    }
    case 'hid-relay': {
      const turnstile = parseHidRelay(uri);
      const { hid = openHid } = deps;
      return turnstile.ok ? ok(createHidRelayTurnstile(uri, turnstile.value, { ...deps, open: hid })) : turnstile;
    }
    case 'sim':
      return openSimulated(uri, deps);
    default:
      return deviceUriError(
        `no such kind of turnstile; known: ${actuatorSchemes.map((name) => `${name}://`).join(', ')}`,
      );
  }
}

function openSimulated(
  uri: string,
  { timer, passageTimeoutMs }: OpenActuatorDeps,
): Result<OpenedActuator, DeviceUriError> {
  const settings = readDeviceSettings(uri.split('?')[1] ?? '', ({ whole, word }) => ({
    passAfterMs: whole('pass-ms', 0, passAfterMsMax, passAfterMsDefault),
    usually: { type: word('usually', ['pass', 'lapse']) },
  }));
  if (!settings.ok) return settings;
  const simulated = createSimulatedTurnstile({ id: uri, passageTimeoutMs, ...settings.value }, { timer });
  return ok({ actuator: simulated.actuator, simulated });
}
