import { expect, test } from 'vitest';
import { readPictureHeader } from '../../../../gate-agent/src/readers/picture-header.ts';
import { createSeededUniform } from '../../../../scripts/lib/render-code-frame.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

test('declared sizes are read from the header of each format', () => {
  const headers: readonly [string, string, number, number][] = [
    ['png', '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x1f\x40\0\0\x18\x6a', 8_000, 6_250],
    ['gif', 'GIF89a\x40\x01\xf0\0', 320, 240],
    ['bmp', 'BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x80\x02\0\0\x20\xfe\xff\xff', 640, 480],
    ['jpeg', '\xff\xd8\xff\xe0\0\x04ab\xff\xc2\0\x11\x08\x01\xe0\x02\x80\x03', 640, 480],
    ['webp', 'RIFF\x40\0\0\0WEBPVP8 \0\0\0\0\x30\x01\0\x9d\x01\x2a\x80\x02\xe0\x01', 640, 480],
    ['webp', 'RIFF\x40\0\0\0WEBPVP8L\0\0\0\0\x2f\x7f\xc2\x77\0\0\0\0\0\0', 640, 480],
    ['webp', 'RIFF\x40\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0', 640, 480],
    ['y4m', 'YUV4MPEG2 W640 H480 F15:1 Cmono\nFRAME\n', 640, 480],
    ['pnm', 'P5\n# made by hand\n640 480\n255\n', 640, 480],
  ];
  for (const [format, head, width, height] of headers)
    expect(readPictureHeader(bytes(head))).toMatchObject({ format, width, height });
});

test('videos that hide their size deeper are recognised without one', () => {
  for (const [format, head] of [
    ['mp4', '\0\0\0\x20ftypisom'],
    ['matroska', '\x1a\x45\xdf\xa3\x01'],
    ['avi', 'RIFF\0\0\0\0AVI LIST'],
  ] as const)
    expect(readPictureHeader(bytes(head))?.format).toBe(format);
});

test('a file shorter than its header says is cut off', () => {
  const y4m = readPictureHeader(bytes('YUV4MPEG2 W2 H2 F15:1 Cmono\nFRAME\n'));
  const line = 'YUV4MPEG2 W2 H2 F15:1 Cmono\n'.length;
  expect([0, 10, 20].map((frames) => y4m?.isCutOffAt?.(line + frames))).toEqual([false, false, false]);
  expect([1, 9, 11].map((frames) => y4m?.isCutOffAt?.(line + frames))).toEqual([true, true, true]);
  const bmp = readPictureHeader(bytes('BM\x64\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x02\0\0\0'));
  expect([99, 100].map((size) => bmp?.isCutOffAt?.(size))).toEqual([true, false]);
});

test('text, playlists and nothing at all are not pictures', () => {
  for (const text of ['', 'hello', '#EXTM3U\n', 'ffconcat version 1.0\n', '<svg/>', 'BM', 'P5', 'RIFF1234WAVE'])
    expect(readPictureHeader(bytes(text))).toBeUndefined();
});

test('10,000 random files never throw, whatever they begin with', () => {
  const uniform = createSeededUniform(2);
  const beginnings = [
    '\x89PNG\r\n\x1a\n',
    '\xff\xd8\xff',
    '\xff\xd8\xff\xe0\xff\xff',
    'RIFF1234WEBPVP8X',
    'RIFF1234WEBPVP8L',
    'YUV4MPEG2 W',
    'GIF89a',
    'BM',
    'P5\n',
    '',
  ];
  for (let round = 0; round < 10_000; round++) {
    const file = Uint8Array.from({ length: Math.floor(uniform() * 120) }, () => Math.floor(uniform() * 256));
    file.set(bytes((beginnings[round % beginnings.length] ?? '').slice(0, file.length)));
    const header = readPictureHeader(file);
    if (header?.width !== undefined) expect(header.width).toBeGreaterThanOrEqual(0);
  }
});
