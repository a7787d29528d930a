// The front of the decoding threads: hands a grey frame to an idle one and answers with the codes in it. The queue is bounded; a
// thread that crashes (a wasm trap is fatal to it) or takes too long is thrown away, its frame answered with an error, and a new
// one started. Never throws.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { err, ok, type Result } from '@postern/shared';
import type { DecodeEffort, DecodeReply, DecodeRequest } from './decoder-worker.ts';
import { framePixelsMax, type DecodedCode, type GreyFrame } from './frame.ts';

export type { DecodeEffort } from './decoder-worker.ts';

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

interface Job {
  readonly request: DecodeRequest;
  readonly answer: (result: Result<Decoded, DecoderError>) => void;
}

interface Thread {
  readonly worker: Worker;
  job?: Job | undefined;
  timer?: NodeJS.Timeout | undefined;
}

export function createDecoder({
  threads = 1,
  decodeTimeoutMs = 15_000,
  startWorker = startDecoderWorker,
}: DecoderDeps = {}): Decoder {
  const pool: Thread[] = [];
  const waiting: Job[] = [];
  let closed = false;
  let nextId = 1;

  const finish = (thread: Thread, result: Result<Decoded, DecoderError>): void => {
    clearTimeout(thread.timer);
    const job = thread.job;
    thread.job = undefined;
    job?.answer(result);
  };
  const discard = (thread: Thread, error: DecoderError): void => {
    const index = pool.indexOf(thread);
    if (index < 0) return;
    pool.splice(index, 1);
    finish(thread, err(error));
    void thread.worker.terminate();
    dispatch();
  };
  const start = (): Thread => {
    const thread: Thread = { worker: startWorker() };
    pool.push(thread);
    thread.worker.on('message', (reply: DecodeReply) => {
      const frame = thread.job?.request.frame;
      if (!frame || reply.id !== thread.job?.request.id) return;
      finish(
        thread,
        ok({
          codes: reply.codes,
          decodeMs: reply.decodeMs,
          frame: { width: frame.width, height: frame.height, grey: reply.grey },
        }),
      );
      dispatch();
    });
    thread.worker.on('error', (cause) =>
      discard(thread, { type: 'decoder-crashed', cause: cause instanceof Error ? cause.message : String(cause) }),
    );
    thread.worker.on('exit', (code) =>
      discard(thread, { type: 'decoder-crashed', cause: `the thread ended with code ${code}` }),
    );
    return thread;
  };
  const dispatch = (): void => {
    while (waiting.length > 0 && !closed) {
      const thread = pool.find((candidate) => !candidate.job) ?? (pool.length < threads ? start() : undefined);
      if (!thread) return;
      const job = waiting.shift();
      if (!job) return;
      thread.job = job;
      thread.timer = setTimeout(
        () => discard(thread, { type: 'decoder-timeout', afterMs: decodeTimeoutMs }),
        decodeTimeoutMs,
      );
      thread.worker.postMessage(job.request, [job.request.frame.grey.buffer]);
    }
  };

  start();
  return {
    decode: (frame, effort) =>
      new Promise((answer) => {
        const pixels = frame.width * frame.height;
        if (closed) return answer(err({ type: 'decoder-closed' }));
        if (pixels > framePixelsMax || pixels !== frame.grey.length)
          return answer(err({ type: 'frame-too-large', pixels }));
        if (waiting.length >= waitingFramesMax) return answer(err({ type: 'decoder-busy' }));
        waiting.push({ request: { id: nextId++, frame, effort }, answer });
        dispatch();
      }),
    close: async () => {
      closed = true;
      for (const job of waiting.splice(0)) job.answer(err({ type: 'decoder-closed' }));
      await Promise.all(
        pool.splice(0).map(async (thread) => {
          finish(thread, err({ type: 'decoder-closed' }));
          await thread.worker.terminate();
        }),
      );
    },
  };
}

/** The worker beside this file: JavaScript when built; when run from source, TypeScript that tsx (a development tool) loads. */
function startDecoderWorker(): Worker {
  const resourceLimits = { maxOldGenerationSizeMb: 96 };
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./decoder-worker.js', import.meta.url), { resourceLimits });
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api')).href.replace(/cjs$/, 'mjs');
  const source = new URL('./decoder-worker.ts', import.meta.url).href;
  const bootstrap = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(source)}); })`;
  return new Worker(bootstrap, { eval: true, resourceLimits, execArgv: ['--conditions=source'] });
}
