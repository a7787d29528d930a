// The files of a built page: read and compressed once at the start, by their path, and sent from memory.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { accepts } from 'hono/accepts';
import type { RouteContext } from './context.ts';

export interface PageFile {
  readonly bytes: Uint8Array;
  /** Of texts and WebAssembly. */
  readonly gzipped?: Uint8Array;
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

/** `/index.html` and the others, by path; empty where the page has not been built. */
export function readPage(folder: string): ReadonlyMap<string, PageFile> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => contentTypes[extname(name)] !== undefined,
  );
  return new Map(names.map((name) => [`/${name.replaceAll('\\', '/')}`, readPageFile(folder, name)]));
}

function readPageFile(folder: string, name: string): PageFile {
  const bytes = readFileSync(join(folder, name));
  const contentType = contentTypes[extname(name)] ?? '';
  const shrinks = /^text\/|[+/](json|xml|wasm)$/.test(contentType);
  return { bytes, contentType, ...(shrinks ? { gzipped: gzipSync(bytes, { level: 9 }) } : {}) };
}

/** `immutable`: its name changes with its content. */
export function sendPageFile(c: RouteContext, file: PageFile, kept: 'immutable' | 'revalidated'): Response {
  const encoding = accepts(c, { header: 'Accept-Encoding', supports: ['gzip', 'identity'], default: 'identity' });
  const gzipped = encoding === 'gzip' ? file.gzipped : undefined;
  return c.body(Buffer.from(gzipped ?? file.bytes), 200, {
    'Content-Type': file.contentType,
    'Cache-Control': kept === 'immutable' ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...(file.gzipped === undefined ? {} : { Vary: 'Accept-Encoding' }),
    ...(gzipped === undefined ? {} : { 'Content-Encoding': 'gzip' }),
  });
}
