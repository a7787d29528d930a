import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { err, presentationTextCharsMax } from '@postern/shared';
import { parseCameraUri } from '../../../../gate-agent/src/readers/camera-uri.ts';
import {
  createCameraReader,
  otherLooks,
  quickLooksPerOther,
  type CameraDeps,
  type CameraView,
} from '../../../../gate-agent/src/readers/camera.ts';
import { createDecoder, type Decoder } from '../../../../gate-agent/src/readers/decoder.ts';
import { frameToPgm, framesToY4m, renderCodeFrame, type GreyFrame } from '../../../../scripts/lib/render-code-frame.ts';
import { describeOrReport, missingPrograms } from '../../../support/not-run.ts';
import {
  createCollector,
  createFakeDecoder,
  createManualClock,
  createScratchFolder,
  hurriedTimer,
  silentLogger,
  someCode,
  systemClock,
} from '../../../support/readers.ts';

const never = new AbortController().signal;

function createCamera(uri: string, decoder: Decoder, more: Partial<CameraDeps> = {}) {
  const input = parseCameraUri(uri);
  if (!input.ok) throw new Error(input.error.message);
  return createCameraReader({
    id: 'cam',
    input: input.value,
    decoder,
    clock: systemClock,
    logger: silentLogger,
    timer: hurriedTimer,
    ...more,
  });
}

const tinyFrames = (count: number): GreyFrame[] =>
  Array.from({ length: count }, (_, index) => ({ width: 32, height: 32, grey: new Uint8Array(1_024).fill(index) }));

describe('without a camera', () => {
  const decoder = createFakeDecoder(() => []);

  test('a missing device is a fault that lists the cameras there are and names the doctor', async () => {
    await expect(
      createCamera('camera:///dev/video-that-is-not-here', decoder).run(() => undefined, never),
    ).rejects.toMatchObject({
      type: 'camera-missing',
      message: expect.stringMatching(
        /no camera at \/dev\/video-that-is-not-here\. Cameras on this machine: .*gate-agent doctor/,
      ),
    });
  });

  test('a missing file or socket is a fault that names it', async () => {
    for (const uri of [
      'camera:///nowhere/video.mp4',
      'camera+unix:///nowhere/camera.sock',
      'camera+pipe:///nowhere/fifo',
    ])
      await expect(createCamera(uri, decoder).run(() => undefined, never)).rejects.toMatchObject({
        type: 'camera-missing',
        message: expect.stringContaining('/nowhere/'),
      });
  });

  test('a device that is no camera is a fault in the words of ffmpeg', async ({ skip }) => {
    const missing = missingPrograms('ffmpeg');
    skip(missing !== undefined, missing ?? '');
    await expect(createCamera('camera:///dev/null', decoder).run(() => undefined, never)).rejects.toMatchObject({
      type: 'camera-failed',
      message: expect.stringContaining('/dev/null'),
    });
  });
});

