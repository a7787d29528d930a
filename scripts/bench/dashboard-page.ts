// The operator's dashboard in Chromium on a slow computer (its CPU throttled to a sixth): what it fetches, how long until the map of an event
// with 200 gates is there beside a page that says one word, how busy it is while everything changes five times a second, and what an hour of
// that leaves in its memory.
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { dashboardHeader } from '@postern/shared';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { readDashboard } from '../../cloud-sync/src/routes/pages.ts';
import { launchBrowser } from '../lib/browser.ts';
import { firstReason, missingPrograms } from '../lib/missing.ts';
import { measurePage } from '../lib/page-sizes.mjs';
import { median } from '../lib/statistics.ts';
import { busyState, exampleEvent } from './busy-evening.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

const folder = fileURLToPath(new URL('../../cloud-sync/dist/dashboard', import.meta.url));
const slowdown = 6;
const statesPerSecond = 5;
const hourSeconds = 3_600;

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};
const administrator = {
  id: '0123456789ab',
  name: 'Bench',
  administrator: true,
  disabled: false,
  createdAtMs: 0,
  memberships: [],
};

/** The built page, and what it asks for as a cloud answers it; states are sent by whoever measures. */
interface PageServer {
  readonly url: string;
  readonly send: (round: number) => Promise<void>;
  readonly close: () => void;
}

async function servePage(): Promise<PageServer> {
  const streams = new Set<ServerResponse>();
  const release = readDashboard(folder) ?? '';
  const message = (round: number): string =>
    `event: state\nid: ${release}\ndata: ${JSON.stringify(busyState(round))}\n\n`;
  const json = (response: ServerResponse, body: object): void =>
    void response
      .writeHead(200, { 'Content-Type': 'application/json', [dashboardHeader]: release })
      .end(JSON.stringify(body));
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://bench');
    if (pathname === '/floor') return void response.end('<!doctype html><title>floor</title><p id="shown">word</p>');
    if (pathname === '/session') return json(response, { user: administrator, provider: false });
    if (pathname === '/api/events') return json(response, { events: [exampleEvent] });
    if (pathname === '/api/events/1/live') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(message(0));
      streams.add(response);
      return void response.on('close', () => streams.delete(response));
    }
    const path = join(folder, pathname === '/' ? 'index.html' : pathname);
    if (!existsSync(path)) return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': contentTypes[extname(path)] ?? '', 'Content-Encoding': 'br' });
    return void response.end(readFileSync(`${path}.br`));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    send: async (round) => {
      const text = message(round);
      for (const stream of streams)
        if (!stream.write(text)) await new Promise((resolve) => stream.once('drain', resolve));
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export const benchDashboardPage: Bench = async ({ quick }) => {
  const built = measurePage(folder, ['live-page']);
  const missing = firstReason(
    missingPrograms('chromium'),
    built === undefined ? 'the pages are not built (npm run build)' : undefined,
  );
  if (missing !== undefined || built === undefined) {
    console.log(`   not run: ${missing}`);
    return [];
  }
  const server = await servePage();
  const browser = await launchBrowser('--js-flags=--expose-gc');
  try {
    return [
      benchRow('dashboard: its first view, compressed', built.firstBytes, 'bytes', { bar: { atMost: 120_000 } }),
      ...(await measureStart(browser, server, quick ? 3 : 15)),
      ...(await measureBusy(browser, server, quick)),
    ];
  } finally {
    await browser.close();
    server.close();
  }
};

async function measureStart(browser: Browser, { url }: PageServer, rounds: number): Promise<readonly BenchRow[]> {
  const paints: number[] = [];
  const maps: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const map = await timeTo(browser, `${url}/#/e/1/live`, '.zones .gate');
    maps.push(map.shownMs);
    paints.push(map.paintMs);
    floors.push((await timeTo(browser, `${url}/floor`, '#shown')).shownMs);
  }
  const about = `at a sixth of the CPU`;
  return [
    benchRow(`dashboard: first paint, ${about}`, median(paints), 'ms', { bar: { atMost: 2_000 } }),
    benchRow(`dashboard: map of 200 gates is there, ${about}`, median(maps), 'ms', {
      baseline: median(floors),
      bar: { atMost: 4_000 },
    }),
  ];
}

/** With nothing kept from before, by the page's own clock. */
async function timeTo(
  browser: Browser,
  url: string,
  selector: string,
): Promise<{ readonly shownMs: number; readonly paintMs: number }> {
  const { page } = await openSlowly(browser, selector);
  await page.goto(url);
  const found = await page.waitForFunction(() => (globalThis as { readonly foundMs?: number }).foundMs);
  const shownMs = (await found.jsonValue()) ?? Number.NaN;
  const painted = await page.waitForFunction(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
  );
  const paintMs = (await painted.jsonValue()) ?? Number.NaN;
  await page.context().close();
  return { shownMs, paintMs };
}

async function openSlowly(
  browser: Browser,
  selector: string,
): Promise<{ readonly page: Page; readonly session: CDPSession }> {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  // No function with a name: what makes TypeScript of it run here adds something to those that a page does not have.
  await page.addInitScript((wanted) => {
    Object.assign(globalThis, { longestMs: 0 });
    new MutationObserver(() => {
      if ('foundMs' in globalThis || document.querySelector(wanted) === null) return;
      Object.assign(globalThis, { foundMs: performance.now() });
    }).observe(document, { childList: true, subtree: true });
  }, selector);
  return { page, session };
}

async function measureBusy(browser: Browser, server: PageServer, quick: boolean): Promise<readonly BenchRow[]> {
  const { page, session } = await openSlowly(browser, '.zones .gate');
  await page.goto(`${server.url}/#/e/1/live`);
  await page.waitForSelector('.zones .gate');
  await session.send('Performance.enable');
  const taskSeconds = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
  };
  const seconds = quick ? 4 : 20;
  let round = 1;
  const before = await taskSeconds();
  const beganMs = performance.now();
  for (let state = 0; state < seconds * statesPerSecond; state += 1) {
    await server.send(round);
    round += 1;
    await delay(1_000 / statesPerSecond);
  }
  const share = (100 * ((await taskSeconds()) - before)) / ((performance.now() - beganMs) / 1_000);

  // An hour's states as fast as the page takes them; what they leave is counted once everything that is garbage has gone.
  await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  const states = quick ? 500 : hourSeconds * statesPerSecond;
  const burst = 20;
  const heapBytes = async (): Promise<number> => {
    await session.send('HeapProfiler.collectGarbage');
    return page.evaluate(
      () => (performance as unknown as { readonly memory: { readonly usedJSHeapSize: number } }).memory.usedJSHeapSize,
    );
  };
  const atFirst = await heapBytes();
  for (let state = 0; state < states; state += burst) {
    for (let more = 0; more < burst; more += 1) {
      await server.send(round);
      round += 1;
    }
    // It has read them all when it answers.
    await page.evaluate(() => undefined);
  }
  const grownMb = ((await heapBytes()) - atFirst) / 1e6;
  const heapMb = (await heapBytes()) / 1e6;
  await page.context().close();
  return [
    benchRow('dashboard: busy with 200 gates, five states a second, at a sixth of the CPU', share, '%', {
      bar: { atMost: 60 },
    }),
    benchRow(`dashboard: memory after ${states.toLocaleString('en-GB')} states (an hour)`, heapMb, 'MB', {
      bar: { atMost: 64 },
    }),
    benchRow('dashboard: how much of it has come since the first', grownMb, 'MB', { bar: { atMost: 10 } }),
  ];
}
