// A gate that was away comes back: seconds and bytes until it has checked, stored and projected every mark that the others have made
// meanwhile, over HTTP from a peer in another process that has them.
import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createIngest, createOwnSegments, createReplicator, loadLedger, type Peer } from '@postern/shared';
import { createJournalReader } from '../../gate-agent/src/store/journal-reader.ts';
import { openReplica } from '../../gate-agent/src/store/replica.ts';
import { createCloudPeer } from '../../gate-agent/src/peers/cloud-peer.ts';
import { createSystemClock } from '../../gate-agent/src/system.ts';
import { feedEvent } from '../lib/build-feed.ts';
import { simulatedDirectory, simulatedKeys } from '../sim/gate-marks.ts';
import { quietLogger } from '../sim/replica.ts';
import { benchFolder } from './gate-rig.ts';
import { ownGate, writerOf } from './ledger-gate.ts';
import { benchRow, type BenchRow } from './row.ts';

const gates = 25;

export async function benchCatchUp(quick: boolean): Promise<readonly BenchRow[]> {
  const marksPerGate = quick ? 1_000 : 20_000;
  const total = gates * marksPerGate;
  const folder = benchFolder();
  const server = await startServer(marksPerGate);
  try {
    const path = join(folder.path, 'away');
    mkdirSync(path);
    const ledger = await loadLedger();
    const journal = createJournalReader(join(path, 'journal.db'));
    const store = openReplica({ path: join(path, 'replica.db'), journal, breathe: async () => {} });
    const directory = simulatedDirectory([ownGate, ...Array.from({ length: gates }, (_, at) => `remote-${at + 1}`)]);
    const ingest = createIngest({ ledger, store, directory, log: quietLogger });
    const own = createOwnSegments({
      ...writerOf(ownGate),
      secretKey: simulatedKeys(ownGate).secretKey,
      ledger,
      store,
      journal,
      log: quietLogger,
      breathe: async () => {},
    });
    const replicator = createReplicator({ gate: ownGate, store, ingest, own, clock: createSystemClock() });
    const peer: Peer = createCloudPeer({
      cloudUrl: server.url,
      fetch: (target, init) =>
        fetch(target, {
          method: 'POST',
          headers: { ...init.headers },
          body: Buffer.from(init.body ?? []),
          signal: init.signal,
        }),
    });
    const started = performance.now();
    let [bytes, marks, equal] = [0, 0, false];
    while (!equal) {
      const report = await replicator.syncWith(peer, feedEvent, new AbortController().signal);
      if (!report.ok) throw new Error(`${report.error.type}: ${report.error.cause}`);
      bytes += report.value.bytesReceived + report.value.bytesSent;
      marks += report.value.marksReceived;
      equal = report.value.equal;
    }
    const seconds = (performance.now() - started) / 1_000;
    store.close();
    journal.close();
    if (marks !== total) throw new Error(`${marks} of ${total} marks came`);
    const count = total.toLocaleString('en');
    return [
      benchRow(
        `catching up on ${count} marks of ${gates} gates: marks a second, checked, stored and projected`,
        marks / seconds,
        '1/s',
      ),
      benchRow(
        `catching up on ${count} marks: bytes a mark over the wire, heads and inventories included`,
        bytes / marks,
        'B',
        { bar: { atMost: 32 } },
      ),
    ];
  } finally {
    server.stop();
    folder.remove();
  }
}

/** Resolves once it has all marks. */
async function startServer(marksPerGate: number): Promise<{ readonly url: string; readonly stop: () => void }> {
  const path = fileURLToPath(new URL('./remote-marks-server.ts', import.meta.url));
  const child = fork(path, [feedEvent, gates, marksPerGate, 0].map(String), {
    execArgv: ['--conditions=source', '--import', 'tsx'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (data: Buffer) => resolve(data.toString().trim()));
    child.once('exit', (code) => reject(new Error(`the bench server ended with code ${code}`)));
  });
  for (let gate = 0; gate < gates; gate++)
    await new Promise((resolve) => {
      child.once('message', resolve);
      child.send('more');
    });
  return { url: `http://127.0.0.1:${port}`, stop: () => void child.kill() };
}
