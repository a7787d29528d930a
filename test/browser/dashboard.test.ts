// The dashboard in a browser: sign in, see gates and a double entry as it happens, and be told when what is shown is old.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { TicketResponse } from '@postern/shared';
import { launchBrowser } from '../support/browser.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../support/cloud.ts';
import { aMark } from '../support/marks.ts';
import { serveCloud, type ServedCloud } from '../support/served-cloud.ts';
import { describeOrReport, firstReason, missingPrograms } from '../support/not-run.ts';
import { axeFindings, watchPage, type PageWatch } from '../support/page-watch.ts';

const builtPage = fileURLToPath(new URL('../../cloud-sync/dist/dashboard/index.html', import.meta.url));
const missingPage = existsSync(builtPage) ? undefined : 'the pages are not built (npm run build)';
const doorsMs = Date.UTC(2026, 8, 21, 19, 2, 11);

describeOrReport('the dashboard', firstReason(missingPrograms('chromium'), missingPage), () => {
  let browser: Browser;
  let page: Page;
  let test: TestCloud;
  let gates: readonly TestGate[];
  let ticket: TicketResponse;
  let served: ServedCloud;
  let watch: PageWatch;

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    test = await createTestCloud();
    await test.json('POST', '/api/events', { ...someEvent, name: 'Harbour Festival' });
    ticket = await test.json('POST', '/api/tickets', { event: 1, type: 1 });
    gates = [await enrolTestGate(test, 1, 'gate-a'), await enrolTestGate(test, 1, 'gate-b')];
    served = await serveCloud(test);
    page = await browser.newPage();
    watch = await watchPage(page);
    await page.goto(`${served.url}/`);
  });
  afterEach(async () => {
    const found = [...watch.findings(), ...(await axeFindings(page))];
    await page.close();
    await served.stop();
    await test.close();
    expect(found).toEqual([]);
  });

  /** Where signing in is asked for: the page of it, or the dialog over the page. */
  const signIn = async (token = test.token): Promise<void> => {
    await page.waitForSelector('.sign-in-form');
    const byToken = page.getByRole('button', { name: 'Use a token instead' });
    if (await byToken.isVisible()) await byToken.click();
    await page.fill('.sign-in-form input[type=password]', token);
    await page.click('.sign-in-form button[type=submit]');
  };
  const enter = async (gate: TestGate | undefined, atMs: number, throughMs: number): Promise<void> => {
    if (gate === undefined) throw new Error('no such gate');
    await gate.push([
      await gate.chunk([aMark({ event: 1, gate: gate.id, ticketId: ticket.id, at: { ms: atMs, counter: 0 } })], {
        throughMs,
      }),
    ]);
  };

  it('asks for the token and says when it is wrong', async () => {
    await page.waitForSelector('.sign-in');
    expect(await axeFindings(page)).toEqual([]);
    watch.expect(/status of 401 .*\/session\b/);
    await signIn('wrong');
    await expect.poll(() => page.textContent('.sign-in [role=alert] .words')).toBe('This token is not known here.');
    await signIn();
    await page.waitForSelector('.gate');
    await expect.poll(() => page.textContent('h1')).toBe('Harbour Festival');
  });

  it('shows a double entry as it happens: both gates, both times, the uncertainty, the likely cause, and whether it may change', async () => {
    await signIn();
    await page.waitForSelector('.cases .empty');
    await enter(gates[0], doorsMs, doorsMs);
    await page.waitForSelector('.last tbody tr');
    await enter(gates[1], doorsMs + 20_000, doorsMs + 30_000);
    await page.waitForSelector('.cases .case');
    const shown = (await page.innerText('.cases .case')).split(/\s*\n\s*/);
    expect(shown).toEqual([
      'Entered twice',
      `Ticket …${ticket.id.slice(-4)} Standing`,
      'Gate A',
      '19:02:11',
      '±0.1 s',
      'Gate B',
      '19:02:31',
      '±0.1 s',
      'Likely cause: a code that somebody else has too',
      'May change: 1 gate not heard from',
    ]);
    await enter(gates[0], doorsMs, doorsMs + 60_000);
    await page.waitForSelector('.cases .may-change', { state: 'detached' });
  });

  it('names a gate that was declared lost, on its card and where its marks may be missing, until it is taken back', async () => {
    const gateA = '.gate:has(bdi:text-is("Gate A"))';
    const lost = '/api/events/1/gates/gate-a/lost';
    await signIn();
    await enter(gates[0], doorsMs, doorsMs);
    await enter(gates[1], doorsMs + 10_000, doorsMs + 30_000);
    await page.waitForSelector('.cases .may-change');
    await expect.poll(() => page.innerText('.cases .case')).toContain('Likely cause: the same person, scanned again');
    await test.api('PUT', lost, { reason: 'out-of-reach' });
    await page.waitForSelector('.cases .may-change', { state: 'detached' });
    await expect.poll(() => page.innerText('.cases .case')).toContain('May be incomplete: Gate A is lost');
    // What a gate is like is looked up every few seconds.
    test.time.jump(20_000);
    await page.waitForSelector(`${gateA}.tone-warn`);
    expect((await page.innerText(`${gateA} .state`)).trim()).toBe('Lost, but in contact');
    await test.api('DELETE', lost);
    test.time.jump(20_000);
    await page.waitForSelector('.cases .may-change');
    await page.waitForSelector(`${gateA}.tone-warn`, { state: 'detached' });
    expect(await page.innerText('.cases .case')).not.toContain('May be incomplete');
  });

  it('begins a rehearsal after saying what it means, shows it above every section, and leaves it by one press', async () => {
    await signIn();
    await page.waitForSelector('.cases .empty');
    expect(await page.locator('.rehearsal-banners .banner').count()).toBe(0);
    await page.getByRole('link', { name: 'Rehearsal' }).click();
    await page.getByText('Nothing rehearses: every entry counts.').waitFor();
    await page.getByRole('button', { name: 'Begin a rehearsal' }).click();
    const dialog = page.locator('dialog[open]');
    await expect
      .poll(() => dialog.innerText())
      .toContain('No entry at any gate counts until somebody leaves the rehearsal');
    expect(await axeFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Begin a rehearsal' }).click();
    const banner = page.locator('.rehearsal-banners .banner');
    await banner.waitFor();
    await expect.poll(() => banner.innerText()).toMatch(/REHEARSAL until \d\d:\d\d: no entry counts/);
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('link', { name: 'Live' }).click();
    await page.waitForSelector('.cases .empty');
    await banner.getByRole('button', { name: 'Leave the rehearsal' }).click();
    await banner.waitFor({ state: 'detached' });
    expect(await test.json('GET', '/api/events/1/rehearsal')).toMatchObject({ alarms: [] });
  });

  it('says loudly that it has lost contact, and recovers by itself', async () => {
    await signIn();
    await page.waitForSelector('.stamp .tone-good');
    const { port } = served;
    watch.expect(/Failed to load resource: net::ERR_/, /status of 401/);
    await served.stop();
    await page.waitForSelector('.tone-warn[role=alert]');
    await expect
      .poll(() => page.textContent('.tone-warn[role=alert] .words'))
      .toMatch(/^No contact with the cloud since \d\d:\d\d:\d\d: what you see is old$/);
    await test.cloud.close();
    test = await createTestCloud({ folder: test.folder, time: test.time });
    served = await serveCloud(test, port);
    await page.waitForSelector('dialog[open]');
    await signIn();
    await page.waitForSelector('.stamp .tone-good');
  });

  it('says that it must be loaded again, and shows nothing, where the cloud has another dashboard by now', async () => {
    await signIn();
    await page.waitForSelector('.live');
    const banner = page.getByRole('alert').filter({ hasText: 'The dashboard was updated' });
    expect(await banner.count()).toBe(0);
    // As after an update: what a gate's page would be told is of a newer cloud, and called otherwise.
    await page.route('**/api/events/1/gates*', async (route) =>
      route.fulfill({ headers: { 'Postern-Dashboard': 'index-newer.js' }, json: { doors: [] } }),
    );
    await page.goto(`${served.url}/#/e/1/gates`);
    await banner.first().waitFor();
    expect(await page.locator('tbody tr').count()).toBe(0);
    await page.unroute('**/api/events/1/gates*');
    await page.getByRole('button', { name: 'Load it again' }).click();
    await page.locator('tbody tr').first().waitFor();
    expect(await banner.count()).toBe(0);
  });

  it('asks to sign in again over a form, loses nothing of it, and then does what was asked', async () => {
    watch.expect(/status of 401/);
    await signIn();
    await page.waitForSelector('.live');
    await page.goto(`${served.url}/#/e/1/gates/.new`);
    await page.getByLabel('Name').fill('Ferry pier');
    await page.context().clearCookies();
    const send = page.locator('form button[type=submit]');
    await send.click();
    await page.waitForSelector('dialog[open]');
    expect(await axeFindings(page)).toEqual([]);
    // Escape leads nowhere: there is nothing to go back to before somebody has signed in.
    await page.keyboard.press('Escape');
    expect(await page.locator('dialog[open]').count()).toBe(1);
    expect(await page.getByLabel('Name').inputValue()).toBe('Ferry pier');
    expect((await test.api('GET', '/api/events/1/gates/ferry-pier')).status).toBe(404);
    await signIn();
    await expect.poll(async () => (await test.api('GET', '/api/events/1/gates/ferry-pier')).status).toBe(200);
    await page.getByText('Ferry pier').first().waitFor();
  });

  it('can be used by keyboard alone, and skips the way around', async () => {
    await signIn();
    await page.waitForSelector('.live');
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press('Tab');
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.textContent ?? '');
    expect(await focused()).toBe('Go to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    await page.getByRole('link', { name: 'Gates', exact: true }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => location.hash)).toBe('#/e/1/gates');
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('main');
  });

  it('shows names as they are written, whatever they are, and stays in shape', async () => {
    const names = [
      '<img src=x onerror="alert(1)"> & <script>alert(2)</script>',
      '\u202Eשער הצפון بوابة الشمال\u202C',
      "👩‍👩‍👧‍👦 ﷽ Z̷̢̛a̶l̵g̷o̸ “${{7*7}}” '; DROP TABLE gate;--",
      'W'.repeat(100),
    ];
    const event = { ...someEvent, name: names[0], zones: names.map((name, index) => ({ id: `zone-${index}`, name })) };
    await test.json('POST', '/api/events', event);
    for (const [index, name] of names.entries())
      await test.json('POST', '/admin/events/2/gates', {
        id: `odd-${index}`,
        name,
        zone: `zone-${index}`,
        lanes: [{ id: 'lane-1' }],
      });
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${served.url}/#/e/2/live`);
    await signIn();
    await page.waitForSelector('.live');
    for (const name of names) await page.locator('.zone h3').getByText(name, { exact: true }).waitFor();
    for (const name of names) await page.locator('.gate').getByText(name, { exact: true }).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
  });

  it('takes no other event for one that is not there, and finds one that was made meanwhile', async () => {
    await page.goto(`${served.url}/#/e/2/live`);
    await signIn();
    await page.getByText('This event is not among yours').waitFor();
    expect(await page.locator('.gate').count()).toBe(0);
    await test.json('POST', '/api/events', { ...someEvent, name: 'Second Festival' });
    await page.getByRole('link', { name: 'To your events' }).click();
    await page.waitForSelector('.gate');
    await page.goto(`${served.url}/#/e/2/live`);
    await expect.poll(() => page.textContent('h1')).toBe('Second Festival');
  });

  it('fits a phone, by night and in German, and its menu opens and closes', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await signIn();
    await page.waitForSelector('.live .plot canvas');
    const menu = page.getByRole('button', { name: 'Menu' });
    expect(await page.getByRole('link', { name: 'Gates', exact: true }).isVisible()).toBe(false);
    await menu.click();
    await page.getByLabel('Language').selectOption('de');
    await page.getByRole('button', { name: 'Abmelden' }).waitFor();
    await page.getByRole('link', { name: 'Live', exact: true }).click();
    await page.getByRole('heading', { name: 'Bereiche und Gates' }).waitFor();
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overhang).toBeLessThanOrEqual(0);
  });
});

describeOrReport('what watches pages in tests', missingPrograms('chromium'), () => {
  it('finds what a page’s rules forbid, what it writes as an error, and what shuts somebody out', async () => {
    const browser = await launchBrowser();
    const page = await browser.newPage();
    const watch = await watchPage(page);
    await page.route('http://page.test/**', (route) =>
      route.fulfill({
        contentType: 'text/html',
        headers: { 'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'" },
        body: '<!doctype html><html lang="en"><title>Test</title><p style="color:red">Text</p><img src="data:,"><script>1</script>',
      }),
    );
    await page.goto('http://page.test/');
    const named =
      (start: string): (() => boolean) =>
      () =>
        watch.findings().some((line) => line.startsWith(start));
    await expect.poll(named('CSP: style-src-attr')).toBe(true);
    await expect.poll(named('CSP: script-src-elem')).toBe(true);
    await expect.poll(named('console: ')).toBe(true);
    expect((await axeFindings(page)).some((line) => line.startsWith('image-alt'))).toBe(true);
    await browser.close();
  });
});
