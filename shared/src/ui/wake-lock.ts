// Keeps the screen on while a code is shown, or read. A browser lets go whenever the page is hidden, so it is asked again when the page is back. No
// page can make a screen brighter: the code stands on white for that.
let lock: WakeLockSentinel | undefined;
let isWanted = false;
let isWatching = false;

export function keepAwake(): void {
  isWanted = true;
  if (!isWatching) document.addEventListener('visibilitychange', () => void acquire());
  isWatching = true;
  void acquire();
}

export function letSleep(): void {
  isWanted = false;
  void lock?.release();
  lock = undefined;
}

async function acquire(): Promise<void> {
  if (!isWanted || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
  if (lock?.released === false) return;
  try {
    const acquired = await navigator.wakeLock.request('screen');
    if (isWanted) lock = acquired;
    else await acquired.release();
  } catch {
    // Refused, in battery saver mostly: then the screen goes dark as the phone's owner has set it.
  }
}
