// Listens to the fire or free-exit contact. The fire loop itself is wired to the turnstile and releases it without us; this only
// tells the lanes, so that they open, show it and stay free until a person resets them. `file:///PATH` holds 1 while it is on:
// what a GPIO daemon or a test writes.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { err, ok, sleep, type Result, type Timer } from '@postern/shared';

const pollMs = 100;

export interface FireWatch {
  readonly isOn: () => boolean;
  /** Why the input cannot be read at the moment. */
  readonly trouble: () => string | undefined;
  /** Calls `onFire` again and again while it is on, until `signal` aborts: a lane reset too early is freed again. Off is for a person to act on. */
  readonly run: (onFire: () => void, signal: AbortSignal) => Promise<void>;
}

export type FireInputError = { readonly type: 'fire-input-unknown'; readonly cause: string };

export function openFireInput(uri: string, timer: Timer): Result<FireWatch, FireInputError> {
  if (!uri.startsWith('file:///'))
    return err({ type: 'fire-input-unknown', cause: `${uri}: only file:///PATH is known` });
  const path = fileURLToPath(uri);
  let on = false;
  let trouble: string | undefined;
  const look = async (): Promise<boolean> => {
    try {
      const isOn = (await readFile(path, 'utf8')).trim() === '1';
      trouble = undefined;
      return isOn;
    } catch (cause) {
      // The last known state stays: an unreadable input neither frees nor locks anything.
      trouble = cause instanceof Error ? cause.message : String(cause);
      return on;
    }
  };
  return ok({
    isOn: () => on,
    trouble: () => trouble,
    run: async (onFire, signal) => {
      while (!signal.aborted) {
        on = await look();
        if (on) onFire();
        await sleep(timer, pollMs, signal);
      }
    },
  });
}
