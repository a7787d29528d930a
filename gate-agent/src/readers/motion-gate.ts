// Whether a camera's frame is worth decoding: at a lane where nothing has moved for a while, one look a second is enough, and the gate
// has its processor for other things. What counts is how much blocks of the picture differ from the last one that was looked at, beside
// how much they do by noise alone. In doubt it says yes: a look too many costs milliseconds.
import type { GreyFrame } from './frame.ts';

export interface MotionGate {
  /** Asked for every frame; `misses`: frames in a row that were looked at and held no code. */
  readonly isWorthALook: (frame: GreyFrame, misses: number, nowMs: number) => boolean;
}

/** Pixels from one sample to the next, across and down; 640 x 480 gives 160 x 120 samples. */
const sampleStep = 4;
/** Samples of one block, across and down. */
const blockSide = 8;
/** After anything has moved, every frame is looked at for so long: two rounds of all looks at 15 frames a second. */
export const awakeMs = 3_000;
/** Between two looks while nothing moves. */
export const idleLookMs = 1_000;
/** A block has changed when its samples differ on average by more than noise does, by this factor and so many grey levels. */
const noiseFactor = 1.8;
const changeLevels = 6;
/** What is taken for noise at most, in grey levels. */
const noiseLevelsMax = 15;
const noiseFirst = 6;
/** Of a new measurement. */
const noiseWeight = 0.1;

export function createMotionGate(): MotionGate {
  let reference: Uint8Array | undefined;
  let shape = '';
  let noise = noiseFirst;
  let awakeUntilMs = Number.NEGATIVE_INFINITY;
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  const look = (samples: Uint8Array, nowMs: number): boolean => {
    reference = samples;
    lookedAtMs = nowMs;
    return true;
  };

  return {
    isWorthALook: (frame, misses, nowMs) => {
      const across = Math.floor(frame.width / sampleStep);
      const down = Math.floor(frame.height / sampleStep);
      const samples = sample(frame, across, down);
      const before = shape === `${across}x${down}` ? reference : undefined;
      shape = `${across}x${down}`;
      if (before === undefined || misses === 0) {
        awakeUntilMs = nowMs + awakeMs;
        return look(samples, nowMs);
      }
      const differences = blockDifferences(samples, before, across, down);
      const middle = differences[differences.length >> 1] ?? 0;
      const most = differences.at(-1) ?? 0;
      if (most > noise * noiseFactor + changeLevels) awakeUntilMs = nowMs + awakeMs;
      else noise = Math.min(noiseLevelsMax, noise + noiseWeight * (middle - noise));
      return nowMs < awakeUntilMs || nowMs - lookedAtMs >= idleLookMs ? look(samples, nowMs) : false;
    },
  };
}

function sample({ width, grey }: GreyFrame, across: number, down: number): Uint8Array {
  const samples = new Uint8Array(across * down);
  let index = 0;
  for (let y = 0; y < down; y++) {
    let at = y * sampleStep * width;
    for (let x = 0; x < across; x++, at += sampleStep) samples[index++] = grey[at] ?? 0;
  }
  return samples;
}

/** Mean absolute difference of each block, in ascending order. */
function blockDifferences(a: Uint8Array, b: Uint8Array, across: number, down: number): Float64Array {
  const columns = Math.ceil(across / blockSide);
  const rows = Math.ceil(down / blockSide);
  const sums = new Float64Array(columns * rows);
  const counts = new Float64Array(columns * rows);
  for (let y = 0; y < down; y++) {
    const row = Math.floor(y / blockSide) * columns;
    for (let x = 0; x < across; x++) {
      const block = row + Math.floor(x / blockSide);
      const at = y * across + x;
      sums[block] = (sums[block] ?? 0) + Math.abs((a[at] ?? 0) - (b[at] ?? 0));
      counts[block] = (counts[block] ?? 0) + 1;
    }
  }
  return sums.map((sum, block) => sum / (counts[block] ?? 1)).toSorted();
}
