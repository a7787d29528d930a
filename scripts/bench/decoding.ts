// How many noisy codes the camera's decoder reads, and how long it looks at a frame with nothing in it, beside @zxing/library 0.21.3,
// the decoder that most gate projects use; and what a lane at which nothing happens costs. Frames are rendered from seeds, so every run sees the same ones.
import {
  BarcodeFormat,
  BinaryBitmap,
  DecodeHintType,
  HybridBinarizer,
  MultiFormatReader,
  RGBLuminanceSource,
} from '@zxing/library';
import { otherLooks, quickLooksPerOther } from '../../gate-agent/src/readers/camera.ts';
import { createDecoder, type DecodeEffort, type Decoder } from '../../gate-agent/src/readers/decoder.ts';
import { createMotionGate, type MotionGate } from '../../gate-agent/src/readers/motion-gate.ts';
import { createSeededUniform, renderCodeFrame, renderEmptyFrame, type GreyFrame } from '../lib/render-code-frame.ts';
import { benchRow, type BenchOptions, type BenchRow } from './row.ts';

interface CodeFrame extends GreyFrame {
  readonly text: string;
}

/** Alphanumeric characters that a QR code of each version holds at error correction M (ISO/IEC 18004, table 7). */
const capacityByVersion = new Map([
  [6, 154],
  [8, 221],
  [10, 311],
  [13, 483],
  [15, 600],
  [18, 816],
]);
const modulePxSteps = 14;
const viewsPerSize = 3;
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

/** 6 versions x 14 sizes from 1.6 to 6.8 px a module x 3 views (straight, and turned by up to 15 degrees), noise sd 8. */
export function renderNoisyFrames(seed = 42): readonly CodeFrame[] {
  const uniform = createSeededUniform(seed);
  const frames: CodeFrame[] = [];
  for (const [version, capacity] of capacityByVersion) {
    for (let step = 0; step < modulePxSteps; step++) {
      for (let view = 0; view < viewsPerSize; view++) {
        const text = `PN1:${Array.from({ length: capacity - 8 }, () => alphabet[Math.floor(uniform() * alphabet.length)]).join('')}`;
        const rotationDeg = view === 0 ? 0 : (uniform() * 2 - 1) * 15;
        const look = {
          modulePx: 1.6 + 0.4 * step,
          rotationDeg,
          noiseSd: 8,
          offsetX: uniform(),
          offsetY: uniform(),
          seed: Math.floor(uniform() * 1e9),
        };
        frames.push({ text, ...renderCodeFrame({ text, version, ...look }) });
      }
    }
  }
  return frames;
}

export async function benchDecoding({ quick }: BenchOptions): Promise<readonly BenchRow[]> {
  const decoder = createDecoder();
  try {
    return [
      ...(await benchShare(decoder, quick)),
      await benchEmpty(decoder, quick ? 4 : 20),
      await benchIdle(decoder, quick ? 150 : 900),
    ];
  } finally {
    await decoder.close();
  }
}

const idleFps = 15;

/** A lane at which nothing happens, with a camera's noise: the processor time of its frames, with the motion gate and without. */
async function benchIdle(decoder: Decoder, frames: number): Promise<BenchRow> {
  const scene = Array.from({ length: 8 }, (_, seed) => renderEmptyFrame(640, 480, 8, seed + 1));
  const shareOf = async (gate: MotionGate | undefined): Promise<number> => {
    let misses = 0;
    let nowMs = 0;
    const run = async (count: number): Promise<void> => {
      for (let shown = 0; shown < count; shown++) {
        const frame = scene[shown % scene.length];
        nowMs += 1_000 / idleFps;
        if (frame === undefined || gate?.isWorthALook(frame, misses, nowMs) === false) continue;
        const period = quickLooksPerOther + 1;
        const other = otherLooks[Math.floor(misses / period) % otherLooks.length] ?? 'quick';
        await look(decoder, frame, misses % period === quickLooksPerOther ? other : 'quick');
        misses++;
      }
    };
    await run(idleFps * 10);
    const before = process.cpuUsage();
    await run(frames);
    const { user, system } = process.cpuUsage(before);
    return (100 * (user + system)) / 1_000 / ((frames * 1_000) / idleFps);
  };
  const everyFrame = await shareOf(undefined);
  const gated = await shareOf(createMotionGate());
  return benchRow(
    'an idle 640x480 lane at 15 frames a second: share of one core, beside decoding every frame',
    gated,
    '%',
    {
      baseline: everyFrame,
      bar: { ratioAtMost: 0.5 },
    },
  );
}

