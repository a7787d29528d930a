// The main thread's handle on the replication thread. It starts it again when it dies, keeps the last things it has to know, and never
// waits for it on the scan path.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import {
  backoffMs,
  err,
  ok,
  type HybridTimestamp,
  type ImportedGate,
  type ImportError,
  type Logger,
  type Random,
  type Result,
  type Timer,
} from '@postern/shared';
import { type FromReplication, type ReplicationSettings, type ToReplication } from './messages.ts';
import type { PeerTime, TimeState } from '../peers/peer-time.ts';
import { emptyStatus, type ListedGate, type ReplicationStatus } from '../peers/replication-status.ts';

export interface ReplicationDeps {
  readonly settings: ReplicationSettings;
  readonly logger: Logger;
  readonly timer: Timer;
  readonly random: Random;
  /**
   * A timestamp up to which every mark of this start is in the journal and below which none will follow; asked every
   * `throughIntervalMs`. Undefined while that cannot be said (marks wait for their commit, the store is stopped).
   */
  readonly through: () => HybridTimestamp | undefined;
  readonly onStatus?: (status: ReplicationStatus) => void;
  /** Another gate has told the time, while ours is not trusted. */
  readonly onPeerTime?: (time: PeerTime) => void;
  /** Marks of orders are new in the replica. */
  readonly onOrders?: () => void;
  /** For tests: another thread in place of the real one. */
  readonly startWorker?: (settings: ReplicationSettings) => Worker;
}

export interface Replication {
  /** After a commit: there is something new in the journal. Cheap; call it for every mark. */
  readonly poke: () => void;
  /** The gates of the feed in use, and where it says the cloud is: pages from there may ask this gate, too. */
  readonly setGates: (gates: readonly ListedGate[], cloudUrl?: string) => void;
  readonly setTime: (time: TimeState) => void;
  readonly status: () => ReplicationStatus;
  /** Resolves with the port on which other gates are answered, once it is known; undefined without one. */
  readonly lanPort: () => Promise<number | undefined>;
  /** Hash over every known mark of the event, equal on all replicas that know the same. Asked again while it is counted it is the same. */
  readonly contentHash: () => Promise<Result<string, ReplicationError>>;
  /** Takes in a sync message out of a file of that name. */
  readonly importMessage: (
    message: Uint8Array,
    from: string,
  ) => Promise<Result<readonly ImportedGate[], ImportError | ReplicationError>>;
  /** How often the thread had to be started again. */
  readonly restarts: () => number;
  /** Drains, closes the segments and ends the thread; at the latest after `stopMs`. */
  readonly stop: () => Promise<void>;
}

type Answer = Extract<FromReplication, { readonly type: 'answer' }>['answer'];

export type ReplicationError = { readonly type: 'replication-unavailable'; readonly cause: string };

export const throughIntervalMs = 10_000;
const stopMs = 5_000;
const answerTimeoutMs = 30_000;
/** Pokes of one moment become one. */
const pokeSettleMs = 5;

