// Goal: a steward makes a phone a gate with a code, scans with its camera and a scan engine, answers what the gate asks, stops entry and lets it go
// on, takes a newer version of the page, and goes on when the cloud is gone: then the phone and a gate on the LAN still know of each other's
// entries.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  eventResponseSchema,
  gateResponseSchema,
  orderConfirmationSchema,
  ordersViewSchema,
  rollCallSchema,
  staffResponseSchema,
  ticketBatchResponseSchema,
} from '@postern/shared';
import { writeCodeFilm } from '../../scripts/lib/code-film.ts';
import { launchBrowserOf } from '../support/browser.ts';
import { createCloudClient, firstToken, freePort, startNewCloud, type CloudProcess } from '../support/cloud-process.ts';
import { startCloudProxy, type CloudProxy } from '../support/cloud-proxy.ts';
import { enrolGate } from '../support/enrol-gate.ts';
import {
  listenToGate,
  runGateCommand,
  showCode,
  startGateProcess,
  type GateEvents,
  type GateProcess,
} from '../support/gate-process.ts';
import { describeOrReport, firstReason, missingPrograms } from '../support/not-run.ts';
import { axeFindings, watchPage, type PageWatch } from '../support/page-watch.ts';
import { trustAuthority } from '../support/trust-authority.ts';

const builtPage = fileURLToPath(new URL('../../cloud-sync/dist/handheld/index.html', import.meta.url));
const missingPage = existsSync(builtPage) ? undefined : 'the pages are not built (npm run build)';
const patience = { timeout: 60_000 };
const pin = '4711';
const phoneClockWrongByMs = -20 * 60_000;
/** Longer than the time in which a code that is shown again is still the same presentation. */
const outOfViewMs = 2_500;

