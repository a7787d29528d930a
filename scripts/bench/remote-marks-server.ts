// A peer for benchmarks, in a process of its own: answers POST /sync, and posts in the ways of other products, after a delay. Each
// message `more` from its parent gives it the marks of one more gate, which it confirms with `ready`.
// Arguments: event, gates, marks of each gate, milliseconds of delay. Prints its port when it listens.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerSync, createIngest, createOwnSegments, loadLedger, ready, syncContentType } from '@postern/shared';
import {
  admittedMark,
  createMemoryJournal,
  simulatedBoot,
  simulatedDirectory,
  simulatedKeys,
} from '../sim/gate-marks.ts';
import { createMemoryReplicaStore } from '../sim/memory-replica-store.ts';
import { quietLogger } from '../sim/replica.ts';

const [event = 1, gates = 0, marksPerGate = 0, delayMs = 0] = process.argv.slice(2).map(Number);
const startMs = Date.UTC(2026, 8, 21, 16);

await ready;
const ledger = await loadLedger();
const ids = Array.from({ length: gates }, (_, index) => `remote-${index + 1}`);
const store = createMemoryReplicaStore();
const ingest = createIngest({ ledger, store, directory: simulatedDirectory([...ids, 'gate-1']), log: quietLogger });
const unseen = [...ids];

async function learnOneMore(): Promise<void> {
  const gate = unseen.shift();
  if (gate === undefined) return;
  const writer = { event, gate, boot: simulatedBoot(gate, 1) };
  const journal = createMemoryJournal();
  for (let sequence = 1; sequence <= marksPerGate; sequence++)
    journal.add(admittedMark(writer, sequence, sequence * gates, { ms: startMs + sequence * 700, counter: 0 }));
  await createOwnSegments({
    ...writer,
    secretKey: simulatedKeys(gate).secretKey,
    ledger,
    store,
    journal,
    log: quietLogger,
    breathe: async () => {},
  }).drain();
}
process.on('message', () => void learnOneMore().then(() => process.send?.('ready')));

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const body = new Uint8Array(Buffer.concat(chunks));
  const answer =
    request.url === '/sync'
      ? await answerSync({ store, ingest, maySync: async () => true }, { gate: 'gate-1' }, body)
      : undefined;
  setTimeout(() => {
    if (answer === undefined) response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"status":"ok"}');
    else
      response
        .writeHead(answer.ok ? 200 : 400, { 'Content-Type': syncContentType })
        .end(answer.ok ? answer.value.answer : answer.error.type);
  }, delayMs);
}

const server = createServer((request, response) => void serve(request, response));
// A peer that takes in what it got meanwhile must find its connection open.
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
