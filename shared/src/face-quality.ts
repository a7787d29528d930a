// Whether what a camera sees is one face that is worth comparing: alone, large, from the front, sharp and lit. Pure numbers out of a grey
// picture and 68 landmarks; the same for enrolment and at a gate, with other limits.

/** 8-bit luma, row by row. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** In pixels of the picture. */
export interface FaceBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface FaceQuality {
  /** The shorter side of the face's box, pixels. */
  readonly sidePx: number;
  /** How far the nose is from the middle between the eyes, in distances of the eyes: 0 is frontal, a profile has 0.5 and more. */
  readonly turn: number;
  /** Slope of the line through the eyes, degrees. */
  readonly tiltDegrees: number;
  /** Mean steepness of the grey in the face, brightness and size taken out. */
  readonly sharpness: number;
  /** Mean luma of the face, 0 to 255. */
  readonly luma: number;
}

export interface FaceLimits {
  readonly sidePxMin: number;
  readonly turnMax: number;
  readonly tiltDegreesMax: number;
  readonly sharpnessMin: number;
  readonly lumaMin: number;
  readonly lumaMax: number;
  /** A second face counts from this share of the first one's height: those who queue behind are smaller. */
  readonly secondShareMin: number;
}

/** A person who stands before a gate; whoever queues behind is smaller. */
export const gateLimits: FaceLimits = {
  sidePxMin: 80,
  turnMax: 0.25,
  tiltDegreesMax: 25,
  sharpnessMin: 0.05,
  lumaMin: 40,
  lumaMax: 225,
  secondShareMin: 0.6,
};
/** A template is compared for as long as the event lasts: it is made of better pictures, and of nobody else. */
export const enrolmentLimits: FaceLimits = {
  ...gateLimits,
  sidePxMin: 110,
  sharpnessMin: 0.06,
  turnMax: 0.18,
  tiltDegreesMax: 15,
  secondShareMin: 0.3,
};

/** What keeps a picture from being compared. */
export type FaceFault =
  | { readonly type: 'no-face' }
  | { readonly type: 'several-faces'; readonly faces: number }
  | { readonly type: 'face-too-small'; readonly sidePx: number }
  | { readonly type: 'face-turned'; readonly turn: number; readonly tiltDegrees: number }
  | { readonly type: 'face-blurred'; readonly sharpness: number }
  | { readonly type: 'face-badly-lit'; readonly luma: number };

/** The one face of several that is meant: the largest, unless another is about as large. */
export function theOneFace<T extends { readonly box: FaceBox }>(
  faces: readonly T[],
  { secondShareMin }: Pick<FaceLimits, 'secondShareMin'>,
): T | FaceFault {
  const bySize = faces.toSorted((a, b) => b.box.height - a.box.height);
  const [first] = bySize;
  if (first === undefined) return { type: 'no-face' };
  const near = bySize.filter(({ box }) => box.height >= first.box.height * secondShareMin);
  return near.length > 1 ? { type: 'several-faces', faces: near.length } : first;
}

/** What the picture says before anything is compared; undefined where it is good enough. */
export function faultOf(quality: FaceQuality, limits: FaceLimits): FaceFault | undefined {
  const { sidePx, turn, tiltDegrees, sharpness, luma } = quality;
  if (sidePx < limits.sidePxMin) return { type: 'face-too-small', sidePx };
  if (Math.abs(turn) > limits.turnMax || Math.abs(tiltDegrees) > limits.tiltDegreesMax)
    return { type: 'face-turned', turn, tiltDegrees };
  if (luma < limits.lumaMin || luma > limits.lumaMax) return { type: 'face-badly-lit', luma };
  return sharpness < limits.sharpnessMin ? { type: 'face-blurred', sharpness } : undefined;
}

