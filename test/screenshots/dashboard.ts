// The dashboard on an evening: by day and by night, and on a phone.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { nowMs, openFestival } from './festival.ts';
import { phone, type Scene, type Screen } from './screen.ts';

const builtPage = fileURLToPath(new URL('../../cloud-sync/dist/dashboard/index.html', import.meta.url));

export const dashboardScene: Scene = {
  name: 'dashboard',
  missing: () => (existsSync(builtPage) ? undefined : 'the pages are not built (npm run build)'),
  open: async () => {
    const { test, served, close } = await openFestival();
    const signedIn = async (page: Page, address: string): Promise<void> => {
      // The evening is the browser's too.
      await page.clock.setFixedTime(nowMs);
      await page.request.post(`${served.url}/session`, { data: { token: test.token } });
      await page.goto(`${served.url}/${address}`);
    };
    const live = async (page: Page): Promise<void> => {
      await signedIn(page, '#/e/1/live');
      await page.waitForSelector('.live .plot canvas');
    };
    const screens: readonly Screen[] = [
      { name: 'live', workspace: 'cloud-sync', context: { viewport: { width: 1_440, height: 1_220 } }, play: live },
      { name: 'live-dark', workspace: 'cloud-sync', context: { colorScheme: 'dark' }, play: live },
      { name: 'live-phone', workspace: 'cloud-sync', context: { ...phone, locale: 'de-DE' }, play: live },
    ];
    return { screens, close };
  },
};
