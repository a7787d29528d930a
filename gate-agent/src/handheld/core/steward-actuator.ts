// The handheld's turnstile is the steward: whoever was let in has passed, at once. Only for a party the steward may say how many of it have
// come; the uses of the others go back. Nobody says anything: all of them have come.
import type { Actuator, Timer } from '@postern/shared';

/** How long the steward may count. */
export const partyMsMax = 60_000;

export interface StewardTurnstile extends Actuator {
  /** While a party passes: so many of it have come, and no more will. */
  readonly partyPassed: (persons: number) => void;
}

export function createStewardTurnstile(id: string, timer: Timer): StewardTurnstile {
  let counted: ((persons: number) => void) | undefined;
  return {
    id,
    open: async (_direction, persons, signal) => {
      signal.throwIfAborted();
      if (persons === 1) return { type: 'passed', persons };
      return new Promise((resolve, reject) => {
        const end = (came: number): void => {
          cancel();
          counted = undefined;
          signal.removeEventListener('abort', abort);
          resolve(came === 0 ? { type: 'lapsed' } : { type: 'passed', persons: came });
        };
        const abort = (): void => {
          cancel();
          counted = undefined;
          reject(new DOMException('the lane has stopped', 'AbortError'));
        };
        const cancel = timer.after(partyMsMax, () => end(persons));
        counted = (came) => end(Math.min(persons, Math.max(0, Math.trunc(came))));
        signal.addEventListener('abort', abort, { once: true });
      });
    },
    rest: async () => counted?.(0),
    partyPassed: (persons) => counted?.(persons),
  };
}
