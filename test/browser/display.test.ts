// Goal: the gate's screen draws every state that it is told, fits small frames, connects again by itself, and never leaves an answer
// standing that it can no longer vouch for.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LaneState, Mark } from '@postern/shared';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { laneStateToView, type DisplayContext, type DisplayView } from '../../gate-agent/src/local-api/display-view.ts';
import { pageFolder } from '../../gate-agent/src/local-api/pages.ts';
import { launchBrowser } from '../support/browser.ts';
import { serveLocalApi, servedAtMs, type ServedApi } from '../support/local-api.ts';
import { describeOrReport, firstReason, missingPrograms } from '../support/not-run.ts';
import { axeFindings, watchPage, type PageWatch } from '../support/page-watch.ts';

const context: DisplayContext = {
  languages: ['en', 'de'],
  timeZone: 'Europe/Berlin',
  gateName: () => 'Gate B',
  direction: 'entry',
  noContactSinceMs: undefined,
  hasFeed: true,
  atMs: servedAtMs,
};
const mark = { kind: 'admitted' } as Mark;
const refused: LaneState = {
  name: 'refused',
  decision: { kind: 'refuse', refusal: { type: 'already-used', detail: { gate: 'gate-b', atMs: servedAtMs } } },
};

/** A gate that shows what it is told to. */
interface ShownGate extends ServedApi {
  readonly show: (state: LaneState, change?: Partial<DisplayContext>) => void;
}

async function startShownGate(port: number): Promise<ShownGate> {
  let view: DisplayView = laneStateToView('one', { name: 'idle' }, context);
  const served = await serveLocalApi(port, { views: () => [view] });
  return {
    ...served,
    show: (state, change = {}) => {
      view = laneStateToView('one', state, { ...context, ...change });
      served.hub.publish('view', view);
    },
  };
}

const notBuilt = existsSync(pageFolder('display')) ? undefined : 'the display is not built: npm run build';

describeOrReport("the gate's screen", firstReason(missingPrograms('chromium'), notBuilt), () => {
  let browser: Browser;
  let page: Page;
  let gate: ShownGate;
  let watch: PageWatch;

  beforeAll(async () => {
    browser = await launchBrowser();
    gate = await startShownGate(0);
    page = await browser.newPage({ viewport: { width: 1_024, height: 600 } });
    watch = await watchPage(page);
    // One test stops the gate.
    watch.expect(/Failed to load resource: net::ERR_/);
    await page.goto(`${gate.server.url}/display`);
  });

  beforeEach(async () => {
    gate.show({ name: 'idle' });
    await page.waitForSelector('[data-tone=ready]');
  });

  afterAll(async () => {
    await browser?.close();
    await gate?.stop();
  });

  afterEach(async () => {
    expect([...watch.findings(), ...(await axeFindings(page))]).toEqual([]);
  });

  const text = (): Promise<string> => page.locator('main').innerText();

  test("says what to do, in both languages, with the gate's name and the venue's time", async () => {
    expect(await page.title()).toBe('Gate A');
    for (const part of ['Ready', 'Show your ticket code', 'Bereit', 'Bitte Ticketcode zeigen', 'Gate A', '19:02'])
      expect(await text()).toContain(part);
  });

  test('changes at once to what the lane does, each state in its own colour', async () => {
    const colours = new Set<string>();
    const states: readonly [tone: string, state: LaneState, text: string][] = [
      ['ready', { name: 'idle' }, 'Ready'],
      ['welcome', { name: 'open', mark }, 'Welcome'],
      ['refused', refused, 'Already used: Gate B, 19:02'],
      ['closed', { name: 'closed', why: 'store' }, 'Lane closed'],
      ['free', { name: 'free', why: 'fire' }, 'Please walk through'],
    ];
    for (const [tone, state, shown] of states) {
      gate.show(state);
      const stage = page.locator(`[data-tone=${tone}]`);
      await stage.waitFor();
      expect(await text()).toContain(shown);
      await expect.poll(() => stage.evaluate((element) => element.getAnimations().length)).toBe(0);
      colours.add(await stage.evaluate((element) => getComputedStyle(element).backgroundColor));
    }
    expect(colours.size).toBe(states.length);
  });

  test('counts a party and mentions lost contact only in the line for staff', async () => {
    const decision = {
      kind: 'admit',
      claim: { method: 'qr', event: 1, ticketId: '', epoch: 0, assurance: 'signed' },
      ticket: { id: '', epoch: 0, type: 1 },
      direction: 'entry',
      part: 2,
      party: 5,
      persons: 1,
      warnings: [],
    } as const;
    gate.show({ name: 'open', mark, decision }, { noContactSinceMs: servedAtMs });
    await page.waitForSelector('[data-tone=welcome]');
    expect(await page.locator('.party').innerText()).toBe('2 / 5');
    expect(await page.locator('footer').innerText()).toBe('No contact since 19:02, still admitting');
    expect(await page.locator('.answer').innerText()).not.toContain('contact');
  });

  test.each([
    [1_920, 1_080],
    [1_024, 600],
    [600, 1_024],
    [420, 260],
    [320, 480],
  ])('fits %d x %d without cutting anything off', async (width, height) => {
    await page.setViewportSize({ width, height });
    for (const state of [
      refused,
      { name: 'refused', decision: { kind: 'refuse', refusal: { type: 'not-yet-valid' } } } as const,
    ]) {
      gate.show(state);
      await page.waitForSelector('[data-tone=refused]');
      const outside = await page.evaluate(() =>
        [...document.querySelectorAll('.title, .hint, footer span, .symbol')]
          .filter((element) => {
            const { top, left, bottom, right } = element.getBoundingClientRect();
            return top < 0 || left < 0 || bottom > innerHeight + 1 || right > innerWidth + 1;
          })
          .map((element) => element.textContent),
      );
      expect(outside).toEqual([]);
    }
    await page.setViewportSize({ width: 1_024, height: 600 });
  });

  test('shows itself in a frame of another page of this machine', async () => {
    const other = createServer((_request, response) =>
      response
        .setHeader('Content-Type', 'text/html')
        .end(`<iframe src="${gate.server.url}/display" width="400" height="240"></iframe>`),
    );
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const host = await browser.newPage();
    await host.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    await host.frameLocator('iframe').locator('[data-tone=ready]').waitFor();
    await host.close();
    other.close();
  });

  test('says so when it has lost its gate, and comes back by itself with the present state', async () => {
    gate.show({ name: 'open', mark });
    await page.waitForSelector('[data-tone=welcome]');
    const { port } = gate.server;
    await gate.stop();
    await page.waitForSelector('[data-tone=silent]');
    expect(await text()).toContain('This screen is reconnecting');
    gate = await startShownGate(port);
    await page.waitForSelector('[data-tone=ready]');
  });
});
