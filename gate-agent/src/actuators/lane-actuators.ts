// The actuators of a gate's lanes: lanes that name the same turnstile share it, one direction each and never both at a time; so do lanes
// that say they are interlocked.
import { ok, type Actuator, type Logger, type Result, type Timer } from '@postern/shared';
import type { LaneConfig } from '../config.ts';
import { createInterlock, type Interlock } from './interlock.ts';
import { openActuator, type ActuatorError } from './open.ts';

export interface LaneActuators {
  readonly open: (
    lane: Pick<LaneConfig, 'actuator' | 'interlock' | 'passageTimeoutMs'>,
  ) => Result<Actuator, ActuatorError>;
  /** Lets go of all devices; they are at rest before. */
  readonly close: () => Promise<void>;
}

export function createLaneActuators(deps: { readonly timer: Timer; readonly logger: Logger }): LaneActuators {
  const closes: (() => Promise<void>)[] = [];
  const opened = new Map<string, Actuator>();
  const interlocks = new Map<string, Interlock>();
  const interlockOf = (name: string): Interlock => {
    const known = interlocks.get(name) ?? createInterlock();
    interlocks.set(name, known);
    return known;
  };
  return {
    open: ({ actuator: uri, interlock, passageTimeoutMs }) => {
      const isShared = uri !== 'none://' && !uri.startsWith('sim://');
      let actuator = isShared ? opened.get(uri) : undefined;
      if (actuator === undefined) {
        const made = openActuator(uri, { ...deps, passageTimeoutMs });
        if (!made.ok) return made;
        ({ actuator } = made.value);
        if (made.value.close !== undefined) closes.push(made.value.close);
        if (isShared) actuator = createInterlock()(actuator);
        opened.set(uri, actuator);
      }
      return ok(interlock === undefined ? actuator : interlockOf(interlock)(actuator));
    },
    close: async () => void (await Promise.all(closes.map((close) => close()))),
  };
}
