// The dashboard where tickets come from and go: the first run of an empty deployment, a ticket that was let in twice, a table before its import,
// codes to print, and the methods of an event.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { CaseList } from '@postern/shared';
import { createTestCloud } from '../support/cloud.ts';
import { serveCloud } from '../support/served-cloud.ts';
import { nowMs, openFestival } from './festival.ts';
import type { Scene, Screen } from './screen.ts';

const builtPage = fileURLToPath(new URL('../../cloud-sync/dist/dashboard/index.html', import.meta.url));

const table = [
  'Strichcode;Kartenart;Vorname;Nachname;Bestellnr;Preis',
  '4006381333931;Weekend;Ada;Lovelace;B-1815;89,00',
  '4006381333948;Frühbucher;Grace;Hopper;B-1906;59,00',
  '4006381333955;Evening, standing;مريم;الأنصاري;B-2001;49,00',
  '4006381333962;Frühbucher;Kurt;Gödel;B-1931;59,00',
  '4006381333962;Frühbucher;Kurt;Gödel;B-1931;59,00',
].join('\n');

export const dashboardTicketsScene: Scene = {
  name: 'dashboard-tickets',
  missing: () => (existsSync(builtPage) ? undefined : 'the pages are not built (npm run build)'),
  open: async () => {
    const festival = await openFestival();
    const { test } = festival;
    const empty = await createTestCloud({ seed: 8, database: 'sqlite' });
    const emptyServed = await serveCloud(empty);
    const { cases } = await test.json<CaseList>('GET', '/api/events/1/cases');
    const twice = cases[0]?.ticket ?? '';
    const holder = { name: 'Marie-Sophie Germain', email: 'sophie@example.org', order: 'B-1776' };
    await test.json('PATCH', `/api/tickets/${twice}`, { holder }, 200);

    const signedIn = async (page: Page, { url, token }: { url: string; token: string }, to: string): Promise<void> => {
      await page.clock.setFixedTime(nowMs);
      await page.request.post(`${url}/session`, { data: { token } });
      await page.goto(`${url}/${to}`);
    };
    const atFestival = (page: Page, to: string): Promise<void> =>
      signedIn(page, { url: festival.served.url, token: test.token }, to);

    const firstRun = async (page: Page): Promise<void> => {
      await signedIn(page, { url: emptyServed.url, token: empty.token }, '');
      await page.getByLabel('Name of the event').fill('Harbour Festival');
      await page.getByLabel('Zones that gates lead into').fill('Quay\nHall 7\nGarden');
      await page.getByLabel('Ticket types').fill('Evening\nWeekend');
    };
    const ticket = async (page: Page): Promise<void> => {
      await atFestival(page, `#/e/1/tickets/${twice}`);
      await page.waitForSelector('.story li');
      await page.waitForSelector('.proofs li');
    };
    const importTable = async (page: Page): Promise<void> => {
      await atFestival(page, '#/e/1/files');
      const file = { name: 'verkauft.csv', mimeType: 'text/csv', buffer: Buffer.from(table) };
      await page.locator('input[type=file]').setInputFiles(file);
      await page.getByLabel('“Frühbucher” is').selectOption({ label: 'Weekend' });
      await page.getByRole('button', { name: 'Check' }).click();
      await page.waitForSelector('.import-report');
    };
    const print = async (page: Page): Promise<void> => {
      await atFestival(page, '#/e/1/tickets/print');
      await page.getByLabel('Ticket type').selectOption({ label: 'Weekend' });
      await page.getByRole('button', { name: 'Prepare' }).click();
      await page.waitForSelector('.sheet');
    };
    const methods = async (page: Page): Promise<void> => {
      await atFestival(page, '#/e/1/rules/methods');
      await page.waitForSelector('.method');
    };
    const berlin = { timezoneId: 'Europe/Berlin' };
    const screens: readonly Screen[] = [
      { name: 'first-run', workspace: 'cloud-sync', context: berlin, play: firstRun },
      { name: 'ticket', workspace: 'cloud-sync', play: ticket, fullPage: true },
      { name: 'import', workspace: 'cloud-sync', play: importTable, fullPage: true },
      { name: 'print-codes', workspace: 'cloud-sync', play: print },
      { name: 'methods', workspace: 'cloud-sync', context: { colorScheme: 'dark' }, play: methods },
    ];
    return {
      screens,
      close: async () => {
        await festival.close();
        await emptyServed.stop();
        await empty.close();
      },
    };
  },
};
