// `gate-agent decode FILE...`: reads the code in each picture, trying as hard as it can, and prints one JSON line a file in the order
// given: {"file","text","format","ms"}, `text` null when there is none; {"file","text":null,"error"} when the file could not be
// read. One bad file does not stop the others. `ms` is the decoder's time, without loading the file.
import { cpus } from 'node:os';
import { createDecoder, type Decoder } from '../readers/decoder.ts';
import type { DecodedCode } from '../readers/frame.ts';
import { readPictureFrames } from '../readers/picture.ts';

export interface DecodeDeps {
  /** Writes one line, without its end. */
  readonly writeLine: (line: string) => void;
  readonly signal: AbortSignal;
  /** By default made here, with a thread for each of at most `filesAtOnceMax` files, and closed at the end. */
  readonly decoder?: Decoder;
}

export const filesAtOnceMax = 4;
/** Frames of a video that are looked at. */
export const videoFramesMax = 300;

/** A video shows a code in many frames: each gets another look. */
const videoLooks = ['turned', 'smoothed', 'turned', 'enlarged', 'turned', 'deblurred'] as const;

export type DecodeLine =
  | {
      readonly file: string;
      readonly text: string | null;
      readonly format: string | null;
      readonly ms: number;
      readonly warning?: string;
    }
  | { readonly file: string; readonly text: null; readonly error: { readonly type: string; readonly message: string } };

/** Resolves with the exit code: 0 when every file could be read (with or without a code in it), otherwise 2. */
export async function decodeFiles(paths: readonly string[], deps: DecodeDeps): Promise<number> {
  const atOnce = Math.max(1, Math.min(filesAtOnceMax, cpus().length, paths.length));
  const decoder = deps.decoder ?? createDecoder({ threads: atOnce });
  let unreadable = 0;
  try {
    const lines: Promise<DecodeLine>[] = [];
    for (let next = 0; next < paths.length && !deps.signal.aborted; next++) {
      for (let ahead = lines.length; ahead < Math.min(paths.length, next + atOnce); ahead++)
        lines.push(decodeFile(paths[ahead] ?? '', decoder, deps.signal));
      const line = await lines[next];
      if (!line || deps.signal.aborted) break;
      if ('error' in line) unreadable++;
      deps.writeLine(JSON.stringify(line));
    }
    await Promise.all(lines);
  } finally {
    if (!deps.decoder) await decoder.close();
  }
  return unreadable > 0 || deps.signal.aborted ? 2 : 0;
}

/** Reads one file: a picture's only frame, or a video's first ones until a code turns up. Never rejects. */
export async function decodeFile(file: string, decoder: Decoder, signal: AbortSignal): Promise<DecodeLine> {
  let found: DecodedCode | undefined;
  let fault: string | undefined;
  let ms = 0;
  let look = 0;
  const read = await readPictureFrames(
    file,
    videoFramesMax,
    async (frame, kind) => {
      const decoded = await decoder.decode(
        frame,
        kind === 'video' ? (videoLooks[look++ % videoLooks.length] ?? 'quick') : 'thorough',
      );
      if (!decoded.ok) {
        fault = decoded.error.type;
        return false;
      }
      ms += decoded.value.decodeMs;
      found = decoded.value.codes[0];
      return !found;
    },
    signal,
  );
  const failed = (type: string, message: string): DecodeLine => ({ file, text: null, error: { type, message } });
  if (found) {
    const warning = read.ok ? read.value.damage : read.error.message;
    return {
      file,
      text: found.text,
      format: found.format,
      ms: rounded(ms),
      ...(warning === undefined ? {} : { warning }),
    };
  }
  if (!read.ok) return failed(read.error.type, read.error.message);
  if (fault) return failed(fault, 'the decoder could not work on this picture');
  if (read.value.damage !== undefined) return failed('picture-broken', `damaged or cut off: ${read.value.damage}`);
  return { file, text: null, format: null, ms: rounded(ms) };
}

const rounded = (ms: number): number => Math.round(ms * 100) / 100;
