// Goal: a ticket on a phone, in a real browser: claimed by a link, shown without a network after one visit as a code that a real gate's feed
// and rules admit, told what has become of it, passed on, and brought back after the storage was wiped; whatever the phone's clock says.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import type { TicketResponse } from '@postern/shared';
import { launchBrowser } from '../support/browser.ts';
import { createTestCloud, someEvent, type TestCloud } from '../support/cloud.ts';
import { openFeedGate, type FeedGate } from '../support/feed-gate.ts';
import { injectWallet, sayNo } from '../support/injected-wallet.ts';
import { describeOrReport, firstReason, missingPrograms } from '../support/not-run.ts';
import { makeLink, secretOf } from '../support/phone.ts';
import { chainOf, testWallet, tokenRules } from '../support/tokens.ts';
import { createVirtualTime, virtualStartMs } from '../support/virtual-time.ts';
import { makeAppleFiles, makeGoogleFiles } from '../support/wallet-files.ts';
import { axeFindings, watchPage, type PageWatch } from '../support/page-watch.ts';

const builtPage = fileURLToPath(new URL('../../cloud-sync/dist/my-ticket/worker.js', import.meta.url));
const missingPage = existsSync(builtPage) ? undefined : 'the pages are not built (npm run build)';
const hourMs = 3_600_000;
const patienceMs = 20_000;
const patient = { timeout: patienceMs };

