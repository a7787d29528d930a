// `npm run screenshots`: plays every page with example data in a browser and keeps its picture in the `docs/` of its workspace. With
// `-- -t NAME` only the scenes of that name. Not part of `npm test`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { describeOrReport, firstReason, missingPrograms } from '../support/not-run.ts';
import { administrationScene } from './administration.ts';
import { dashboardTicketsScene } from './dashboard-tickets.ts';
import { dashboardScene } from './dashboard.ts';
import { displayScene } from './display.ts';
import { handheldScene } from './handheld.ts';
import { myTicketScene } from './my-ticket.ts';
import { take, type Scene } from './screen.ts';

const scenes: readonly Scene[] = [
  dashboardScene,
  dashboardTicketsScene,
  administrationScene,
  displayScene,
  handheldScene,
  myTicketScene,
];

for (const scene of scenes)
  describeOrReport(scene.name, firstReason(missingPrograms('chromium'), scene.missing()), () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchBrowser();
    });
    afterAll(() => browser.close());

    it('has its pictures taken', async () => {
      const { screens, close } = await scene.open();
      try {
        for (const screen of screens) {
          const png = await take(browser, screen);
          expect(png.byteLength).toBeGreaterThan(1_000);
          const folder = fileURLToPath(new URL(`../../${screen.workspace}/docs/`, import.meta.url));
          mkdirSync(folder, { recursive: true });
          writeFileSync(`${folder}${screen.name}.png`, png);
        }
      } finally {
        await close();
      }
    });
  });
