// The front of the decoding threads: hands a grey frame to an idle one and answers with the codes in it. A wasm trap is fatal to a thread:
// its frame is answered with an error, and a new one started. Never throws.
import type { Worker } from 'node:worker_threads';
import { err, ok, type Result } from '@postern/shared';
import { createThreadPool, startThread, type ThreadError } from '../thread-pool.ts';
import type { DecodeReply, DecodeRequest } from './decoder-worker.ts';
import { framePixelsMax, type DecodedCode, type GreyFrame } from './frame.ts';
import type { DecodeEffort } from './read-codes.ts';

export type { DecodeEffort } from './read-codes.ts';

export type DecoderError =
  | { readonly type: 'decoder-busy' }
  | { readonly type: 'decoder-closed' }
  | { readonly type: 'decoder-crashed'; readonly cause: string }
  | { readonly type: 'decoder-timeout'; readonly afterMs: number }
  | { readonly type: 'frame-too-large'; readonly pixels: number };

export interface Decoded {
  readonly codes: readonly DecodedCode[];
  readonly decodeMs: number;
  /** The frame as it was given; its pixels were with the thread meanwhile. */
  readonly frame: GreyFrame;
}

export interface Decoder {
  /** Takes the frame's pixels over: the caller must not touch `frame.grey` afterwards, and finds them in the answer. */
  readonly decode: (frame: GreyFrame, effort: DecodeEffort) => Promise<Result<Decoded, DecoderError>>;
  readonly close: () => Promise<void>;
}

export interface DecoderDeps {
  /** Threads; 1 is enough for two cameras. */
  readonly threads?: number;
  readonly decodeTimeoutMs?: number;
  /** For tests: another worker in place of the real one. */
  readonly startWorker?: () => Worker;
}

/** Frames waiting for a thread, over all cameras; each camera has at most one on its way. */
export const waitingFramesMax = 16;

const errorOf = (error: ThreadError): DecoderError => ({ ...error, type: `decoder-${error.type}` }) as DecoderError;

export function createDecoder({
  threads = 1,
  decodeTimeoutMs = 15_000,
  startWorker = startDecoderWorker,
}: DecoderDeps = {}): Decoder {
  const pool = createThreadPool<Omit<DecodeRequest, 'id'>, DecodeReply>(
    { start: startWorker, threadsMax: threads, timeoutMs: decodeTimeoutMs, waitingMax: waitingFramesMax },
    { startsAtOnce: true },
  );
  return {
    decode: async (frame, effort) => {
      const { width, height } = frame;
      const pixels = width * height;
      if (pixels > framePixelsMax || pixels !== frame.grey.length) return err({ type: 'frame-too-large', pixels });
      const reply = await pool.ask({ frame, effort }, [frame.grey.buffer]);
      if (!reply.ok) return err(errorOf(reply.error));
      const { codes, decodeMs, grey } = reply.value;
      return ok({ codes, decodeMs, frame: { width, height, grey } });
    },
    close: pool.close,
  };
}

/** For a camera whose frames are for something else. */
export const noCodes: Decoder = {
  decode: async (frame) => ok({ codes: [], decodeMs: 0, frame }),
  close: async () => undefined,
};

const startDecoderWorker = (): Worker =>
  startThread('./decoder-worker', import.meta.url, { maxOldGenerationSizeMb: 96 });
