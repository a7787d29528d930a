// What the page shows of a running gate, as plain data.
import type { BrowserGate } from './gate.ts';
import type { RunningState } from './handheld.ts';

type Given = Pick<RunningState, 'direction' | 'storage'> & { readonly identity: Pick<RunningState, 'gate' | 'event'> };

export function describeRunning(gate: BrowserGate, { identity, direction, storage }: Given): RunningState {
  const manifest = gate.list.current()?.manifest;
  const replication = gate.replication.status();
  const problem = gate.feedClient.status().error;
  return {
    ...identity,
    direction,
    feed: {
      version: manifest?.version,
      tickets: manifest?.snapshot.tickets ?? 0,
      ageMs: gate.feed.ageMs(),
      expired: gate.list.expired(),
      leaseEndedMs: gate.list.leaseEndedMs(),
      problem: problem?.type ?? gate.list.trouble()?.type,
    },
    contact: {
      inTouch: gate.reach.inTouch().inTouch,
      outOfTouchSinceMs: gate.reach.noContactSinceMs(),
      waitingMarks: replication.cloudBacklogMarks,
      gates: replication.gates.map(({ gate: id, coveredMs }) => ({ id, name: gate.feed.gateName(id), coveredMs })),
      problem: replication.drainError ?? replication.peers.find(({ kind }) => kind === 'cloud')?.lastError,
    },
    clock: gate.trust.statement(),
    storage,
    storeTrouble: gate.store.trouble(),
    orders: gate.orders(),
    rehearsal: gate.rehearsal.current(),
  };
}
