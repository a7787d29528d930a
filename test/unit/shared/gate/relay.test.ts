// Goal: what one gate says goes on to everybody at once, and nobody is told again and again what it knows.
import { beforeAll, describe, expect, test } from 'vitest';
import { loadLedger, ready, type Clock, type Ledger, type Peer, type SyncReport } from '@postern/shared';
import { admittedMark, simulatedBoot, simulatedDirectory } from '../../../../scripts/sim/gate-marks.ts';
import { asPeer, createReplica, type Replica } from '../../../../scripts/sim/replica.ts';

const event = 7;
const signal = new AbortController().signal;
const gates = ['gate-a', 'gate-b', 'gate-c'];
const directory = simulatedDirectory(gates);
const clock: Clock = { wallMs: () => 1_700_000_000_000, monotonicMs: () => 0 };

let ledger: Ledger;
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});

const replica = (id: string): Replica => createReplica({ id, boot: simulatedBoot(id, 1), ledger, directory, clock });
async function admit(gate: Replica, sequence: number): Promise<void> {
  const writer = { event, gate: gate.id, boot: simulatedBoot(gate.id, 1) };
  gate.journal.add(admittedMark(writer, sequence, sequence, { ms: 1_700_000_000_000 + sequence * 900, counter: 0 }));
  await gate.replicator.drain();
}

async function sync(from: Replica, peer: Peer): Promise<SyncReport> {
  const report = await from.replicator.syncWith(peer, event, signal);
  if (!report.ok) throw new Error(report.error.type);
  return report.value;
}

describe('a neighbour', () => {
  test('is told of another gate’s marks in the same round trip as of our own', async () => {
    const [a, b, c] = [replica('gate-a'), replica('gate-b'), replica('gate-c')];
    await sync(b, asPeer(c));
    await admit(a, 1);
    await sync(a, asPeer(b));
    expect(await b.replicator.hasNewsFor(asPeer(c), event)).toBe(true);
    expect(await sync(b, asPeer(c))).toMatchObject({ roundTrips: 1, chunksSent: 1, equal: true });
    expect(await b.replicator.hasNewsFor(asPeer(c), event)).toBe(false);
    expect(c.store.marks(event)).toHaveLength(1);
  });

  test('is not told what it has just told', async () => {
    const [a, b] = [replica('gate-a'), replica('gate-b')];
    await sync(b, asPeer(a));
    await admit(a, 1);
    await sync(a, asPeer(b));
    expect(await b.replicator.hasNewsFor(asPeer(a), event)).toBe(true);
    b.replicator.noteAsked(asPeer(a), event, await b.store.frontier(event));
    expect(await b.replicator.hasNewsFor(asPeer(a), event)).toBe(false);
    await admit(b, 1);
    expect(await b.replicator.hasNewsFor(asPeer(a), event)).toBe(true);
  });

  test('that is forgotten is met as a new one', async () => {
    const [a, b] = [replica('gate-a'), replica('gate-b')];
    await sync(a, asPeer(b));
    expect(await a.replicator.peerStatus(event)).toHaveLength(1);
    a.replicator.forget(asPeer(b));
    expect(await a.replicator.peerStatus(event)).toEqual([]);
    expect(await a.replicator.hasNewsFor(asPeer(b), event)).toBe(true);
  });
});

describe('the cloud', () => {
  test('hears a mark from the gate that made it, and is not told it again by the others', async () => {
    const [a, b, cloud] = [replica('gate-a'), replica('gate-b'), replica('cloud')];
    await sync(a, asPeer(cloud));
    await sync(b, asPeer(cloud));
    await admit(a, 1);
    await sync(a, asPeer(b));
    expect(await b.replicator.hasNewsFor(asPeer(cloud), event)).toBe(false);
    expect(await sync(a, asPeer(cloud))).toMatchObject({ chunksSent: 1, equal: true });
    expect(await sync(b, asPeer(cloud))).toMatchObject({ chunksSent: 0, equal: true });
  });

  test('is told by another gate, within one exchange, what it still lacks', async () => {
    const [a, b, cloud] = [replica('gate-a'), replica('gate-b'), replica('cloud')];
    await sync(b, asPeer(cloud));
    await admit(a, 1);
    await sync(a, asPeer(b));
    expect(await sync(b, asPeer(cloud))).toMatchObject({ roundTrips: 2, chunksSent: 1, equal: true });
    expect(cloud.store.marks(event)).toHaveLength(1);
  });
});
