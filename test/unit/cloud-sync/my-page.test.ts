// Goal: the page of tickets on phones comes whole, under rules that let nothing else in, and each file for as long as it may be kept.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { myPageRoutes } from '../../../cloud-sync/src/routes/my-page.ts';

let folder: string;
let page: ReturnType<typeof myPageRoutes>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-page-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'worker.js'), 'worker');
  writeFileSync(join(folder, 'notes.txt'), 'nothing of the page');
  writeFileSync(join(folder, 'assets/index-1.js'), 'code');
  page = myPageRoutes({ myPageFolder: folder });
});
afterAll(() => rmSync(folder, { recursive: true }));

const ask = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  page.request(path, { headers });

describe('the page', () => {
  it('lets in nothing from elsewhere, nothing written in it, and no frame around it', async () => {
    const { headers } = await ask('/my/');
    const rules = (headers.get('Content-Security-Policy') ?? '').split('; ').toSorted();
    expect(rules).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "img-src 'self'",
      "manifest-src 'self'",
      "script-src 'self'",
      "style-src 'self'",
      "worker-src 'self'",
    ]);
    expect(headers.get('Referrer-Policy')).toBe('no-referrer');
  });

  it('is in its folder, wherever a proxy puts that', async () => {
    const moved = await ask('/my');
    expect([moved.status, moved.headers.get('Location')]).toEqual([308, 'my/']);
  });

  it('keeps for good what has a name of its own, and asks again for everything else', async () => {
    const kept = async (path: string): Promise<string> => (await ask(path)).headers.get('Cache-Control') ?? '';
    expect(await kept('/my/')).toBe('no-cache');
    expect(await kept('/my/worker.js')).toBe('no-cache');
    expect(await kept('/my/assets/index-1.js')).toContain('immutable');
  });

  it('travels compressed to who takes that, pictures as they are', async () => {
    const packed = await ask('/my/assets/index-1.js', { 'Accept-Encoding': 'br, gzip' });
    expect(packed.headers.get('Content-Encoding')).toBe('gzip');
    expect(gunzipSync(await packed.arrayBuffer()).toString()).toBe('code');
    expect(await (await ask('/my/assets/index-1.js')).text()).toBe('code');
    expect((await ask('/my/icon.png', { 'Accept-Encoding': 'gzip' })).headers.get('Content-Encoding')).toBeNull();
  });

  it('has a picture for home screens, as large as the manifest says', async () => {
    const icon = Buffer.from(await (await ask('/my/icon.png')).arrayBuffer());
    expect(icon.subarray(1, 4).toString()).toBe('PNG');
    expect([icon.readUInt32BE(16), icon.readUInt32BE(20)]).toEqual([192, 192]);
    const manifest = readFileSync('cloud-sync/src/my-ticket/public/manifest.webmanifest', 'utf8');
    expect(manifest).toContain('"src": "./icon.png", "type": "image/png", "sizes": "192x192"');
  });

  it.each(['/my/notes.txt', '/my/assets/other.js', '/my/..%2fworker.js', '/my/assets/..%2f..%2fpackage.json'])(
    'has nothing at %s',
    async (path) => {
      expect((await ask(path)).status).toBe(404);
    },
  );

  it('says how to build it where nobody has', async () => {
    const unbuilt = myPageRoutes({ myPageFolder: join(folder, 'none') });
    expect(await (await unbuilt.request('/my/')).text()).toContain('npm run build');
  });
});
