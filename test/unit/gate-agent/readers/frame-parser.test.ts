import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFrameParser, type FrameShape } from '../../../../gate-agent/src/readers/frame-parser.ts';
import type { GreyFrame } from '../../../../gate-agent/src/readers/frame.ts';
import { createSeededUniform, frameToPgm } from '../../../../scripts/lib/render-code-frame.ts';

const pgm: FrameShape = { type: 'pgm' };

function parse(
  shape: FrameShape,
  chunks: readonly Uint8Array[],
): { frames: GreyFrame[]; errors: number; pending: number } {
  const frames: GreyFrame[] = [];
  const parser = createFrameParser(shape, (frame) => frames.push(frame));
  const errors = chunks.map((chunk) => parser.push(chunk)).filter((error) => error !== undefined).length;
  return { frames, errors, pending: parser.pendingBytes() };
}

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe('PGM', () => {
  test('frames come out as they went in, wherever the stream is cut into chunks', () => {
    const size = fc.integer({ min: 1, max: 9 });
    const frame = fc
      .tuple(size, size)
      .chain(([width, height]) =>
        fc
          .uint8Array({ minLength: width * height, maxLength: width * height })
          .map((grey) => ({ width, height, grey: new Uint8Array(grey) })),
      );
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (frames, cuts) => {
          const stream = Uint8Array.from(frames.flatMap((each) => [...frameToPgm(each)]));
          expect(parse(pgm, cutBy(stream, cuts))).toEqual({ frames, errors: 0, pending: 0 });
        },
      ),
    );
  });

  test('a stream that ends inside a frame says how much is pending and delivers nothing', () => {
    const whole = frameToPgm({ width: 4, height: 4, grey: new Uint8Array(16) });
    const cut = parse(pgm, [whole.subarray(0, whole.length - 1)]);
    expect(cut.frames).toEqual([]);
    expect(cut.pending).toBe(15);
  });

  test('sizes beyond the limits are refused before anything is allocated for them', () => {
    for (const header of ['P5\n99999 99999\n255\n', 'P5\n8192 8192\n255\n', 'P5\n0 5\n255\n', 'P5\n9000 1\n255\n'])
      expect(parse(pgm, [bytes(header)])).toMatchObject({ frames: [], errors: 1 });
  });

  test('other formats, other depths and endless headers are refused', () => {
    for (const header of [
      'P6\n4 4\n255\n',
      'P5\n4 4\n65535\n',
      `P5\n${'1'.repeat(100)}`,
      '\x89PNG',
      ' P5',
      'P5\n# a comment that is long\n4 4\n255\n',
    ])
      expect(parse(pgm, [bytes(header)])).toMatchObject({ frames: [], errors: 1 });
  });

  test('once broken it stays broken: a good frame after garbage is not believed', () => {
    const good = frameToPgm({ width: 2, height: 2, grey: new Uint8Array(4) });
    expect(parse(pgm, [bytes('garbage'), good, good])).toMatchObject({ frames: [], errors: 3 });
  });
});

describe('YUV 4:2:0', () => {
  test('the luma of each frame comes out, its colour is skipped', () => {
    const frame = [1, 2, 3, 4, 5, 6, 7, 8, 90, 91, 92, 93];
    const stream = Uint8Array.from([...frame, ...frame]);
    for (const cuts of [[1], [5], [100]]) {
      const { frames, pending } = parse({ type: 'yuv420', width: 4, height: 2 }, cutBy(stream, cuts));
      expect(frames.map(({ grey }) => [...grey])).toEqual([
        [1, 2, 3, 4, 5, 6, 7, 8],
        [1, 2, 3, 4, 5, 6, 7, 8],
      ]);
      expect(pending).toBe(0);
    }
  });

  test('a size beyond the limits is refused with the first byte', () => {
    expect(parse({ type: 'yuv420', width: 9_000, height: 9_000 }, [Uint8Array.of(1)])).toMatchObject({
      frames: [],
      errors: 1,
    });
  });
});

test('10,000 random streams never throw, and only well-formed frames come out', () => {
  const uniform = createSeededUniform(1);
  for (let round = 0; round < 10_000; round++) {
    const stream = Uint8Array.from({ length: Math.floor(uniform() * 200) }, () => Math.floor(uniform() * 256));
    if (round % 2 === 0) stream.set(bytes('P5\n'.slice(0, stream.length)));
    if (round % 8 === 0) stream.set(bytes('P5\n3 2\n255\n'.slice(0, stream.length)));
    const shape: FrameShape = round % 3 === 0 ? { type: 'yuv420', width: 8, height: 4 } : pgm;
    for (const { width, height, grey } of parse(shape, cutBy(stream, [7, 1, 30])).frames)
      expect(grey.length).toBe(width * height);
  }
});

function cutBy(stream: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, index = 0; at < stream.length; index++) {
    const length = lengths[index % lengths.length] ?? 1;
    chunks.push(stream.subarray(at, at + length));
    at += length;
  }
  return chunks;
}
