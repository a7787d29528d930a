// Paints the clips that the cameras see: a visitor's code coming into view and being held there, as the hand and the phone
// have it. Painting costs 10-40 ms a frame, so it happens in a thread of its own.
import { Worker } from 'node:worker_threads';
import type { Handling } from './handling.ts';

export interface Clip {
  /** Played once, as the code comes into view. */
  readonly arriving: readonly Uint8Array[];
  /** Repeated while it is held. */
  readonly held: readonly Uint8Array[];
}

export interface PaintRequest {
  readonly id: number;
  /** Absent: the empty picture of the doorway. */
  readonly text?: string;
  readonly handling: Handling;
  readonly seed: number;
}

export type PaintReply =
  | { readonly id: number; readonly clip: Clip }
  | { readonly id: number; readonly complaint: string };

export interface Painter {
  /** Rejects when the text does not fit into a QR code. */
  readonly paint: (text: string | undefined, handling: Handling) => Promise<Clip>;
  readonly close: () => Promise<void>;
}

export function createPainter(): Painter {
  const worker = startWorker();
  const waiting = new Map<
    number,
    { readonly resolve: (clip: Clip) => void; readonly reject: (cause: Error) => void }
  >();
  let nextId = 1;
  worker.on('message', (reply: PaintReply) => {
    const asker = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('clip' in reply) asker?.resolve(reply.clip);
    else asker?.reject(new Error(reply.complaint));
  });
  worker.on('error', (cause) => {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  });
  return {
    paint: (text, handling) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        const request: PaintRequest = { id, handling, seed: id * 7_919, ...(text === undefined ? {} : { text }) };
        worker.postMessage(request);
      }),
    close: async () => void (await worker.terminate()),
  };
}

/** tsx does not follow into threads by itself (Node 20): the thread registers it before it loads the TypeScript file. */
function startWorker(): Worker {
  const file = new URL('./painter-worker.ts', import.meta.url).href;
  const bootstrap = `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))}; register(); await import(${JSON.stringify(file)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(bootstrap)}`), {
    execArgv: ['--conditions=source'],
  });
}
