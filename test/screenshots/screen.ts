// A picture for a README: which page in which state, for which workspace. The pages are the built ones in a real browser, with example data.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export interface Screen {
  /** Of the file, without `.png`. */
  readonly name: string;
  /** In whose `docs/` it is kept. */
  readonly workspace: 'shared' | 'gate-agent' | 'cloud-sync' | 'scripts';
  /** By default a desk in daylight. */
  readonly context?: BrowserContextOptions;
  /** The whole page instead of the part that a screen shows. */
  readonly fullPage?: boolean;
  /** Brings a new page to what is to be seen, and returns when it is there. */
  readonly play: (page: Page) => Promise<void>;
}

/** Screens that share what stands behind them: a cloud, a gate. */
export interface Scene {
  readonly name: string;
  /** Why it cannot be played here, or undefined. */
  readonly missing: () => string | undefined;
  readonly open: () => Promise<OpenScene>;
}
export interface OpenScene {
  readonly screens: readonly Screen[];
  readonly close: () => Promise<void>;
}

export const desk = { viewport: { width: 1_440, height: 900 }, locale: 'en-GB' } as const;
export const phone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  locale: 'en-GB',
} as const;

/** The picture as PNG. */
export async function take(browser: Browser, { context = {}, fullPage = false, play }: Screen): Promise<Uint8Array> {
  const opened = await browser.newContext({ ...desk, colorScheme: 'light', reducedMotion: 'reduce', ...context });
  try {
    const page = await opened.newPage();
    await play(page);
    return await page.screenshot({ fullPage, animations: 'disabled' });
  } finally {
    await opened.close();
  }
}
