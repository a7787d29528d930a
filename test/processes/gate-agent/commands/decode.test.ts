import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { decodeFiles } from '../../../../gate-agent/src/commands/decode.ts';
import { createDecoder } from '../../../../gate-agent/src/readers/decoder.ts';
import { heldSideMaxPx } from '../../../../gate-agent/src/readers/picture.ts';
import {
  frameToPgm,
  framesToY4m,
  renderCodeFrame,
  renderEmptyFrame,
} from '../../../../scripts/lib/render-code-frame.ts';
import { describeOrReport, missingPrograms } from '../../../support/not-run.ts';
import { createFakeDecoder, createScratchFolder, someCode } from '../../../support/readers.ts';

describeOrReport('gate-agent decode', missingPrograms('ffmpeg'), () => {
  const decoder = createDecoder();
  afterAll(() => decoder.close());

  const frame = renderCodeFrame({
    text: 'PN1:FILE',
    width: 640,
    height: 480,
    modulePx: 5,
    rotationDeg: 12,
    noiseSd: 8,
  });
  const ffmpeg = (...args: readonly string[]): void => void execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);
  const decode = async (paths: readonly string[], given = decoder) => {
    const lines: string[] = [];
    const exitCode = await decodeFiles(paths, {
      writeLine: (line) => lines.push(line),
      signal: new AbortController().signal,
      decoder: given,
    });
    return {
      exitCode,
      lines: lines.map(
        (line) =>
          JSON.parse(line) as {
            file: string;
            text: string | null;
            format: string | null;
            ms: number;
            error?: { type: string; message: string };
          },
      ),
    };
  };
  /** A folder with the code as a PGM picture, and whatever `make` puts beside it. */
  const prepare = async (...make: readonly ((folder: string) => unknown)[]): Promise<(name: string) => string> => {
    const folder = await createScratchFolder();
    await writeFile(join(folder, 'a.pgm'), frameToPgm(frame));
    for (const step of make) await step(folder);
    return (name) => join(folder, name);
  };

  test('every picture format gives its line, in the order asked for, and exit code 0', async () => {
    const names = ['a.png', 'a.jpg', 'a.bmp', 'a.webp', 'a.gif', 'a.pgm'];
    const path = await prepare((folder) =>
      names.slice(0, -1).forEach((name) => ffmpeg('-i', join(folder, 'a.pgm'), join(folder, name))),
    );
    const { exitCode, lines } = await decode(names.map(path));
    expect(exitCode).toBe(0);
    expect(lines.map(({ file, text, format }) => [file, text, format])).toEqual(
      names.map((name) => [path(name), 'PN1:FILE', 'QRCode']),
    );
    for (const { ms } of lines) expect(ms).toBeGreaterThan(0);
  });

  test('a video is searched for the first frame with a code', async () => {
    const path = await prepare((folder) =>
      writeFile(join(folder, 'v.y4m'), framesToY4m([renderEmptyFrame(), renderEmptyFrame(), frame])),
    );
    expect(await decode([path('v.y4m')])).toMatchObject({ exitCode: 0, lines: [{ text: 'PN1:FILE' }] });
  });

  test('a picture without a code is no error', async () => {
    const path = await prepare((folder) => writeFile(join(folder, 'e.pgm'), frameToPgm(renderEmptyFrame())));
    const { exitCode, lines } = await decode([path('e.pgm')]);
    expect(exitCode).toBe(0);
    expect(lines[0]).toEqual({ file: path('e.pgm'), text: null, format: null, ms: expect.any(Number) });
  });

  test('black modules on a transparent background are read as on paper', async () => {
    const path = await prepare((folder) =>
      ffmpeg(
        '-i',
        join(folder, 'a.pgm'),
        '-vf',
        `format=gray,geq=lum=if(gt(lum(X\\,Y)\\,128)\\,255\\,0),format=rgba,colorkey=white:0.1:0`,
        join(folder, 'alpha.png'),
      ),
    );
    expect((await decode([path('alpha.png')])).lines[0]?.text).toBe('PN1:FILE');
  });

  test('a 50-megapixel picture is scaled down before it is held, and read', async () => {
    const path = await prepare((folder) =>
      ffmpeg(
        '-f',
        'lavfi',
        '-i',
        'color=white:s=8000x6250',
        '-i',
        join(folder, 'a.pgm'),
        '-filter_complex',
        '[1]scale=3200:-1[code];[0][code]overlay=2000:2000,format=gray',
        '-frames:v',
        '1',
        join(folder, 'big.png'),
      ),
    );
    expect((await decode([path('big.png')])).lines[0]?.text).toBe('PN1:FILE');
    let held = 0;
    await decode(
      [path('big.png')],
      createFakeDecoder(({ width, height }) => ((held = Math.max(width, height)), [someCode('seen')])),
    );
    expect(held).toBe(heldSideMaxPx);
  });

  test('a picture that declares more than the limit is refused by its header alone', async () => {
    const header = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x40\0\0\0\x40\0\x08\0\0\0\0', 'latin1');
    const path = await prepare((folder) => writeFile(join(folder, 'huge.png'), header));
    expect(await decode([path('huge.png')])).toMatchObject({
      exitCode: 2,
      lines: [
        {
          text: null,
          error: { type: 'picture-too-large', message: '16384 x 16384 pixels; at most 64 megapixels are read' },
        },
      ],
    });
  });

  test('cut-off pictures and videos are one clear error each and do not stop the others', async () => {
    const sources = ['a.png', 'a.jpg', 'a.bmp', 'a.webp', 'v.mp4', 'v.mkv', 'v.avi', 'v.y4m'];
    const path = await prepare(async (folder) => {
      await writeFile(
        join(folder, 'v.y4m'),
        framesToY4m(Array.from({ length: 4 }, (_, index) => renderEmptyFrame(640, 480, 8, index))),
      );
      for (const name of sources.slice(0, 4)) ffmpeg('-i', join(folder, 'a.pgm'), join(folder, name));
      for (const name of sources.slice(4, 7))
        ffmpeg(
          '-i',
          join(folder, 'v.y4m'),
          '-pix_fmt',
          'yuv420p',
          '-c:v',
          name === 'v.avi' ? 'mjpeg' : 'mpeg4',
          join(folder, name),
        );
      for (const name of sources) {
        const whole = await readFile(join(folder, name));
        await writeFile(join(folder, `cut-${name}`), whole.subarray(0, Math.floor(whole.length * 0.3)));
      }
    });
    const { exitCode, lines } = await decode([...sources.map((name) => path(`cut-${name}`)), path('a.pgm')]);
    expect(exitCode).toBe(2);
    expect(lines.map(({ file, text, error }) => [file, text, error?.type])).toEqual([
      ...sources.map((name) => [path(`cut-${name}`), null, 'picture-broken']),
      [path('a.pgm'), 'PN1:FILE', undefined],
    ]);
    for (const { error } of lines.slice(0, -1)) expect(error?.message).toMatch(/^damaged or cut off: ./);
  });

  test('what is no picture, is missing, a folder or a pipe that nobody writes to is an error of its own; no file may name another one', async () => {
    const path = await prepare(async (folder) => {
      await writeFile(join(folder, 'text.png'), 'hello');
      await writeFile(join(folder, 'empty.png'), '');
      await writeFile(join(folder, 'list.m3u8'), `#EXTM3U\n#EXTINF:1,\nfile://${folder}/a.pgm\n`);
      await writeFile(join(folder, 'list.txt'), `ffconcat version 1.0\nfile a.pgm\n`);
      execFileSync('mkfifo', [join(folder, 'pipe.png')]);
    });
    const { exitCode, lines } = await decode(
      ['text.png', 'empty.png', 'list.m3u8', 'list.txt', 'gone.png', 'pipe.png', ''].map(path),
    );
    expect(exitCode).toBe(2);
    expect(lines.map(({ error }) => error?.type)).toEqual([
      'not-a-picture',
      'not-a-picture',
      'not-a-picture',
      'not-a-picture',
      'file-missing',
      'file-unreadable',
      'file-unreadable',
    ]);
  });

  test('an abort stops before the next file and counts as failure', async () => {
    const path = await prepare();
    const lines: string[] = [];
    expect(
      await decodeFiles([path('a.pgm')], {
        writeLine: (line) => lines.push(line),
        signal: AbortSignal.abort(),
        decoder,
      }),
    ).toBe(2);
    expect(lines).toEqual([]);
  });
});
