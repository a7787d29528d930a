// Goal: the preview gives the newest frame, small, with the code's outline and without its text, and keeps nothing nobody asked for.
import { expect, test } from 'vitest';
import { createPreview, type PreviewInput } from '../../../../gate-agent/src/local-api/preview.ts';

const frame = (level: number, result: PreviewInput['result'] = null): PreviewInput => ({
  readerId: 'camera-1',
  width: 640,
  height: 480,
  grey: new Uint8Array(640 * 480).fill(level),
  result,
});

test('the answer is the frame shrunk to at most 400 pixels across, its outline in the same pixels', async () => {
  const preview = createPreview(() => 0);
  const waiting = preview.routes.request('/');
  await new Promise((resolve) => setImmediate(resolve));
  const corners = [
    { x: 100, y: 50 },
    { x: 200, y: 50 },
    { x: 200, y: 150 },
    { x: 100, y: 150 },
  ];
  preview.offer(frame(77, { corners, format: 'QRCode', decodeMs: 6.5, text: 'PN1:SECRET' } as PreviewInput['result']));
  const answer = await waiting;
  const about = answer.headers.get('preview-about') ?? '';
  expect(JSON.parse(about)).toEqual({
    sequence: 1,
    reader: 'camera-1',
    width: 320,
    height: 240,
    code: { corners: corners.map(({ x, y }) => ({ x: x / 2, y: y / 2 })), format: 'QRCode', decodeMs: 6.5 },
  });
  const grey = new Uint8Array(await answer.arrayBuffer());
  expect(grey.length).toBe(320 * 240);
  expect(new Set(grey)).toEqual(new Set([77]));
});

test('an asker that has the newest frame gets the next one', async () => {
  const preview = createPreview(() => 0);
  const first = preview.routes.request('/');
  await new Promise((resolve) => setImmediate(resolve));
  preview.offer(frame(1));
  await first;
  const second = preview.routes.request('/?after=1');
  await new Promise((resolve) => setImmediate(resolve));
  preview.offer(frame(2));
  expect(new Uint8Array(await (await second).arrayBuffer())[0]).toBe(2);
});

test('frames are not kept while nobody has asked', async () => {
  let nowMs = 0;
  const preview = createPreview(() => nowMs);
  const first = preview.routes.request('/');
  await new Promise((resolve) => setImmediate(resolve));
  preview.offer(frame(1));
  await first;
  nowMs = 60_000;
  preview.offer(frame(2));
  expect(new Uint8Array(await (await preview.routes.request('/')).arrayBuffer())[0]).toBe(1);
});

test('a strange sequence is refused', async () => {
  expect((await createPreview(() => 0).routes.request('/?after=soon')).status).toBe(400);
});
