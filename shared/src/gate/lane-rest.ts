// Where a lane's turnstile rests, and how the lane comes back: after a failure by itself, as soon as store and turnstile work
// again; after a fire or a person's wish by a person, and into an order
// that holds. An exit always rests free. What cannot be brought to rest is tried again.
import type { LaneSettings } from './lane-api.ts';
import type { LaneState, Timer } from './ports.ts';
import type { Turnstile } from './turnstile.ts';

/** How often a lane that a failure has closed or freed tries to come back. */
export const recoveryEveryMs = 1_000;

export interface LaneRestDeps {
  readonly turnstile: Turnstile;
  readonly timer: Timer;
  /** Whether the store works, after an attempt to repair it. Never rejects. */
  readonly storeWorks: () => Promise<boolean>;
  readonly state: () => LaneState;
  /** How the lane stands when nothing is wrong: at work, closed by a person, or as an order says. */
  readonly whenWell: () => RestState;
  readonly enter: (state: RestState) => void;
}

type RestState = Extract<LaneState, { name: 'idle' | 'closed' | 'free' }>;

export interface LaneRest {
  /** Brings the turnstile where the lane's state wants it. A lane that cannot lock does not admit. */
  readonly settle: () => Promise<void>;
  /** Closes the lane, or frees it where its venue said so; a lane already shut stays as it is. */
  readonly fail: (why: 'store' | 'actuator') => void;
  /** From closed or free to work, at the start or by a person. Nothing is decided before the turnstile is at rest. */
  readonly comeBack: () => Promise<void>;
  readonly isComingBack: () => boolean;
  /** Whether the turnstile has been brought where the lane's state wants it. */
  readonly isAtRest: () => boolean;
  /** The last word: nothing is tried again afterwards. */
  readonly stop: (rest: 'locked' | 'free') => Promise<void>;
}

export function createLaneRest(
  { direction, onFailure }: LaneSettings,
  { turnstile, timer, storeWorks, state, whenWell, enter }: LaneRestDeps,
): LaneRest {
  const atWork = direction === 'exit' ? 'free' : 'locked';
  let comingBack: Promise<void> | undefined;
  let stopped: 'locked' | 'free' | undefined;
  let cancelRetry: (() => void) | undefined;
  /** Where the turnstile rests; undefined while it is being brought there, or cannot be. */
  let restsAt: 'locked' | 'free' | undefined;
  let wishes = 0;

  const bring = async (where: 'locked' | 'free'): Promise<boolean> => {
    const wish = ++wishes;
    restsAt = undefined;
    const isThere = await turnstile.rest(where);
    if (isThere && wish === wishes) restsAt = where;
    return isThere;
  };

  const isShut = (): boolean => state().name === 'closed' || state().name === 'free';
  const restNow = (): 'locked' | 'free' =>
    direction === 'exit' ? 'free' : (stopped ?? (state().name === 'free' ? 'free' : 'locked'));

  const settle = async (): Promise<void> => {
    // An opening ends by itself; putting it to rest would interrupt whoever is walking through.
    if (state().name === 'open' || (await bring(restNow()))) return;
    if (!isShut()) shutFor('actuator');
    else retryLater();
  };

  const shutFor = (why: 'store' | 'actuator'): void => {
    // An order that closes the entry outranks what the venue wants of a gate that cannot decide.
    const frees = direction === 'exit' || (onFailure === 'free' && whenWell().name !== 'closed');
    enter(frees ? { name: 'free', why: 'failure' } : { name: 'closed', why });
    retryLater();
    void settle();
  };

  const retryLater = (): void => {
    cancelRetry?.();
    cancelRetry = stopped === undefined ? timer.after(recoveryEveryMs, () => void recover()) : undefined;
  };

  const recover = async (): Promise<void> => {
    if (stopped !== undefined) return;
    if (!isFailed(state())) return settle();
    const before = state();
    const storeIsBack = await storeWorks();
    const turnstileIsBack = storeIsBack && state() === before && (await bring(atWork));
    // Freed, closed or stopped meanwhile: the newer wish has the last word.
    if (state() !== before) return settle();
    if (turnstileIsBack) return resume();
    retryLater();
    if (storeIsBack) await bring(restNow());
  };

  const resume = (): void => {
    cancelRetry?.();
    cancelRetry = undefined;
    enter(whenWell());
  };

  const comeBack = async (): Promise<void> => {
    const before = state();
    while (comingBack !== undefined) await comingBack;
    // Somebody has come first, or something newer has happened to the lane.
    if (stopped !== undefined || state() !== before) return;
    comingBack = leave(before);
    await comingBack;
  };

  const leave = async (before: LaneState): Promise<void> => {
    const storeIsBack = await storeWorks();
    const turnstileIsBack = storeIsBack && state() === before && (await bring(atWork));
    comingBack = undefined;
    if (state() !== before) return settle();
    if (turnstileIsBack) resume();
    else shutFor(storeIsBack ? 'actuator' : 'store');
  };

  return {
    settle,
    fail: (why) => {
      if (!isShut()) shutFor(why);
    },
    comeBack,
    isComingBack: () => comingBack !== undefined,
    isAtRest: () => restsAt === restNow(),
    stop: async (rest) => {
      stopped = rest;
      cancelRetry?.();
      await bring(restNow());
    },
  };
}

const isFailed = (state: LaneState): boolean =>
  (state.name === 'closed' && (state.why === 'store' || state.why === 'actuator')) ||
  (state.name === 'free' && state.why === 'failure');
