// The handheld in Chromium, with a profile on the disk and the ticket list of a whole event: what a phone stores, how soon it can decide, what a
// scan takes beside a bare IndexedDB commit of the same durability in the same page, and what its camera takes beside the decoder alone; then opening and scanning on a processor
// a sixth as quick.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { GateResponse, TicketResponse } from '@postern/shared';
import { launchBrowser, launchProfile } from '../lib/browser.ts';
import { writeCodeFilm } from '../lib/code-film.ts';
import { handheldPageFile, missingHandheldPage } from '../lib/handheld-page.ts';
import { openPhonePage, type PhonePage } from '../lib/phone-page.ts';
import { openSlowly } from '../lib/open-slowly.ts';
import { measurePage } from '../lib/page-sizes.mjs';
import { median, quantile } from '../lib/statistics.ts';
import { benchEvent, openBenchCloud } from './cloud-rig.ts';
import { benchFolder } from './gate-rig.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

const ticketsAtOnce = 1_000;
const slowdown = 6;
const floorFiles: Readonly<Record<string, string>> = {
  '/floor/':
    '<!doctype html><meta charset="utf-8"><title>floor</title><body><script type="module" src="/floor/floor.js"></script>',
  '/floor/floor.js': `document.body.textContent = 'Make this phone a gate';`,
};
const floorType = (path: string): string => (path.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8');

interface Scans {
  readonly scanMs: readonly number[];
  readonly commitMs: readonly number[];
}

export const benchHandheld: Bench = async ({ quick }) => {
  const missing = missingHandheldPage();
  if (missing !== undefined) {
    console.log(`   not run: ${missing}`);
    return [];
  }
  const tickets = quick ? 5_000 : 50_000;
  const rounds = quick ? 40 : 200;
  const disk = benchFolder();
  const cloud = await openBenchCloud({ folder: disk.path }, 'handheld', `sqlite:${join(disk.path, 'cloud.db')}`);
  let serves: 'gate-alone' | 'page' = 'gate-alone';
  const phone = await openPhonePage(cloud, benchEvent, (path) => {
    if (path in floorFiles) return new Response(floorFiles[path], { headers: { 'Content-Type': floorType(path) } });
    const file = serves === 'page' ? undefined : handheldPageFile(path);
    return file === undefined ? undefined : new Response(file.body, { headers: file.headers });
  });
  const codes = await issue(phone, tickets);
  const shown = codes.slice(-(quick ? 6 : 24));
  const film = join(disk.path, 'camera.y4m');
  writeCodeFilm(
    film,
    shown.flatMap((text) => [{ frames: 12 }, { text, frames: 18 }]),
    30,
  );
  const profile = join(disk.path, 'profile');
  const browser = await launchProfile(
    profile,
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-video-capture=${film}`,
  );
  try {
    const gate = { id: 'hand', name: 'Handheld', zone: 'main', lanes: [{ id: 'in', actuator: 'none://' }] };
    const { link } = await phone.post<GateResponse>(`/admin/events/${benchEvent.event}/gates`, gate);
    await cloud.feed.publish(benchEvent.event, { snapshot: true });
    const [page = await browser.newPage()] = browser.pages();
    await page.goto(`${phone.url}/handheld/`);
    await page.waitForFunction(async () => (await window.handheld).state.value.phase === 'not-enrolled');
    const loadMs = await timeFeed(page, link, tickets);
    const usedBytes = bytesIn(join(profile, 'Default', 'IndexedDB'));
    const rows: BenchRow[] = [
      ...bytesOfPage(),
      benchRow(`handheld: ${tickets.toLocaleString('en')} tickets on the phone`, usedBytes, 'bytes', {
        bar: { atMost: 20_000_000 },
      }),
      benchRow('handheld: the list from asking for it to its first use', loadMs, 'ms'),
    ];
    const { scanMs: cameraMs, decodeMs } = await page.evaluate(
      async (count) => window.measureCamera(await window.handheld, count),
      shown.length,
    );
    rows.push(
      benchRow('handheld: camera picture to decision, median, beside the decoder alone', median(cameraMs), 'ms', {
        baseline: median(decodeMs),
        bar: { atMost: 150 },
      }),
      benchRow('handheld: the same, 90 of 100', quantile(cameraMs, 0.9), 'ms', { baseline: quantile(decodeMs, 0.9) }),
    );
    let next = 0;
    const take = (count: number): readonly string[] => codes.slice(next, (next += count));
    for (const rate of [1, slowdown]) {
      const devtools = await browser.newCDPSession(page);
      await devtools.send('Emulation.setCPUThrottlingRate', { rate });
      const where = rate === 1 ? '' : `, processor slowed down ${rate} times`;
      const { scanMs, commitMs } = await timeScans(page, take(rounds));
      const startMs: number[] = [];
      for (const code of take(quick ? 3 : 9)) startMs.push(await timeStart(page, `${phone.url}/handheld/`, code));
      await devtools.send('Emulation.setCPUThrottlingRate', { rate: 1 });
      rows.push(
        benchRow(
          `handheld: scan to durable decision, median, beside a bare strict commit${where}`,
          median(scanMs),
          'ms',
          {
            baseline: median(commitMs),
            bar: { atMost: rate === 1 ? 50 : 200 },
          },
        ),
        benchRow(`handheld: the same, 99 of 100${where}`, quantile(scanMs, 0.99), 'ms', {
          baseline: quantile(commitMs, 0.99),
        }),
        benchRow(`handheld: opening the page to the first decision${where}`, median(startMs), 'ms', {
          bar: { atMost: rate === 1 ? 1_500 : 6_000 },
        }),
      );
    }
    serves = 'page';
    rows.push(...(await openingRows(phone.url, quick ? 3 : 9)));
    return rows;
  } finally {
    await browser.close();
    await phone.close();
    disk.remove();
  }
};

/** The real page, of which nothing is kept, beside one that puts a word on the screen. */
async function openingRows(url: string, rounds: number): Promise<readonly BenchRow[]> {
  const fresh = await launchBrowser();
  const how = { slowdown, rounds, viewport: { width: 412, height: 915 } };
  try {
    const page = await openSlowly(fresh, { ...how, url: `${url}/handheld/`, text: 'Make this phone a gate' });
    const floor = await openSlowly(fresh, { ...how, url: `${url}/floor/`, text: 'Make this phone a gate' });
    return [
      benchRow('handheld: first paint, processor slowed down 6 times', page.paintMs, 'ms', { baseline: floor.paintMs }),
      benchRow('handheld: until it asks to join, processor slowed down 6 times', page.shownMs, 'ms', {
        baseline: floor.shownMs,
        bar: { atMost: 6_000 },
      }),
    ];
  } finally {
    await fresh.close();
  }
}

/** The texts of their codes. */
async function issue(phone: PhonePage, count: number): Promise<readonly string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const some = Array.from({ length: Math.min(ticketsAtOnce, count - texts.length) }, () => ({ type: 1 }));
    const batch = { event: benchEvent.event, tickets: some };
    const { tickets } = await phone.post<{ readonly tickets: readonly TicketResponse[] }>('/api/tickets/batch', batch);
    texts.push(...tickets.map(({ text = '' }) => text));
  }
  return texts;
}

/** From the enrolment's end until the list is in use. */
const timeFeed = (page: Page, link: string, tickets: number): Promise<number> =>
  page.evaluate(
    async ([text, count]) => {
      const handheld = await window.handheld;
      const enrolled = await handheld.enrol(text);
      if (!enrolled.ok) throw new Error(enrolled.error.type);
      const startedMs = performance.now();
      return new Promise<number>((resolve) => {
        const stop = handheld.state.subscribe((state) => {
          if (state.phase !== 'running' || state.feed.tickets !== count) return;
          resolve(performance.now() - startedMs);
          queueMicrotask(() => stop());
        });
      });
    },
    [link, tickets] as const,
  );

/** Each of a ticket that was not shown before, one after the other; and a bare commit of a record as long as a mark after each. */
const timeScans = (page: Page, codes: readonly string[]): Promise<Scans> =>
  page.evaluate(async (texts) => {
    const handheld = await window.handheld;
    const opening = indexedDB.open('floor', 1);
    opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore('mark', { autoIncrement: true }));
    const floor = await new Promise<IDBDatabase>((resolve) =>
      opening.addEventListener('success', () => resolve(opening.result)),
    );
    const scanMs: number[] = [];
    const commitMs: number[] = [];
    for (const text of texts) {
      const scanned = performance.now();
      await new Promise<void>((resolve, reject) => {
        let decidedMs = 0;
        const stop = handheld.listen((told) => {
          if (told.type === 'decision') decidedMs = performance.now();
          if (told.type === 'decision' && told.decision.kind !== 'admit') reject(new Error(told.decision.kind));
          if (told.type !== 'passage') return;
          scanMs.push(decidedMs - scanned);
          stop();
          resolve();
        });
        handheld.present({ medium: 'optical', text, readerId: 'camera', seenAtMs: scanned });
      });
      const committing = performance.now();
      const transaction = floor.transaction('mark', 'readwrite', { durability: 'strict' });
      transaction.objectStore('mark').add(new Uint8Array(80));
      await new Promise((resolve) => transaction.addEventListener('complete', resolve));
      commitMs.push(performance.now() - committing);
    }
    floor.close();
    return { scanMs, commitMs };
  }, codes);

/** From the beginning of the navigation to the decision about a code that is shown as soon as anything takes it. */
async function timeStart(page: Page, url: string, code: string): Promise<number> {
  await page.goto(url);
  return page.evaluate(async (text) => {
    const handheld = await window.handheld;
    // No function with a name: what makes TypeScript of it run here adds something to those that a page does not have.
    const decided = new Promise<number>((resolve) => {
      handheld.listen((told) => {
        if (told.type === 'decision') resolve(performance.now());
      });
    });
    while (handheld.present({ medium: 'optical', text, readerId: 'camera', seenAtMs: performance.now() }) === 'ignored')
      await new Promise((resolve) => setTimeout(resolve, 1));
    return decided;
  }, code);
}

const filesIn = (path: string): readonly string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));

const bytesIn = (path: string): number => filesIn(path).reduce((sum, file) => sum + statSync(file).size, 0);

/** Of the whole page, with its screen and its decoder, as the cloud sends it. */
function bytesOfPage(): readonly BenchRow[] {
  const measured = measurePage(fileURLToPath(new URL('../../cloud-sync/dist/handheld', import.meta.url)));
  if (measured === undefined) return [];
  const { firstBytes, allBytes } = measured;
  return [
    benchRow('handheld: what its first paint needs, compressed', firstBytes, 'bytes', { bar: { atMost: 60_000 } }),
    benchRow('handheld: all of it with its WebAssembly, compressed', allBytes, 'bytes', { bar: { atMost: 2_100_000 } }),
  ];
}
