// The place of the handheld's page: its rules, how gates are reached, and the certificate that phones have to know.
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { handheldSettingsSchema } from '@postern/shared';
import { createRouter } from '../../../cloud-sync/src/routes/context.ts';
import { readPage, sendPageFile } from '../../../cloud-sync/src/routes/page-files.ts';
import { createTestCloud, type TestCloud } from '../../support/cloud.ts';

let opened: TestCloud | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});
const open = async (gateDomain?: string): Promise<TestCloud> =>
  (opened = await createTestCloud(gateDomain === undefined ? {} : { gateDomain }));

test('tells phones how gates are reached, and lets the page ask them', async () => {
  const { request } = await open('gates.example.org');
  const settings = handheldSettingsSchema.parse(await (await request('/handheld/settings.json')).json());
  const authority = await request('/handheld/gates.crt');
  expect(authority.headers.get('Content-Type')).toBe('application/x-x509-ca-cert');
  const certificate = new X509Certificate(Buffer.from(await authority.arrayBuffer()));
  expect(settings).toEqual({ v: 1, gateDomain: 'gates.example.org', fingerprint: certificate.fingerprint256 });
  expect(certificate.ca).toBe(true);
  const rules = (await request('/handheld/')).headers.get('Content-Security-Policy') ?? '';
  expect(rules).toContain("connect-src 'self' https://*.gates.example.org:7445");
  expect(rules).toContain("script-src 'self' 'wasm-unsafe-eval'");
});

test('says nothing of gates where they have no names', async () => {
  const { request } = await open();
  expect(await (await request('/handheld/settings.json')).json()).toEqual({ v: 1 });
  expect((await request('/handheld/gates.crt')).status).toBe(404);
  expect((await request('/handheld/')).headers.get('Content-Security-Policy')).toMatch(/connect-src 'self'(;|$)/);
  expect((await request('/handheld')).headers.get('Location')).toBe('handheld/');
  expect((await request('/handheld/icon-512.png')).headers.get('Content-Type')).toBe('image/png');
  expect((await request('/handheld/nothing.js')).status).toBe(404);
});

test('a page’s files go out as small as the browser takes them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-page-'));
  mkdirSync(join(folder, 'assets'));
  const content = 'a'.repeat(1_000);
  writeFileSync(join(folder, 'assets', 'code.wasm'), content);
  writeFileSync(join(folder, 'assets', 'code.wasm.br'), brotliCompressSync(content));
  writeFileSync(join(folder, 'assets', 'page.js'), content);
  writeFileSync(join(folder, 'model.bin'), content);
  writeFileSync(join(folder, 'model.bin.br'), brotliCompressSync(content));
  writeFileSync(join(folder, 'icon.png'), content);
  const files = readPage(folder);
  rmSync(join(folder, 'icon.png'));
  expect([...files.keys()].toSorted()).toEqual(['/assets/code.wasm', '/assets/page.js', '/icon.png', '/model.bin']);
  const app = createRouter();
  app.get('*', (c) => {
    const file = files.get(c.req.path);
    return file === undefined ? c.notFound() : sendPageFile(c, file, 'immutable');
  });
  const varyOf = async (path: string): Promise<string | null> => (await app.request(path)).headers.get('Vary');
  const encodingOf = async (path: string, accepted?: string): Promise<string | null> => {
    const answer = await app.request(path, accepted === undefined ? {} : { headers: { 'Accept-Encoding': accepted } });
    return answer.headers.get('Content-Encoding');
  };
  expect(await encodingOf('/assets/code.wasm', 'gzip, deflate, br, zstd')).toBe('br');
  expect(await encodingOf('/assets/code.wasm', 'gzip, deflate')).toBe('gzip');
  expect(await encodingOf('/assets/code.wasm', 'br;q=0, gzip')).toBe('gzip');
  expect(await encodingOf('/assets/page.js', 'gzip, br')).toBe('gzip');
  expect(await encodingOf('/assets/page.js')).toBeNull();
  expect(await encodingOf('/icon.png', 'gzip, br')).toBeNull();
  expect(await encodingOf('/model.bin', 'gzip')).toBeNull();
  const model = await app.request('/model.bin', { headers: { 'Accept-Encoding': 'gzip, br' } });
  expect(model.headers.get('Content-Encoding')).toBe('br');
  expect(brotliDecompressSync(await model.arrayBuffer()).toString()).toBe(content);
  // Whoever keeps it for others keeps one of each.
  expect(await varyOf('/assets/code.wasm')).toBe('Accept-Encoding');
  expect(await varyOf('/icon.png')).toBeNull();
  rmSync(folder, { recursive: true, force: true });
});
