// A built page's few files, read once, by their path under the page's own address.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface PageFile {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

export const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.bin': 'application/octet-stream',
};

/** Empty where the page has not been built. */
export function readPage(folder: string): ReadonlyMap<string, PageFile> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => contentTypes[extname(name)] !== undefined,
  );
  return new Map(
    names.map((name) => [
      `/${name.replaceAll('\\', '/')}`,
      { bytes: readFileSync(join(folder, name)), contentType: contentTypes[extname(name)] ?? '' },
    ]),
  );
}
