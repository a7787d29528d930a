// The replication thread: its own event loop, its own database connections, its own Automerge. Whatever happens here, the scan path
// goes on; if this thread dies, worker-front.ts starts another, which picks up from the journal.
import { constants, setPriority } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as rest } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { assert, loadLedger, ready, type Logger } from '@postern/shared';
import { createSystemClock, createSystemRandom, createSystemTimer } from '../system.ts';
import { startEngine } from './engine.ts';
import type { FromReplication, ReplicationSettings, ToReplication } from './messages.ts';

assert(parentPort !== null, 'this file is started as a thread');
const port = parentPort;
const say = (message: FromReplication): void => port.postMessage(message);
const logAs =
  (level: 'info' | 'warn' | 'error'): Logger['info'] =>
  (fields, message) =>
    say({ type: 'log', level, fields, message });
const log: Logger = { info: logAs('info'), warn: logAs('warn'), error: logAs('error') };

// Whoever stands at the turnstile goes first. Only on Linux does this concern the calling thread alone.
try {
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // Where it is not allowed, the thread is merely a little less polite.
}

/** Rests as long as it has worked since the last rest, so that a flood of marks takes half a core at most. */
const restMsMax = 25;
let worked = performance.eventLoopUtilization();
async function breathe(): Promise<void> {
  const { active } = performance.eventLoopUtilization(worked);
  await rest(Math.min(restMsMax, active));
  worked = performance.eventLoopUtilization();
}

await ready;
const ledger = await loadLedger();
const engine = await startEngine({
  settings: workerData as ReplicationSettings,
  ledger,
  log,
  clock: createSystemClock(),
  timer: createSystemTimer(),
  random: createSystemRandom(),
  onPeerTime: (time) => say({ type: 'peer-time', time }),
  onOrders: () => say({ type: 'orders' }),
  onStatus: (status) => say({ type: 'status', status }),
  onTrapped: () =>
    setImmediate(() => {
      throw new Error('Automerge has trapped');
    }),
  breathe,
});

/** What rejects here is a fault of our own: it ends the thread, and the front starts another. */
async function handle(message: ToReplication): Promise<void> {
  if (message.type === 'stop') {
    await engine.stop();
    say({ type: 'stopped' });
    port.close();
  } else if (message.type === 'content-hash') {
    say({ type: 'answer', id: message.id, answer: await engine.contentHash() });
  } else if (message.type === 'import') {
    say({ type: 'answer', id: message.id, answer: await engine.importMessage(message.message, message.from) });
  } else engine.handle(message);
}

port.on('message', (message: ToReplication) => void handle(message));
say({ type: 'started', lanPort: engine.lanPort });
