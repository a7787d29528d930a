// Takes the picture of a ticket on a phone for the READMEs: the page as it is in the hand, the large code, and by night.
//   node --conditions=source --import tsx scripts/my-ticket-picture.ts [FILE]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openBenchCloud } from './bench/cloud-rig.ts';
import { launchBrowser } from './lib/browser.ts';
import { missingPhonePage, openPhonePage, type PhonePage } from './lib/phone-page.ts';

const [file = fileURLToPath(new URL('../cloud-sync/docs/my-ticket.png', import.meta.url))] = process.argv.slice(2);
const screen = { width: 390, height: 844 };

const dayMs = 86_400_000;
const doorsS = Math.floor(Date.now() / dayMs) * 86_400 + 3 * 86_400 + 16 * 3_600;
const event = {
  event: 1,
  name: 'Harbour Festival',
  timeZone: 'Europe/Berlin',
  zones: [{ id: 'quay', name: 'Quay' }],
  types: [{ id: 1, name: 'Evening, standing', validFromS: doorsS, validUntilS: doorsS + 10 * 3_600 }],
};

async function takeScreens(browser: Browser, phone: PhonePage): Promise<readonly string[]> {
  for (const [id, name] of [
    ['gate-a', 'Gate A'],
    ['gate-b', 'Gate B'],
  ])
    await phone.post('/admin/events/1/gates', { id, name, zone: 'quay', lanes: [{ id: 'lane-1' }] });
  const open = async (options: BrowserContextOptions): Promise<Page> => {
    const context = await browser.newContext({ viewport: screen, locale: 'en-GB', deviceScaleFactor: 2, ...options });
    const page = await context.newPage();
    await page.goto(await phone.sell());
    await page.getByRole('button').first().click();
    await page.waitForSelector('.code svg');
    return page;
  };
  const take = async (page: Page): Promise<string> => (await page.screenshot()).toString('base64');
  const day = await open({ colorScheme: 'light' });
  const first = await take(day);
  await day.getByRole('button', { name: 'Show it large' }).click();
  await day.waitForSelector('dialog .code svg');
  const large = await take(day);
  const night = await open({ colorScheme: 'dark', locale: 'de-DE' });
  await night.getByRole('button', { name: 'Weitergeben' }).click();
  await night.getByRole('button', { name: 'Link erstellen' }).scrollIntoViewIfNeeded();
  return [first, large, await take(night)];
}

const missing = missingPhonePage();
if (missing !== undefined) {
  console.error(`no picture: ${missing}`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'postern-picture-'));
const cloud = await openBenchCloud({ folder }, 'cloud', `sqlite:${join(folder, 'cloud.db')}`);
const phone = await openPhonePage(cloud, event);
const browser = await launchBrowser();
try {
  const screens = await takeScreens(browser, phone);
  const sheet = await browser.newPage({ viewport: { width: 1_290, height: 900 } });
  await sheet.setContent(`<style>
      body { margin: 0; padding: 28px 30px; display: flex; gap: 30px; background: #e6e9ed }
      img { width: ${screen.width}px; border-radius: 28px; box-shadow: 0 6px 24px #0003 }
    </style>${screens.map((png) => `<img src="data:image/png;base64,${png}">`).join('')}`);
  await sheet.screenshot({ path: file });
  console.log(`taken: ${file}`);
} finally {
  await browser.close();
  await phone.close();
  rmSync(folder, { recursive: true, force: true });
}
