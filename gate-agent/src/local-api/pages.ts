// Serves the gate's built pages from memory: a handful of files, read once, so that no request ever names a path on disk.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Hono, type Context } from 'hono';
import { accepts } from 'hono/accepts';

/** The screen at the lane, and the desk that gives wristbands. */
const pageNames = ['display', 'desk'] as const;
type PageName = (typeof pageNames)[number];

/** The same folder whether this runs from src/ or from dist/. */
export const pageFolder = (name: PageName): string => fileURLToPath(new URL(`../../dist/${name}/`, import.meta.url));
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
  /** The same as the build has compressed it. */
  readonly brotli: Uint8Array<ArrayBuffer> | undefined;
  readonly contentType: string;
  readonly immutable: boolean;
}

const notBuilt =
  '<!doctype html><meta charset="utf-8"><title>Gate</title><p>This page has not been built yet. Run <code>npm run build</code>, then restart the gate.</p>';

/** Each page under its name. */
export function createPages(folderOf: (name: PageName) => string = pageFolder): Hono {
  const pages = new Hono();
  for (const name of pageNames) {
    // With the slash at the end: the page names its files relative to itself.
    pages.get(`/${name}`, (context) => context.redirect(`/${name}/${new URL(context.req.url).search}`));
    pages.route(`/${name}`, createPage(`/${name}/`, folderOf(name)));
  }
  return pages;
}

/** The page where it is mounted, and its files below. */
function createPage(mount: string, folder: string): Hono {
  const files = readFiles(folder);
  const page = new Hono();
  page.get('/*', (context) => {
    const path = context.req.path.slice(mount.length);
    const file = files.get(path === '' ? 'index.html' : path);
    if (file === undefined) return path === '' ? context.html(notBuilt, 503) : context.notFound();
    const { brotli } = file;
    const isPacked = brotli !== undefined && takesBrotli(context);
    return context.body(isPacked ? brotli : file.body, 200, {
      'Content-Type': file.contentType,
      'Cache-Control': file.immutable ? 'max-age=31536000, immutable' : 'no-cache',
      ...(brotli === undefined ? {} : { Vary: 'Accept-Encoding' }),
      ...(isPacked ? { 'Content-Encoding': 'br' } : {}),
    });
  });
  return page;
}

const takesBrotli = (context: Context): boolean =>
  accepts(context, {
    header: 'Accept-Encoding',
    supports: ['br', 'identity'],
    default: 'identity',
    match: (offers) => (offers.some(({ type, q }) => type === 'br' && q > 0) ? 'br' : 'identity'),
  }) === 'br';

function readFiles(folder: string): ReadonlyMap<string, PageFile> {
  if (!existsSync(folder)) return new Map();
  const read = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(path));
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && extname(entry.name) !== '.br',
  );
  return new Map(
    entries.slice(0, filesMax).map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = relative(folder, path).split(sep).join('/');
      // Vite puts a hash of the content into the names of everything under assets/.
      return [
        name,
        {
          body: read(path),
          brotli: existsSync(`${path}.br`) ? read(`${path}.br`) : undefined,
          contentType: contentTypes[extname(name)] ?? 'application/octet-stream',
          immutable: name.startsWith('assets/'),
        },
      ];
    }),
  );
}
