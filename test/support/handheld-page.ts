// The page with nothing but a handheld in it, as if the phone had it cached: it opens with and without the cloud that it belongs to.
import type { BrowserContext } from 'playwright-core';
import { handheldPageFile } from '../../scripts/lib/handheld-page.ts';

export { missingHandheldPage } from '../../scripts/lib/handheld-page.ts';

export const serveHandheldPage = (context: BrowserContext, url: string): Promise<unknown> =>
  context.route(`${url}/handheld/**`, (route) => {
    const file = handheldPageFile(new URL(route.request().url()).pathname);
    return route.fulfill(file === undefined ? { status: 404 } : { body: file.body, headers: file.headers });
  });
