// What is behind the code in a camera's picture: the doorway with its light, and the visitor's head and shoulders. Decoration, but
// part of the picture that the decoder gets.
import { createSeededUniform, type GreyFrame, type Point } from '../lib/render-code-frame.ts';

const noiseTableSize = 1 << 14;

export interface Backdrop {
  /** With the visitor's silhouette `fallPx` below its place; without for an empty doorway. */
  readonly visitorFallPx?: number;
  readonly visitorX?: number;
  readonly noiseSd: number;
  readonly seed: number;
}

/** The doorway's light without noise, worked out once for a size. */
const doorways = new Map<string, Float32Array>();

function doorwayLight(width: number, height: number): Float32Array {
  const key = `${width}x${height}`;
  const known = doorways.get(key);
  if (known) return known;
  const light = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // Daylight from the upper left, two door posts, darker towards the edges.
      const [u, v] = [x / width - 0.5, y / height - 0.5];
      light[y * width + x] =
        168 -
        70 * (u + 0.35) * (u + 0.35) -
        60 * v * v -
        34 * v -
        40 * bump(u + 0.41, 0.035) -
        40 * bump(u - 0.41, 0.035);
    }
  }
  doorways.set(key, light);
  return light;
}

export function paintBackdrop(
  width: number,
  height: number,
  { visitorFallPx, visitorX = 0, noiseSd, seed }: Backdrop,
): GreyFrame {
  const uniform = createSeededUniform(seed);
  const noise = Float32Array.from(
    { length: noiseTableSize },
    () => (uniform() + uniform() + uniform() - 1.5) * 2 * noiseSd,
  );
  const light = doorwayLight(width, height);
  const grey = new Uint8Array(width * height);
  const [headX, headY] = [width / 2 + visitorX, height * 0.26 + (visitorFallPx ?? 0)];
  for (let y = 0; y < height; y++) {
    const noiseStart = Math.floor(uniform() * noiseTableSize);
    for (let x = 0; x < width; x++) {
      let level = (light[y * width + x] ?? 0) + (noise[(noiseStart + x) & (noiseTableSize - 1)] ?? 0);
      if (visitorFallPx !== undefined) {
        const head = smooth(1.15 - length((x - headX) / 68, (y - headY) / 88));
        const shoulders = smooth(1.1 - length((x - headX) / 210, (y - headY - 300) / 190));
        level -= Math.max(head * 62, shoulders * 84);
      }
      grey[y * width + x] = level < 0 ? 0 : level > 255 ? 255 : level;
    }
  }
  return { width, height, grey };
}

/** Puts the pixels of `front` that lie inside the quadrilateral before `back`. */
export function putBefore(back: GreyFrame, front: GreyFrame, corners: readonly Point[]): GreyFrame {
  const grey = back.grey.slice();
  const edges = corners.map((corner, index) => {
    const next = corners[(index + 1) % corners.length] ?? corner;
    return { x: corner.x, y: corner.y, dx: next.x - corner.x, dy: next.y - corner.y };
  });
  const [top, bottom] = [Math.min(...corners.map(({ y }) => y)), Math.max(...corners.map(({ y }) => y))];
  for (let y = Math.max(0, Math.floor(top)); y < Math.min(back.height, Math.ceil(bottom)); y++) {
    for (let x = 0; x < back.width; x++) {
      // Clockwise corners on a screen: inside is to the right of every edge.
      if (edges.every((edge) => edge.dx * (y + 0.5 - edge.y) - edge.dy * (x + 0.5 - edge.x) >= 0))
        grey[y * back.width + x] = front.grey[y * back.width + x] ?? 0;
    }
  }
  return { width: back.width, height: back.height, grey };
}

/** `Math.hypot` guards against overflow, which costs here more than everything else. */
const length = (x: number, y: number): number => Math.sqrt(x * x + y * y);

const bump = (distance: number, width: number): number => Math.exp(-(distance * distance) / (2 * width * width));

/** 0 below 0, 1 above 0.2, soft between. */
function smooth(value: number): number {
  const t = Math.min(1, Math.max(0, value * 5));
  return t * t * (3 - 2 * t);
}
