// Goal: the demo's one page shows two camera pictures, two displays, the counters and the story; its buttons and its key do what they
// say; and a code in front of a person's own webcam opens a gate.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PageState } from '../../scripts/demo/page-state.ts';
import { framesToY4m, renderCodeFrame } from '../../scripts/lib/render-code-frame.ts';
import { launchBrowser } from '../support/browser.ts';
import { startDemo, type DemoProcess } from '../support/demo-process.ts';
import { describeOrReport, missingPrograms } from '../support/not-run.ts';
import { axeFindings, watchPage, type PageWatch } from '../support/page-watch.ts';

const startMsMax = 90_000;
const happensMsMax = 60_000;

describeOrReport("the demo's page", missingPrograms('chromium', 'ffmpeg'), () => {
  let demo: DemoProcess;
  let browser: Browser;
  let page: Page;
  let watch: PageWatch;
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'demo-browser-'));
    demo = startDemo({ POSTERN_DEMO_PORT: '18500' });
    const [, url = ''] = await demo.line(/^ready: (\S+)/);
    const state = await readState(url);
    const text = state.yourTicket?.text ?? '';
    const frames = [1, 2, 3].map((seed) =>
      renderCodeFrame({ text, width: 640, height: 480, modulePx: 5.5, rotationDeg: seed * 2, noiseSd: 6, seed }),
    );
    // Chromium's fake camera takes only 4:2:0.
    const [grey, video] = [join(folder, 'grey.y4m'), join(folder, 'webcam.y4m')];
    writeFileSync(grey, framesToY4m(frames, 10));
    execFileSync('ffmpeg', ['-v', 'error', '-i', grey, '-pix_fmt', 'yuv420p', video]);
    const fakeCamera = [
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-video-capture=${video}`,
    ];
    browser = await launchBrowser(...fakeCamera);
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    watch = await watchPage(page);
    await page.goto(url);
    await page.getByRole('heading', { name: 'Postern', exact: true }).waitFor();
  }, startMsMax);

  afterAll(async () => {
    await browser?.close();
    await demo?.clean();
    rmSync(folder, { recursive: true, force: true });
  }, startMsMax);

  const lineWith = (text: string | RegExp) => page.locator('.story li', { hasText: text }).first();

  test('both cameras show a picture, and a code that was read has its outline', async () => {
    await lineWith(/Gate A · ticket 0401 · Welcome/).waitFor({ timeout: happensMsMax });
    for (const index of [0, 1]) {
      const levels = (): Promise<number> =>
        page
          .locator('.camera canvas')
          .nth(index)
          .evaluate(
            (canvas: HTMLCanvasElement) =>
              new Set(canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data).size,
          );
      // The story's line may be on the page before the first picture is.
      await expect.poll(levels, { timeout: happensMsMax }).toBeGreaterThan(20);
    }
    await page
      .locator('.camera figcaption', { hasText: /QRCode read in [\d.]+ ms/ })
      .first()
      .waitFor({ timeout: happensMsMax });
  });

  test('both gates show their own display', async () => {
    for (const index of [0, 1])
      await page
        .frameLocator('.display iframe')
        .nth(index)
        .locator('body', { hasText: /\S/ })
        .waitFor({ timeout: happensMsMax });
  });

  test('each decision says how long decoding, verifying and the disk took', async () => {
    const figures = await lineWith(/Gate A · ticket 0401 · Welcome/)
      .locator('.figures')
      .innerText();
    expect(figures).toMatch(/decode [\d.]+ ms\s+verify [\d.]+ ms\s+fsync [\d.]+ ms/);
  });

  test('a forged bit is refused, and a held visitor is let in by the button', async () => {
    await lineWith(/Gate B · forged ticket 0404/).waitFor({ timeout: happensMsMax });
    await page.locator('.hold .accept').click({ timeout: happensMsMax });
    await lineWith(/Gate B · ticket 0406 · Welcome/).waitFor({ timeout: happensMsMax });
  });

  test('the key c cuts the network and heals it again', async () => {
    await page.keyboard.press('c');
    await page.locator('.cable.cut').first().waitFor({ timeout: happensMsMax });
    await lineWith('The network is cut').waitFor({ timeout: happensMsMax });
    await page.keyboard.press('c');
    await page.locator('.cable:not(.cut)').first().waitFor({ timeout: happensMsMax });
  });

  test('a code in front of the webcam opens the gate', async () => {
    await page.getByRole('button', { name: 'Your turn', exact: true }).click();
    await page.getByRole('button', { name: 'Use my webcam' }).click();
    await lineWith(/Gate A · your webcam · Welcome/).waitFor({ timeout: happensMsMax });
    await page.getByRole('button', { name: 'Stop my webcam' }).click();
  }, 240_000);

  test('any text can be held up, and text that is no ticket is refused', async () => {
    await page.locator('.turn textarea').fill('Hello, I am no ticket');
    await page.getByRole('button', { name: 'Hold it up' }).click();
    await page.getByRole('button', { name: 'What happens', exact: true }).click();
    await lineWith(/your text/).waitFor({ timeout: happensMsMax });
  });

  test('how to disbelieve us names the processes, the verify command and a query for each journal', async () => {
    await page.getByRole('button', { name: 'How to disbelieve us', exact: true }).click();
    const text = await page.locator('.disbelieve').innerText();
    for (const pid of [...demo.children()].filter(([, command]) => command.includes('cli.ts')).map(([pid]) => pid))
      expect(text).toContain(String(pid));
    expect(text).toContain('gate-agent verify --data ');
    expect(text.match(/journal\.db.*SELECT/g)).toHaveLength(2);
  });

  test('breaks no rule of its own, and nobody is shut out of it', async () => {
    expect([...watch.findings(), ...(await axeFindings(page))]).toEqual([]);
  });
});

/** The first state that the demo sends. */
async function readState(url: string): Promise<PageState> {
  const answer = await fetch(new URL('/events', url));
  let text = '';
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    text += new TextDecoder().decode(chunk);
    const data = /^data: (.*)\n\n/m.exec(text)?.[1];
    // Leaving the loop ends the stream.
    if (data !== undefined) return JSON.parse(data) as PageState;
  }
  throw new Error('the demo sent no state');
}
