// Waiting without leaks. In Node 20 `AbortSignal.any` keeps about a kilobyte for every signal that ever hung on a long-lived one, and
// a gate waits some hundred thousand times a day; everything here takes its listeners off the long-lived signal again.
import type { Timer } from '@postern/shared';

/** Says that there is something new. A ring between two waits is not lost. */
export interface Bell {
  readonly ring: () => void;
  /** How often it has rung. */
  readonly rings: () => number;
  /** Resolves with true once it has rung more than `seen` times; with false after `ms`, or when `signal` aborts. */
  readonly wait: (seen: number, ms: number, signal: AbortSignal) => Promise<boolean>;
}

export function createBell(timer: Timer): Bell {
  const waiting = new Set<() => void>();
  let rings = 0;
  return {
    ring: () => {
      rings += 1;
      for (const wake of waiting) wake();
    },
    rings: () => rings,
    wait: (seen, ms, signal) =>
      new Promise((resolve) => {
        if (rings > seen || signal.aborted) return resolve(rings > seen);
        const done = (): void => {
          cancel();
          waiting.delete(done);
          signal.removeEventListener('abort', done);
          resolve(rings > seen);
        };
        const cancel = timer.after(ms, done);
        waiting.add(done);
        signal.addEventListener('abort', done);
      }),
  };
}

export interface Deadline {
  readonly signal: AbortSignal;
  /** Whether it was the time that ended it, and not `parent`. */
  readonly passed: () => boolean;
}

/** Runs `task` under a controller that also aborts with `parent`. */
export async function withAbort<T>(parent: AbortSignal, task: (controller: AbortController) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  if (parent.aborted) abort();
  parent.addEventListener('abort', abort);
  try {
    return await task(controller);
  } finally {
    parent.removeEventListener('abort', abort);
  }
}

/** Runs `task` under a signal that aborts after `ms` or with `parent`. */
export const withDeadline = <T>(
  parent: AbortSignal,
  ms: number,
  task: (deadline: Deadline) => Promise<T>,
): Promise<T> =>
  withAbort(parent, async (controller) => {
    let passed = false;
    const timeout = setTimeout(() => {
      passed = true;
      controller.abort();
    }, ms);
    try {
      return await task({ signal: controller.signal, passed: () => passed });
    } finally {
      clearTimeout(timeout);
    }
  });
