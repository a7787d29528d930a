// Goal: a gate's page goes to each browser as that takes it, and nothing but the page does.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPages } from '../../../../gate-agent/src/local-api/pages.ts';

const code = 'const gate = 1;'.repeat(100);
let folder: string;
let pages: ReturnType<typeof createPages>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-page-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets/index-1.js'), code);
  writeFileSync(join(folder, 'assets/index-1.js.br'), brotliCompressSync(code));
  pages = createPages(() => folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

it('goes compressed to who takes that, and as it is to everyone else', async () => {
  const ask = async (accepted?: string): Promise<Response> =>
    pages.request(
      '/desk/assets/index-1.js',
      accepted === undefined ? {} : { headers: { 'Accept-Encoding': accepted } },
    );
  const packed = await ask('gzip, deflate, br, zstd');
  expect(packed.headers.get('Content-Encoding')).toBe('br');
  expect(packed.headers.get('Content-Type')).toContain('text/javascript');
  expect(brotliDecompressSync(await packed.arrayBuffer()).toString()).toBe(code);
  for (const accepted of [undefined, 'gzip', 'br;q=0, gzip']) {
    const plain = await ask(accepted);
    expect(plain.headers.get('Content-Encoding')).toBeNull();
    expect(plain.headers.get('Vary')).toBe('Accept-Encoding');
    expect(await plain.text()).toBe(code);
  }
});

it('keeps for good what has a name of its own, and asks again for the page', async () => {
  expect((await pages.request('/desk/assets/index-1.js')).headers.get('Cache-Control')).toContain('immutable');
  const page = await pages.request('/desk/');
  expect(await page.text()).toBe('<!doctype html>');
  expect(page.headers.get('Cache-Control')).toBe('no-cache');
  expect(page.headers.get('Vary')).toBeNull();
});

it('has no file that is not of the page', async () => {
  expect((await pages.request('/desk/assets/index-1.js.br')).status).toBe(404);
  expect((await pages.request('/desk/assets/other.js')).status).toBe(404);
});
