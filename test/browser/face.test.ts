// Goal: somebody enrols on their own phone with nothing but a link: reads and ticks, is looked at by a camera, and nothing but templates leaves the
// browser; then sees what is kept, and withdraws. Whatever happens, the page says that there is another way in.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { enrolmentFramesMin, type FaceExport, type FaceStatus, type TicketResponse } from '@postern/shared';
import { launchBrowser } from '../support/browser.ts';
import { writeCameraFile } from '../support/camera-picture.ts';
import { createTestCloud, someEvent, type TestCloud } from '../support/cloud.ts';
import { allowFaces, consentText } from '../support/face.ts';
import { describeOrReport, firstReason, missingPrograms } from '../support/not-run.ts';
import { axeFindings, watchPage, type PageWatch } from '../support/page-watch.ts';

const builtPage = fileURLToPath(new URL('../../cloud-sync/dist/face/index.html', import.meta.url));
const missingPage = existsSync(builtPage) ? undefined : 'the pages are not built (npm run build)';
/** The models run on one core that others want, too. */
const patience = { timeout: 90_000 };

describeOrReport('enrolling a face', firstReason(missingPrograms('chromium', 'ffmpeg'), missingPage), () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let test: TestCloud;
  let server: ReturnType<typeof createAdaptorServer>;
  let ticket: TicketResponse;
  let base = '';
  const folder = mkdtempSync(join(tmpdir(), 'postern-face-page-'));
  let watch: PageWatch;
  const sent: Request[] = [];

  beforeAll(async () => {
    const camera = join(folder, 'ana.mjpeg');
    writeCameraFile(camera, 'ana');
    browser = await launchBrowser(
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-video-capture=${camera}`,
    );
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    test = await createTestCloud();
    await test.time.advance(Date.now() - test.time.clock.wallMs());
    await test.json('POST', '/api/events', { ...someEvent, name: 'Harbour Festival' });
    await allowFaces(test);
    ticket = await test.json('POST', '/api/tickets', { event: 1, type: 1 });
    server = createAdaptorServer({ fetch: test.cloud.app.fetch });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    sent.length = 0;
    context = await browser.newContext({ viewport: { width: 412, height: 915 }, locale: 'en-GB' });
    page = await context.newPage();
    watch = await watchPage(page);
    page.on('request', (request) => sent.push(request));
  });
  afterEach(async () => {
    expect(await axeFindings(page)).toEqual([]);
    await context.close();
    test.cloud.endStreams();
    (server as Server).closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
    await test.close();
  });

  const openLink = async (): Promise<void> => {
    const { url } = await test.json<{ url: string }>('POST', `/api/tickets/${ticket.id}/face/links`, {});
    await page.goto(`${base}/face${new URL(url).hash}`);
  };
  const says = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor(patience);
  const status = (): Promise<FaceStatus> => test.json('GET', `/api/tickets/${ticket.id}/face`);

  it('begins with the organiser’s text, and not before both boxes are ticked', async () => {
    await openLink();
    await says(consentText);
    await says('You do not have to.');
    await page.click('button[type=submit]');
    await page.check('input[name=agree]');
    await page.click('button[type=submit]');
    expect(await page.locator('video').count()).toBe(0);
    expect(await status()).toMatchObject({ enrolled: false });
    expect(watch.findings()).toEqual([]);
  });

  it('sends templates and no picture, shows what is kept, and erases it again', async () => {
    await openLink();
    await page.check('input[name=agree]');
    await page.check('input[name=age]');
    await page.click('button[type=submit]');
    await page.locator('video').waitFor(patience);
    await says('You do not have to.');
    await says('Your face is enrolled');
    await says('Keep the address of this page');
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy the address' }).click();
    await says('Copied');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
    await says(/You agreed to text 2026-1 on \d/);
    expect(await status()).toMatchObject({
      enrolled: true,
      consents: [{ by: 'link', language: 'en', version: '2026-1' }],
    });
    // No request of the page has room for a picture.
    const bodies = sent.flatMap((request) => request.postData() ?? []);
    expect(bodies).toHaveLength(1);
    expect((JSON.parse(bodies[0] ?? '') as { frames: unknown[] }).frames).toHaveLength(enrolmentFramesMin);
    expect(bodies[0]?.length).toBeLessThan(2_000);
    expect(sent.filter((request) => new URL(request.url()).origin !== base)).toEqual([]);
    // The address has become the subject's own: a reload shows the same.
    await page.reload();
    await says('Your face is enrolled');
    const [saved] = await Promise.all([page.waitForEvent('download'), page.getByText('Save everything').click()]);
    const exported = JSON.parse(await readAll(await saved.createReadStream())) as FaceExport;
    expect(Buffer.from(exported.face?.template ?? '', 'base64')).toHaveLength(128);
    expect(exported.consents).toMatchObject([{ text: consentText }]);
    await page.getByText('Withdraw and erase').click();
    await page.getByText('No, leave it').click();
    expect(await status()).toMatchObject({ enrolled: true });
    await page.getByText('Withdraw and erase').click();
    await page.getByText('Erase it').click();
    await says('Your face is erased');
    await says('You do not have to.');
    expect(await status()).toMatchObject({ enrolled: false, consents: [{ end: 'withdrawn' }] });
    expect(watch.findings()).toEqual([]);
  });

  it('says what is wrong with a link that was used, and that the ticket is good without', async () => {
    await page.goto(`${base}/face/#${'0'.repeat(48)}`);
    await says('This link was used already');
    await says('You do not have to.');
  });
});

async function readAll(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
