// What is done at the dashboard on the same evening: gates, a new one, somebody who has entered twice, an evacuation, keys, the audit log.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { nowMs, openFestival } from './festival.ts';
import { phone, type Scene, type Screen } from './screen.ts';

const builtPage = fileURLToPath(new URL('../../cloud-sync/dist/dashboard/index.html', import.meta.url));

export const administrationScene: Scene = {
  name: 'administration',
  missing: () => (existsSync(builtPage) ? undefined : 'the pages are not built (npm run build)'),
  open: async () => {
    const { test, served, close } = await openFestival();
    await test.json('POST', '/admin/events/1/staff', { role: 'supervisor', pin: '4711' });
    await test.json('POST', '/admin/keys/rotate', { purpose: 'issuer', force: true }, 200);
    const goTo = async (page: Page, address: string, until: Locator): Promise<void> => {
      // The evening is the browser's too.
      await page.clock.setFixedTime(nowMs);
      await page.request.post(`${served.url}/session`, { data: { token: test.token } });
      await page.goto(`${served.url}/#/${address}`);
      await until.first().waitFor();
    };
    const gates = (page: Page): Promise<void> =>
      goTo(page, 'e/1/gates', page.getByRole('link', { name: /Stage door/ }));
    const enrolment = async (page: Page): Promise<void> => {
      await goTo(page, 'e/1/gates/.new', page.getByLabel('Readers'));
      await page.getByLabel('Name', { exact: true }).fill('Harbour stairs');
      await page.getByRole('button', { name: 'Make the one-time code' }).click();
      await page.getByText('Waiting for').waitFor();
    };
    const oneCase = async (page: Page): Promise<void> => {
      await goTo(page, 'e/1/cases', page.locator('tbody a'));
      await page.locator('tbody a').first().click();
      await page.getByText('Work it off').waitFor();
    };
    const evacuation = async (page: Page): Promise<void> => {
      await goTo(page, 'e/1/orders', page.getByText('In force'));
      const given = page.getByText('EVACUATION', { exact: true });
      // The second picture is of the one that the first has given.
      await given.or(page.getByText('No order is in force.')).first().waitFor();
      if (await given.isVisible()) return;
      await page.getByRole('button', { name: 'Evacuate' }).click();
      await page.getByRole('button', { name: 'Yes, do it now' }).click();
      await given.waitFor();
    };
    const screens: readonly Screen[] = [
      { name: 'gates', workspace: 'cloud-sync', play: gates },
      { name: 'enrolment', workspace: 'cloud-sync', play: enrolment },
      { name: 'case', workspace: 'cloud-sync', play: oneCase },
      { name: 'orders', workspace: 'cloud-sync', play: evacuation },
      { name: 'orders-phone', workspace: 'cloud-sync', context: phone, play: evacuation },
      {
        name: 'keys-dark',
        workspace: 'cloud-sync',
        context: { colorScheme: 'dark' },
        play: (page) => goTo(page, 'keys', page.getByText('Generation 2')),
      },
      {
        name: 'audit',
        workspace: 'cloud-sync',
        play: (page) => goTo(page, 'log', page.locator('tbody').getByText('key-rotated')),
      },
    ];
    return { screens, close };
  },
};
