// The service worker: everything the page consists of is kept when it is first opened, so that it opens without a network. What the cloud
// answers is never kept here. `precached` and `version` are put in by the build.
declare const precached: readonly string[];
declare const version: string;

interface Extendable {
  readonly waitUntil: (work: Promise<unknown>) => void;
}
interface Fetching {
  readonly request: Request;
  readonly respondWith: (response: Promise<Response>) => void;
}
/** What is used of ServiceWorkerGlobalScope: its library cannot stand beside the one of pages. */
interface WorkerScope {
  readonly registration: { readonly scope: string };
  readonly skipWaiting: () => Promise<void>;
  readonly clients: { readonly claim: () => Promise<void> };
  readonly addEventListener: ((type: 'install' | 'activate', listener: (event: Extendable) => void) => void) &
    ((type: 'fetch', listener: (event: Fetching) => void) => void);
}
const worker = globalThis as unknown as WorkerScope;

const prefix = 'my-ticket-';
const cacheName = prefix + version;

/** What makes keys where the browser does not (holder-key.ts): nobody else needs to fetch it. */
const spare = './assets/ed25519-';
const hasEd25519 = async (): Promise<boolean> => {
  try {
    await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    return true;
  } catch {
    // The answer to the question.
    return false;
  }
};

worker.addEventListener('install', (event) => {
  const keep = async (): Promise<void> => {
    const cache = await caches.open(cacheName);
    const paths = (await hasEd25519()) ? precached.filter((path) => !path.startsWith(spare)) : precached;
    // Past the browser's own cache: what is kept is one build, whole.
    await cache.addAll(paths.map((path) => new Request(new URL(path, worker.registration.scope), { cache: 'reload' })));
    await worker.skipWaiting();
  };
  event.waitUntil(keep());
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
  const answer = async (): Promise<Response> => {
    const cache = await caches.open(cacheName);
    const kept = await cache.match(request.mode === 'navigate' ? worker.registration.scope : request, {
      ignoreSearch: true,
    });
    return kept ?? fetch(request);
  };
  event.respondWith(answer());
});
