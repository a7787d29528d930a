// A turnstile with a passage sensor that exists only in memory: locked, open for some persons, or free. People pass it by
// themselves some time after it opens, unless it is told that they lapse, that only part of a party walks, or that it breaks.
// The demo, the simulator and the tests use it; the lane above is the real one.
import { assert, type Actuator, type Passage, type Timer } from '@postern/shared';

/** What the people in front of it do at the next openings, or what breaks. */
export type SimulatedPassage =
  /** All of them; and so many more who were not let in. */
  | { readonly type: 'pass'; readonly tailgaters?: number }
  /** Only so many of the persons it opens for walk through; then the time-out. */
  | { readonly type: 'part'; readonly persons: number }
  | { readonly type: 'lapse' }
  | { readonly type: 'break'; readonly cause: string };

export interface SimulatedTurnstileSettings {
  readonly id: string;
  /** From opening to the first passage, and from one person to the next. */
  readonly passAfterMs: number;
  /** Without a passage for so long it locks again. */
  readonly passageTimeoutMs: number;
  /** What happens at every opening for which nothing was planned. */
  readonly usually?: SimulatedPassage;
}

export interface SimulatedTurnstile {
  readonly actuator: Actuator;
  /** For the next openings, in order. */
  readonly plan: (...passages: readonly SimulatedPassage[]) => void;
  readonly state: () => 'locked' | 'open' | 'free';
  /** Openings and persons counted since it was made. */
  readonly counts: () => { readonly openings: number; readonly persons: number };
}

/** Planned openings that are remembered; more are a bug in the plan. */
const plannedPassagesMax = 10_000;

export function createSimulatedTurnstile(
  settings: SimulatedTurnstileSettings,
  { timer }: { readonly timer: Timer },
): SimulatedTurnstile {
  const { id, passAfterMs, passageTimeoutMs, usually = { type: 'pass' } } = settings;
  const planned: SimulatedPassage[] = [];
  let rest: 'locked' | 'free' = 'locked';
  let interrupt: ((cause: Error) => void) | undefined;
  let openings = 0;
  let personsPassed = 0;

  const open = (persons: number, signal: AbortSignal): Promise<Passage> =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const passage = planned.shift() ?? usually;
      if (passage.type === 'break') throw new Error(passage.cause);
      if (interrupt !== undefined) throw new Error('it is already open');
      openings++;
      const walking =
        passage.type === 'pass' ? persons : passage.type === 'part' ? Math.min(passage.persons, persons) : 0;
      let passed = 0;
      let cancel = (): void => undefined;

      const end = (): void => {
        cancel();
        interrupt = undefined;
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => interrupt?.(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      const waitForNext = (): void => {
        const nextComes = passed < walking && passAfterMs < passageTimeoutMs;
        cancel = timer.after(nextComes ? passAfterMs : passageTimeoutMs, () => {
          if (nextComes) {
            passed++;
            personsPassed++;
            if (passed < persons) return waitForNext();
          }
          end();
          const tailgaters = passage.type === 'pass' ? passage.tailgaters : undefined;
          const outcome = {
            type: 'passed',
            persons: passed,
            ...(tailgaters === undefined ? {} : { tailgaters }),
          } as const;
          resolve(passed > 0 ? outcome : { type: 'lapsed' });
        });
      };

      interrupt = (cause) => {
        end();
        reject(cause);
      };
      signal.addEventListener('abort', onAbort);
      waitForNext();
    });

  return {
    actuator: {
      id,
      open: (_direction, persons, signal) => open(persons, signal),
      rest: async (state) => {
        rest = state;
        interrupt?.(new Error('put to rest while it was open'));
      },
    },
    plan: (...passages) => {
      assert(planned.length + passages.length <= plannedPassagesMax, 'a plan stays under its bound');
      planned.push(...passages);
    },
    state: () => (interrupt === undefined ? rest : 'open'),
    counts: () => ({ openings, persons: personsPassed }),
  };
}
