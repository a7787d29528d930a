// The screens in Chromium: how long a gate's display takes from the lane's decision to its paint, beside a bare page that paints what the same
// stream tells it; and what it costs to open on a processor six times slower than this one, as on a Pi or an old phone.
import { readdirSync } from 'node:fs';
import type { LaneState, Mark } from '@postern/shared';
import type { Browser } from 'playwright-core';
import { createPages, pageFolder } from '../../gate-agent/src/local-api/pages.ts';
import { createScreens } from '../../gate-agent/src/local-api/screens.ts';
import { launchBrowser } from '../lib/browser.ts';
import { serveLocalApi, servedAtMs } from '../lib/local-api.ts';
import { missingPrograms } from '../lib/missing.ts';
import { openSlowly } from '../lib/open-slowly.ts';
import { measurePage } from '../lib/page-sizes.mjs';
import { median, quantile } from '../lib/statistics.ts';
import { benchRow, type Bench } from './row.ts';

const slowdown = 6;
const screen = { width: 1_280, height: 800 };
const floorPage =
  '<!doctype html><meta charset="utf-8"><title>floor</title><body><script type="module" src="/floor/floor.js"></script>';
const floorScript = `const source = new EventSource('/events');
  source.addEventListener('view', (message) => { document.body.textContent = JSON.parse(message.data).lines[0].title; });`;

const admitted: LaneState = {
  name: 'open',
  mark: { kind: 'admitted' } as Mark,
  decision: {
    kind: 'admit',
    claim: { method: 'qr', event: 1, ticketId: '', epoch: 0, assurance: 'signed' },
    ticket: { id: '', epoch: 0, type: 1 },
    direction: 'entry',
    part: 2,
    party: 5,
    persons: 1,
    warnings: [],
  },
};
const idle: LaneState = { name: 'idle' };

/** A gate with its real port and screens, whose one lane is in the hands of the benchmark. */
async function openShownGate() {
  const pages = createPages();
  pages.get('/floor/', (context) => context.html(floorPage));
  pages.get('/floor/floor.js', (context) => context.body(floorScript, 200, { 'Content-Type': 'text/javascript' }));
  let state = idle;
  const lane = { id: 'one', settings: { direction: 'entry' }, state: () => state };
  const served = await serveLocalApi(0, {
    pages,
    makeScreens: (hub) =>
      createScreens({
        hub,
        lanes: [lane as Parameters<typeof createScreens>[0]['lanes'][number]],
        gate: { id: 'gate-a', name: 'Gate A' },
        boot: '00',
        languages: ['en', 'de'],
        display: { volume: 0, callButton: true },
        readersOf: () => ({ shows: ['code'], readerSide: 'right' }),
        time: () => ({ nowMs: servedAtMs, trusted: true, source: 'server', uncertaintyMs: 20 }),
        timeZone: () => 'Europe/Berlin',
        gateName: (gate) => gate,
        noContactSinceMs: () => undefined,
        hasFeed: () => true,
        face: () => undefined,
        rehearsalUntilMs: () => undefined,
        forgotten: () => undefined,
      }),
  });
  return {
    ...served,
    /** What the lane does right after its decision is on the disk. */
    decide: (next: LaneState) => {
      state = next;
      served.screens.tell({ type: 'state', lane: 'one', state: next, atMs: servedAtMs });
    },
  };
}
type ShownGate = Awaited<ReturnType<typeof openShownGate>>;

const missing = (): string | undefined =>
  missingPrograms('chromium') ??
  (readdirSync(pageFolder('display')).length === 0 ? 'the pages are not built (npm run build)' : undefined);

export const benchScreens: Bench = async ({ quick }) => {
  const why = missing();
  if (why !== undefined) {
    console.log(`   not run: ${why}`);
    return [];
  }
  const gate = await openShownGate();
  const browser = await launchBrowser();
  try {
    const rounds = quick ? 20 : 200;
    const floorMs = await paintTimes(browser, gate, '/floor/', rounds);
    const displayMs = await paintTimes(browser, gate, '/display/', rounds);
    const how = { text: 'Show your ticket code', slowdown, rounds: quick ? 3 : 9, viewport: screen };
    const opened = await openSlowly(browser, { ...how, url: `${gate.server.url}/display/` });
    const floor = await openSlowly(browser, { ...how, url: `${gate.server.url}/floor/` });
    return [
      benchRow('display: from a decision to its paint', median(displayMs), 'ms', { baseline: median(floorMs) }),
      benchRow('display: the same, 95 of 100', quantile(displayMs, 0.95), 'ms', {
        baseline: quantile(floorMs, 0.95),
        bar: { atMost: 100 },
      }),
      benchRow('display: first paint, processor 6 times slower', opened.paintMs, 'ms', { baseline: floor.paintMs }),
      benchRow('display: until it shows its lane, processor 6 times slower', opened.shownMs, 'ms', {
        baseline: floor.shownMs,
        bar: { atMost: 3_000 },
      }),
      benchRow(
        'display: what a screen fetches, compressed',
        measurePage(pageFolder('display'))?.allBytes ?? 0,
        'bytes',
        {
          bar: { atMost: 30_000 },
        },
      ),
    ];
  } finally {
    await browser.close();
    await gate.stop();
  }
};

const nowMs = (): number => performance.timeOrigin + performance.now();

/** From telling the screens until the frame with the answer has been handed to the display. */
async function paintTimes(browser: Browser, gate: ShownGate, path: string, rounds: number): Promise<readonly number[]> {
  const page = await browser.newPage({ viewport: screen });
  let painted: (atMs: number) => void = () => undefined;
  await page.exposeFunction('tellPainted', (atMs: number) => painted(atMs));
  await page.goto(`${gate.server.url}${path}`);
  await page.getByText('Show your ticket code').first().waitFor();
  await page.evaluate(() => {
    const { tellPainted } = globalThis as unknown as { readonly tellPainted: (atMs: number) => void };
    const channel = new MessageChannel();
    channel.port1.addEventListener('message', () => tellPainted(performance.timeOrigin + performance.now()));
    channel.port1.start();
    let isWaiting = false;
    new MutationObserver(() => {
      if (isWaiting) return;
      isWaiting = true;
      // What a frame's callbacks post is heard after its paint.
      requestAnimationFrame(() => {
        isWaiting = false;
        channel.port2.postMessage(undefined);
      });
    }).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
  });
  const timed = async (state: LaneState): Promise<number> => {
    const painting = new Promise<number>((resolve) => (painted = resolve));
    const startMs = nowMs();
    gate.decide(state);
    return (await painting) - startMs;
  };
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    times.push(await timed(admitted));
    await timed(idle);
    // At any place between two frames.
    await new Promise((resolve) => setTimeout(resolve, (round * 7) % 40));
  }
  await page.close();
  return times;
}
