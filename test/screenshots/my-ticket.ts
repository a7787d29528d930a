// A ticket on a phone: in the hand, large at the gate, and being given to a friend by night; three phones on one sheet.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { openBenchCloud } from '../../scripts/bench/cloud-rig.ts';
import { missingPhonePage, openPhonePage, type PhonePage } from '../../scripts/lib/phone-page.ts';
import { phone as phoneScreen, type Scene } from './screen.ts';

const dayMs = 86_400_000;

/** Whose doors open in three days: the page shows a ticket of the past differently. */
function festival(nowMs: number): object {
  const doorsS = Math.floor(nowMs / dayMs) * 86_400 + 3 * 86_400 + 16 * 3_600;
  return {
    event: 1,
    name: 'Harbour Festival',
    timeZone: 'Europe/Berlin',
    zones: [{ id: 'quay', name: 'Quay' }],
    types: [{ id: 1, name: 'Evening, standing', validFromS: doorsS, validUntilS: doorsS + 10 * 3_600 }],
  };
}

/** Another phone beside `sheet`, with a ticket of its own; answers with what its screen shows. */
async function takePhone(
  sheet: Page,
  phone: PhonePage,
  options: BrowserContextOptions,
  play: (page: Page) => Promise<unknown>,
): Promise<string> {
  const browser = sheet.context().browser();
  if (browser === null) throw new Error('the sheet has no browser');
  const context = await browser.newContext({ ...phoneScreen, ...options });
  const page = await context.newPage();
  await page.goto(await phone.sell());
  await page.getByRole('button').first().click();
  await page.waitForSelector('.code svg');
  await play(page);
  const png = await page.screenshot();
  await context.close();
  return png.toString('base64');
}

export const myTicketScene: Scene = {
  name: 'tickets on phones',
  missing: missingPhonePage,
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-picture-'));
    const cloud = await openBenchCloud({ folder }, 'cloud', `sqlite:${join(folder, 'cloud.db')}`);
    const phone = await openPhonePage(cloud, festival(Date.now()));
    const play = async (sheet: Page): Promise<void> => {
      const screens = [
        await takePhone(sheet, phone, { colorScheme: 'light' }, async () => undefined),
        await takePhone(sheet, phone, { colorScheme: 'light' }, async (page) => {
          await page.getByRole('button', { name: 'Show it large' }).click();
          await page.waitForSelector('dialog .code svg');
        }),
        await takePhone(sheet, phone, { colorScheme: 'dark', locale: 'de-DE' }, async (page) => {
          await page.getByRole('button', { name: 'Weitergeben' }).click();
          await page.getByRole('button', { name: 'Link erstellen' }).scrollIntoViewIfNeeded();
        }),
      ];
      const { width } = phoneScreen.viewport;
      await sheet.setContent(`<style>
        body { margin: 0; padding: 28px 30px; display: flex; gap: 30px; background: #e6e9ed }
        img { width: ${width}px; border-radius: 28px; box-shadow: 0 6px 24px #0003 }
      </style>${screens.map((png) => `<img src="data:image/png;base64,${png}">`).join('')}`);
    };
    const sheet = { viewport: { width: 1_290, height: 900 } };
    return {
      screens: [{ name: 'my-ticket', workspace: 'cloud-sync', context: sheet, play }],
      close: async () => {
        await phone.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};
