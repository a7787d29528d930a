// Why a lane is not at work, and how it comes back: after a failure by itself, as soon as store and turnstile work again; after a fire or
// a person's wish by a person; and into an order that holds. It brings the turnstile where the lane's state wants it, an exit always to
// free, and tries again what cannot be brought there.
import type { OrderMark } from '../orders.ts';
import { err, ok, type Result } from '../result.ts';
import { isShut, type Lane, type LaneActionError, type LaneSettings } from './lane-api.ts';
import { changeFor, obeys, orderedState } from './lane-orders.ts';
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
  /** Why nobody can ask anything of the lane now. */
  readonly busyError: () => Result<never, LaneActionError> | undefined;
  /** Nobody is answered any more whom the lane holds or who waits, unless it is idle then. */
  readonly enter: (state: RestState) => void;
}

type RestState = Extract<LaneState, { name: 'idle' | 'closed' | 'free' }>;

export interface LaneRest extends Pick<
  Lane,
  'start' | 'close' | 'reopen' | 'free' | 'resetFree' | 'obey' | 'isObeying'
> {
  /** Brings the turnstile where the lane's state wants it. A lane that cannot lock does not admit. */
  readonly settle: () => Promise<void>;
  /** Closes the lane, or frees it where its venue said so; a lane already shut stays as it is. */
  readonly fail: (why: 'store' | 'actuator') => void;
  /** What begins after an order comes up as ordered anyhow; what is under way has to change, but nobody is locked into a turnstile. */
  readonly followOrder: () => void;
  /** The last word: nothing is tried again afterwards, and only a fire or a person still frees it. */
  readonly stop: () => Promise<void>;
}

export function createLaneRest(
  { direction, onFailure }: LaneSettings,
  { turnstile, timer, storeWorks, state, busyError, enter }: LaneRestDeps,
): LaneRest {
  const atWork = direction === 'exit' ? 'free' : 'locked';
  let order: OrderMark | undefined;
  let closedByPerson = false;
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

  const ordered = (): RestState | undefined => orderedState(order, direction);
  /** How the lane stands when nothing is wrong. */
  const whenWell = (): RestState =>
    ordered() ?? (closedByPerson ? { name: 'closed', why: 'person' } : { name: 'idle' });
  const restNow = (): 'locked' | 'free' =>
    direction === 'exit' ? 'free' : (stopped ?? (state().name === 'free' ? 'free' : 'locked'));

  const settle = async (): Promise<void> => {
    // An opening ends by itself; putting it to rest would interrupt whoever is walking through.
    if (state().name === 'open' || (await bring(restNow()))) return;
    if (!isShut(state())) shutFor('actuator');
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

  /** Nothing is decided before the turnstile is at rest. */
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

  const followOrder = (): void => {
    const before = state();
    if (stopped !== undefined || before.name === 'open') return;
    const next = changeFor(before, order, direction);
    if (next !== undefined) {
      enter(next);
      if (before.name === 'waiting') turnstile.abort('the lane was ordered otherwise');
      void settle();
    } else if ('order' in before && ordered() === undefined) void comeBack();
  };

  return {
    settle,
    fail: (why) => {
      if (!isShut(state())) shutFor(why);
    },

    start: async () => {
      const now = state();
      // A fire that was there first keeps the lane free.
      if (now.name === 'closed' && now.why === 'stopping') await comeBack();
    },

    stop: async () => {
      // A lane that the fire input has freed stays free, whatever happens to this process.
      stopped = state().name === 'free' ? 'free' : ordered()?.name === 'closed' ? 'locked' : onFailure;
      cancelRetry?.();
      enter({ name: 'closed', why: 'stopping' });
      turnstile.abort('the lane is stopping');
      await bring(restNow());
    },

    close: () => {
      const busy = busyError();
      if (busy !== undefined) return busy;
      closedByPerson = true;
      enter({ name: 'closed', why: 'person' });
      void settle();
      return ok(undefined);
    },

    reopen: () => {
      const now = state();
      if (now.name === 'closed' && now.why === 'order') return err({ type: 'lane-under-order' });
      if (now.name !== 'closed' || now.why !== 'person') return err({ type: 'lane-not-closed' });
      closedByPerson = false;
      void comeBack();
      return ok(undefined);
    },

    free: (why) => {
      if (stopped !== undefined) {
        stopped = 'free';
        void bring('free');
        return ok(undefined);
      }
      // Who opens a lane in an evacuation lets people out.
      if (why === 'person' && ordered()?.name === 'closed' && order?.order !== 'evacuate')
        return err({ type: 'lane-under-order' });
      const now = state();
      const isLatched = now.name === 'free' && (now.why === 'fire' || now.why === why);
      if (isLatched && comingBack === undefined) return ok(undefined);
      closedByPerson = false;
      enter({ name: 'free', why });
      turnstile.abort('the lane was freed');
      void settle();
      return ok(undefined);
    },

    resetFree: () => {
      const now = state();
      if (now.name !== 'free') return err({ type: 'lane-not-free' });
      if (now.why === 'order') return err({ type: 'lane-under-order' });
      void comeBack();
      return ok(undefined);
    },

    followOrder,
    obey: (next) => {
      order = next;
      followOrder();
    },
    isObeying: () => obeys(state(), order, direction) && (ordered() === undefined || restsAt === restNow()),
  };
}

const isFailed = (state: LaneState): boolean =>
  (state.name === 'closed' && (state.why === 'store' || state.why === 'actuator')) ||
  (state.name === 'free' && state.why === 'failure');
