// The page with nothing but a handheld in it (scripts/bench/handheld-page), and the rules that the cloud puts on the real one.
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Handheld } from '../../gate-agent/src/handheld/core/handheld.ts';
import { firstReason, missingPrograms } from './missing.ts';

declare global {
  interface Window {
    /** What the page has in it. */
    handheld: Promise<Handheld>;
    /** From pictures with a code to decisions, and what the decoder alone takes (scripts/bench/handheld-page/camera.ts). */
    measureCamera: (
      handheld: Handheld,
      count: number,
    ) => Promise<{ readonly scanMs: readonly number[]; readonly decodeMs: readonly number[] }>;
  }
}

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

/** Why it cannot be opened here, or undefined. */
export const missingHandheldPage = (): string | undefined =>
  firstReason(
    missingPrograms('chromium'),
    existsSync(join(folder, 'index.html')) ? undefined : 'the pages are not built (npm run build)',
  );

/** What lies under an address of it; undefined for other addresses. */
export function handheldPageFile(
  path: string,
): { readonly body: Buffer<ArrayBuffer>; readonly headers: Readonly<Record<string, string>> } | undefined {
  if (!path.startsWith('/handheld/')) return undefined;
  const name = path.slice('/handheld/'.length) || 'index.html';
  if (!/^[\w/.-]+$/.test(name) || !existsSync(join(folder, name))) return undefined;
  return {
    body: Buffer.from(readFileSync(join(folder, name))),
    headers: { 'Content-Type': types[extname(name)] ?? '', 'Content-Security-Policy': rules },
  };
}
