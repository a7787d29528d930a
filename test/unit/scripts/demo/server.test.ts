// Goal: the demo's server serves its page and state, and takes well-formed orders from its own page only.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { webcamFrameBytes, type PageAction, type PageState } from '../../../../scripts/demo/page-state.ts';
import { startServer, type DemoServer } from '../../../../scripts/demo/server.ts';

let folder = '';
let server: DemoServer;
let acted: PageAction[] = [];
let webcamFrames = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'demo-server-'));
  writeFileSync(join(folder, 'index.html'), '<p>demo</p>');
  [acted, webcamFrames] = [[], 0];
  server = await startServer({
    pageFolder: folder,
    port: 0,
    state: () => ({ chapter: 'doors' }) as PageState,
    act: async (action) => {
      acted.push(action);
      return action.action === 'kill' ? 'Gate A is not running' : undefined;
    },
    webcamFrame: () => void webcamFrames++,
    previewUrl: () => undefined,
  });
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const post = (
  path: string,
  body: BodyInit,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<Response> => fetch(new URL(path, server.url), { method: 'POST', body, headers });

test('the page and its files are served, paths outside of it are not', async () => {
  expect(await (await fetch(server.url)).text()).toBe('<p>demo</p>');
  expect((await fetch(new URL('/..%2f..%2fetc/passwd', server.url))).status).toBe(404);
});

test('the state comes as the first event', async () => {
  const answer = await fetch(new URL('/events', server.url));
  const first = await answer.body?.getReader().read();
  expect(new TextDecoder().decode(first?.value)).toContain('event: state\ndata: {"chapter":"doors"}');
});

test('an action reaches the demo, and a complaint comes back', async () => {
  expect((await post('/action', '{"action":"cut"}')).status).toBe(204);
  expect(acted).toEqual([{ action: 'cut' }]);
  const refused = await post('/action', '{"action":"kill"}');
  expect([refused.status, await refused.text()]).toEqual([409, 'Gate A is not running']);
});

test.each([
  '{"action":"format-disk"}',
  'not json',
  '{"action":"show","gate":"a","text":""}',
  '{"action":"cut","more":1}',
])('%s is no action', async (body) => {
  expect((await post('/action', body)).status).toBe(400);
  expect(acted).toEqual([]);
});

test("another site's page cannot act", async () => {
  const answer = await post('/action', '{"action":"cut"}', {
    'content-type': 'application/json',
    origin: 'http://evil.example',
  });
  expect(answer.status).toBe(403);
  expect(acted).toEqual([]);
});

test('a host name that is not ours is refused', async () => {
  const status = await new Promise((resolve, reject) => {
    const { port } = new URL(server.url);
    request({ port, host: '127.0.0.1', headers: { host: 'evil.example' } }, (response) => resolve(response.statusCode))
      .on('error', reject)
      .end();
  });
  expect(status).toBe(403);
});

test('a webcam frame has exactly its size', async () => {
  expect((await post('/webcam/a', new Uint8Array(webcamFrameBytes))).status).toBe(204);
  expect((await post('/webcam/a', new Uint8Array(10))).status).toBe(400);
  expect(webcamFrames).toBe(1);
});
