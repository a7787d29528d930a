// The handheld in three hands: a ticket that needs a person, one that was used already, and by night how the phone stands.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { GateResponse, TicketResponse } from '@postern/shared';
import { openBenchCloud } from '../../scripts/bench/cloud-rig.ts';
import { openPhonePage, type PhonePage } from '../../scripts/lib/phone-page.ts';
import { phone as phoneScreen, type Scene } from './screen.ts';

const built = fileURLToPath(new URL('../../cloud-sync/dist/handheld/index.html', import.meta.url));

const festival = {
  event: 1,
  name: 'Harbour Festival',
  timeZone: 'Europe/Berlin',
  zones: [{ id: 'quay', name: 'Quay' }],
  types: [
    { id: 1, name: 'Standing' },
    { id: 2, name: 'Under 18', hold: 'under-18' },
  ],
};

const scan = (page: Page, code: string): Promise<void> =>
  page.evaluate((keys) => {
    for (const key of [...keys, 'Enter'])
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  }, code);

/** Another phone that has joined; answers with what its screen shows. */
async function takePhone(
  sheet: Page,
  cloud: PhonePage,
  name: string,
  options: BrowserContextOptions,
  play: (page: Page) => Promise<unknown>,
): Promise<string> {
  const browser = sheet.context().browser();
  if (browser === null) throw new Error('the sheet has no browser');
  const context = await browser.newContext({ ...phoneScreen, ...options });
  const page = await context.newPage();
  const id = name.toLowerCase().replaceAll(' ', '-');
  const invitation = { id, name, zone: 'quay', lanes: [{ id: 'main' }] };
  const { code } = await cloud.post<GateResponse>('/admin/events/1/gates', invitation);
  await page.goto(`${cloud.url}/handheld/#${code}`);
  await page.locator('.status-line .tone-plain').waitFor();
  await play(page);
  const png = await page.screenshot();
  await context.close();
  return png.toString('base64');
}

export const handheldScene: Scene = {
  name: "the steward's handheld",
  missing: () => (existsSync(built) ? undefined : 'the pages are not built (npm run build)'),
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-picture-'));
    const cloud = await openBenchCloud({ folder }, 'cloud', `sqlite:${join(folder, 'cloud.db')}`);
    const phone = await openPhonePage(cloud, festival);
    const tickets = [{ type: 1 }, { type: 2 }];
    const batch = await phone.post<{ readonly tickets: readonly TicketResponse[] }>('/api/tickets/batch', {
      event: 1,
      tickets,
    });
    await cloud.feed.publish(1);
    const [plain = '', held = ''] = batch.tickets.map(({ text }) => text ?? '');
    const play = async (sheet: Page): Promise<void> => {
      const screens = [
        await takePhone(sheet, phone, 'Quay 1', { colorScheme: 'light' }, async (page) => {
          await scan(page, held);
          await page.locator('.outcome.wait').waitFor();
        }),
        await takePhone(sheet, phone, 'Quay 2', { colorScheme: 'light' }, async (page) => {
          await scan(page, plain);
          await page.locator('.outcome.welcome').waitFor();
        }),
        await takePhone(sheet, phone, 'Quay 3', { colorScheme: 'dark', locale: 'de-DE' }, async (page) => {
          await page.getByRole('navigation').getByRole('button').last().click();
          await page.locator('.segments').waitFor();
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
      screens: [{ name: 'handheld', workspace: 'gate-agent', context: sheet, play }],
      close: async () => {
        await phone.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};