describeOrReport("the steward's handheld", firstReason(missingPrograms('chromium', 'certutil'), missingPage), () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-handheld-'));
  let cloud: CloudProcess;
  let cloudUrl = '';
  let proxy: CloudProxy;
  let post: (path: string, body: unknown) => Promise<unknown>;
  let gate: GateProcess;
  let gateEvents: GateEvents;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let watch: PageWatch;
  let codes: readonly string[] = [];
  let operator = '';

  beforeAll(async () => {
    proxy = await startCloudProxy();
    const started = await startNewCloud(folder, {
      POSTERN_CLOUD_GATE_DOMAIN: 'gates.test',
      POSTERN_CLOUD_PUBLIC_URL: proxy.url,
    });
    ({ process: cloud, url: cloudUrl, post } = started);
    proxy.leadTo(cloudUrl);
    const { event } = eventResponseSchema.parse(
      await post('/api/events', {
        name: 'Harbour Festival',
        types: [
          { id: 1, name: 'Standing' },
          { id: 2, name: 'Under 18', hold: 'under-18' },
        ],
        zones: [{ id: 'arena', name: 'Arena' }],
      }),
    );
    const batch = ticketBatchResponseSchema.parse(
      await post('/api/tickets/batch', {
        event,
        tickets: [
          { type: 1 },
          { type: 1 },
          { type: 2 },
          { type: 1, party: 5 },
          ...Array.from({ length: 6 }, () => ({ type: 1 })),
        ],
      }),
    );
    codes = batch.tickets.map(({ text }) => text ?? '');
    ({ operator } = staffResponseSchema.parse(await post(`/admin/events/${event}/staff`, { role: 'supervisor', pin })));
    const webPort = await freePort();
    const configPath = await enrolGate({
      url: cloudUrl,
      post,
      event,
      folder: join(folder, 'gate-a'),
      lanes: [{ id: 'main', readers: ['stdin://'], actuator: 'none://' }],
    });
    writeFileSync(configPath, `${readFileSync(configPath, 'utf8')}\n[lan]\nweb = "127.0.0.1:${webPort}"\n`);
    await post(`/admin/events/${event}/publish`, {});
    gate = startGateProcess(configPath);
    gateEvents = await listenToGate((await gate.ready).url);
    const authority = await (await fetch(`${cloudUrl}/handheld/gates.crt`)).arrayBuffer();
    trustAuthority(folder, new Uint8Array(authority));
    const film = join(folder, 'camera.y4m');
    writeCodeFilm(film, [{ frames: 20 }, { text: codes[0] ?? '', frames: 30 }]);
    browser = await launchBrowserOf(
      folder,
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-video-capture=${film}`,
      `--host-resolver-rules=MAP gate-a.gates.test:7445 127.0.0.1:${webPort}`,
    );
    context = await browser.newContext({ viewport: { width: 412, height: 915 }, locale: 'en-GB' });
    await context.grantPermissions(['local-network-access', 'camera']);
    // A phone whose clock is wrong.
    await context.addInitScript((wrongByMs) => {
      const { now } = Date;
      Date.now = () => now() + wrongByMs;
    }, phoneClockWrongByMs);
    page = await context.newPage();
    watch = await watchPage(page);
  });
  afterAll(async () => {
    await browser?.close();
    gateEvents?.close();
    gate?.kill('SIGKILL');
    cloud?.kill('SIGKILL');
    await Promise.all([gate?.ended, cloud?.ended, proxy?.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const says = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor(patience);
  const press = (name: string | RegExp): Promise<void> => page.getByRole('button', { name }).first().click(patience);
  const shot = async (name: string, of = page): Promise<void> => {
    const to = process.env['POSTERN_SCREENSHOTS'];
    if (to !== undefined) await of.screenshot({ path: join(to, `handheld-${name}.png`) });
  };

  /** A scan engine: keys faster than anybody types, then Enter, wherever the focus is. */
  const scan = (code = ''): Promise<void> =>
    page.evaluate((keys) => {
      for (const key of [...keys, 'Enter'])
        (document.activeElement ?? document.body).dispatchEvent(
          new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }),
        );
    }, code);
  /** A code that was shown a moment ago is the same presentation, and gets no answer of its own until it has been out of view. */
  const scanUntil = (code: string | undefined, text: string | RegExp): Promise<void> =>
    expect
      .poll(
        async () => {
          await scan(code);
          return page
            .getByText(text)
            .first()
            .waitFor({ timeout: outOfViewMs })
            .then(
              () => true,
              () => false,
            );
        },
        { ...patience, interval: 10 },
      )
      .toBe(true);
  const show = (name: string): Promise<void> =>
    page.getByRole('navigation').getByRole('button', { name }).click(patience);

  it('becomes a gate with a one-time code', async () => {
    await page.goto(`${proxy.url}/handheld/`);
    await says('Make this phone a gate');
    await shot('enrol');
    expect(await axeFindings(page)).toEqual([]);
    const { code } = gateResponseSchema.parse(
      await post('/admin/events/1/gates', { id: 'phone-1', name: 'Phone 1', zone: 'arena', lanes: [{ id: 'main' }] }),
    );
    await page.getByLabel('One-time code').fill('nonsense');
    await press('Join');
    await says('That is not a one-time code');
    await page.getByLabel('One-time code').fill(`${cloudUrl}#${code}`);
    await press('Join');
    await says('Harbour Festival');
    await says('Ticket list up to date');
  });

  it('reads a ticket with the camera, and says Welcome', async () => {
    await press('Switch the camera on');
    await says('Welcome');
    await shot('welcome');
    expect(await axeFindings(page)).toEqual([]);
    await press('Next');
    await says('Hold a code into the frame');
    await shot('scan');
    expect(await axeFindings(page)).toEqual([]);
    await press('Switch off');
  });

  it('takes what a scan engine types, and refuses what was used already', async () => {
    await scan(codes[1]);
    await says('Welcome');
    await press('Next');
    await scanUntil(codes[1], /Already (used|inside)/);
    await says('Please see staff');
    await shot('refused');
  });

  it('lets somebody in anyway, with a PIN and a reason', async () => {
    await press('Let in anyway');
    await says('It is recorded with your name');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').selectOption({ label: 'Accredited' });
    await dialog.getByLabel('Name or card').fill(operator);
    await dialog.getByLabel('PIN').fill('0000');
    await dialog.getByRole('button', { name: 'Let in anyway' }).click();
    await says('Name or PIN is wrong');
    await dialog.getByLabel('PIN').fill(pin);
    await shot('override');
    expect(await axeFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Let in anyway' }).click();
    await dialog.waitFor({ state: 'detached', ...patience });
    await says('Welcome');
    await press('Next');
  });

  it('holds who needs a person, and asks who that is once', async () => {
    await scan(codes[2]);
    await says('Under 18: check age and companion');
    await shot('hold');
    expect(await axeFindings(page)).toEqual([]);
    await press('Let in');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name or card').fill(operator);
    await dialog.getByLabel('PIN').fill(pin);
    await dialog.getByRole('button', { name: 'Sign on' }).click();
    await says('Welcome');
    await press('Next');
  });

  it('lets a part of a party in, and the rest later', async () => {
    await scan(codes[3]);
    await says('How many have come?');
    await shot('party');
    await press('One fewer');
    await press('One fewer');
    await press('These are in');
    await says('Welcome');
    await press('Next');
    await scanUntil(codes[3], '4–5 / 5');
    await press('These are in');
    await press('Next');
  });

  it('takes back the last entry, and shows what it has done', async () => {
    await show('History');
    await press('Take back the last entry');
    await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click();
    await says('Taken back');
    await shot('history');
    expect(await axeFindings(page)).toEqual([]);
  });

  it('finds a ticket by its code, and says whom it can find', async () => {
    await show('Search');
    await page.getByLabel('Code').fill('nobody');
    await says('The list on this phone has no names');
    await page.getByLabel('Code').fill(codes[1] ?? '');
    await says('Standing');
    await says('Entered');
    await shot('search');
    expect(await axeFindings(page)).toEqual([]);
  });

  it('speaks German and Arabic, and lets people out', async () => {
    await show('More');
    await says('In touch with gates nearby');
    await shot('more');
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel('What visitors read').selectOption('ar');
    await page.getByLabel('Your language').selectOption('de');
    await press('Ausgang');
    await show('Scannen');
    await scan(codes[1]);
    await says('مع السلامة');
    await shot('goodbye-arabic');
    await press('Weiter');
    await show('Mehr');
    await press('Eingang');
    await page.getByLabel('Ihre Sprache').selectOption('en');
    await page.getByLabel('What visitors read').selectOption('en');
    await show('Scan');
  });

  it('stops entry everywhere at a supervisor’s word, obeys others, and lets it go on', async () => {
    const { json } = createCloudClient(() => cloudUrl, firstToken(cloud));
    const inForce = async (): Promise<number> =>
      ordersViewSchema
        .parse(await json('GET', '/api/events/1/orders'))
        .orders.filter(({ state }) => state === 'in-force').length;
    const order = async (lift: boolean): Promise<void> => {
      const body = { order: 'stop-entry', lift };
      const { token } = orderConfirmationSchema.parse(await post('/api/events/1/orders', body));
      await post('/api/events/1/orders/confirm', { token });
    };
    const confirm = (name: string): Promise<void> =>
      page.getByRole('dialog').getByRole('button', { name }).click(patience);
    await show('More');
    await press('Stop entry everywhere');
    await says(/will let nobody in until this is lifted/);
    await shot('stop-entry');
    expect(await axeFindings(page)).toEqual([]);
    await confirm('Stop entry everywhere');
    await says('Every gate has heard of it');
    expect(await showCode(gate, gateEvents, codes[7] ?? '')).toMatchObject({
      decision: { kind: 'refuse', refusal: { type: 'entry-stopped' } },
    });
    await show('Scan');
    await says(new RegExp(`ENTRY STOPPED by ${operator}`));
    await scan(codes[7]);
    await shot('stopped');
    expect(await axeFindings(page)).toEqual([]);
    await show('More');
    await press('Resume entry');
    await confirm('Resume entry');
    await page.getByText('Entry is stopped').waitFor({ state: 'detached', ...patience });
    await expect.poll(inForce, patience).toBe(0);
    await order(false);
    await says('Entry is stopped');
    await order(true);
    await page.getByText('Entry is stopped').waitFor({ state: 'detached', ...patience });
    await show('Scan');
    // Nobody has used it up meanwhile.
    await scanUntil(codes[7], 'Welcome');
    await press('Next');
  });

  it('tells everybody how many a supervisor has counted', async () => {
    const { json } = createCloudClient(() => cloudUrl, firstToken(cloud));
    const inside = async (): Promise<number | undefined> =>
      rollCallSchema.parse(await json('GET', '/api/events/1/roll-call')).zones[0]?.inside;
    await show('More');
    await press('Correct the count');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Persons').fill('1234');
    await shot('count');
    expect(await axeFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Count on from here' }).click(patience);
    await expect.poll(inside, patience).toBe(1_234);
    await show('Scan');
  });

  it('takes a newer version at one press, once whoever stands there has been answered', async () => {
    const caches = (): Promise<readonly string[]> => page.evaluate(() => window.caches.keys());
    const [before] = await caches();
    const version = before?.replace('handheld-', '') ?? '';
    proxy.alter('/handheld/worker.js', (text) => text.replace(version, 'newer'));
    // What a browser does by itself, now and then.
    await page.evaluate(async () => void (await (await navigator.serviceWorker.getRegistration())?.update()));
    await says('A new version is ready');
    await shot('new-version');
    expect(await axeFindings(page)).toEqual([]);
    expect(await caches()).toEqual([before, 'handheld-newer']);
    // The code is read, and in the same moment somebody presses.
    await page.evaluate((keys) => {
      for (const key of [...keys, 'Enter'])
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
      const buttons = [...document.querySelectorAll('button')];
      buttons.find(({ textContent }) => textContent === 'Update')?.click();
    }, codes[8] ?? '');
    await says('Welcome');
    await expect.poll(caches, patience).toEqual(['handheld-newer']);
    await says('Harbour Festival');
    await scan(codes[8]);
    await says(/Already (used|inside)/);
    await press('Next');
    expect(await page.getByText('A new version is ready').count()).toBe(0);
  });

  it('knows of a gate nearby, and the gate of it, when the cloud is gone', async () => {
    watch.expect(/net::ERR_/);
    cloud.kill('SIGKILL');
    await cloud.ended;
    expect(await showCode(gate, gateEvents, codes[4] ?? '')).toMatchObject({ decision: { kind: 'admit' } });
    // What has been heard of it stands in the ticket's story.
    await show('Search');
    await expect
      .poll(async () => {
        await page.getByLabel('Code').fill('');
        await page.getByLabel('Code').fill(codes[4] ?? '');
        await says('Standing');
        return page.getByText('Gate A').count();
      }, patience)
      .toBeGreaterThan(0);
    await says(/Works alone|In touch/);
    await show('Scan');
    await scan(codes[4]);
    await says(/Already .*Gate A/);
    await shot('used-at-gate');
    await press('Next');
    await scan(codes[5]);
    await says('Welcome');
    await press('Next');
    const heard = async (): Promise<number | null> =>
      (await runGateCommand('verify', '--data', join(folder, 'gate-a'), codes[5] ?? '')).code;
    await expect.poll(heard, { ...patience, interval: 200 }).toBe(1);
    expect(await showCode(gate, gateEvents, codes[5] ?? '')).toMatchObject({
      decision: { kind: 'refuse', refusal: { type: expect.stringMatching(/^already-/), detail: { gate: 'phone-1' } } },
    });
  });

  it('opens again without the cloud, as the gate that it was, with the time of a gate nearby, and in one tab alone', async () => {
    await page.reload();
    await says('Harbour Festival');
    await show('More');
    await says(/by a gate nearby/);
    await shot('time-of-a-gate');
    await show('Scan');
    await scan(codes[6]);
    await says('Welcome');
    await press('Next');
    const second = await context.newPage();
    await second.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
    });
    await second.goto(`${proxy.url}/handheld/`);
    await second.getByText('open in another tab').waitFor(patience);
    await second.getByRole('button', { name: 'Use this tab' }).click();
    await second.getByText('Harbour Festival').waitFor(patience);
    await says('open in another tab');
    await second.getByRole('button', { name: 'Switch the camera on' }).click(patience);
    await second.getByText('This page may not use the camera').waitFor(patience);
    await shot('camera-denied', second);
    // Whoever closes the one goes on with the other.
    await second.close();
    await says('Harbour Festival');
  });

  it('has broken none of its own rules meanwhile', () => {
    expect(watch.findings()).toEqual([]);
  });
});
