// Goal: the gate's screen draws every state that it is told in the visitor's language, is readable at three metres on small and large panels
// with the longest texts there are, sounds once for each answer, shows staff's text only to who asks, calls staff, connects again by itself, and
// never leaves an answer standing that it can no longer vouch for.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { languages, refusalCodes, type Decision, type LaneState, type Language, type Mark } from '@postern/shared';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { laneStateToView, type DisplayContext } from '../../gate-agent/src/local-api/display-view.ts';
import { pageFolder } from '../../gate-agent/src/local-api/pages.ts';
import type { Beat, LaneOnScreen, ShownView } from '../../gate-agent/src/local-api/screens.ts';
import { createStaffCalls } from '../../gate-agent/src/staff-calls.ts';
import { launchBrowser } from '../support/browser.ts';
import { serveLocalApi, servedAtMs, type ServedApi } from '../support/local-api.ts';
import { describeOrReport, firstReason, missingPrograms } from '../support/not-run.ts';
import { axeFindings, watchPage, type PageWatch } from '../support/page-watch.ts';
import { createVirtualTime } from '../support/virtual-time.ts';

const context: DisplayContext = {
  languages: ['en', 'de'],
  timeZone: 'Europe/Berlin',
  shows: ['code'],
  clockTrusted: true,
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

const admission = {
  claim: { method: 'qr', event: 1, ticketId: '', epoch: 0, assurance: 'signed' },
  ticket: { id: '', epoch: 0, type: 1 },
  direction: 'entry',
  part: 1,
  party: 1,
  persons: 1,
  warnings: [],
} as const satisfies Partial<Decision>;
const admitted = (change: Partial<Extract<Decision, { kind: 'admit' }>> = {}): LaneState => ({
  name: 'open',
  mark,
  decision: { ...admission, kind: 'admit', ...change },
});
const held = (change: Partial<Extract<Decision, { kind: 'hold' }>> = {}): LaneState => ({
  name: 'held',
  holdId: 'h',
  decision: { ...admission, kind: 'hold', reason: 'under-18', ...change },
});

/** A gate that shows what it is told to. */
interface ShownGate extends ServedApi {
  readonly show: (state: LaneState, change?: Partial<DisplayContext>) => void;
  /** Draws the same anew, as when contact was lost or found. */
  readonly again: () => void;
  readonly beat: (change: Partial<Beat>) => void;
  readonly called: () => readonly string[];
}

async function startShownGate(port: number, lane: Partial<LaneOnScreen> = {}, name = 'Gate A'): Promise<ShownGate> {
  let turn = 0;
  let view: ShownView = { ...laneStateToView('one', { name: 'idle' }, context), turn };
  const beat: Beat = {
    nowMs: servedAtMs,
    timeZone: 'Europe/Berlin',
    clockTrusted: true,
    noContactSinceMs: undefined,
  };
  const { timer } = createVirtualTime();
  const calls = createStaffCalls({
    lanes: () => ['one'],
    nowMs: () => servedAtMs,
    timer,
    changed: (waiting) => served.hub.publish('calls', waiting),
  });
  const served: ServedApi = await serveLocalApi(port, {
    calls,
    hello: {
      gate: { id: 'gate-a', name },
      lanes: [{ id: 'one', direction: 'entry', shows: ['code'], ...lane }],
      boot: '00',
      languages: ['en', 'de'],
      display: { volume: 60, callButton: true },
    },
    views: () => [view],
  });
  return {
    ...served,
    show: (state, change = {}) => {
      turn += 1;
      view = { ...laneStateToView('one', state, { ...context, ...change }), turn };
      served.hub.publish('view', view);
    },
    again: () => served.hub.publish('view', view),
    beat: (change) => served.hub.publish('beat', { ...beat, ...change }),
    called: () => calls.waiting().map((call) => call.lane),
  };
}

const notBuilt = existsSync(pageFolder('display')) ? undefined : 'the display is not built: npm run build';

/** Pixels a millimetre of the panels that gates have (7 inches with 800 x 480, 10.1 with 1280 x 800, 15.6 with 1920 x 1080), and what the README
 *  promises of the first title's capitals. */
const panels: readonly (readonly [width: number, height: number, perMm: number, capitalsMm: number])[] = [
  [800, 480, 800 / 154.1, 8],
  [480, 800, 800 / 154.1, 8],
  [1_280, 800, 1_280 / 217, 12],
  [1_920, 1_080, 1_920 / 345.4, 16],
];

describeOrReport("the gate's screen", firstReason(missingPrograms('chromium'), notBuilt), () => {
  let browser: Browser;
  let page: Page;
  let watch: PageWatch;
  let gate: ShownGate;

  beforeAll(async () => {
    browser = await launchBrowser('--autoplay-policy=no-user-gesture-required');
    gate = await startShownGate(0);
    page = await browser.newPage({ viewport: { width: 1_024, height: 600 } });
    watch = await watchPage(page);
    await page.addInitScript(() => {
      const played: string[] = [];
      Object.assign(globalThis, { played });
      addEventListener('postern-sound', (event) =>
        played.push((event as CustomEvent<{ readonly sound: string }>).detail.sound),
      );
    });
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
  const shows = (title: string): Promise<void> => page.getByText(title, { exact: true }).first().waitFor();
  const sounds = (): Promise<readonly string[]> =>
    page.evaluate(() => (globalThis as unknown as { readonly played: string[] }).played.splice(0));

  test("says what to do, in both languages, with the gate's name and the venue's time", async () => {
    expect(await page.title()).toBe('Gate A');
    for (const part of ['Show your ticket code', 'Bitte Ticketcode zeigen', 'Gate A', '19:02'])
      await expect.poll(() => text()).toContain(part);
  });

  test('changes at once to what the lane does, each state in its own colour and its own shape', async () => {
    const colours = new Set<string>();
    const shapes = new Set<string>();
    const states: readonly [tone: string, state: LaneState, text: string][] = [
      ['ready', { name: 'idle' }, 'Show your ticket code'],
      ['busy', { name: 'deciding' }, 'One moment'],
      ['welcome', admitted(), 'Welcome'],
      ['wait', held(), 'Staff will be with you'],
      ['refused', refused, 'Please see staff'],
      ['closed', { name: 'closed', why: 'store' }, 'Lane closed'],
      ['free', { name: 'free', why: 'fire' }, 'Please walk through'],
    ];
    for (const [tone, state, shown] of states) {
      gate.show(state);
      const stage = page.locator(`[data-tone=${tone}]`);
      await stage.waitFor();
      await expect.poll(() => text()).toContain(shown);
      colours.add(await stage.evaluate((element) => getComputedStyle(element).backgroundColor));
      shapes.add(await page.locator('.symbol').first().innerHTML());
      expect(await axeFindings(page)).toEqual([]);
    }
    expect([colours.size, shapes.size]).toEqual([states.length, states.length]);
  });

  test('stands under a banner in every state while the gate rehearses, and under none once it is left', async () => {
    const banner = page.locator('.rehearsal');
    for (const state of [{ name: 'idle' }, refused, { name: 'closed', why: 'store' }] as const) {
      gate.show(state, { rehearsalUntilMs: servedAtMs });
      await banner.waitFor();
      await expect.poll(() => banner.innerText()).toContain('Rehearsal – entries do not count');
      expect(await axeFindings(page)).toEqual([]);
    }
    gate.show({ name: 'idle' }, { rehearsalUntilMs: servedAtMs });
    await page.waitForSelector('[data-tone=ready]');
    await page.getByRole('button', { name: 'For staff' }).click();
    await expect.poll(text).toContain('REHEARSAL until 19:02: no entry counts.');
    gate.show({ name: 'idle' });
    await page.getByRole('button', { name: 'For staff' }).click();
    await page.waitForSelector('.sheet', { state: 'detached' });
    await banner.waitFor({ state: 'detached' });
  });

  describe('speaks to whoever comes with a ticket', () => {
    test.each(languages)('in its language, %s, alone and in its direction', async (language) => {
      gate.show(admitted({ language }));
      const welcome = { en: 'Welcome', de: 'Willkommen', fr: 'Bienvenue', es: 'Bienvenidos', ar: 'أهلاً وسهلاً' }[language];
      await shows(welcome);
      expect(await page.locator('.words p').count()).toBe(1);
      const line = page.locator('.words p').first();
      const direction = language === 'ar' ? 'rtl' : 'ltr';
      expect([await line.getAttribute('lang'), await line.getAttribute('dir')]).toEqual([language, direction]);
      expect(await page.locator('html').getAttribute('lang')).toBe(language);
      // Who reads from right to left sees the symbol first, on the right.
      const [symbol, words] = await Promise.all(['.symbols', '.words'].map((part) => page.locator(part).boundingBox()));
      expect((symbol?.x ?? 0) > (words?.x ?? 0)).toBe(language === 'ar');
      // The gate's own name stays as it is written, on its side of the line.
      expect(await page.locator('header bdi').first().innerText()).toBe('Gate A');
    });

    test('and in the venue’s two again as soon as that is over, whichever two these are', async () => {
      gate.show(admitted({ language: 'es' }));
      await shows('Bienvenidos');
      gate.show({ name: 'idle' }, { languages: ['fr', 'ar'] });
      await shows('Présentez le code du billet');
      await shows('أظهر رمز تذكرتك');
    });
  });

  test('counts a party in words and figures', async () => {
    gate.show(admitted({ part: 2, party: 5 }));
    await shows('2 of 5');
    expect(await page.locator('.person.now').count()).toBe(1);
    expect(await page.locator('.person.in').count()).toBe(2);
    gate.show(admitted({ part: 2, party: 5, persons: 4, language: 'de' }));
    await shows('2–5 von 5');
    gate.show(admitted({ part: 12, party: 300 }));
    await shows('12 of 300');
    expect(await page.locator('.person').count()).toBe(0);
  });

  test('sounds once for each answer, each in its own way, and not for what it is told again', async () => {
    await sounds();
    for (const state of [admitted(), held(), refused, refused, { name: 'closed', why: 'person' } as const]) {
      gate.show(state);
      gate.again();
    }
    gate.show({ name: 'free', why: 'fire' });
    await page.waitForSelector('[data-tone=free]');
    expect(await sounds()).toEqual(['welcome', 'wait', 'refused', 'refused', 'closed']);
  });

  test('says nothing when it is opened in the middle of an answer, and sounds without a touch where it may', async () => {
    gate.show(refused);
    await page.reload();
    await page.waitForSelector('[data-tone=refused]');
    expect(await sounds()).toEqual([]);
    await page.click('.ask');
    await page.waitForSelector('.sheet');
    expect(await page.locator('.sheet').innerText()).not.toContain('No sound');
    await page.click('.ask');
    await page.waitForSelector('.sheet', { state: 'detached' });
  });

  test('tells staff why only where they ask, with the time, also when the visitor has already stepped aside', async () => {
    gate.show(refused);
    await page.waitForSelector('[data-tone=refused]');
    expect(await text()).not.toContain('Already used');
    gate.show({ name: 'idle' }, { noContactSinceMs: servedAtMs });
    await page.waitForSelector('[data-tone=ready]');
    await page.getByRole('button', { name: 'For staff' }).click();
    const sheet = page.getByRole('status');
    await sheet.waitFor();
    for (const part of ['19:02', 'Already used: Gate B, 19:02', 'No contact since 19:02, still admitting'])
      await expect.poll(() => sheet.innerText()).toContain(part);
    // What is asked about the one is not shown beside the next one.
    gate.show({ name: 'refused', decision: { kind: 'refuse', refusal: { type: 'revoked' } } });
    await sheet.waitFor({ state: 'detached' });
  });

  test('calls staff by one press, which a scanner that types cannot repeat, until they say that they are there', async () => {
    await page.getByRole('button', { name: 'Call staff' }).click();
    await shows('Staff have been called');
    expect(gate.called()).toEqual(['one']);
    await page.keyboard.type('PN1:ABC');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'For staff' }).click();
    await page.getByRole('button', { name: 'I am here' }).click();
    await page.getByRole('button', { name: 'Call staff' }).waitFor();
    expect(gate.called()).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'For staff' }).click();
    await page.waitForSelector('.sheet', { state: 'detached' });
    expect(gate.called()).toEqual([]);
  });

  test('shows in a small badge that the gate works alone, and that nobody has confirmed its time', async () => {
    expect(await page.locator('.badge').count()).toBe(0);
    gate.beat({ noContactSinceMs: servedAtMs, clockTrusted: false });
    await shows('Working offline since 19:02');
    await shows('Time not confirmed');
    expect(await page.locator('.answer').innerText()).not.toMatch(/offline|confirmed/);
    gate.beat({});
    await page.waitForSelector('.badge', { state: 'detached' });
  });

  /** What is cut off, and how high the capitals of the first title are. */
  const measure = (): Promise<{ readonly cutOff: readonly string[]; readonly capitalsPx: number }> =>
    page.evaluate(() => {
      const cutOff = [...document.querySelectorAll('.title, .hint, .party, .symbol, .where svg, header, button')]
        .filter((element) => {
          const { top, left, bottom, right } = element.getBoundingClientRect();
          const isOutside = top < -1 || left < -1 || bottom > innerHeight + 1 || right > innerWidth + 1;
          return isOutside || element.scrollWidth > element.clientWidth + 1;
        })
        .map((element) => `${element.className} ${element.textContent}`);
      const [words, answer] = [document.querySelector('.words'), document.querySelector('.answer')];
      if (words !== null && words.scrollHeight > words.clientHeight + 1) cutOff.push('words');
      if (answer !== null && words !== null && words.clientHeight > answer.clientHeight + 1) cutOff.push('answer');
      const title = document.querySelector('.first .title');
      const canvas = document.createElement('canvas').getContext('2d');
      if (title === null || canvas === null) return { cutOff: ['no title'], capitalsPx: 0 };
      const { fontWeight, fontSize, fontFamily } = getComputedStyle(title);
      canvas.font = `${fontWeight} ${fontSize} ${fontFamily}`;
      return { cutOff, capitalsPx: canvas.measureText('H').actualBoundingBoxAscent };
    });

  const pairs: readonly (readonly [Language, Language])[] = [
    ['fr', 'ar'],
    ['ar', 'fr'],
    ['de', 'es'],
  ];

  test.each(panels)(
    'is readable at three metres on a panel of %i x %i with the longest texts of every language, and nothing is cut off',
    async (width, height, perMm, capitalsMm) => {
      await page.setViewportSize({ width, height });
      const refusals = refusalCodes.map((type): LaneState => ({
        name: 'refused',
        decision: { kind: 'refuse', refusal: { type } },
      }));
      const longest = (language: Language): LaneState =>
        refusals.reduce((one, other) => (titleOf(other, language) > titleOf(one, language) ? other : one));
      const wrong: string[] = [];
      for (const pair of pairs)
        for (const state of [
          longest(pair[0]),
          longest(pair[1]),
          held({ part: 2, party: 5 }),
          { name: 'idle' } as const,
        ]) {
          gate.show(state, { languages: pair });
          const title = laneStateToView('one', state, { ...context, languages: pair }).lines[0]?.title ?? '';
          await shows(title);
          const { cutOff, capitalsPx } = await measure();
          wrong.push(...cutOff.map((what) => `${title}: cut off: ${what}`));
          const mm = capitalsPx / perMm;
          if (mm < capitalsMm) wrong.push(`${pair.join()}: ${title}: ${mm.toFixed(1)} mm`);
        }
      expect(wrong).toEqual([]);
      expect((await page.locator('.symbol').first().boundingBox())?.width ?? 0).toBeGreaterThan(40 * perMm);
      await page.setViewportSize({ width: 1_024, height: 600 });
    },
  );
  const titleOf = (state: LaneState, language: Language): number =>
    laneStateToView('one', state, { ...context, languages: [language] }).lines[0]?.title.length ?? 0;

  test.each([
    [1_024, 600],
    [420, 260],
    [320, 480],
  ])('fits a frame of %d x %d without cutting anything off', async (width, height) => {
    await page.setViewportSize({ width, height });
    for (const state of [refused, held({ part: 2, party: 5, language: 'ar' })]) {
      gate.show(state);
      await page.waitForSelector(`[data-tone=${state.name === 'held' ? 'wait' : 'refused'}]`);
      expect((await measure()).cutOff).toEqual([]);
    }
    await page.setViewportSize({ width: 1_024, height: 600 });
  });

  test('shows where to hold what, with an arrow to the side of the readers, whatever the gate is called', async () => {
    const name = `<b>بوابة</b> 🎪 ${'Süd'.repeat(28)}`;
    const other = await startShownGate(0, { shows: ['code', 'band'], readerSide: 'left' }, name);
    const second = await browser.newPage({ viewport: { width: 800, height: 480 } });
    await second.goto(`${other.server.url}/display`);
    await second.waitForSelector('.where-left');
    expect(await second.locator('.symbol').count()).toBe(2);
    const [arrow, words] = await Promise.all(
      ['.where svg', '.words'].map((part) => second.locator(part).boundingBox()),
    );
    expect((arrow?.x ?? 999) < (words?.x ?? 0)).toBe(true);
    expect(await second.locator('header bdi').first().textContent()).toBe(name);
    const time = await second.locator('header time').boundingBox();
    expect((time?.x ?? 0) + (time?.width ?? 999)).toBeLessThanOrEqual(800);
    other.show(admitted());
    await second.waitForSelector('[data-tone=welcome]');
    expect(await second.locator('.where').count()).toBe(0);
    await second.close();
    await other.stop();
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
    gate.show(admitted());
    await page.waitForSelector('[data-tone=welcome]');
    const { port } = gate.server;
    watch.expect(/Failed to load resource/, /ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)/);
    await gate.stop();
    await page.waitForSelector('[data-tone=silent]');
    await expect.poll(() => text()).toContain('This screen is reconnecting');
    gate = await startShownGate(port);
    await page.waitForSelector('[data-tone=ready]');
  });
});
