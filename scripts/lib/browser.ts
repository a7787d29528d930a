// Debian's Chromium without a window and without anything that it would ask of the internet.
import { chromium, type Browser, type BrowserContext } from 'playwright-core';

const quiet = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const executablePath = '/usr/bin/chromium';

export const launchBrowser = (...further: readonly string[]): Promise<Browser> =>
  chromium.launch({ executablePath, args: [...quiet, ...further] });

/** One whose person, at home in the folder, has installed certificate authorities (test/support/trust-authority.ts). */
export const launchBrowserOf = (home: string, ...further: readonly string[]): Promise<Browser> =>
  chromium.launch({ executablePath, args: [...quiet, ...further], env: { ...process.env, HOME: home } });

/** With a profile on the disk, as a phone's: what it stores is still there for the next one that is launched on the folder. */
export const launchProfile = (folder: string, ...further: readonly string[]): Promise<BrowserContext> =>
  chromium.launchPersistentContext(folder, { executablePath, args: [...quiet, ...further] });
