// The worker thread that reads codes out of grey frames, and the only file that knows zxing-wasm. The wasm comes from the
// package on disk, never from the network. Frames arrive and go back by transfer, so no pixel is copied between threads.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { defaultReaderOptions, encodeFormats, prepareZXingModule, type ZXingReaderModule } from 'zxing-wasm/reader';
import { bytesToText } from './decode-text.ts';
import type { DecodedCode, GreyFrame, Point } from './frame.ts';

/**
 * `quick`: one look, for every frame of a camera. `hard`: also rotated by 90 degrees, inverted and scaled down.
 * `thorough`: everything that might help, for a picture that comes only once.
 */
export type DecodeEffort = 'quick' | 'hard' | 'thorough';

export interface DecodeRequest {
  readonly id: number;
  readonly frame: GreyFrame;
  readonly effort: DecodeEffort;
}

export interface DecodeReply {
  readonly id: number;
  readonly codes: readonly DecodedCode[];
  /** Time in the decoder, without waiting. */
  readonly decodeMs: number;
  /** The request's pixels, given back. */
  readonly grey: Uint8Array<ArrayBuffer>;
}

/** Symbols reported from one frame: a code on a poster behind the visitor must not hide the one in the hand. */
const symbolsMax = 4;

const common = {
  ...defaultReaderOptions,
  formats: encodeFormats(['QRCodeModel2', 'Code128', 'PDF417', 'Aztec']),
  eanAddOnSymbol: 0,
  textMode: 0,
  characterSet: 0,
  binarizer: 0,
  maxNumberOfSymbols: symbolsMax,
  tryCode39ExtendedMode: false,
};
type Options = typeof common;

const quick: Options = { ...common, tryHarder: false, tryRotate: false, tryInvert: false, tryDownscale: false };
const hard: Options = { ...common, tryHarder: true, tryRotate: true, tryInvert: true, tryDownscale: true };
const globalHistogram: Options = { ...hard, binarizer: 1 };
const denoised: Options = { ...hard, tryDenoise: true, downscaleFactor: 2, downscaleThreshold: 200 };

/** A picture whose shorter side is below this gets a second look at twice its size. */
const enlargeBelowPx = 900;

const require = createRequire(import.meta.url);
const wasm = readFileSync(require.resolve('zxing-wasm/reader/zxing_reader.wasm'));
const wasmBinary = wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength) as ArrayBuffer;

/** The part of the Emscripten module that its own types leave to a package we do not need. */
interface WasmMemory {
  readonly _malloc: (bytes: number) => number;
  readonly _free: (pointer: number) => void;
  /** Replaced whenever the memory grows: never keep it. */
  readonly HEAPU8: Uint8Array;
}
const zxing = (await prepareZXingModule({ overrides: { wasmBinary } as object, fireImmediately: true })) as ZXingReaderModule & WasmMemory;

function readCodes(frame: GreyFrame, options: Options): readonly DecodedCode[] {
  const pointer = zxing._malloc(frame.grey.length);
  if (!pointer) throw new Error('the decoder is out of memory');
  try {
    zxing.HEAPU8.set(frame.grey, pointer);
    const results = zxing.readBarcodesFromPixmap(pointer, frame.width, frame.height, options);
    const codes: DecodedCode[] = [];
    for (let index = 0; index < results.size(); index++) {
      const result = results.get(index);
      if (!result?.isValid) continue;
      const { topLeft, topRight, bottomRight, bottomLeft } = result.position;
      // With an ECI, or in Kanji and the like, the decoder knows the character set; otherwise it would have to guess.
      const text = result.hasECI ? result.text : bytesToText(result.bytes);
      codes.push({ text, format: formatName(result.format), corners: [point(topLeft), point(topRight), point(bottomRight), point(bottomLeft)] });
    }
    (results as { delete?: () => void }).delete?.();
    return codes;
  } finally {
    zxing._free(pointer);
  }
}

const point = ({ x, y }: Point): Point => ({ x, y });

/** zxing tells variants apart (`QRCodeModel2`, `AztecCode`, `CompactPDF417`); people know the family. */
const formatName = (format: string): string => (format.startsWith('QRCode') ? 'QRCode' : format.startsWith('Aztec') ? 'Aztec' : format.endsWith('PDF417') ? 'PDF417' : format);

const attempts: Readonly<Record<DecodeEffort, readonly ((frame: GreyFrame) => readonly DecodedCode[])[]>> = {
  quick: [(frame) => readCodes(frame, quick)],
  hard: [(frame) => readCodes(frame, hard)],
  thorough: [
    (frame) => readCodes(frame, hard),
    (frame) => readCodes(frame, denoised),
    (frame) => readCodes(frame, globalHistogram),
    (frame) => (Math.min(frame.width, frame.height) < enlargeBelowPx ? inOriginal(readCodes(enlarge(frame), hard)) : []),
  ],
};

const inOriginal = (codes: readonly DecodedCode[]): readonly DecodedCode[] => codes.map((code) => ({ ...code, corners: code.corners.map(({ x, y }) => ({ x: x / 2, y: y / 2 })) as unknown as DecodedCode['corners'] }));

/** Twice the size by bilinear interpolation: the binarizer then has more than two pixels a module to work on. */
function enlarge({ width, height, grey }: GreyFrame): GreyFrame {
  const [wide, high] = [width * 2, height * 2];
  const larger = new Uint8Array(wide * high);
  for (let y = 0; y < high; y++) {
    const sourceY = Math.min(height - 1, Math.max(0, y / 2 - 0.25));
    const y0 = Math.floor(sourceY);
    const [top, bottom, fy] = [y0 * width, Math.min(height - 1, y0 + 1) * width, sourceY - y0];
    for (let x = 0; x < wide; x++) {
      const sourceX = Math.min(width - 1, Math.max(0, x / 2 - 0.25));
      const x0 = Math.floor(sourceX);
      const [x1, fx] = [Math.min(width - 1, x0 + 1), sourceX - x0];
      const above = (grey[top + x0] ?? 0) * (1 - fx) + (grey[top + x1] ?? 0) * fx;
      const below = (grey[bottom + x0] ?? 0) * (1 - fx) + (grey[bottom + x1] ?? 0) * fx;
      larger[y * wide + x] = above * (1 - fy) + below * fy + 0.5;
    }
  }
  return { width: wide, height: high, grey: larger };
}

parentPort?.on('message', ({ id, frame, effort }: DecodeRequest) => {
  const startedMs = performance.now();
  let codes: readonly DecodedCode[] = [];
  for (const attempt of attempts[effort]) {
    codes = attempt(frame);
    if (codes.length > 0) break;
  }
  const reply: DecodeReply = { id, codes, decodeMs: performance.now() - startedMs, grey: frame.grey };
  parentPort?.postMessage(reply, [frame.grey.buffer]);
});