/** Ours as `gate-agent decode` reads a picture, and at a camera's first quick look; theirs by either of its settings (quick: the better one). */
async function benchShare(decoder: Decoder, quick: boolean): Promise<readonly BenchRow[]> {
  const frames = renderNoisyFrames();
  const libraries = [
    createLibraryReader({ tryHarder: false }),
    ...(quick ? [] : [createLibraryReader({ tryHarder: true })]),
  ];
  const read = { thorough: 0, quick: 0, library: 0 };
  for (const frame of frames) {
    if (libraries.some((library) => library(frame) === frame.text)) read.library++;
    if ((await look(decoder, frame, 'thorough')).texts.includes(frame.text)) read.thorough++;
    if ((await look(decoder, frame, 'quick')).texts.includes(frame.text)) read.quick++;
  }
  const percent = (count: number): number => (100 * count) / frames.length;
  const name = `decoded of ${frames.length} noisy frames`;
  const baseline = percent(read.library);
  return [
    benchRow(name, percent(read.thorough), '%', { baseline, bar: { atLeast: 98 } }),
    benchRow(`${name}, one quick look`, percent(read.quick), '%', { baseline }),
  ];
}

/** Interleaved. A camera's share of time: quick looks with one of the others, in turn, after each `quickLooksPerOther`. */
async function benchEmpty(decoder: Decoder, rounds: number): Promise<BenchRow> {
  const library = createLibraryReader({ tryHarder: false });
  const ours: number[] = [];
  const theirs: number[] = [];
  const cycle: readonly DecodeEffort[] = otherLooks.flatMap((other) => [
    ...Array.from({ length: quickLooksPerOther }, () => 'quick' as const),
    other,
  ]);
  for (let round = -1; round < rounds; round++) {
    const frame = renderEmptyFrame(640, 480, 8, round + 100);
    for (const effort of cycle) {
      const [oursMs, theirsMs] = [(await look(decoder, frame, effort)).ms, timed(() => library(frame))];
      if (round < 0) continue; // Warm-up: both decoders' code is being compiled.
      ours.push(oursMs);
      theirs.push(theirsMs);
    }
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return benchRow('empty 640x480 frame', mean(ours), 'ms', { baseline: mean(theirs), bar: { ratioAtMost: 0.7 } });
}

async function look(
  decoder: Decoder,
  frame: GreyFrame,
  effort: DecodeEffort,
): Promise<{ readonly texts: readonly string[]; readonly ms: number }> {
  const decoded = await decoder.decode({ ...frame, grey: frame.grey.slice() }, effort);
  if (!decoded.ok) throw new Error(`the decoder failed: ${decoded.error.type}`);
  return { texts: decoded.value.codes.map((code) => code.text), ms: decoded.value.decodeMs };
}

function timed(work: () => unknown): number {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
}

/** @zxing/library with the same four symbologies; answers undefined when it finds nothing. */
function createLibraryReader({ tryHarder }: { readonly tryHarder: boolean }): (frame: GreyFrame) => string | undefined {
  const hints = new Map<DecodeHintType, unknown>([
    [
      DecodeHintType.POSSIBLE_FORMATS,
      [BarcodeFormat.QR_CODE, BarcodeFormat.CODE_128, BarcodeFormat.PDF_417, BarcodeFormat.AZTEC],
    ],
  ]);
  if (tryHarder) hints.set(DecodeHintType.TRY_HARDER, true);
  const reader = new MultiFormatReader();
  reader.setHints(hints);
  return ({ grey, width, height }) => {
    try {
      return reader
        .decodeWithState(
          new BinaryBitmap(new HybridBinarizer(new RGBLuminanceSource(new Uint8ClampedArray(grey), width, height))),
        )
        .getText();
    } catch {
      return undefined; // Its way of saying that there is no code, or none that it can read.
    } finally {
      reader.reset();
    }
  };
}
