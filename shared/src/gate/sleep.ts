// Waiting that a test can shorten and a signal can end.
import type { Timer } from './ports.ts';

/** Resolves after `ms`, or at once when `signal` aborts or has aborted. Never rejects. */
export function sleep(timer: Timer, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const wake = (): void => {
      cancel();
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = timer.after(ms, wake);
    signal.addEventListener('abort', wake, { once: true });
  });
}
