// Calls for staff from the screens of the lanes: each lane has at most one, from the press until somebody of the staff does something at that
// lane or says that they are there, or until nobody waits any more. In memory: who still stands there after a restart presses again.
import { err, ok, type Clock, type Result, type Timer } from '@postern/shared';

/** Nobody stands at a gate for longer. */
const callMsMax = 10 * 60_000;

export interface StaffCall {
  readonly lane: string;
  /** Unix ms. */
  readonly sinceMs: number;
}

export interface StaffCalls {
  /** Calling again is the same call. */
  readonly call: (lane: string) => Result<void, { readonly type: 'lane-unknown' }>;
  /** Staff are there. */
  readonly answer: (lane: string) => void;
  /** The one that has waited longest first. */
  readonly waiting: () => readonly StaffCall[];
  readonly stop: () => void;
}

export interface StaffCallsDeps {
  readonly lanes: () => readonly string[];
  readonly nowMs: Clock['wallMs'];
  readonly timer: Timer;
  /** Somebody called, or was answered. */
  readonly changed: (waiting: readonly StaffCall[]) => void;
}

export function createStaffCalls({ lanes, nowMs, timer, changed }: StaffCallsDeps): StaffCalls {
  const open = new Map<string, { readonly sinceMs: number; readonly cancelTimeout: () => void }>();
  const waiting = (): readonly StaffCall[] => [...open].map(([lane, { sinceMs }]) => ({ lane, sinceMs }));
  const answer = (lane: string): void => {
    const call = open.get(lane);
    if (call === undefined) return;
    call.cancelTimeout();
    open.delete(lane);
    changed(waiting());
  };
  return {
    call: (lane) => {
      if (!lanes().includes(lane)) return err({ type: 'lane-unknown' });
      if (open.has(lane)) return ok(undefined);
      open.set(lane, { sinceMs: nowMs(), cancelTimeout: timer.after(callMsMax, () => answer(lane)) });
      changed(waiting());
      return ok(undefined);
    },
    answer,
    waiting,
    stop: () => {
      for (const { cancelTimeout } of open.values()) cancelTimeout();
      open.clear();
    },
  };
}
