// Picks a lane's actuator by the URI in its configuration: `none://` (a steward is the turnstile) or `sim://` (a simulated one;
// `sim://gate?pass-ms=300&usually=lapse`).
import { err, ok, type Actuator, type Result, type Timer } from '@postern/shared';
import { createStewardActuator } from './none.ts';
import { createSimulatedTurnstile, type SimulatedTurnstile } from './simulated.ts';

export const actuatorSchemes = ['none', 'sim'] as const;

export type ActuatorError = { readonly type: 'actuator-unknown'; readonly uri: string; readonly cause: string };

export interface OpenedActuator {
  readonly actuator: Actuator;
  /** The handle by which tests and the demo steer a simulated one. */
  readonly simulated?: SimulatedTurnstile;
}

export interface OpenActuatorDeps {
  readonly timer: Timer;
  readonly passageTimeoutMs: number;
}

const passAfterMsDefault = 600;
const passAfterMsMax = 120_000;

/** Touches no device: what a URI names is only opened by the first `rest`. */
export function openActuator(
  uri: string,
  { timer, passageTimeoutMs }: OpenActuatorDeps,
): Result<OpenedActuator, ActuatorError> {
  const unknown = (cause: string): Result<never, ActuatorError> => err({ type: 'actuator-unknown', uri, cause });
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(uri)?.[1];
  if (scheme === 'none') return ok({ actuator: createStewardActuator(uri) });
  if (scheme !== 'sim')
    return unknown(`no such kind of turnstile; known: ${actuatorSchemes.map((name) => `${name}://`).join(', ')}`);
  const parameters = new URLSearchParams(uri.split('?')[1] ?? '');
  const strange = [...parameters.keys()].find((key) => key !== 'pass-ms' && key !== 'usually');
  if (strange !== undefined) return unknown(`"${strange}" is not known; valid: pass-ms, usually`);
  const passAfterMs = Number(parameters.get('pass-ms') ?? passAfterMsDefault);
  if (!Number.isInteger(passAfterMs) || passAfterMs < 0 || passAfterMs > passAfterMsMax)
    return unknown(`pass-ms must be 0 to ${passAfterMsMax}`);
  const usually = parameters.get('usually') ?? 'pass';
  if (usually !== 'pass' && usually !== 'lapse') return unknown('usually must be pass or lapse');
  const simulated = createSimulatedTurnstile(
    { id: uri, passAfterMs, passageTimeoutMs, usually: { type: usually } },
    { timer },
  );
  return ok({ actuator: simulated.actuator, simulated });
}
