// Reads the frames of a picture or video file through ffmpeg, scaled down to what we are willing to hold. Everything that can be
// wrong with a file is one typed error with a sentence for a person; nothing a file declares decides what we allocate.
import { constants, open } from 'node:fs/promises';
import { err, ok, type Result } from '@postern/shared';
import { runFrameSource, words } from './frame-source.ts';
import {
  isVideo,
  pictureHeaderBytesMax,
  readPictureHeader,
  type PictureFormat,
  type PictureHeader,
} from './picture-header.ts';
import type { GreyFrame } from './frame.ts';

export type PictureError = {
  readonly type:
    | 'file-missing'
    | 'file-unreadable'
    | 'not-a-picture'
    | 'picture-too-large'
    | 'picture-broken'
    | 'picture-too-slow'
    | 'program-missing';
  readonly message: string;
};

/** Declared pixels up to which ffmpeg may decode a picture; it is scaled to at most `heldSideMaxPx` before we see it. */
export const picturePixelsMax = 64_000_000;
export const heldSideMaxPx = 2_048;
const pictureTimeoutMs = 30_000;
const videoTimeoutMs = 120_000;

/** ffmpeg is told the format that we recognised, so that no file can pose as a playlist that opens other files. */
const demuxers: Readonly<Record<PictureFormat, string>> = {
  png: 'png_pipe',
  jpeg: 'jpeg_pipe',
  bmp: 'bmp_pipe',
  webp: 'webp_pipe',
  gif: 'gif',
  pnm: 'ppm_pipe',
  y4m: 'yuv4mpegpipe',
  mp4: 'mov',
  matroska: 'matroska',
  avi: 'avi',
};

/** Recognises a file and checks its declared size. */
export async function inspectPicture(
  path: string,
): Promise<Result<PictureHeader & { readonly cutOff: boolean }, PictureError>> {
  const head = await readHead(path);
  if (!head.ok) return head;
  const header = readPictureHeader(head.value.bytes);
  if (!header)
    return err({
      type: 'not-a-picture',
      message: 'neither PNG, JPEG, BMP, WebP, GIF, PNM nor a y4m, MP4, Matroska or AVI video',
    });
  const { width, height } = header;
  if (width !== undefined && height !== undefined && width * height > picturePixelsMax)
    return err({
      type: 'picture-too-large',
      message: `${width} x ${height} pixels; at most ${picturePixelsMax / 1_000_000} megapixels are read`,
    });
  return ok({ ...header, cutOff: header.isCutOffAt?.(head.value.fileBytes) === true });
}

/** ffmpeg's arguments that read one recognised file; `before` goes in front of the input (pace, repetition). */
export function pictureArgs(
  path: string,
  format: PictureFormat,
  sideMaxPx: number,
  before: readonly string[] = [],
): readonly string[] {
  const scale = `scale=w='min(iw,${sideMaxPx})':h='min(ih,${sideMaxPx})':force_original_aspect_ratio=decrease:flags=area`;
  // A transparent background is white paper, not black ink.
  const onWhite = `format=rgba,split[over][under];[under]lutrgb=r=255:g=255:b=255:a=255[paper];[paper][over]overlay=format=rgb`;
  const mayBeTransparent = format === 'png' || format === 'webp' || format === 'gif';
  const filters = `${scale},${mayBeTransparent ? `${onWhite},` : ''}format=gray`;
  return [
    ...words(`-hide_banner -nostdin -loglevel error -threads 1 -max_pixels ${picturePixelsMax}`),
    ...words('-protocol_whitelist file'),
    ...before,
    ...words(`-f ${demuxers[format]} -i`),
    `file:${path}`,
    ...words('-map 0:v:0 -vf'),
    filters,
    ...words(`-fps_mode passthrough -threads 1${isVideo(format) ? '' : ' -frames:v 1'} -f image2pipe -c:v pgm pipe:1`),
  ];
}

export interface PictureEnd {
  readonly frames: number;
  /** Set when the file was damaged or cut off although frames could be read. */
  readonly damage?: string;
}

/**
 * Calls back with each frame of a file, one after the other: one of a picture, at most `framesMax` of a video. ffmpeg waits while
 * `onFrame` works, so at most a pipe's worth of frames is held; when it answers `false` the rest is not read.
 */
export async function readPictureFrames(
  path: string,
  framesMax: number,
  onFrame: (frame: GreyFrame, kind: 'picture' | 'video') => Promise<boolean>,
  signal: AbortSignal,
): Promise<Result<PictureEnd, PictureError>> {
  const header = await inspectPicture(path);
  if (!header.ok) return header;
  const kind = isVideo(header.value.format) ? 'video' : 'picture';
  const enough = new AbortController();
  const timeoutMs = kind === 'video' ? videoTimeoutMs : pictureTimeoutMs;
  const timeout = AbortSignal.timeout(timeoutMs);
  let frames = 0;
  let handled = Promise.resolve();
  const handle = async (frame: GreyFrame): Promise<void> => {
    if (enough.signal.aborted || signal.aborted) return;
    frames++;
    const goOn = await onFrame(frame, kind);
    if (kind === 'video' && (!goOn || frames >= framesMax)) enough.abort();
  };
  try {
    const end = await runFrameSource(
      { program: 'ffmpeg', args: pictureArgs(path, header.value.format, heldSideMaxPx), shape: { type: 'pgm' } },
      (frame) => (handled = handled.then(() => handle(frame))),
      AbortSignal.any([signal, enough.signal, timeout]),
    );
    await handled;
    if (timeout.aborted) return err({ type: 'picture-too-slow', message: `not read within ${timeoutMs / 1000} s` });
    // What ffmpeg says after we have closed its output is about that, not about the file.
    const damage = enough.signal.aborted
      ? undefined
      : header.value.cutOff || end.cutOff
        ? 'it ends too early'
        : firstComplaint(end.complaint);
    if (frames === 0)
      return err({
        type: 'picture-broken',
        message: `damaged or cut off: ${damage ?? 'it holds no complete picture'}`,
      });
    return ok({ frames, ...(damage === undefined ? {} : { damage }) });
  } catch (cause) {
    const fault = cause as Partial<PictureError> & Error;
    return err(
      fault.type === 'program-missing'
        ? { type: 'program-missing', message: fault.message }
        : { type: 'picture-broken', message: fault.message },
    );
  }
}

/** ffmpeg calls these errors although the picture is whole. */
const harmless = /unable to decode APP fields/;

/** The first line of what ffmpeg says, without its memory addresses and the file's path. */
const firstComplaint = (complaint: string): string | undefined =>
  complaint
    .split('\n')
    .find((line) => !harmless.test(line))
    ?.replace(/^\[[^\]]*\] /, '')
    .replace(/file:.*?: /, '')
    .trim()
    .slice(0, 200) || undefined;

async function readHead(
  path: string,
): Promise<Result<{ readonly bytes: Uint8Array; readonly fileBytes: number }, PictureError>> {
  try {
    // Without O_NONBLOCK a named pipe that nobody writes to would hold this thread of the pool for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) return err({ type: 'file-unreadable', message: 'not an ordinary file' });
      const { bytesRead, buffer } = await file.read(new Uint8Array(pictureHeaderBytesMax), 0, pictureHeaderBytesMax, 0);
      return ok({ bytes: buffer.subarray(0, bytesRead), fileBytes: stat.size });
    } finally {
      await file.close();
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    return err(
      code === 'ENOENT' || code === 'ENOTDIR'
        ? { type: 'file-missing', message: 'no such file' }
        : { type: 'file-unreadable', message: `could not be opened (${code ?? 'unknown error'})` },
    );
  }
}
