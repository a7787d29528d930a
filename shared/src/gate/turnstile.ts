// One lane's hold on its actuator: every opening ends in a known outcome or in `unknown`, within a bounded time, and nothing an
// adapter throws gets further than here. After any fault the turnstile is put to rest.
import { assert } from '../result.ts';
import type { Actuator, Logger, Passage, Timer } from './ports.ts';

/** No adapter may take longer a person to answer an opening; then the outcome counts as unknown. */
export const passageAnswerPerPersonMsMax = 150_000;

export type Outcome = Passage | { readonly type: 'unknown'; readonly cause: string };

export interface Turnstile {
  /** Never rejects. `passed` names 1 to `persons`, and those beyond as tailgaters; nobody is `lapsed`. `abort` or a fault is `unknown`. */
  readonly open: (persons: number, hear?: Parameters<Actuator['open']>[3]) => Promise<Outcome>;
  /** Ends a pending opening at once, with an unknown outcome. */
  readonly abort: (why: string) => void;
  /** False when the adapter failed. Never rejects. */
  readonly rest: (state: 'locked' | 'free') => Promise<boolean>;
  /** Adapter faults since the start, and the last one. */
  readonly faults: () => { readonly count: number; readonly last: string | undefined };
}

export interface TurnstileDeps {
  readonly actuator: Actuator;
  readonly direction: 'entry' | 'exit';
  readonly timer: Timer;
  readonly logger: Logger;
}

export function createTurnstile({ actuator, direction, timer, logger }: TurnstileDeps): Turnstile {
  let faultCount = 0;
  let lastFault: string | undefined;
  let abortPending: ((why: string) => void) | undefined;

  const fault = (cause: string): void => {
    faultCount++;
    lastFault = cause;
    logger.error({ actuator: actuator.id, cause }, 'The turnstile failed');
  };

  const open: Turnstile['open'] = async (persons, hear) => {
    assert(abortPending === undefined, 'one opening at a time');
    assert(Number.isInteger(persons) && persons >= 1, 'an opening is for at least one person');
    const controller = new AbortController();
    const aborted = new Promise<Outcome>((resolve) => {
      abortPending = (why) => {
        resolve({ type: 'unknown', cause: why });
        controller.abort(new Error(why));
      };
    });
    const cancelWatchdog = timer.after(passageAnswerPerPersonMsMax * persons, () => {
      fault('no answer to an opening');
      abortPending?.('no answer to an opening');
    });
    const answered = ask(persons, controller.signal, hear);
    const outcome = await Promise.race([answered, aborted]);
    cancelWatchdog();
    abortPending = undefined;
    return outcome;
  };

  const ask = async (
    persons: number,
    signal: AbortSignal,
    hear: Parameters<Turnstile['open']>[1],
  ): Promise<Outcome> => {
    try {
      const passage = await actuator.open(direction, persons, signal, hear);
      if (passage.type === 'lapsed') return passage;
      // Sensors bounce and people tailgate: never fewer than nobody, never more than the mark has let in.
      const seen = Math.floor(passage.persons) + Math.max(0, Math.floor(passage.tailgaters ?? 0));
      const passed = Math.min(persons, seen);
      if (!(passed >= 1)) return { type: 'lapsed' };
      return { type: 'passed', persons: passed, ...(seen > passed ? { tailgaters: seen - passed } : {}) };
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      if (!signal.aborted) fault(text);
      return { type: 'unknown', cause: text };
    }
  };

  return {
    open,
    abort: (why) => abortPending?.(why),
    rest: async (state) => {
      try {
        await actuator.rest(state, direction);
        return true;
      } catch (cause) {
        fault(cause instanceof Error ? cause.message : String(cause));
        return false;
      }
    },
    faults: () => ({ count: faultCount, last: lastFault }),
  };
}
