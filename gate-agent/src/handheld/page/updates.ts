// A newer version of this page: the service worker has it whole before anybody is asked, and it takes over at a press, while nobody stands at
// the lane; marks are in the database by then.
import { signal } from '@preact/signals';

export const newVersion = signal(false);
let waiting: ServiceWorker | undefined;
let reloads = false;

const lookEveryMs = 30 * 60_000;

export async function watchUpdates(): Promise<void> {
  const { serviceWorker } = navigator;
  if (serviceWorker === undefined) return;
  const note = (worker: ServiceWorker | null): void => {
    // The very first one is no update.
    if (worker === null || serviceWorker.controller === null) return;
    waiting = worker;
    newVersion.value = true;
  };
  let hadOne = serviceWorker.controller !== null;
  serviceWorker.addEventListener('controllerchange', () => {
    if (reloads) location.reload();
    // Somebody has pressed for it in another tab: files of this version that were not needed yet are gone.
    else if (hadOne) newVersion.value = true;
    hadOne = true;
  });
  const registration = await serviceWorker.register('./worker.js', { scope: './' });
  note(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', () => {
      if (installing.state === 'installed') note(installing);
    });
  });
  setInterval(() => {
    // Without a network there is nothing newer.
    registration.update().catch(() => undefined);
  }, lookEveryMs);
}

export function takeNewVersion(): void {
  reloads = true;
  if (waiting?.state === 'installed') waiting.postMessage('take-over');
  else location.reload();
}
