// The replication worker as the page sees it: told what is new, started again when it dies, asked for the content hash. Nothing here is
// waited for by a scan.
import { backoffMs, type HybridTimestamp, type Logger, type Random, type Timer } from '@postern/shared';
import { emptyStatus, type ListedGate, type ReplicationStatus } from '../../peers/replication-status.ts';
import type { Learned } from './other-gates.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './replication-messages.ts';

export interface ReplicationDeps {
  readonly settings: WorkerSettings;
  readonly startWorker: () => Worker;
  readonly timer: Timer;
  readonly random: Random;
  readonly logger: Logger;
  readonly through: () => HybridTimestamp | undefined;
  readonly onStatus: (status: ReplicationStatus) => void;
  readonly onLearned: (learned: Learned) => void;
  readonly onRevoked: (notice: string) => void;
}

export interface Replication {
  readonly poke: () => void;
  readonly syncNow: () => void;
  readonly allowLan: (isAllowed: boolean) => void;
  readonly setGates: (gates: readonly ListedGate[]) => void;
  readonly status: () => ReplicationStatus;
  readonly contentHash: () => Promise<string | undefined>;
  readonly seal: (sealKey: Uint8Array) => Promise<Uint8Array | undefined>;
  readonly stop: () => Promise<void>;
}

const throughIntervalMs = 10_000;
const pokeSettleMs = 5;
const answerTimeoutMs = 60_000;
const stopMs = 3_000;

export function startReplication(deps: ReplicationDeps): Replication {
  const { settings, timer, logger } = deps;
  let worker: Worker | undefined;
  let status = emptyStatus;
  let gates: readonly ListedGate[] | undefined;
  let lanAllowed = false;
  let restarts = 0;
  let stopping = false;
  let poked = false;
  let onStopped: (() => void) | undefined;
  const questions = new Map<number, (answer: string | Uint8Array | undefined) => void>();
  let nextQuestion = 1;
  const say = (message: ToWorker): void => worker?.postMessage(message);

  const hear = (message: FromWorker): void => {
    switch (message.type) {
      case 'status':
        status = message.status;
        return deps.onStatus(status);
      case 'learned':
        return deps.onLearned(message.learned);
      case 'revoked':
        return deps.onRevoked(message.notice);
      case 'log':
        return logger[message.level](message.fields, message.message);
      case 'answer':
        questions.get(message.id)?.(message.answer);
        questions.delete(message.id);
        return;
      case 'stopped':
        return onStopped?.();
    }
  };

  const died = (cause: string): void => {
    worker?.terminate();
    worker = undefined;
    for (const answer of questions.values()) answer(undefined);
    questions.clear();
    onStopped?.();
    if (stopping) return;
    restarts += 1;
    status = {
      ...status,
      peers: status.peers.map((peer) => ({ ...peer, reachable: false })),
      inTouch: false,
      peersReachable: 0,
      drainError: `the replication worker died: ${cause}`,
    };
    deps.onStatus(status);
    logger.error({ cause, restarts }, 'the replication worker died and will be started again');
    timer.after(backoffMs(Math.min(restarts, 5), deps.random), () => {
      if (!stopping) start();
    });
  };

  const start = (): void => {
    const started = deps.startWorker();
    worker = started;
    started.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => hear(data));
    started.addEventListener('error', (event) => {
      event.preventDefault();
      if (worker === started) died(event.message);
    });
    say({ type: 'start', settings });
    if (gates !== undefined) say({ type: 'gates', gates });
    say({ type: 'lan', isAllowed: lanAllowed });
  };

  const sayThrough = (): void => {
    if (stopping) return;
    const at = deps.through();
    if (at !== undefined) say({ type: 'through', at });
    timer.after(throughIntervalMs, sayThrough);
  };

  const ask = (question: (id: number) => ToWorker): Promise<string | Uint8Array | undefined> =>
    new Promise((resolve) => {
      if (worker === undefined) return resolve(undefined);
      const id = nextQuestion++;
      const cancel = timer.after(answerTimeoutMs, () => {
        questions.delete(id);
        resolve(undefined);
      });
      questions.set(id, (answer) => {
        cancel();
        resolve(answer);
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
    syncNow: () => say({ type: 'sync' }),
    allowLan: (isAllowed) => {
      if (isAllowed === lanAllowed) return;
      lanAllowed = isAllowed;
      say({ type: 'lan', isAllowed });
    },
    setGates: (listed) => {
      gates = listed;
      say({ type: 'gates', gates: listed });
    },
    status: () => status,
    contentHash: async () => {
      const answer = await ask((id) => ({ type: 'content-hash', id }));
      return typeof answer === 'string' ? answer : undefined;
    },
    seal: async (sealKey) => {
      const answer = await ask((id) => ({ type: 'seal', id, sealKey }));
      return answer instanceof Uint8Array ? answer : undefined;
    },
    stop: async () => {
      stopping = true;
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
      current.terminate();
    },
  };
}
