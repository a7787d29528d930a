// The service worker: everything the page consists of is kept when it is first opened, so that it opens without a network. What the cloud
// answers is never kept here, but for how gates are reached. A newer build waits until somebody presses for it: nobody's scan is cut off.
// `precached` and `version` are put in by the build.
declare const precached: readonly string[];
declare const version: string;

interface Extendable {
  readonly waitUntil: (work: Promise<unknown>) => void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  readonly respondWith: (response: Promise<Response>) => void;
}
/** What is used of ServiceWorkerGlobalScope: its library cannot stand beside the one of pages. */
interface WorkerScope {
  readonly registration: { readonly scope: string };
  readonly skipWaiting: () => Promise<void>;
  readonly clients: { readonly claim: () => Promise<void> };
  readonly addEventListener: ((type: 'install' | 'activate', listener: (event: Extendable) => void) => void) &
    ((type: 'fetch', listener: (event: Fetching) => void) => void) &
    ((type: 'message', listener: (event: MessageEvent<unknown>) => void) => void);
}
const worker = globalThis as unknown as WorkerScope;

const prefix = 'handheld-';
const cacheName = prefix + version;
/** Asked of the cloud first, since it may change; kept for when that does not answer. */
const settingsPath = 'settings.json';
/** A network that swallows everything must not keep the page from starting. */
const settingsMsMax = 3_000;

worker.addEventListener('install', (event) => {
  const keep = async (): Promise<void> => {
    const cache = await caches.open(cacheName);
    // Past the browser's own cache: what is kept is one build, whole.
    await cache.addAll(
      precached.map((path) => new Request(new URL(path, worker.registration.scope), { cache: 'reload' })),
    );
    // A page that has been opened once, or is a newer build, may be started next where the cloud is out of reach.
    await newest(new Request(new URL(settingsPath, worker.registration.scope))).catch(() => undefined);
  };
  event.waitUntil(keep());
});

worker.addEventListener('message', ({ data }) => {
  if (data === 'take-over') void worker.skipWaiting();
});

worker.addEventListener('activate', (event) => {
  const takeOver = async (): Promise<void> => {
    const old = (await caches.keys()).filter((name) => name.startsWith(prefix) && name !== cacheName);
    await Promise.all(old.map((name) => caches.delete(name)));
    await worker.clients.claim();
  };
  event.waitUntil(takeOver());
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(worker.registration.scope)) return;
  event.respondWith(request.url.endsWith(settingsPath) ? newest(request) : kept(request));
});

async function kept(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  const found = await cache.match(request.mode === 'navigate' ? worker.registration.scope : request, {
    ignoreSearch: true,
  });
  return found ?? fetch(request);
}

async function newest(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(settingsMsMax) });
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch (cause) {
    const before = await cache.match(request);
    if (before === undefined) throw cause;
    return before;
  }
}

export type { WorkerScope };
