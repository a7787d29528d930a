// Draws a code into a grey camera picture: fractional module size, rotation, blur, contrast and sensor noise, all from a seed,
// so that tests, benchmarks and the demo see the same frame for the same options. Nothing here reads a clock or the disk.
import { encodeQR } from 'qr';

/** 8-bit luma, row by row, without padding. */
export interface GreyFrame {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array<ArrayBuffer>;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface RenderedFrame extends GreyFrame {
  /** Where the symbol's corners were drawn (without quiet zone): top left, top right, bottom right, bottom left. */
  readonly corners: readonly [Point, Point, Point, Point];
}

/** One row a string, `#` for dark: any symbology, without quiet zone. */
export type ModuleRows = readonly string[];

export interface FrameLook {
  /** Frame size in pixels; by default just big enough for the symbol with its quiet zone, at least 640 x 480. */
  readonly width?: number;
  readonly height?: number;
  /** Pixels a module, fractional. Default 4. */
  readonly modulePx?: number;
  /** Pixels a module vertically where it differs (bar codes: tall rows). */
  readonly moduleHeightPx?: number;
  /** Clockwise, around the frame's centre. */
  readonly rotationDeg?: number;
  /** Where the symbol's centre lies relative to the frame's, in pixels. */
  readonly offsetX?: number;
  readonly offsetY?: number;
  /** Standard deviation of a Gaussian blur, in pixels. */
  readonly blurPx?: number;
  /** Standard deviation of the sensor's noise, in grey levels. */
  readonly noiseSd?: number;
  /** Grey levels of a dark module, a light module with its quiet zone, and of everything around. */
  readonly dark?: number;
  readonly light?: number;
  readonly background?: number;
  readonly quietModules?: number;
  readonly seed?: number;
}

export interface CodeFrameOptions extends FrameLook {
  readonly text: string;
  /** QR error correction; M is what passes use. */
  readonly errorCorrection?: 'low' | 'medium' | 'quartile' | 'high';
  /** QR version 1-40; by default the smallest that fits. */
  readonly version?: number;
}

/** Renders `text` as a QR code. Throws when the text does not fit the version asked for. */
export function renderCodeFrame(options: CodeFrameOptions): RenderedFrame {
  return renderModules(qrModules(options.text, options.errorCorrection, options.version), options);
}

/** The modules of a QR code without quiet zone. */
export function qrModules(
  text: string,
  errorCorrection: CodeFrameOptions['errorCorrection'] = 'medium',
  version?: number,
): ModuleRows {
  const bordered = encodeQR(text, 'raw', {
    ecc: errorCorrection,
    border: 1,
    ...(version === undefined ? {} : { version }),
  });
  return bordered.slice(1, -1).map((row) =>
    row
      .slice(1, -1)
      .map((dark) => (dark ? '#' : '.'))
      .join(''),
  );
}

/** Renders any symbol given as rows of modules. */
export function renderModules(rows: ModuleRows, look: FrameLook = {}): RenderedFrame {
  const {
    modulePx = 4,
    rotationDeg = 0,
    offsetX = 0,
    offsetY = 0,
    blurPx = 0,
    noiseSd = 0,
    dark = 30,
    light = 225,
    background = 150,
    quietModules = 4,
    seed = 1,
  } = look;
  const moduleHeightPx = look.moduleHeightPx ?? modulePx;
  const columns = rows[0]?.length ?? 0;
  const angle = (rotationDeg * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const paperWidth = (columns + 2 * quietModules) * modulePx;
  const paperHeight = rows.length * moduleHeightPx + 2 * quietModules * modulePx;
  const width = look.width ?? Math.max(640, Math.ceil(Math.abs(paperWidth * cos) + Math.abs(paperHeight * sin)) + 8);
  const height = look.height ?? Math.max(480, Math.ceil(Math.abs(paperWidth * sin) + Math.abs(paperHeight * cos)) + 8);
  const [centreX, centreY] = [width / 2 + offsetX, height / 2 + offsetY];
  const modules = Uint8Array.from(rows.join(''), (cell) => (cell === '#' ? 1 : 0));

  const quietDown = (quietModules * modulePx) / moduleHeightPx;
  const levelAt = (across: number, down: number): number => {
    if (across >= 0 && across < columns && down >= 0 && down < rows.length)
      return modules[Math.floor(down) * columns + Math.floor(across)] === 1 ? dark : light;
    const onPaper =
      across >= -quietModules &&
      across < columns + quietModules &&
      down >= -quietDown &&
      down < rows.length + quietDown;
    return onPaper ? light : background;
  };
  // A pixel is the mean of 4 x 4 samples, as a sensor cell averages the light that falls on it; one sample is enough for a pixel
  // that lies wholly inside one module.
  const luma = new Float32Array(width * height).fill(background);
  const [acrossPerX, acrossPerY, downPerX, downPerY] = [
    cos / modulePx,
    sin / modulePx,
    -sin / moduleHeightPx,
    cos / moduleHeightPx,
  ];
  const [insideAcross, insideDown] = [0.71 / modulePx, 0.71 / moduleHeightPx];
  const reachX = Math.abs(paperWidth * cos) / 2 + Math.abs(paperHeight * sin) / 2 + 2;
  const reachY = Math.abs(paperWidth * sin) / 2 + Math.abs(paperHeight * cos) / 2 + 2;
  const [fromX, toX] = [Math.max(0, Math.floor(centreX - reachX)), Math.min(width, Math.ceil(centreX + reachX))];
  const [fromY, toY] = [Math.max(0, Math.floor(centreY - reachY)), Math.min(height, Math.ceil(centreY + reachY))];
  for (let y = fromY; y < toY; y++) {
    for (let x = fromX; x < toX; x++) {
      const [dx, dy] = [x + 0.5 - centreX, y + 0.5 - centreY];
      const across = dx * acrossPerX + dy * acrossPerY + columns / 2;
      const down = dx * downPerX + dy * downPerY + rows.length / 2;
      const [fractionAcross, fractionDown] = [across - Math.floor(across), down - Math.floor(down)];
      if (
        fractionAcross > insideAcross &&
        fractionAcross < 1 - insideAcross &&
        fractionDown > insideDown &&
        fractionDown < 1 - insideDown
      ) {
        luma[y * width + x] = levelAt(across, down);
        continue;
      }
      let sum = 0;
      for (let sample = 0; sample < 16; sample++) {
        const [sx, sy] = [((sample & 3) - 1.5) / 4, ((sample >> 2) - 1.5) / 4];
        sum += levelAt(across + sx * acrossPerX + sy * acrossPerY, down + sx * downPerX + sy * downPerY);
      }
      luma[y * width + x] = sum / 16;
    }
  }
  const grey = toGrey(blurPx > 0 ? blur(luma, width, height, blurPx) : luma, width, noiseSd, seed);
  const corner = (across: number, down: number): Point => {
    const [dx, dy] = [(across - columns / 2) * modulePx, (down - rows.length / 2) * moduleHeightPx];
    return { x: centreX + dx * cos - dy * sin, y: centreY + dx * sin + dy * cos };
  };
  return {
    width,
    height,
    grey,
    corners: [corner(0, 0), corner(columns, 0), corner(columns, rows.length), corner(0, rows.length)],
  };
}

/** A frame with nothing to read: a soft gradient and noise, as a wall or a floor looks. */
export function renderEmptyFrame(width = 640, height = 480, noiseSd = 8, seed = 1): GreyFrame {
  const luma = Float32Array.from(
    { length: width * height },
    (_, index) => 90 + (60 * (index % width)) / width + (40 * Math.floor(index / width)) / height,
  );
  return { width, height, grey: toGrey(luma, width, noiseSd, seed) };
}

/** A frame as a binary PGM file, which every image tool reads. */
export function frameToPgm(frame: GreyFrame): Uint8Array<ArrayBuffer> {
  return concatBytes(new TextEncoder().encode(`P5\n${frame.width} ${frame.height}\n255\n`), frame.grey);
}

/** Frames of one size as a YUV4MPEG2 file (luma only), which ffmpeg and chromium's fake camera read. */
export function framesToY4m(frames: readonly GreyFrame[], fps = 15): Uint8Array<ArrayBuffer> {
  const first = frames[0];
  const header = new TextEncoder().encode(
    `YUV4MPEG2 W${first?.width ?? 0} H${first?.height ?? 0} F${fps}:1 Ip A1:1 Cmono\n`,
  );
  const marker = new TextEncoder().encode('FRAME\n');
  return concatBytes(header, ...frames.flatMap((frame) => [marker, frame.grey]));
}

/** Uniform numbers in [0, 1) from a 32-bit seed (mulberry32). Repeatable, not cryptographic. */
export function createSeededUniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const noiseTableSize = 1 << 16;
let noiseTable: Float32Array | undefined;

/** Standard normal numbers by the Box-Muller transform, made once: each row of each frame starts at another place in them. */
function standardNoise(): Float32Array {
  if (noiseTable) return noiseTable;
  const uniform = createSeededUniform(20_240_607);
  noiseTable = Float32Array.from(
    { length: noiseTableSize },
    () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
  return noiseTable;
}

/** Adds the sensor's noise and rounds to 8 bits. */
function toGrey(luma: Float32Array, width: number, noiseSd: number, seed: number): Uint8Array<ArrayBuffer> {
  const noise = standardNoise();
  const uniform = createSeededUniform(seed);
  const grey = new Uint8Array(luma.length);
  for (let row = 0; row < luma.length; row += width) {
    const start = Math.floor(uniform() * noiseTableSize);
    for (let x = 0; x < width; x++) {
      const level = (luma[row + x] ?? 0) + (noise[(start + x) & (noiseTableSize - 1)] ?? 0) * noiseSd;
      grey[row + x] = level < 0 ? 0 : level > 255 ? 255 : level + 0.5;
    }
  }
  return grey;
}

/** Separable Gaussian blur with edges repeated. */
function blur(source: Float32Array, width: number, height: number, sigmaPx: number): Float32Array {
  const radius = Math.ceil(sigmaPx * 3);
  const kernel = Float32Array.from({ length: 2 * radius + 1 }, (_, index) =>
    Math.exp(-((index - radius) ** 2) / (2 * sigmaPx * sigmaPx)),
  );
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const pass = (input: Float32Array, step: 'across' | 'down'): Float32Array => {
    const output = new Float32Array(input.length);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let k = -radius; k <= radius; k++) {
          const sx = step === 'across' ? Math.max(0, Math.min(width - 1, x + k)) : x;
          const sy = step === 'down' ? Math.max(0, Math.min(height - 1, y + k)) : y;
          sum += (input[sy * width + sx] ?? 0) * (kernel[k + radius] ?? 0);
        }
        output[y * width + x] = sum / total;
      }
    }
    return output;
  };
  return pass(pass(source, 'across'), 'down');
}

function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
