// Cuts a byte stream into grey frames: binary PGM pictures one after the other (what ffmpeg writes for us), or planar YUV 4:2:0
// of a known size (what rpicam-vid writes; the first width x height bytes of a frame are its luma). Holds at most one unfinished
// frame, never allocates more than `framePixelsMax` bytes because of what a header says, and stays broken once it is.
import { framePixelsMax, frameSideMax, type GreyFrame } from './frame.ts';

export type FrameShape =
  | { readonly type: 'pgm' }
  | { readonly type: 'yuv420'; readonly width: number; readonly height: number };

export type FrameParserError = { readonly type: 'frame-garbled'; readonly cause: string };

export interface FrameParser {
  /** Takes the next bytes; calls back once for every frame they complete. An error is final: later bytes are ignored. */
  readonly push: (chunk: Uint8Array) => FrameParserError | undefined;
  /** Bytes of a frame that has begun and not ended; more than 0 at the stream's end means it was cut off. */
  readonly pendingBytes: () => number;
}

/** `P5`, width, height and 255, each followed by one white-space byte: other headers are not ours. */
const headerPattern = /^P5\s(\d{1,5})\s(\d{1,5})\s255\s$/;
const headerBeginning = /^P(5(\s(\d{1,5}(\s(\d{1,5}(\s(2(5(5\s?)?)?)?)?)?)?)?)?)?$/;

export function createFrameParser(shape: FrameShape, onFrame: (frame: GreyFrame) => void): FrameParser {
  let error: FrameParserError | undefined;
  let header = '';
  let frame: GreyFrame | undefined = shape.type === 'yuv420' ? newFrame(shape.width, shape.height) : undefined;
  let filled = 0;
  let toSkip = 0;

  if (shape.type === 'yuv420' && !isAllowed(shape.width, shape.height))
    error = { type: 'frame-garbled', cause: `a frame of ${shape.width} x ${shape.height} is outside of the limits` };

  /** Reads header bytes from `chunk` and returns the position after them. */
  const readHeader = (chunk: Uint8Array, from: number): number => {
    let at = from;
    while (at < chunk.length && !frame && !error) {
      header += String.fromCharCode(chunk[at++] ?? 0);
      if (!headerBeginning.test(header)) {
        error = { type: 'frame-garbled', cause: 'the stream does not consist of PGM pictures' };
        break;
      }
      const match = headerPattern.exec(header);
      if (!match) continue;
      const [width, height] = [Number(match[1]), Number(match[2])];
      if (!isAllowed(width, height))
        error = { type: 'frame-garbled', cause: `a frame of ${width} x ${height} is outside of the limits` };
      else frame = newFrame(width, height);
      header = '';
    }
    return at;
  };

  return {
    push: (chunk) => {
      let at = 0;
      while (at < chunk.length && !error) {
        if (toSkip > 0) {
          const skipped = Math.min(toSkip, chunk.length - at);
          toSkip -= skipped;
          at += skipped;
          continue;
        }
        if (!frame) {
          at = readHeader(chunk, at);
          continue;
        }
        const taken = Math.min(frame.grey.length - filled, chunk.length - at);
        frame.grey.set(chunk.subarray(at, at + taken), filled);
        filled += taken;
        at += taken;
        if (filled < frame.grey.length) continue;
        const complete = frame;
        filled = 0;
        frame = shape.type === 'yuv420' ? newFrame(shape.width, shape.height) : undefined;
        toSkip = shape.type === 'yuv420' ? 2 * Math.ceil(shape.width / 2) * Math.ceil(shape.height / 2) : 0;
        onFrame(complete);
      }
      return error;
    },
    pendingBytes: () => header.length + filled + toSkip,
  };
}

const isAllowed = (width: number, height: number): boolean =>
  width >= 1 && height >= 1 && width <= frameSideMax && height <= frameSideMax && width * height <= framePixelsMax;

const newFrame = (width: number, height: number): GreyFrame | undefined =>
  isAllowed(width, height) ? { width, height, grey: new Uint8Array(width * height) } : undefined;