/** `landmarks`: the 68 points of the iBUG 300-W scheme, in pixels of the picture. */
export function faceQuality(picture: GreyPicture, box: FaceBox, landmarks: readonly Spot[]): FaceQuality {
  const right = middleOf(landmarks.slice(36, 42));
  const left = middleOf(landmarks.slice(42, 48));
  const nose = landmarks[30] ?? right;
  const [acrossX, acrossY] = [left.x - right.x, left.y - right.y];
  const apart = Math.hypot(acrossX, acrossY) || 1;
  const [noseX, noseY] = [nose.x - (left.x + right.x) / 2, nose.y - (left.y + right.y) / 2];
  return {
    sidePx: Math.min(box.width, box.height),
    // Along the line of the eyes, so that a tilted head does not count as a turned one.
    turn: (noseX * acrossX + noseY * acrossY) / (apart * apart),
    tiltDegrees: (Math.atan2(acrossY, acrossX) * 180) / Math.PI,
    ...greyOf(picture, box),
  };
}

const middleOf = (spots: readonly Spot[]): Spot => ({
  x: spots.reduce((sum, { x }) => sum + x, 0) / (spots.length || 1),
  y: spots.reduce((sum, { y }) => sum + y, 0) / (spots.length || 1),
});

/** Cells a side into which a face is averaged before its steepness is taken: the size of a face then says nothing about its sharpness. */
const cells = 64;

function greyOf({ width, height, grey }: GreyPicture, box: FaceBox): Pick<FaceQuality, 'sharpness' | 'luma'> {
  const at = (column: number, row: number): number => {
    const x = Math.min(width - 1, Math.max(0, Math.round(box.x + ((column + 0.5) * box.width) / cells)));
    const y = Math.min(height - 1, Math.max(0, Math.round(box.y + ((row + 0.5) * box.height) / cells)));
    return grey[y * width + x] ?? 0;
  };
  let [sum, squares, steep] = [0, 0, 0];
  for (let row = 0; row < cells; row++)
    for (let column = 0; column < cells; column++) {
      const value = at(column, row);
      sum += value;
      squares += value * value;
      // The Laplacian: what is smooth cancels out, edges and grain stay.
      steep += Math.abs(
        4 * value - at(column - 1, row) - at(column + 1, row) - at(column, row - 1) - at(column, row + 1),
      );
    }
  const count = cells * cells;
  const luma = sum / count;
  const contrast = Math.sqrt(Math.max(1, squares / count - luma * luma));
  return { luma, sharpness: steep / count / contrast / 4 };
}

/** Cells a side of a patch: each averages a few pixels, so that a sensor's noise nearly goes. */
const patchCells = 32;

/**
 * What is seen in a box, brightness and contrast taken out: two patches of the same box tell whether anything has moved there. Kept in memory
 * for the seconds of one look.
 */
export function facePatch({ width, height, grey }: GreyPicture, box: FaceBox): Float64Array {
  const patch = new Float64Array(patchCells * patchCells);
  const edge = (from: number, size: number, cell: number, max: number): number =>
    Math.min(max, Math.max(0, Math.floor(from + (cell * size) / patchCells)));
  for (let row = 0; row < patchCells; row++)
    for (let column = 0; column < patchCells; column++) {
      const [top, bottom] = [edge(box.y, box.height, row, height), edge(box.y, box.height, row + 1, height)];
      const [left, right] = [edge(box.x, box.width, column, width), edge(box.x, box.width, column + 1, width)];
      let [sum, count] = [0, 0];
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++) {
          sum += grey[y * width + x] ?? 0;
          count++;
        }
      patch[row * patchCells + column] = count === 0 ? 0 : sum / count;
    }
  const mean = patch.reduce((sum, value) => sum + value, 0) / patch.length;
  const deviation = Math.sqrt(patch.reduce((sum, value) => sum + (value - mean) ** 2, 0) / patch.length) || 1;
  return patch.map((value) => (value - mean) / deviation);
}

/** A picture that hangs or lies still stays under it at a sensor's noise of 8 of 255; of five stretches of three seconds of film, none did. */
const movementMin = 0.05;

/** Whether what is in the box has moved between two patches of it. */
export const hasMoved = (before: Float64Array, after: Float64Array): boolean =>
  before.reduce((sum, value, index) => sum + Math.abs(value - (after[index] ?? 0)), 0) / before.length >= movementMin;
