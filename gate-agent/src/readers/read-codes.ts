// Reads codes out of grey frames, in a thread of the gate or a worker of the handheld's page, and the only file that knows zxing-wasm. Whoever
// opens it brings the WebAssembly: nothing is fetched from the network.
import { defaultReaderOptions, encodeFormats, prepareZXingModule, type ZXingReaderModule } from 'zxing-wasm/reader';
import { bytesToText } from './decode-text.ts';
import { enlarge, sharpen, smooth, turn, type FilteredFrame } from './frame-filters.ts';
import type { DecodedCode, GreyFrame, Point } from './frame.ts';

/**
 * One way of looking at a frame, each for frames that the others fail on: `quick` is the cheapest; `turned` adds codes turned by 90
 * degrees, inverted or very large; `smoothed` helps against noise and weak contrast, `enlarged` with small modules, `sharpened` and
 * `deblurred` against blur, `tilted-…` with bar codes and PDF417 held askew. `thorough` is all of them until one finds something,
 * for a picture that comes only once.
 */
export type DecodeEffort = Look | 'thorough';
export type Look =
  | 'quick'
  | 'turned'
  | 'smoothed'
  | 'enlarged'
  | 'sharpened'
  | 'deblurred'
  | 'tilted-left'
  | 'tilted-right';

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
const turned: Options = { ...quick, tryRotate: true, tryInvert: true, tryDownscale: true };
const hard: Options = { ...turned, tryHarder: true };
/** PDF417 is read up to about 5 degrees askew, bar codes as far as one line crosses all bars; the matrix codes at any angle. */
const stripes: Options = { ...quick, formats: encodeFormats(['Code128', 'PDF417']), tryRotate: true };
const denoised: Options = { ...hard, tryDenoise: true, downscaleFactor: 2, downscaleThreshold: 200 };
const globalHistogram: Options = { ...hard, binarizer: 1 };

/** Larger pictures have enough pixels a module; twice as many would only cost time. */
const enlargeBelowPx = 900;

/** The part of the Emscripten module that its own types leave to a package we do not need. */
interface WasmMemory {
  readonly _malloc: (bytes: number) => number;
  readonly _free: (pointer: number) => void;
  /** Replaced whenever the memory grows: never keep it. */
  readonly HEAPU8: Uint8Array;
}

/** Of the package, as a module resolver finds it. */
export const readerWasmFile = 'zxing-wasm/reader/zxing_reader.wasm';

export type ReadCodes = (frame: GreyFrame, effort: DecodeEffort) => readonly DecodedCode[];

/** `wasmBinary`: the module's own file, `zxing_reader.wasm`. What it throws later is fatal: whoever runs it starts anew. */
export async function openCodeReader(wasmBinary: ArrayBuffer): Promise<ReadCodes> {
  const zxing = (await prepareZXingModule({
    overrides: { wasmBinary } as object,
    fireImmediately: true,
  })) as ZXingReaderModule & WasmMemory;
  const looks = createLooks((frame, options) => readCodes(zxing, frame, options));
  return (frame, effort) => decode(looks, frame, effort);
}

function readCodes(zxing: ZXingReaderModule & WasmMemory, frame: GreyFrame, options: Options): readonly DecodedCode[] {
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
      codes.push({
        text,
        format: formatName(result.format),
        corners: [point(topLeft), point(topRight), point(bottomRight), point(bottomLeft)],
      });
    }
    (results as { delete?: () => void }).delete?.();
    return codes;
  } finally {
    zxing._free(pointer);
  }
}

const point = ({ x, y }: Point): Point => ({ x, y });

/** zxing tells variants apart (`QRCodeModel2`, `AztecCode`, `CompactPDF417`); people know the family. */
const formatName = (format: string): string =>
  format.startsWith('QRCode')
    ? 'QRCode'
    : format.startsWith('Aztec')
      ? 'Aztec'
      : format.endsWith('PDF417')
        ? 'PDF417'
        : format;

type Reading = (frame: GreyFrame) => readonly DecodedCode[];

interface Looks {
  readonly single: Readonly<Record<Look, Reading>>;
  readonly thorough: readonly Reading[];
}

function createLooks(read: (frame: GreyFrame, options: Options) => readonly DecodedCode[]): Looks {
  /** Codes of a filtered frame, with corners in the original's pixels. */
  const readFiltered = (frame: FilteredFrame, options: Options): readonly DecodedCode[] =>
    read(frame, options).map((code) => {
      const [a, b, c, d] = code.corners;
      const { toOriginal } = frame;
      return { ...code, corners: [toOriginal(a), toOriginal(b), toOriginal(c), toOriginal(d)] };
    });
  const single: Looks['single'] = {
    quick: (frame) => read(frame, quick),
    turned: (frame) => read(frame, turned),
    smoothed: (frame) => readFiltered(smooth(frame), quick),
    enlarged: (frame) => readFiltered(enlarge(frame), quick),
    sharpened: (frame) => readFiltered(sharpen(frame, 2, 2), quick),
    deblurred: (frame) => readFiltered(sharpen(smooth(frame), 3, 4), quick),
    'tilted-left': (frame) => readFiltered(turn(frame, -12), stripes),
    'tilted-right': (frame) => readFiltered(turn(frame, 12), stripes),
  };
  const thorough: Looks['thorough'] = [
    (frame) => read(frame, hard),
    (frame) => readFiltered(smooth(frame), turned),
    (frame) => (isSmall(frame) ? readFiltered(enlarge(frame), turned) : []),
    single.sharpened,
    single.deblurred,
    (frame) => (isSmall(frame) ? readFiltered(sharpen(smooth(enlarge(frame)), 3, 4), quick) : []),
    ...[-12, 12, -24, 24, 45].map(
      (degrees): Reading =>
        (frame) =>
          readFiltered(turn(smooth(frame), degrees), stripes),
    ),
    (frame) => read(frame, denoised),
    (frame) => read(frame, globalHistogram),
  ];
  return { single, thorough };
}

const isSmall = (frame: GreyFrame): boolean => Math.min(frame.width, frame.height) < enlargeBelowPx;

function decode({ single, thorough }: Looks, frame: GreyFrame, effort: DecodeEffort): readonly DecodedCode[] {
  if (effort !== 'thorough') return single[effort](frame);
  for (const reading of thorough) {
    const codes = reading(frame);
    if (codes.length > 0) return codes;
  }
  return [];
}
