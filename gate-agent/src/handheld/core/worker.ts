// The replication worker: its own event loop, its own database connections, its own Automerge. Whatever happens here, the scan path goes on;
// if this worker dies, replication.ts starts another, which picks up from the journal.
import { loadLedger, ready, sleep, type Logger } from '@postern/shared';
import { askCloudForNonce, createGateFetch } from '../../peers/gate-auth.ts';
import { createBrowserClock, createBrowserTimer } from './browser-system.ts';
import { startEngine, type Engine } from './engine.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './replication-messages.ts';

const say = (message: FromWorker): void => self.postMessage(message);
const logAs =
  (level: 'info' | 'warn' | 'error'): Logger['info'] =>
  (fields, message) =>
    say({ type: 'log', level, fields, message });
const log: Logger = { info: logAs('info'), warn: logAs('warn'), error: logAs('error') };

/** An unhandled rejection does not reach the page; an error does. */
const endWith = (cause: unknown): void =>
  void setTimeout(() => {
    throw cause;
  });

async function start(settings: WorkerSettings): Promise<Engine> {
  const clock = createBrowserClock();
  const timer = createBrowserTimer();
  await ready;
  const ledger = await loadLedger();
  return startEngine({
    settings,
    ledger,
    clock,
    timer,
    log,
    fetch: createGateFetch({
      gate: settings.gate,
      keys: settings,
      clock,
      fetch: (url, init) => fetch(url, init),
      askForNonce: askCloudForNonce(settings.cloudUrl, (url, init) => fetch(url, init)),
      onRevoked: (notice) => say({ type: 'revoked', notice }),
    }),
    tell: say,
    onTrapped: () => endWith(new Error('Automerge has trapped')),
    breathe: () => sleep(timer, 0, new AbortController().signal),
  });
}

/** What rejects here is a fault of our own: it ends the worker, and the page starts another. */
let engine: Promise<Engine> | undefined;
async function handle(message: ToWorker): Promise<void> {
  if (message.type === 'start') {
    engine = start(message.settings);
    await engine;
    return;
  }
  const running = await engine;
  if (running === undefined) return;
  if (message.type === 'stop') {
    await running.stop();
    say({ type: 'stopped' });
  } else if (message.type === 'content-hash') {
    say({ type: 'answer', id: message.id, answer: await running.contentHash() });
  } else if (message.type === 'seal') {
    say({ type: 'answer', id: message.id, answer: await running.seal(message.sealKey) });
  } else running.handle(message);
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  handle(data).catch(endWith);
});
