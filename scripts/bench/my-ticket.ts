// The page of tickets on phones in Chromium: what a phone has to fetch, and how long it takes without a network from opening the page to a code
// on the screen, beside a page that a service worker keeps too and that says one word.
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from '../lib/browser.ts';
import { measurePage } from '../lib/page-sizes.mjs';
import { missingPhonePage, myTicketFolder, openPhonePage } from '../lib/phone-page.ts';
import { median } from '../lib/statistics.ts';
import { benchEvent, openBenchCloud } from './cloud-rig.ts';
import { benchFolder } from './gate-rig.ts';
import { benchRow, type Bench } from './row.ts';

/** Only for browsers without Ed25519; the others never ask for it. */
const spare = /^assets\/ed25519-/;

const floor: Readonly<Record<string, readonly [type: string, text: string]>> = {
  '/floor/': [
    'text/html',
    '<!doctype html><meta charset="utf-8"><title>floor</title><body><script type="module" src="./floor.js"></script>',
  ],
  '/floor/floor.js': [
    'text/javascript',
    `navigator.serviceWorker.register('./worker.js');
     const shown = document.createElement('p'); shown.id = 'shown'; shown.textContent = 'code'; document.body.append(shown);`,
  ],
  '/floor/worker.js': [
    'text/javascript',
    `addEventListener('install', (e) => e.waitUntil(caches.open('floor').then((c) => c.addAll(['./', './floor.js'])).then(() => skipWaiting())));
     addEventListener('activate', (e) => e.waitUntil(clients.claim()));
     addEventListener('fetch', (e) => e.respondWith(caches.match(e.request).then((kept) => kept ?? fetch(e.request))));`,
  ],
};

export const benchMyTicket: Bench = async ({ quick }) => {
  const missing = missingPhonePage();
  if (missing !== undefined) {
    console.log(`   not run: ${missing}`);
    return [];
  }
  const folder = benchFolder();
  const cloud = await openBenchCloud({ folder: folder.path }, 'my-ticket', `sqlite:${join(folder.path, 'cloud.db')}`);
  const phone = await openPhonePage(cloud, benchEvent, (path) => {
    const [type, text] = floor[path] ?? [];
    return type === undefined ? undefined : new Response(text, { headers: { 'Content-Type': type } });
  });
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    await page.goto(await phone.sell());
    await page.getByRole('button').first().click();
    await page.waitForSelector('.code svg');
    await untilKept(page);
    await page.goto(`${phone.url}/floor/`);
    await untilKept(page);
    await context.setOffline(true);
    const rounds = quick ? 5 : 25;
    const codeMs: number[] = [];
    const floorMs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      codeMs.push(await timeTo(context, `${phone.url}/my/`, '.code svg path'));
      floorMs.push(await timeTo(context, `${phone.url}/floor/`, '#shown'));
    }
    return [
      benchRow('my ticket: what a phone fetches, compressed', bytesToFetch(), 'bytes', { bar: { atMost: 40_000 } }),
      benchRow('my ticket: from opening it to a code, without a network', median(codeMs), 'ms', {
        baseline: median(floorMs),
        bar: { atMost: 1_000 },
      }),
    ];
  } finally {
    await browser.close();
    await phone.close();
    folder.remove();
  }
};

/** From the beginning of the navigation until there is what was waited for, by the page's own clock. */
async function timeTo(context: BrowserContext, url: string, selector: string): Promise<number> {
  const page = await context.newPage();
  // No function with a name: what makes TypeScript of it run here adds something to those that a page does not have.
  await page.addInitScript((wanted) => {
    new MutationObserver(() => {
      if ('foundMs' in globalThis || document.querySelector(wanted) === null) return;
      Object.assign(globalThis, { foundMs: performance.now() });
    }).observe(document, { childList: true, subtree: true });
  }, selector);
  await page.goto(url);
  const found = await page.waitForFunction(() => (globalThis as { readonly foundMs?: number }).foundMs);
  const ms = (await found.jsonValue()) ?? Number.NaN;
  await page.close();
  return ms;
}

const untilKept = (page: Page): Promise<unknown> =>
  page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    while (navigator.serviceWorker.controller === null) await new Promise((resolve) => setTimeout(resolve, 20));
  });

/** Everything of the page, as the service sends it. */
const bytesToFetch = (): number =>
  (measurePage(myTicketFolder)?.parts ?? [])
    .filter(({ name }) => !spare.test(name))
    .reduce((sum, { bytes }) => sum + bytes, 0);
