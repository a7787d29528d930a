// Reads the frames of a picture or video file through ffmpeg, scaled down to what we are willing to hold. Everything that can be
// wrong with a file is one typed error with a sentence for a person; nothing a file declares decides what we allocate.
import { open } from 'node:fs/promises';
import { err, ok, type Result } from '@postern/shared';
import { runFrameSource } from './frame-source.ts';
import { isVideo, pictureHeaderBytesMax, readPictureHeader, type PictureFormat, type PictureHeader } from './picture-header.ts';
import type { GreyFrame } from './frame.ts';

export type PictureError = {
  readonly type: 'file-missing' | 'file-unreadable' | 'not-a-picture' | 'picture-too-large' | 'picture-broken' | 'picture-too-slow' | 'program-missing';
  readonly message: string;
};

/** Declared pixels up to which ffmpeg may decode a picture; it is scaled to at most `heldSideMaxPx` before we see it. */
export const picturePixelsMax = 64_000_000;
export const heldSideMaxPx = 2_048;
const pictureTimeoutMs = 30_000;

/** ffmpeg is told the format that we recognised, so that no file can pose as a playlist that opens other files. */
const demuxers: Readonly<Record<PictureFormat, string>> = {
  png: 'png_pipe', jpeg: 'jpeg_pipe', bmp: 'bmp_pipe', webp: 'webp_pipe', gif: 'gif', pnm: 'ppm_pipe', y4m: 'yuv4mpegpipe', mp4: 'mov', matroska: 'matroska', avi: 'avi',
};

/** Recognises a file and checks its declared size. */
export async function inspectPicture(path: string): Promise<Result<PictureHeader, PictureError>> {
  const head = await readHead(path);
  if (!head.ok) return head;
  const header = readPictureHeader(head.value);
  if (!header) return err({ type: 'not-a-picture', message: 'neither PNG, JPEG, BMP, WebP, GIF, PNM nor a y4m, MP4, Matroska or AVI video' });
  const { width, height } = header;
  if (width !== undefined && height !== undefined && width * height > picturePixelsMax)
    return err({ type: 'picture-too-large', message: `${width} x ${height} pixels; at most ${picturePixelsMax / 1_000_000} megapixels are read` });
  return ok(header);
}

/** ffmpeg's arguments that read one recognised file; `before` goes in front of the input (pace, repetition). */
export function pictureArgs(path: string, format: PictureFormat, sideMaxPx: number, before: readonly string[] = []): readonly string[] {
  const scale = `scale=w='min(iw,${sideMaxPx})':h='min(ih,${sideMaxPx})':force_original_aspect_ratio=decrease:flags=area`;
  // A transparent background is white paper, not black ink.
  const onWhite = `format=rgba,split[over][under];[under]drawbox=c=white:t=fill:replace=1[paper];[paper][over]overlay=format=rgb`;
  const mayBeTransparent = format === 'png' || format === 'webp' || format === 'gif';
  return [
    '-hide_banner', '-nostdin', '-loglevel', 'error', '-threads', '1', '-max_pixels', String(picturePixelsMax), '-protocol_whitelist', 'file', ...before,
    '-f', demuxers[format], '-i', `file:${path}`, '-map', '0:v:0',
    '-vf', `${scale},${mayBeTransparent ? `${onWhite},` : ''}format=gray`, '-fps_mode', 'passthrough', '-threads', '1', '-f', 'image2pipe', '-c:v', 'pgm', 'pipe:1',
  ];
}

export interface PictureEnd {
  readonly frames: number;
  /** Set when the file was damaged or cut off although frames could be read. */
  readonly damage?: string;
}

/**
 * Calls back with each frame of a file (one for a picture, at most `framesMax` for a video), waiting for the callback before the
 * file is read further only as far as the pipe's buffer goes. `onFrame` answers `false` to stop early.
 */
export async function readPictureFrames(path: string, framesMax: number, onFrame: (frame: GreyFrame) => boolean, signal: AbortSignal): Promise<Result<PictureEnd, PictureError>> {
  const header = await inspectPicture(path);
  if (!header.ok) return header;
  const enough = new AbortController();
  const timeout = AbortSignal.timeout(pictureTimeoutMs);
  let frames = 0;
  try {
    const args = pictureArgs(path, header.value.format, heldSideMaxPx);
    const end = await runFrameSource(
      { program: 'ffmpeg', args, shape: { type: 'pgm' } },
      (frame) => {
        if (enough.signal.aborted) return;
        frames++;
        if (!onFrame(frame) || frames >= (isVideo(header.value.format) ? framesMax : 1)) enough.abort();
      },
      AbortSignal.any([signal, enough.signal, timeout]),
    );
    if (timeout.aborted) return err({ type: 'picture-too-slow', message: `not read within ${pictureTimeoutMs / 1000} s` });
    const complaint = explainComplaint(end.complaint, end.cutOff && !enough.signal.aborted);
    if (frames === 0) return err({ type: 'picture-broken', message: `damaged or cut off: ${complaint ?? 'it holds no complete picture'}` });
    return ok({ frames, ...(complaint === undefined ? {} : { damage: complaint }) });
  } catch (cause) {
    const fault = cause as Partial<PictureError> & Error;
    return err(fault.type === 'program-missing' ? { type: 'program-missing', message: fault.message } : { type: 'picture-broken', message: fault.message });
  }
}

/** ffmpeg's first complaint without its memory addresses and without the file's path. */
function explainComplaint(complaint: string, cutOff: boolean): string | undefined {
  const line = complaint.split('\n')[0]?.replace(/^\[[^\]]*\] /, '').replace(/file:.*?: /, '').trim();
  if (line) return line.slice(0, 200);
  return cutOff ? 'it ends inside a frame' : undefined;
}

async function readHead(path: string): Promise<Result<Uint8Array, PictureError>> {
  try {
    const file = await open(path, 'r');
    try {
      if (!(await file.stat()).isFile()) return err({ type: 'file-unreadable', message: 'not an ordinary file' });
      const { bytesRead, buffer } = await file.read(new Uint8Array(pictureHeaderBytesMax), 0, pictureHeaderBytesMax, 0);
      return ok(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    return err(code === 'ENOENT' || code === 'ENOTDIR' ? { type: 'file-missing', message: 'no such file' } : { type: 'file-unreadable', message: `could not be opened (${code ?? 'unknown error'})` });
  }
}
