// Tells from a file's first bytes which picture or video format it is and how large it says it is, before any decoder sees it.
// Pure and total: any bytes give an answer, and `undefined` means that we do not read such files.

export type PictureFormat = 'png' | 'jpeg' | 'bmp' | 'webp' | 'gif' | 'pnm' | 'y4m' | 'mp4' | 'matroska' | 'avi';

export interface PictureHeader {
  readonly format: PictureFormat;
  /** As declared; absent where the format hides it deeper in the file (ffmpeg's own limit then applies). */
  readonly width?: number;
  readonly height?: number;
  /** Whether a file of this many bytes is cut off, by what its header says; ffmpeg does not notice it in these formats. */
  readonly isCutOffAt?: (fileBytes: number) => boolean;
}

/** How much of a file `readPictureHeader` wants to see: a JPEG's size follows its colour profile and thumbnail. */
export const pictureHeaderBytesMax = 262_144;

export const isVideo = (format: PictureFormat): boolean =>
  format === 'y4m' || format === 'mp4' || format === 'matroska' || format === 'avi';

export function readPictureHeader(head: Uint8Array): PictureHeader | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const ascii = (from: number, length: number): string => String.fromCharCode(...head.subarray(from, from + length));
  const sized = (
    format: PictureFormat,
    bytesNeeded: number,
    width: () => number,
    height: () => number,
  ): PictureHeader => (head.length < bytesNeeded ? { format } : { format, width: width(), height: height() });

  if (ascii(0, 8) === '\x89PNG\r\n\x1a\n')
    return sized(
      'png',
      24,
      () => view.getUint32(16),
      () => view.getUint32(20),
    );
  if (ascii(0, 3) === '\xff\xd8\xff') return { format: 'jpeg', ...jpegSize(view) };
  if (ascii(0, 6) === 'GIF87a' || ascii(0, 6) === 'GIF89a')
    return sized(
      'gif',
      10,
      () => view.getUint16(6, true),
      () => view.getUint16(8, true),
    );
  if (ascii(0, 2) === 'BM' && head.length >= 26 && view.getUint32(14, true) >= 40)
    return {
      format: 'bmp',
      width: Math.abs(view.getInt32(18, true)),
      height: Math.abs(view.getInt32(22, true)),
      ...endsAt(view.getUint32(2, true)),
    };
  if (ascii(0, 4) === 'RIFF' && ascii(8, 4) === 'WEBP')
    return { format: 'webp', ...webpSize(view, ascii(12, 4)), ...endsAt(view.getUint32(4, true) + 8) };
  if (ascii(0, 4) === 'RIFF' && ascii(8, 4) === 'AVI ')
    return { format: 'avi', ...endsAt(view.getUint32(4, true) + 8) };
  if (ascii(0, 10) === 'YUV4MPEG2 ') return { format: 'y4m', ...readY4mLine(ascii(0, 256)) };
  if (ascii(4, 4) === 'ftyp') return { format: 'mp4' };
  if (ascii(0, 4) === '\x1a\x45\xdf\xa3') return { format: 'matroska' };
  const pnm = /^P[456]\s+(?:#[^\n]*\s+)*(\d{1,9})\s+(\d{1,9})\s/.exec(ascii(0, 256));
  return pnm ? { format: 'pnm', width: Number(pnm[1]), height: Number(pnm[2]) } : undefined;
}

type Size = { readonly width?: number; readonly height?: number };

/** Walks the markers to the start of frame (ITU T.81, B.2.2). */
function jpegSize(view: DataView): Size {
  let at = 2;
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return {};
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    const isStartOfFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isStartOfFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    const standsAlone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += standsAlone ? 2 : 2 + view.getUint16(at + 2);
  }
  return {};
}

/** The three kinds of WebP's first chunk (RFC 9649). */
function webpSize(view: DataView, chunk: string): Size {
  if (view.byteLength < 30) return {};
  if (chunk === 'VP8 ') return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  const bits = view.getUint32(21, true);
  if (chunk === 'VP8L') return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  if (chunk === 'VP8X')
    return { width: (view.getUint32(24, true) & 0xffffff) + 1, height: (view.getUint32(26, true) >>> 8) + 1 };
  return {};
}

const endsAt = (bytes: number): Pick<PictureHeader, 'isCutOffAt'> => ({ isCutOffAt: (fileBytes) => fileBytes < bytes });

/** Samples a pixel of the colour spaces that ffmpeg and cameras write, in eighths of a byte. */
const y4mBitsPerPixel: Readonly<Record<string, number>> = {
  mono: 8,
  '420': 12,
  '420jpeg': 12,
  '420mpeg2': 12,
  '420paldv': 12,
  '422': 16,
  '444': 24,
};

/** The first line of YUV4MPEG2: parameters after single spaces; each frame is `FRAME`, LF and its samples. */
function readY4mLine(head: string): Size & Pick<PictureHeader, 'isCutOffAt'> {
  const line = head.split('\n')[0] ?? '';
  const [width, height] = [Number(/ W(\d{1,9})/.exec(line)?.[1]), Number(/ H(\d{1,9})/.exec(line)?.[1])];
  if (!(width > 0) || !(height > 0)) return {};
  const bits = y4mBitsPerPixel[/ C(\w+)/.exec(line)?.[1] ?? '420'];
  if (bits === undefined || width % 2 !== 0 || height % 2 !== 0) return { width, height };
  const frameBytes = 'FRAME\n'.length + (width * height * bits) / 8;
  return { width, height, isCutOffAt: (fileBytes) => (fileBytes - line.length - 1) % frameBytes !== 0 };
}
