// One tab of a browser is the gate. The others wait until it is closed, or take over: they ask it to stop, and where it does not answer (a
// browser may have frozen it) take the lock from it. The journal's own fence (journal.ts) keeps a tab that has missed that from writing.
import type { Timer } from '@postern/shared';

export interface SingleTabDeps {
  readonly name: string;
  readonly locks: LockManager;
  readonly timer: Timer;
  readonly openChannel: (name: string) => BroadcastChannel;
  /** This tab is the gate from now on. */
  readonly onHeld: () => void;
  /** Another tab is; this one becomes it when that one is closed. */
  readonly onWaiting: () => void;
  /** Another tab takes over as soon as this one has stopped. Must not reject. */
  readonly onLost: () => Promise<void>;
}

export interface SingleTab {
  readonly takeOver: () => void;
  /** For good. */
  readonly release: () => void;
}

/** A tab that works answers at once; it may have a commit under way. */
const yieldMsMax = 3_000;

export function holdSingleTab(deps: SingleTabDeps): SingleTab {
  const { name, locks, timer } = deps;
  const channel = deps.openChannel(name);
  const waiting = new AbortController();
  let letGo: (() => void) | undefined;
  let released = false;

  const hold = (): Promise<void> =>
    new Promise((resolve) => {
      letGo = resolve;
      deps.onHeld();
    });
  const lose = (): void => {
    const go = letGo;
    letGo = undefined;
    if (go === undefined || released) return;
    void deps.onLost().finally(() => {
      go();
      wait();
    });
  };
  const wait = (): void => {
    if (released) return;
    deps.onWaiting();
    // Rejects when the wait is given up, and when another tab takes the lock without asking.
    locks.request(name, { signal: waiting.signal }, hold).catch(lose);
  };
  channel.addEventListener('message', ({ data }) => {
    if (data === 'take-over') lose();
  });
  locks.request(name, { ifAvailable: true }, (lock) => (lock === null ? wait() : hold())).catch(lose);

  return {
    takeOver: () => {
      if (letGo !== undefined || released) return;
      channel.postMessage('take-over');
      timer.after(yieldMsMax, () => {
        if (letGo === undefined && !released) locks.request(name, { steal: true }, hold).catch(lose);
      });
    },
    release: () => {
      released = true;
      waiting.abort();
      letGo?.();
      channel.close();
    },
  };
}
