// The page with nothing but a handheld in it (scripts/bench/handheld-page), as if the phone had it cached: it opens with and without the cloud that
// it belongs to, under the rules that the cloud puts on the real one.
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext } from 'playwright-core';

const folder = fileURLToPath(new URL('../../.cache/handheld-page', import.meta.url));
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};
const rules = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "worker-src 'self'",
].join('; ');

export const missingHandheldPage = (): string | undefined =>
  existsSync(join(folder, 'index.html')) ? undefined : 'the pages are not built (npm run build)';

export async function serveHandheldPage(context: BrowserContext, url: string): Promise<void> {
  await context.route(`${url}/handheld/**`, (route) => {
    const { pathname } = new URL(route.request().url());
    const name = pathname.slice('/handheld/'.length) || 'index.html';
    const path = join(folder, name);
    if (!existsSync(path)) return route.fulfill({ status: 404 });
    return route.fulfill({
      body: readFileSync(path),
      headers: { 'Content-Type': types[extname(name)] ?? '', 'Content-Security-Policy': rules },
    });
  });
}
