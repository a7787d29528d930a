// Goal: a steward makes a phone a gate with a code, scans with its camera and a scan engine, answers what the gate asks, and goes on when the
// cloud is gone: then the phone and a gate on the LAN still know of each other's entries.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  eventResponseSchema,
  gateResponseSchema,
  staffResponseSchema,
  ticketBatchResponseSchema,
} from '@postern/shared';
import { writeCodeFilm } from '../../scripts/lib/code-film.ts';
import { launchBrowserOf } from '../support/browser.ts';
import { freePort, startNewCloud, type CloudProcess } from '../support/cloud-process.ts';
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
/** Longer than the time in which a code that is shown again is still the same presentation. */
const outOfViewMs = 2_500;

describeOrReport("the steward's handheld", firstReason(missingPrograms('chromium', 'certutil'), missingPage), () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-handheld-'));
  let cloud: CloudProcess;
  let cloudUrl = '';
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
    const started = await startNewCloud(folder, { POSTERN_CLOUD_GATE_DOMAIN: 'gates.test' });
    ({ process: cloud, url: cloudUrl, post } = started);
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
        tickets: [{ type: 1 }, { type: 1 }, { type: 2 }, { type: 1, party: 5 }, { type: 1 }, { type: 1 }, { type: 1 }],
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
    page = await context.newPage();
    watch = await watchPage(page);
  });
  afterAll(async () => {
    await browser?.close();
    gateEvents?.close();
    gate?.kill('SIGKILL');
    cloud?.kill('SIGKILL');
    await Promise.all([gate?.ended, cloud?.ended]);
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
    await page.goto(`${cloudUrl}/handheld/`);
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

  it('opens again without the cloud, as the gate that it was, and in one tab alone', async () => {
    await page.reload();
    await says('Harbour Festival');
    await scan(codes[6]);
    await says('Welcome');
    await press('Next');
    const second = await context.newPage();
    await second.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
    });
    await second.goto(`${cloudUrl}/handheld/`);
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
