// The front of the thread that looks at faces. There is none until somebody is asked to look at a camera, and none again a while later, so
// that an evening without a face costs nothing. A thread that crashes or hangs is thrown away, and its frame answered with an error.
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { err, ok, type FaceLimits, type GreyPicture, type Result } from '@postern/shared';
import { createThreadPool, type ThreadError } from '../thread-pool.ts';
import type { FaceLook, FaceReply, FaceRequest } from './messages.ts';

export type FaceThreadError =
  | ThreadError
  | { readonly type: 'frame-too-large'; readonly pixels: number }
  /** What `npm run build` makes is not there. */
  | { readonly type: 'models-missing' };

/** The part of it that a lane needs; tests bring their own. */
export interface FaceLooker {
  /** Works on a copy of the pixels, which is emptied afterwards. */
  readonly look: (picture: GreyPicture, limits: FaceLimits) => Promise<Result<FaceLook, FaceThreadError>>;
}

export interface FaceThread extends FaceLooker {
  /** Whether the models are in memory. */
  readonly isLoaded: () => boolean;
  readonly close: () => Promise<void>;
}

/** A camera gives frames of at most 1280 pixels a side (face-cameras.ts); with the largest a thread needs about 220 MB, with 640 x 480 about 200. */
export const lookPixelsMax = 1_280 * 1_280;
/** Lanes that look at the same time wait for one thread: more of them would take the cores of the scans. */
export const waitingLooksMax = 4;
/** Loading the models is part of the first look. */
const lookTimeoutMs = 10_000;
const unloadAfterMs = 60_000;

export interface FaceThreadDeps {
  readonly lookTimeoutMs?: number;
  readonly unloadAfterMs?: number;
  /** For tests: another worker in place of the real one. */
  readonly start?: () => Worker;
}

export function createFaceThread(deps: FaceThreadDeps = {}): FaceThread {
  const pool = createThreadPool<Omit<FaceRequest, 'id'>, FaceReply>(
    {
      start: deps.start ?? startFaceThread,
      threadsMax: 1,
      timeoutMs: deps.lookTimeoutMs ?? lookTimeoutMs,
      waitingMax: waitingLooksMax,
      idleMs: deps.unloadAfterMs ?? unloadAfterMs,
    },
    { startsAtOnce: false },
  );
  return {
    isLoaded: () => pool.threads() > 0,
    look: async (picture, limits) => {
      const pixels = picture.width * picture.height;
      if (pixels > lookPixelsMax || pixels !== picture.grey.length) return err({ type: 'frame-too-large', pixels });
      if (deps.start === undefined && !hasFaceModels()) return err({ type: 'models-missing' });
      const grey = Uint8Array.from(picture.grey);
      const reply = await pool.ask({ picture: { ...picture, grey }, limits }, [grey.buffer]);
      return reply.ok ? ok(reply.value.look) : reply;
    },
    close: pool.close,
  };
}

/** What the build has put together of ../face-engine, from the sources as from what is built of them. */
export const faceThreadPath = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/face-engine/thread.cjs' : '../face-engine/thread.cjs',
  import.meta.url,
);
export const hasFaceModels = (): boolean => existsSync(faceThreadPath);

const startFaceThread = (): Worker => new Worker(faceThreadPath, { resourceLimits: { maxOldGenerationSizeMb: 128 } });
