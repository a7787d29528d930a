// How long a page takes from the beginning of its navigation to its first paint, and to a text of it, on a processor that is as many times slower than this
// one; each time in a browser that has kept nothing.
import type { Browser } from 'playwright-core';
import { median } from './statistics.ts';

export interface OpenSlowlyOptions {
  readonly url: string;
  /** By which it shows what it is opened for. */
  readonly text: string;
  readonly slowdown: number;
  readonly rounds: number;
  readonly viewport: { readonly width: number; readonly height: number };
}

/** Medians, by the page's own clock. */
export interface Opened {
  readonly paintMs: number;
  readonly shownMs: number;
}

export async function openSlowly(
  browser: Browser,
  { url, text, slowdown, rounds, viewport }: OpenSlowlyOptions,
): Promise<Opened> {
  const all: Opened[] = [];
  for (let round = 0; round < rounds; round++) {
    const context = await browser.newContext({ viewport, locale: 'en-GB' });
    const page = await context.newPage();
    await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: slowdown });
    await page.addInitScript((wanted) => {
      new MutationObserver(() => {
        const isShown = document.body?.textContent.includes(wanted) ?? false;
        if (isShown && !('shownMs' in globalThis)) Object.assign(globalThis, { shownMs: performance.now() });
      }).observe(document, { childList: true, subtree: true, characterData: true });
    }, text);
    await page.goto(url);
    await page.getByText(text).first().waitFor();
    all.push(
      await page.evaluate(async () => {
        // No function with a name: what makes TypeScript of it run here adds something to those that a page does not have.
        while (performance.getEntriesByName('first-contentful-paint').length === 0)
          await new Promise((resolve) => requestAnimationFrame(resolve));
        const { shownMs = Number.NaN } = globalThis as { readonly shownMs?: number };
        return { shownMs, paintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN };
      }),
    );
    await context.close();
  }
  return { paintMs: median(all.map((one) => one.paintMs)), shownMs: median(all.map((one) => one.shownMs)) };
}
