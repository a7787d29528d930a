// The replication thread: its own event loop, its own database connections, its own Automerge. Whatever happens here, the scan path
// goes on; if this thread dies, worker-front.ts starts another, which picks up from the journal.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { assert, loadLedger, ready, type Logger } from '@postern/shared';
import { createSystemClock, createSystemTimer } from '../system.ts';
import { startEngine } from './engine.ts';
import type { FromReplication, ReplicationSettings, ToReplication } from './messages.ts';

assert(parentPort !== null, 'this file is started as a thread');
const port = parentPort;
const say = (message: FromReplication): void => port.postMessage(message);
const logAs = (level: 'info' | 'warn' | 'error'): Logger['info'] => (fields, message) => say({ type: 'log', level, fields, message });
const log: Logger = { info: logAs('info'), warn: logAs('warn'), error: logAs('error') };

await ready;
const ledger = await loadLedger();
const engine = await startEngine({
  settings: workerData as ReplicationSettings,
  ledger, log,
  clock: createSystemClock(),
  timer: createSystemTimer(),
  onStatus: (status) => {
    say({ type: 'status', status });
    // After a WebAssembly trap nothing that Automerge says can be relied on: a fresh thread goes on from the databases.
    if (ledger.trapped()) throw new Error('Automerge has trapped');
  },
  breathe: () => nextTurn(),
});

port.on('message', (message: ToReplication) => {
  if (message.type === 'stop') {
    void engine.stop().then(() => {
      say({ type: 'stopped' });
      port.close();
    });
  } else if (message.type === 'content-hash') {
    void engine.contentHash().then((hash) => say({ type: 'content-hash', id: message.id, hash }));
  } else engine.handle(message);
});
say({ type: 'started', lanPort: engine.lanPort });
