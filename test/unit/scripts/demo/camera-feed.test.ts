// Goal: every viewer of a camera's socket gets a whole stream of its own: header first, then complete frames.
import { connect, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCameraFeed, type CameraFeed } from '../../../../scripts/demo/camera-feed.ts';

let folder = '';
let feed: CameraFeed;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'demo-feed-'));
  feed = await openCameraFeed({
    path: join(folder, 'camera'),
    width: 4,
    height: 2,
    framesPerSecond: 100,
    nextFrame: () => Buffer.from('abcdefgh'),
  });
});
afterEach(async () => {
  await feed.close();
  rmSync(folder, { recursive: true });
});

const view = (): Socket => connect(join(folder, 'camera'));
const firstBytes = (viewer: Socket, count: number): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    viewer.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (text.length >= count) resolve(text.slice(0, count));
    });
  });

const expected = 'YUV4MPEG2 W4 H2 F100:1 Ip A1:1 Cmono\nFRAME\nabcdefghFRAME\nabcdefgh';

test('a viewer gets the header and then whole frames', async () => {
  const viewer = view();
  expect(await firstBytes(viewer, expected.length)).toBe(expected);
  viewer.destroy();
});

test('after a viewer has died the next one begins with a fresh header', async () => {
  const first = view();
  await firstBytes(first, 50);
  first.destroy();
  const second = view();
  expect(await firstBytes(second, expected.length)).toBe(expected);
  second.destroy();
});
