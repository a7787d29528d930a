// What can be done to a frame so that the decoder reads more of it: smoothing against noise, enlarging for small modules, sharpening
// against blur, turning for bar codes that are held askew. Pure; each returns a new frame.
import type { GreyFrame, Point } from './frame.ts';

export interface FilteredFrame extends GreyFrame {
  /** Where a point of this frame lies in the original. */
  readonly toOriginal: (point: Point) => Point;
}

/** Filters can follow each other: the way back then leads through all of them. */
type Source = GreyFrame & Partial<Pick<FilteredFrame, 'toOriginal'>>;

const same = (point: Point): Point => point;

/** The binomial 3 x 3 kernel (1 2 1). The outermost pixels stay as they are. */
export function smooth({ width, height, grey, toOriginal = same }: Source): FilteredFrame {
  const result = grey.slice();
  for (let y = 1; y < height - 1; y++) {
    let left = columnSum(grey, y * width, width);
    let middle = columnSum(grey, y * width + 1, width);
    for (let x = 1; x < width - 1; x++) {
      const right = columnSum(grey, y * width + x + 1, width);
      result[y * width + x] = (left + 2 * middle + right) >> 4;
      left = middle;
      middle = right;
    }
  }
  return { width, height, grey: result, toOriginal };
}

const columnSum = (grey: Uint8Array, at: number, width: number): number =>
  (grey[at - width] ?? 0) + 2 * (grey[at] ?? 0) + (grey[at + width] ?? 0);

/** Unsharp mask: adds `gain` times the difference to a picture that was smoothed `passes` times. */
export function sharpen(frame: Source, gain: number, passes: number): FilteredFrame {
  let blurred: GreyFrame = frame;
  for (let pass = 0; pass < passes; pass++) blurred = smooth(blurred);
  const grey = new Uint8Array(frame.grey.length);
  for (let index = 0; index < grey.length; index++) {
    const level = frame.grey[index] ?? 0;
    const sharp = level + gain * (level - (blurred.grey[index] ?? 0));
    grey[index] = sharp < 0 ? 0 : sharp > 255 ? 255 : sharp;
  }
  return { width: frame.width, height: frame.height, grey, toOriginal: frame.toOriginal ?? same };
}

/** Twice the size, bilinear: the binarizer then has twice the pixels a module to work on. */
export function enlarge(frame: GreyFrame): FilteredFrame {
  const [width, height] = [frame.width * 2, frame.height * 2];
  const toOriginal = ({ x, y }: Point): Point => ({ x: x / 2, y: y / 2 });
  return { width, height, grey: resample(frame, width, height, 0.5, 0, -0.25, 0, 0.5, -0.25), toOriginal };
}

/** Turned by `degrees` about the centre of an unscaled frame, bilinear; what comes from outside of the frame is its nearest edge. */
export function turn(frame: GreyFrame, degrees: number): FilteredFrame {
  const { width, height } = frame;
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const [centreX, centreY] = [width / 2, height / 2];
  const [fromX, fromY] = [centreX - centreX * cos + centreY * sin, centreY - centreX * sin - centreY * cos];
  const toOriginal = ({ x, y }: Point): Point => ({ x: x * cos - y * sin + fromX, y: x * sin + y * cos + fromY });
  return { width, height, grey: resample(frame, width, height, cos, -sin, fromX, sin, cos, fromY), toOriginal };
}

/** Pixel (x, y) of the result is the original's at (ax + by + c, dx + ey + f), interpolated. */
function resample(
  { width, height, grey }: GreyFrame,
  newWidth: number,
  newHeight: number,
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(newWidth * newHeight);
  for (let y = 0; y < newHeight; y++) {
    for (let x = 0; x < newWidth; x++) {
      const sourceX = clamp(a * x + b * y + c, width - 1);
      const sourceY = clamp(d * x + e * y + f, height - 1);
      const [left, top] = [sourceX | 0, sourceY | 0];
      const [partX, partY] = [sourceX - left, sourceY - top];
      const at = top * width + left;
      const [right, below] = [left < width - 1 ? 1 : 0, top < height - 1 ? width : 0];
      const upper = (grey[at] ?? 0) * (1 - partX) + (grey[at + right] ?? 0) * partX;
      const lower = (grey[at + below] ?? 0) * (1 - partX) + (grey[at + below + right] ?? 0) * partX;
      result[y * newWidth + x] = upper * (1 - partY) + lower * partY + 0.5;
    }
  }
  return result;
}

const clamp = (value: number, max: number): number => (value < 0 ? 0 : value > max ? max : value);