export function startReplication(deps: ReplicationDeps): Replication {
  const { settings, logger, timer } = deps;
  const startWorker = deps.startWorker ?? startReplicationWorker;
  const questions = new Map<number, (answer: Result<Answer, ReplicationError>) => void>();
  let status = emptyStatus;
  let gates: Extract<ToReplication, { readonly type: 'gates' }> | undefined;
  let time: TimeState | undefined;
  let nextQuestion = 1;
  let restarts = 0;
  let stopping = false;
  let poked = false;
  let worker: Worker | undefined;
  let onStopped: (() => void) | undefined;
  let onLanPort: (port: number | undefined) => void = () => {};
  const lanPort = new Promise<number | undefined>((resolve) => (onLanPort = resolve));
  let cancelThrough = (): void => {};
  let hashing: Promise<Result<string, ReplicationError>> | undefined;

  const say = (message: ToReplication): void => worker?.postMessage(message);

  const hear = (message: FromReplication): void => {
    switch (message.type) {
      case 'started':
        return onLanPort(message.lanPort);
      case 'status':
        status = message.status;
        return deps.onStatus?.(status);
      case 'orders':
        return deps.onOrders?.();
      case 'peer-time':
        return deps.onPeerTime?.(message.time);
      case 'log':
        return logger[message.level](message.fields, message.message);
      case 'answer':
        questions.get(message.id)?.(ok(message.answer));
        questions.delete(message.id);
        return;
      case 'stopped':
        return onStopped?.();
    }
  };

  const start = (): void => {
    const started = startWorker({ ...settings, checkReplica: restarts > 0 });
    let cause = 'it ended by itself';
    worker = started;
    started.on('message', hear);
    started.on('error', (error) => (cause = causeText(error)));
    started.on('exit', () => {
      if (worker === started) worker = undefined;
      for (const answer of questions.values()) answer(err({ type: 'replication-unavailable', cause }));
      questions.clear();
      onStopped?.();
      if (stopping) return;
      restarts += 1;
      status = outOfService(status, cause);
      deps.onStatus?.(status);
      logger.error({ cause, restarts }, 'the replication thread died and will be started again');
      timer.after(backoffMs(Math.min(restarts, 5), deps.random), () => {
        if (!stopping) start();
      });
    });
    if (gates !== undefined) say(gates);
    if (time !== undefined) say({ type: 'time', time });
  };

  const sayThrough = (): void => {
    const at = deps.through();
    if (at !== undefined) say({ type: 'through', at });
    cancelThrough = timer.after(throughIntervalMs, sayThrough);
  };

  const ask = <A extends Answer>(question: (id: number) => ToReplication): Promise<Result<A, ReplicationError>> =>
    new Promise((resolve) => {
      if (worker === undefined)
        return resolve(err({ type: 'replication-unavailable', cause: 'the thread is being started again' }));
      const id = nextQuestion++;
      const cancel = timer.after(answerTimeoutMs, () => {
        questions.delete(id);
        resolve(err({ type: 'replication-unavailable', cause: 'no answer in time' }));
      });
      questions.set(id, (answer) => {
        cancel();
        // The thread answers each question in its own kind.
        resolve(answer as Result<A, ReplicationError>);
      });
      say(question(id));
    });

  start();
  sayThrough();

  return {
    poke: () => {
      if (poked) return;
      poked = true;
      timer.after(pokeSettleMs, () => {
        poked = false;
        say({ type: 'poke' });
      });
    },
    setGates: (listed, cloudUrl) => {
      gates = { type: 'gates', gates: listed, cloudUrl };
      say(gates);
    },
    setTime: (known) => {
      time = known;
      say({ type: 'time', time: known });
    },
    status: () => status,
    lanPort: () => lanPort,
    // Seconds of work with millions of marks, for whoever reads the status.
    contentHash: () =>
      (hashing ??= ask<string>((id) => ({ type: 'content-hash', id })).finally(() => (hashing = undefined))),
    importMessage: async (message, from) => {
      const answer = await ask<Result<readonly ImportedGate[], ImportError>>((id) => ({
        type: 'import',
        id,
        message,
        from,
      }));
      return answer.ok ? answer.value : answer;
    },
    restarts: () => restarts,
    stop: async () => {
      stopping = true;
      cancelThrough();
      const current = worker;
      if (current === undefined) return;
      await new Promise<void>((resolve) => {
        const cancel = timer.after(stopMs, resolve);
        onStopped = () => {
          cancel();
          resolve();
        };
        say({ type: 'stop' });
      });
      await current.terminate();
    },
  };
}

/** While the thread is gone nobody answers it, and health says why. */
const outOfService = (status: ReplicationStatus, cause: string): ReplicationStatus => ({
  ...status,
  peers: status.peers.map((peer) => ({ ...peer, reachable: false })),
  inTouch: false,
  peersReachable: 0,
  drainError: `the replication thread died: ${cause}`,
});

/** Errors of SQLite arrive from another thread as plain objects with nothing but their code. */
function causeText(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
}

/** The worker beside this file: JavaScript when built; when run from source, TypeScript that tsx (a development tool) loads. */
function startReplicationWorker(settings: ReplicationSettings): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./worker.js', import.meta.url), { workerData: settings });
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api')).href.replace(/cjs$/, 'mjs');
  const source = new URL('./worker.ts', import.meta.url).href;
  const bootstrap = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(source)}); })`;
  return new Worker(bootstrap, { eval: true, workerData: settings, execArgv: ['--conditions=source'] });
}