describeOrReport('with ffmpeg', missingPrograms('ffmpeg'), () => {
  test('a video is read from picture to presentation by the real decoder, and ends', async () => {
    const folder = await createScratchFolder();
    const frame = renderCodeFrame({
      text: 'PN1:VIDEO',
      width: 640,
      height: 480,
      rotationDeg: 12,
      noiseSd: 8,
      blurPx: 0.8,
    });
    await writeFile(join(folder, 'v.y4m'), framesToY4m([frame, frame, frame], 50));
    const decoder = createDecoder();
    const { deliver, all } = createCollector();
    const camera = createCamera(`camera://${folder}/v.y4m`, decoder);
    await camera.run(deliver, never);
    await decoder.close();
    expect(all[0]).toMatchObject({ medium: 'optical', text: 'PN1:VIDEO', format: 'QRCode', readerId: 'cam' });
    expect(all[0]?.decodeMs).toBeGreaterThan(0);
    expect(camera.stats()).toMatchObject({ frames: 3, tooLong: 0, decoderFaults: 0 });
  });

  test('the same text is delivered at most ten times a second, another one at once', async () => {
    const folder = await createScratchFolder();
    await writeFile(join(folder, 'v.y4m'), framesToY4m(tinyFrames(12), 120));
    const clock = createManualClock();
    let looked = 0;
    const decoder = createFakeDecoder(() => {
      clock.advance(40);
      return [someCode(++looked === 3 ? 'other' : 'same')];
    });
    const { deliver, texts } = createCollector();
    const camera = createCamera(`camera://${folder}/v.y4m`, decoder, { clock });
    await camera.run(deliver, never);
    expect(texts().filter((text) => text === 'other')).toHaveLength(1);
    expect(texts().filter((text) => text === 'same')).toHaveLength(Math.ceil(camera.stats().decoded / 3));
  });

  test('a code longer than a presentation may be is refused and counted', async () => {
    const folder = await createScratchFolder();
    await writeFile(join(folder, 'a.pgm'), frameToPgm({ width: 32, height: 32, grey: new Uint8Array(1_024) }));
    const { deliver, texts } = createCollector();
    const longest = 'x'.repeat(presentationTextCharsMax);
    const camera = createCamera(
      `camera://${folder}/a.pgm`,
      createFakeDecoder(() => [someCode(`${longest}x`), someCode(longest)]),
    );
    await camera.run(deliver, never);
    expect(texts()).toEqual([longest]);
    expect(camera.stats().tooLong).toBe(1);
  });

  test('frames without a code get every look in turn, mostly the quick one', async () => {
    const folder = await createScratchFolder();
    const period = quickLooksPerOther + 1;
    await writeFile(join(folder, 'v.y4m'), framesToY4m(tinyFrames(period * otherLooks.length), 120));
    const looks: string[] = [];
    await createCamera(
      `camera://${folder}/v.y4m`,
      createFakeDecoder((_, effort) => (looks.push(effort), [])),
    ).run(() => undefined, never);
    const expected = otherLooks.flatMap((look) => [...Array.from({ length: quickLooksPerOther }, () => 'quick'), look]);
    expect(looks).toEqual(expected.slice(0, looks.length));
    expect(looks.length).toBeGreaterThan(period);
  });

  test('a preview gets the picture with the code in it, throttled but never without a new code', async () => {
    const folder = await createScratchFolder();
    await writeFile(join(folder, 'v.y4m'), framesToY4m(tinyFrames(6), 120));
    const clock = createManualClock();
    const views: CameraView[] = [];
    const decoder = createFakeDecoder(
      (frame) => (clock.advance(10), (frame.grey[0] ?? 0) === 3 ? [someCode('new')] : []),
    );
    await createCamera(`camera://${folder}/v.y4m`, decoder, { clock, onFrame: (view) => views.push(view) }).run(
      () => undefined,
      never,
    );
    expect(views.map((view) => view.result?.text ?? null)).toEqual([null, 'new']);
    expect(views[0]).toMatchObject({ readerId: 'cam', width: 32, height: 32, result: null });
    expect(views[1]?.result).toMatchObject({ format: 'QRCode', decodeMs: 1 });
  });

  test('a folder is read picture by picture; what is no picture is skipped', async () => {
    const folder = await createScratchFolder();
    await mkdir(join(folder, 'pictures'));
    for (const [index, frame] of tinyFrames(3).entries())
      await writeFile(join(folder, 'pictures', `${index}.pgm`), frameToPgm(frame));
    await writeFile(join(folder, 'pictures', '1-notes.txt'), 'not a picture');
    const { deliver, texts } = createCollector();
    await createCamera(
      `camera://${folder}/pictures`,
      createFakeDecoder(({ grey }, effort) => [someCode(`${effort} ${grey[0]}`)]),
    ).run(deliver, never);
    expect(texts()).toEqual(['thorough 0', 'thorough 1', 'thorough 2']);
  });

  test('a folder that is shown again and again names what is no picture once', async () => {
    const folder = await createScratchFolder();
    await writeFile(join(folder, '0-notes.txt'), 'not a picture');
    for (const [index, frame] of tinyFrames(1).entries())
      await writeFile(join(folder, `${index + 1}.pgm`), frameToPgm(frame));
    const warned: unknown[] = [];
    const enough = new AbortController();
    let rounds = 0;
    await createCamera(
      `camera://${folder}?loop=1&fps=60`,
      createFakeDecoder(() => (++rounds === 3 && enough.abort(), [])),
      { logger: { ...silentLogger, warn: ({ path }) => void warned.push(path) } },
    ).run(() => undefined, enough.signal);
    expect([rounds, warned]).toEqual([3, [join(folder, '0-notes.txt')]]);
  });

  test('a folder without a picture, and a file that is none, are faults', async () => {
    const folder = await createScratchFolder();
    await writeFile(join(folder, 'notes.txt'), 'not a picture');
    for (const path of [folder, join(folder, 'notes.txt')])
      await expect(
        createCamera(
          `camera://${path}`,
          createFakeDecoder(() => []),
        ).run(() => undefined, never),
      ).rejects.toMatchObject({ type: 'input-failed' });
  });

  test('a truncated video delivers its whole frames and ends', async () => {
    const folder = await createScratchFolder();
    const whole = framesToY4m(tinyFrames(4), 120);
    await writeFile(join(folder, 'v.y4m'), whole.subarray(0, whole.length - 100));
    const camera = createCamera(
      `camera://${folder}/v.y4m`,
      createFakeDecoder(() => []),
    );
    await camera.run(() => undefined, never);
    expect(camera.stats().frames).toBe(3);
  });

  test('raw frames come through a named pipe', async () => {
    const folder = await createScratchFolder();
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    const { deliver, texts } = createCollector();
    const running = createCamera(
      `camera+pipe://${folder}/fifo?width=32&height=32`,
      createFakeDecoder(({ grey }) => [someCode(`frame ${grey[0]}`)]),
    ).run(deliver, never);
    await writeFile(join(folder, 'fifo'), Buffer.concat(tinyFrames(1).map(({ grey }) => grey)));
    await running;
    expect(texts()).toEqual(['frame 0']);
  });

  test('a decoder that keeps failing is a fault, not a gate that silently reads nothing', async () => {
    const folder = await createScratchFolder();
    await writeFile(join(folder, 'v.y4m'), framesToY4m(tinyFrames(40), 60));
    const decoder: Decoder = {
      decode: async () => err({ type: 'decoder-crashed', cause: 'trap' }),
      close: async () => undefined,
    };
    await expect(
      createCamera(`camera://${folder}/v.y4m?loop=1`, decoder).run(() => undefined, never),
    ).rejects.toMatchObject({ type: 'decoder-failed' });
  });
});
