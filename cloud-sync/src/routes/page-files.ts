// The files of a built page: read once at the start, by their path, and sent from memory, as small as who asks takes them: by brotli as the build
// has compressed them, by gzip when somebody first asks for that.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { accepts } from 'hono/accepts';
import type { RouteContext } from './context.ts';

export interface PageFile {
  readonly bytes: Uint8Array;
  /** Of texts and WebAssembly. */
  readonly gzipped?: () => Uint8Array;
  /** Of what the build has compressed: nothing, while a page is worked on. */
  readonly brotli?: () => Uint8Array;
  readonly contentType: string;
}
export const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.bin': 'application/octet-stream',
};

/** By folder. */
const pages = new Map<string, ReadonlyMap<string, PageFile>>();

/** `/index.html` and the others, by path; empty where the page has not been built. A process reads a page once. */
export function readPage(folder: string): ReadonlyMap<string, PageFile> {
  if (!existsSync(folder)) return new Map();
  const page = pages.get(folder) ?? readFiles(folder);
  pages.set(folder, page);
  return page;
}

function readFiles(folder: string): ReadonlyMap<string, PageFile> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => contentTypes[extname(name)] !== undefined,
  );
  return new Map(names.map((name) => [`/${name.replaceAll('\\', '/')}`, readPageFile(folder, name)]));
}

function readPageFile(folder: string, name: string): PageFile {
  const path = join(folder, name);
  const bytes = readFileSync(path);
  const contentType = contentTypes[extname(name)] ?? '';
  return {
    bytes,
    contentType,
    ...(/^text\/|[+/](json|xml|wasm)$/.test(contentType) ? { gzipped: once(() => gzipSync(bytes, { level: 9 })) } : {}),
    ...(existsSync(`${path}.br`) ? { brotli: once(() => readFileSync(`${path}.br`)) } : {}),
  };
}

/** When it is first asked for: a service that starts does not wait for it. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** `immutable`: its name changes with its content. */
const cacheControls = {
  immutable: 'public, max-age=31536000, immutable',
  'for a day': 'public, max-age=86400',
  'for minutes': 'public, max-age=300',
  revalidated: 'no-cache',
} as const;

export function sendPageFile(c: RouteContext, file: PageFile, kept: keyof typeof cacheControls): Response {
  const supports = [...(file.brotli === undefined ? [] : ['br']), ...(file.gzipped === undefined ? [] : ['gzip'])];
  const accepted = accepts(c, {
    header: 'Accept-Encoding',
    supports: [...supports, 'identity'],
    default: 'identity',
    match: (offers) =>
      supports.find((encoding) => offers.some(({ type, q }) => type === encoding && q > 0)) ?? 'identity',
  });
  const compressed = accepted === 'br' ? file.brotli?.() : accepted === 'gzip' ? file.gzipped?.() : undefined;
  return c.body(Buffer.from(compressed ?? file.bytes), 200, {
    'Content-Type': file.contentType,
    'Cache-Control': cacheControls[kept],
    ...(supports.length === 0 ? {} : { Vary: 'Accept-Encoding' }),
    ...(compressed === undefined ? {} : { 'Content-Encoding': accepted }),
  });
}