describeOrReport('a ticket on a phone', firstReason(missingPrograms('chromium'), missingPage), () => {
  let browser: Browser;
  let test: TestCloud;
  let gate: FeedGate;
  let server: ReturnType<typeof createAdaptorServer>;
  let url = '';
  let walletFolder = '';
  let ticket: TicketResponse;
  let link = '';
  let contexts: BrowserContext[] = [];
  let watches: PageWatch[] = [];
  /** What no page may do: throw, break its own rules, or ask anybody else. */
  const wrongs: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    const wasm = readFileSync(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm'));
    prepareZXingModule({
      overrides: { wasmBinary: wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength) },
    });
    // A browser's clock is the real one, and so is the cloud's that it learns.
    const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
    walletFolder = mkdtempSync(join(tmpdir(), 'postern-wallets-'));
    // Certificates are good from when virtual time begins.
    const daysLeft = 300 + Math.ceil((Date.now() - virtualStartMs) / (24 * hourMs));
    const wallets = {
      apple: await makeAppleFiles(walletFolder, daysLeft),
      google: makeGoogleFiles(walletFolder).settings,
    };
    test = await createTestCloud({ time: { ...createVirtualTime(), clock }, wallets });
    await test.json('POST', '/api/events', { ...someEvent, name: 'Harbour Festival', timeZone: 'Europe/Berlin' });
    gate = await openFeedGate(test);
    server = createAdaptorServer({ fetch: test.cloud.app.fetch });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser.close();
    gate.close();
    test.cloud.endStreams();
    (server as Server).closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
    await test.close();
    rmSync(walletFolder, { recursive: true });
  });

  beforeEach(async () => {
    wrongs.length = 0;
    ticket = await test.json('POST', '/api/tickets', { event: 1, type: 1 });
    await deliver();
    link = onPhone((await makeLink(test, ticket.id)).link);
  });
  afterEach(async () => {
    for (const watch of watches) wrongs.push(...watch.findings());
    for (const page of contexts.flatMap((context) => context.pages()))
      if (page.url().startsWith(url)) wrongs.push(...(await axeFindings(page)));
    for (const context of contexts) await context.close();
    [contexts, watches] = [[], []];
    expect(wrongs).toEqual([]);
  });

  /** Links name the public address of the deployment. */
  const onPhone = (made: string): string => `${url}/my/#claim=${secretOf(made)}`;
  /** The gate hears of what has changed. */
  const deliver = async (): Promise<void> => {
    await test.cloud.feed.publish(1);
    expect(await gate.poll()).toBe('changed');
  };
  const newPhone = async (
    prepare: (page: Page) => Promise<unknown> = async () => undefined,
    locale = 'en-GB',
  ): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale });
    contexts.push(context);
    return newTab(context, prepare);
  };
  const newTab = async (
    context: BrowserContext,
    prepare: (page: Page) => Promise<unknown> = async () => undefined,
  ): Promise<Page> => {
    const page = await context.newPage();
    page.setDefaultTimeout(patienceMs);
    const watch = await watchPage(page);
    // Without a network, and where the cloud says no, which is what is tested here.
    watch.expect(/Failed to load resource/);
    watches.push(watch);
    page.on('request', (request) => {
      // Where somebody has pressed to go to.
      if (request.isNavigationRequest()) return;
      if (!request.url().startsWith(url) && !request.url().startsWith('blob:')) wrongs.push(request.url());
    });
    await prepare(page);
    return page;
  };
  const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();
  const titled = (page: Page, title: string): Promise<unknown> =>
    page.getByRole('heading', { name: title, exact: true }).waitFor();
  const claimOn = async (page: Page, by: string): Promise<void> => {
    await page.goto(by);
    await press(page, 'Put it on this phone');
    await page.waitForSelector('.code svg');
  };
  const codeOn = async (page: Page): Promise<string> => {
    await page.waitForSelector('.code svg');
    return (await page.getAttribute('.code', 'data-code')) ?? '';
  };
  const isKept = (page: Page): Promise<unknown> =>
    page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      while (navigator.serviceWorker.controller === null) await new Promise((resolve) => setTimeout(resolve, 20));
    });
  /** As a camera sees it. */
  const readScreen = async (page: Page): Promise<string | undefined> =>
    (await readBarcodes(new Uint8Array(await page.screenshot()), { formats: ['QRCode'] }))[0]?.text;
  const offline = async (page: Page): Promise<void> => {
    await page.context().setOffline(true);
    await page.evaluate(() => globalThis.dispatchEvent(new Event('online')));
    await titled(page, 'No network');
  };
  const hide = (page: Page, state: 'hidden' | 'visible'): Promise<void> =>
    page.evaluate((to) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => to });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);

  it('opens and turns its code without a network after one visit, and a gate admits what its screen shows', async () => {
    const page = await newPhone((made) => made.clock.install({ time: Date.now() }));
    await claimOn(page, link);
    expect(new URL(page.url()).hash).toBe('');
    await isKept(page);
    await offline(page);
    await page.reload();
    const first = await codeOn(page);
    await press(page, 'Show it large');
    // Between the two the code may turn.
    await expect.poll(async () => (await readScreen(page)) === (await codeOn(page)), patient).toBe(true);
    expect(
      await page.evaluate(() => getComputedStyle(document.querySelector('dialog') ?? document.body).backgroundColor),
    ).toBe('rgb(255, 255, 255)');
    const pageNowMs = (): Promise<number> => page.evaluate(() => Date.now());
    expect(await gate.present(await codeOn(page), await pageNowMs())).toBe('admit');
    await page.clock.runFor(15_000);
    await expect.poll(() => codeOn(page), patient).not.toBe(first);
    const second = await codeOn(page);
    expect(await gate.present(second, await pageNowMs())).toBe('admit');
    expect(await gate.present(second, (await pageNowMs()) + 60_000)).toBe('expired');
  });

  it('speaks the phone’s language, Arabic from right to left, with names of the venue as they are written', async () => {
    const page = await newPhone(async () => undefined, 'ar-EG');
    await page.goto(link);
    await titled(page, 'تذكرتك');
    expect(await page.locator('html').getAttribute('dir')).toBe('rtl');
    await press(page, 'حفظها على هذا الهاتف');
    await page.waitForSelector('.code svg');
    expect(await page.locator('h1 bdi').innerText()).toBe('Harbour Festival');
    expect(await page.getByRole('article').innerText()).not.toMatch(/[A-Za-z]{3,} (from|until|left)|New code/);
    // What is said on the right stands on the right.
    const sides = await page.evaluate(() =>
      [...document.querySelectorAll('dl div')].map((row) => {
        const [name, value] = [...row.children].map((child) => child.getBoundingClientRect().left);
        return (name ?? 0) > (value ?? 0);
      }),
    );
    expect(sides.length).toBeGreaterThan(0);
    expect(sides).not.toContain(false);
  });

  it('makes nothing while it is hidden, keeps the screen on while it is not, and shows one ticket of several', async () => {
    const page = await newPhone((made) =>
      made.addInitScript(() => {
        const asked: string[] = [];
        Object.assign(globalThis, { asked });
        Object.defineProperty(navigator, 'wakeLock', {
          value: { request: async () => ({ released: asked.push('screen') > 99, release: async () => undefined }) },
        });
      }),
    );
    await claimOn(page, link);
    const locks = (): Promise<number> =>
      page.evaluate(() => (globalThis as unknown as { asked: string[] }).asked.length);
    expect(await locks()).toBe(1);
    await hide(page, 'hidden');
    await page.waitForSelector('.code svg', { state: 'detached' });
    await hide(page, 'visible');
    await page.waitForSelector('.code svg');
    const other = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 2 });
    // The link is opened in the page that is open.
    await page.evaluate((to) => location.assign(to), onPhone((await makeLink(test, other.id)).link));
    await press(page, 'Put it on this phone');
    await page.getByText('Ticket 1 of 2').or(page.getByText('Ticket 2 of 2')).waitFor();
    const before = await page.getByRole('article').innerText();
    await press(page, 'Next ticket');
    await expect.poll(() => page.getByRole('article').innerText(), patient).not.toBe(before);
  });

  it('with a wrong clock goes by the cloud’s, and says so; set while it is shown it goes on as before', async () => {
    const page = await newPhone((made) => made.clock.install({ time: Date.now() - 3 * hourMs }));
    await claimOn(page, link);
    await titled(page, 'This phone’s clock is wrong');
    expect(await gate.present(await codeOn(page), Date.now())).toBe('admit');
    await isKept(page);
    await page.context().setOffline(true);
    await page.reload();
    expect(await gate.present(await codeOn(page), Date.now())).toBe('admit');
    await page.clock.setSystemTime(Date.now() - 30 * hourMs);
    await titled(page, 'The clock of this phone was changed');
    await page.clock.runFor(15_000);
    expect(await gate.present(await codeOn(page), Date.now() + 15_000)).toBe('admit');
    await page.context().setOffline(false);
    await page.evaluate(() => globalThis.dispatchEvent(new Event('online')));
    await titled(page, 'This phone’s clock is wrong');
  });

  it('comes back by the same link after the storage was wiped; what was there before opens nothing', async () => {
    const page = await newPhone();
    await claimOn(page, link);
    const lost = await codeOn(page);
    await page.goto('about:blank');
    const session = await page.context().newCDPSession(page);
    await session.send('Storage.clearDataForOrigin', { origin: url, storageTypes: 'all' });
    await page.goto(`${url}/my/`);
    await titled(page, 'No ticket on this phone');
    await page.goto('about:blank');
    await page.goto(link);
    await press(page, 'Put it on this phone');
    await titled(page, 'This ticket is on another phone');
    await press(page, 'Move it to this phone');
    const found = await codeOn(page);
    await deliver();
    expect([await gate.present(lost, Date.now()), await gate.present(found, Date.now())]).toEqual([
      'replaced',
      'admit',
    ]);
  });

  it('opened in two tabs is one phone', async () => {
    const page = await newPhone();
    const tab = await newTab(page.context());
    await Promise.all([page.goto(link), tab.goto(link)]);
    await Promise.all([press(page, 'Put it on this phone'), press(tab, 'Put it on this phone')]);
    await Promise.all([page.waitForSelector('.code svg'), tab.waitForSelector('.code svg')]);
    for (const one of [page, tab]) expect(await gate.present(await codeOn(one), Date.now())).toBe('admit');
    expect((await test.json<TicketResponse>('GET', `/api/tickets/${ticket.id}`)).epoch).toBe(ticket.epoch);
  });

  it('goes to a friend by a link, until then may be taken back, and then leaves the first phone', async () => {
    const [hers, his] = [await newPhone(), await newPhone()];
    await claimOn(hers, link);
    const makeOffer = async (): Promise<string> => {
      await press(hers, 'Give to a friend');
      await press(hers, 'Make the link');
      await titled(hers, 'Waiting for your friend');
      return onPhone((await hers.textContent('.link')) ?? '');
    };
    const first = await makeOffer();
    await press(hers, 'Take it back');
    await hers.getByRole('button', { name: 'Give to a friend' }).waitFor();
    await his.goto(first);
    await press(his, 'Put it on this phone');
    await titled(his, 'This link no longer works');
    expect(await his.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    await press(his, 'Close');
    await titled(his, 'No ticket on this phone');
    const second = await makeOffer();
    const old = await codeOn(hers);
    await his.goto('about:blank');
    await claimOn(his, second);
    await titled(his, 'Keep this link for yourself');
    await hers.evaluate(() => globalThis.dispatchEvent(new Event('online')));
    await titled(hers, 'Given to somebody else');
    expect(await hers.locator('.code').count()).toBe(0);
    await deliver();
    expect(await gate.present(old, Date.now())).toBe('replaced');
    expect(await gate.present(await codeOn(his), Date.now())).toBe('admit');
    await test.json('POST', `/api/tickets/${ticket.id}/revoke`, undefined, 200);
    await his.evaluate(() => globalThis.dispatchEvent(new Event('online')));
    await titled(his, 'Cancelled');
  });

  it('leads to the wallets that the cloud makes passes for, by addresses of its own making', async () => {
    const page = await newPhone();
    await claimOn(page, link);
    for (const [name, address] of [
      ['Add to Apple Wallet', 'https://cloud.test/wallet-passes/'],
      ['Add to Google Wallet', 'https://pay.google.com/gp/v/save/'],
    ] as const) {
      await page.context().route(`${address}**`, (route) => route.fulfill({ status: 204 }));
      await Promise.all([page.waitForRequest((request) => request.url().startsWith(address)), press(page, name)]);
    }
    await titled(page, 'Harbour Festival');
  });

  it('says that a ticket has been used, and shows its code only to who insists', async () => {
    const page = await newPhone();
    await claimOn(page, link);
    const path = `/api/tickets/${ticket.id}/methods/dynamic/verify`;
    const verified = await test.json('POST', path, { presented_data: await codeOn(page) }, 200);
    expect(verified).toMatchObject({ success: true });
    await page.evaluate(() => globalThis.dispatchEvent(new Event('online')));
    await titled(page, 'This ticket has been used');
    expect(await page.locator('.code').count()).toBe(0);
    expect(await page.locator('dl').innerText()).toMatch(/Entered\s+\w+.* · Cloud/);
    expect(await page.getByRole('button', { name: /Give to a friend|Wallet/ }).count()).toBe(0);
    await press(page, 'Show the code anyway');
    expect(await codeOn(page)).toMatch(/^PN2:/);
  });

  describe('that a wallet holds', () => {
    const [seller, buyer] = [testWallet(1), testWallet(2)];
    /** Of its own for every test. */
    let tokenId = 40n;
    beforeEach(async () => {
      tokenId += 1n;
      await test.json('PUT', '/api/events/1/nft', tokenRules, 200);
      await chainOf(test).own(tokenId, ticket.id, seller.address);
      await deliver();
    });
    const tokenLink = (): string => `${url}/my/#token=1/${tokenId}`;

    it('comes by the wallet’s word, stays without wallet and network, and goes when the token is sold', async () => {
      const hers = await newPhone(injectWallet(seller));
      await hers.goto(`${url}/my/#token=1`);
      await titled(hers, 'Your ticket is a token');
      await hers.getByLabel('Number of the token').fill(` ${tokenId} `);
      await press(hers, 'Ask the wallet');
      expect(await gate.present(await codeOn(hers), Date.now())).toBe('admit');
      expect(new URL(hers.url()).hash).toBe('');
      expect(await hers.getByRole('button', { name: 'Give to a friend' }).count()).toBe(0);
      await isKept(hers);
      await hers.addInitScript(() => void Reflect.deleteProperty(globalThis, 'ethereum'));
      await offline(hers);
      await hers.reload();
      const old = await codeOn(hers);
      expect(await hers.evaluate(() => 'ethereum' in globalThis)).toBe(false);
      expect(await gate.present(old, Date.now())).toBe('admit');
      // As following the chain does it.
      await test.json('POST', `/api/tickets/${ticket.id}/transfer`, { holder: {} }, 200);
      await chainOf(test).own(tokenId, ticket.id, buyer.address, { epoch: 1 });
      await deliver();
      await hers.context().setOffline(false);
      await hers.evaluate(() => globalThis.dispatchEvent(new Event('online')));
      await titled(hers, 'The token has a new owner');
      expect(await hers.locator('.code').count()).toBe(0);
      const his = await newPhone(injectWallet(buyer));
      await his.goto(tokenLink());
      await press(his, 'Ask the wallet');
      expect([await gate.present(old, Date.now()), await gate.present(await codeOn(his), Date.now())]).toEqual([
        'replaced',
        'admit',
      ]);
    });

    it('stays away where the wallet says no, is another’s, or is not there, and says which', async () => {
      const page = await newPhone(injectWallet(seller));
      await page.goto(tokenLink());
      await sayNo(page, true);
      await press(page, 'Ask the wallet');
      await titled(page, 'The wallet has not signed');
      await sayNo(page, false);
      await press(page, 'Try again');
      await page.waitForSelector('.code svg');
      // Opened once more it is here already.
      await page.goto('about:blank');
      await page.goto(tokenLink());
      await page.waitForSelector('.code svg');
      expect(await page.getByRole('button', { name: 'Ask the wallet' }).count()).toBe(0);

      const other = await newPhone(injectWallet(buyer));
      await other.goto(tokenLink());
      await press(other, 'Ask the wallet');
      await titled(other, 'This wallet does not hold the token');
      await other.getByLabel('Number of the token').fill('7');
      await press(other, 'Try again');
      await titled(other, 'There is no ticket for this token');

      const none = await newPhone();
      await none.goto(tokenLink());
      await titled(none, 'Open this in your wallet');
      expect(await none.textContent('.link')).toBe(tokenLink());
    });
  });

  it('signs with the spare library where the browser has no Ed25519, and speaks German to who reads it', async () => {
    const context = await browser.newContext({ locale: 'de-DE' });
    contexts.push(context);
    const page = await newTab(context, (made) =>
      made.addInitScript(() => {
        SubtleCrypto.prototype.generateKey = async () => {
          throw new DOMException('no Ed25519', 'NotSupportedError');
        };
      }),
    );
    await page.goto(link);
    await press(page, 'Auf dieses Handy holen');
    expect(await gate.present(await codeOn(page), Date.now())).toBe('admit');
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
    await page.reload();
    expect(await gate.present(await codeOn(page), Date.now())).toBe('admit');
  });
});
