// Goal: the page starts where the cloud does not answer, also where a network swallows what is asked of it, and knows then how gates are reached.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const scope = 'https://cloud.test/handheld/';
const settings = '{"v":1,"gateDomain":"gates.test"}';

/** Of a browser only what the worker uses. */
class FakeCache {
  readonly kept = new Map<string, string>();
  async addAll(requests: readonly Request[]): Promise<void> {
    for (const request of requests) await this.put(request, await fetch(request));
  }
  async put({ url }: Request, answer: Response): Promise<void> {
    this.kept.set(url, await answer.text());
  }
  async match(wanted: Request | string): Promise<Response | undefined> {
    const text = this.kept.get(typeof wanted === 'string' ? wanted : wanted.url);
    return text === undefined ? undefined : new Response(text);
  }
}

let network: 'answers' | 'swallows';
let patience: AbortController;
/** It listens once it has been loaded, for all of these tests. */
const worker = new EventTarget();

/** Resolves with what the worker answers, once it has done all that it wants to. */
async function happen(type: string, request?: Request): Promise<string | undefined> {
  const work: Promise<unknown>[] = [];
  let answer: Promise<Response> | undefined;
  const waitUntil = (promise: Promise<unknown>): void => void work.push(promise);
  const respondWith = (promise: Promise<Response>): void => void (answer = promise);
  worker.dispatchEvent(Object.assign(new Event(type), { request, waitUntil, respondWith }));
  await Promise.all(work);
  return (await answer)?.text();
}
const ask = (path: string): Promise<string | undefined> => happen('fetch', new Request(new URL(path, scope)));

beforeEach(async () => {
  network = 'answers';
  patience = new AbortController();
  const caches = new Map<string, FakeCache>();
  vi.stubGlobal('precached', ['./app.js']);
  vi.stubGlobal('version', 'one');
  vi.stubGlobal('registration', { scope });
  vi.stubGlobal('addEventListener', worker.addEventListener.bind(worker));
  vi.stubGlobal('caches', {
    open: async (name: string) => {
      const cache = caches.get(name) ?? new FakeCache();
      caches.set(name, cache);
      return cache;
    },
  });
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => patience.signal);
  vi.stubGlobal('fetch', async (request: Request, { signal }: RequestInit = {}) => {
    if (network === 'answers') return new Response(request.url.endsWith('settings.json') ? settings : 'code');
    signal?.throwIfAborted();
    return new Promise((_resolve, reject) =>
      signal?.addEventListener('abort', () => reject(new Error('it takes too long'))),
    );
  });
  await import('../../../../gate-agent/src/handheld/page/worker.ts');
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('what was kept when the page was opened first answers where nothing does', async () => {
  await happen('install');
  network = 'swallows';
  expect(await ask('app.js')).toBe('code');
  const asked = ask('settings.json');
  patience.abort(new Error('it takes too long'));
  expect(await asked).toBe(settings);
});

test('a page of which nothing is kept is told that nobody answers', async () => {
  network = 'swallows';
  const asked = ask('settings.json');
  patience.abort(new Error('it takes too long'));
  await expect(asked).rejects.toThrow('it takes too long');
});
