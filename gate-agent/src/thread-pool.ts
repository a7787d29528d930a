// Threads that answer one request at a time each. The queue is bounded; a thread that crashes or takes too long is thrown away, its request
// answered with an error, and a new one started for the next. Never throws, never rejects.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker, type ResourceLimits, type Transferable } from 'node:worker_threads';
import { err, ok, type Result } from '@postern/shared';

export type ThreadError =
  | { readonly type: 'busy' }
  | { readonly type: 'closed' }
  | { readonly type: 'crashed'; readonly cause: string }
  | { readonly type: 'timeout'; readonly afterMs: number };

export interface ThreadPool<Request extends object, Reply> {
  /** What is in `transfer` belongs to the thread from then on, also when the answer is an error. */
  readonly ask: (request: Request, transfer: readonly Transferable[]) => Promise<Result<Reply, ThreadError>>;
  readonly threads: () => number;
  readonly close: () => Promise<void>;
}

export interface ThreadPoolDeps {
  /** It answers each message with another that has the same `id`. */
  readonly start: () => Worker;
  readonly threadsMax: number;
  readonly timeoutMs: number;
  /** Requests that wait for a thread. */
  readonly waitingMax: number;
  /** A thread that nobody has asked for so long is let go, and its memory with it; never when absent. */
  readonly idleMs?: number;
}

interface Job<Request, Reply> {
  readonly id: number;
  readonly request: Request;
  readonly transfer: readonly Transferable[];
  readonly answer: (result: Result<Reply, ThreadError>) => void;
}

interface Thread<Request, Reply> {
  readonly worker: Worker;
  job?: Job<Request, Reply> | undefined;
  timer?: NodeJS.Timeout | undefined;
}

/** `startsAtOnce`: the first thread does not wait for the first request. */
export function createThreadPool<Request extends object, Reply extends { readonly id: number }>(
  { start, threadsMax, timeoutMs, waitingMax, idleMs }: ThreadPoolDeps,
  { startsAtOnce }: { readonly startsAtOnce: boolean },
): ThreadPool<Request, Reply> {
  const pool: Thread<Request, Reply>[] = [];
  const waiting: Job<Request, Reply>[] = [];
  let closed = false;
  let nextId = 1;

  const finish = (thread: Thread<Request, Reply>, result: Result<Reply, ThreadError>): void => {
    clearTimeout(thread.timer);
    const { job } = thread;
    thread.job = undefined;
    job?.answer(result);
    if (idleMs !== undefined) thread.timer = setTimeout(() => discard(thread, { type: 'closed' }), idleMs);
  };
  const discard = (thread: Thread<Request, Reply>, error: ThreadError): void => {
    const index = pool.indexOf(thread);
    if (index < 0) return;
    pool.splice(index, 1);
    finish(thread, err(error));
    clearTimeout(thread.timer);
    void thread.worker.terminate();
    dispatch();
  };
  const add = (): Thread<Request, Reply> => {
    const thread: Thread<Request, Reply> = { worker: start() };
    pool.push(thread);
    thread.worker.on('message', (reply: Reply) => {
      if (reply.id !== thread.job?.id) return;
      finish(thread, ok(reply));
      dispatch();
    });
    thread.worker.on('error', (cause) =>
      discard(thread, { type: 'crashed', cause: cause instanceof Error ? cause.message : String(cause) }),
    );
    thread.worker.on('exit', (code) =>
      discard(thread, { type: 'crashed', cause: `the thread ended with code ${code}` }),
    );
    return thread;
  };
  const dispatch = (): void => {
    while (waiting.length > 0 && !closed) {
      const thread = pool.find((candidate) => !candidate.job) ?? (pool.length < threadsMax ? add() : undefined);
      if (!thread) return;
      const job = waiting.shift();
      if (!job) return;
      clearTimeout(thread.timer);
      thread.job = job;
      thread.timer = setTimeout(() => discard(thread, { type: 'timeout', afterMs: timeoutMs }), timeoutMs);
      thread.worker.postMessage({ ...job.request, id: job.id }, [...job.transfer]);
    }
  };

  if (startsAtOnce) add();
  return {
    threads: () => pool.length,
    ask: (request, transfer) =>
      new Promise((answer) => {
        if (closed) return answer(err({ type: 'closed' }));
        if (waiting.length >= waitingMax) return answer(err({ type: 'busy' }));
        waiting.push({ id: nextId++, request, transfer, answer });
        dispatch();
      }),
    close: async () => {
      closed = true;
      for (const job of waiting.splice(0)) job.answer(err({ type: 'closed' }));
      await Promise.all(
        pool.splice(0).map(async (thread) => {
          finish(thread, err({ type: 'closed' }));
          clearTimeout(thread.timer);
          await thread.worker.terminate();
        }),
      );
    },
  };
}

/** `module`: without its ending. JavaScript when built; when run from source, TypeScript that tsx (a development tool) loads. */
export function startThread(module: string, importer: string, resourceLimits: ResourceLimits): Worker {
  if (!importer.endsWith('.ts')) return new Worker(new URL(`${module}.js`, importer), { resourceLimits });
  const tsx = pathToFileURL(createRequire(importer).resolve('tsx/esm/api')).href.replace(/cjs$/, 'mjs');
  const source = new URL(`${module}.ts`, importer).href;
  const bootstrap = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(source)}); })`;
  return new Worker(bootstrap, { eval: true, resourceLimits, execArgv: ['--conditions=source'] });
}
