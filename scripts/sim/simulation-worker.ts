// A thread of `npm run sim`: simulates one seed after the other as they are handed to it.
import { parentPort, workerData } from 'node:worker_threads';
import { assert, loadLedger, ready } from '@postern/shared';
import type { SimulationJob } from './pool.ts';
import { simulate } from './simulation.ts';

assert(parentPort !== null, 'a worker has a parent');
const port = parentPort;
const job = workerData as SimulationJob;
await ready;
const ledger = await loadLedger();
port.on('message', (seed: number) => {
  void simulate({ ...job, seed, ledger }).then((result) => port.postMessage(result));
});
