// A newer version of this page: the service worker has it whole before anybody is asked. At a press the gate finishes with whoever stands there, then
// closes with everything that it has recorded in the database, and only then the newer version takes over.
import { signal } from '@preact/signals';
import type { Handheld } from '../core/handheld.ts';

export const newVersion = signal(false);
/** Nobody is let in any more: the page is about to be loaded again. */
export const updating = signal(false);
let waiting: ServiceWorker | undefined;
let reloads = false;

const lookEveryMs = 30 * 60_000;
/** Between two looks at a lane that somebody stands at. */
const laneLookMs = 50;
/** A worker that a newer one has replaced meanwhile takes over nothing. */
const takeOverMsMax = 5_000;

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

export async function takeNewVersion(handheld: Pick<Handheld, 'lane' | 'close'>): Promise<void> {
  while (!closeLane(handheld)) await new Promise((resolve) => setTimeout(resolve, laneLookMs));
  updating.value = true;
  await handheld.close();
  reloads = true;
  if (waiting?.state !== 'installed') return location.reload();
  waiting.postMessage('take-over');
  setTimeout(() => location.reload(), takeOverMsMax);
}

/** True once nobody stands at the lane, and nobody can come to it. */
function closeLane({ lane }: Pick<Handheld, 'lane'>): boolean {
  const current = lane();
  const name = current?.state().name;
  return (
    name === undefined || name === 'closed' || name === 'free' || (name === 'idle' && current?.close().ok === true)
  );
}
