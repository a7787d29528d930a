// `none://`: there is no turnstile; a steward looks at the display and lets people walk. Whoever was let in has passed, at once.
import type { Actuator } from '@postern/shared';

export const createStewardActuator = (id = 'none'): Actuator => ({
  id,
  open: async (_direction, persons, signal) => {
    signal.throwIfAborted();
    return { type: 'passed', persons };
  },
  rest: async () => undefined,
});
