// Serves the built display from memory: a handful of files, read once, so that no request ever names a path on disk.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';

/** The same folder whether this runs from src/ or from dist/. */
export const displayFolder = fileURLToPath(new URL('../../dist/display/', import.meta.url));
const filesMax = 100;

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

interface PageFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly immutable: boolean;
}

const notBuilt =
  '<!doctype html><meta charset="utf-8"><title>Gate display</title><p>The display has not been built yet. Run <code>npm run build</code>, then restart the gate.</p>';

/** `/` relative to where it is mounted is the page, everything else its assets. */
export function createPages(folder: string = displayFolder): Hono {
  const files = readFiles(folder);
  const pages = new Hono();
  pages.get('*', (context) => {
    const path = context.req.path.replace(/^\/display\/?/, '');
    const file = files.get(path === '' ? 'index.html' : path);
    if (file !== undefined)
      return context.body(file.body, 200, {
        'Content-Type': file.contentType,
        'Cache-Control': file.immutable ? 'max-age=31536000, immutable' : 'no-cache',
      });
    return path === '' ? context.html(notBuilt, 503) : context.notFound();
  });
  return pages;
}

function readFiles(folder: string): ReadonlyMap<string, PageFile> {
  if (!existsSync(folder)) return new Map();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.slice(0, filesMax).map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = relative(folder, path).split(sep).join('/');
      // Vite puts a hash of the content into the names of everything under assets/.
      return [
        name,
        {
          body: new Uint8Array(readFileSync(path)),
          contentType: contentTypes[extname(name)] ?? 'application/octet-stream',
          immutable: name.startsWith('assets/'),
        },
      ];
    }),
  );
}
