// Gates that are revoked: what the cloud had accepted of them stays, everybody puts the rest aside, and replicas with the same feed are
// equal again, whatever each of them had merged before it heard.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  loadLedger,
  ready,
  refusedRetryMs,
  type AcceptedHead,
  type Clock,
  type GateDirectory,
  type Ledger,
  type SyncReport,
} from '@postern/shared';
import { admittedMark, simulatedBoot, simulatedDirectory, simulatedKeys } from '../../../../scripts/sim/gate-marks.ts';
import { asPeer, createReplica, type Replica } from '../../../../scripts/sim/replica.ts';

const event = 7;
const signal = new AbortController().signal;

let ledger: Ledger;
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});

/** A replica whose feed can be changed. */
interface Listener extends Replica {
  readonly revoke: (heads: readonly AcceptedHead[]) => Promise<number>;
}

let now = 1_700_000_000_000;
const clock: Clock = { wallMs: () => now, monotonicMs: () => now };

function replica(id: string, start = 1): Listener {
  let accepted: readonly AcceptedHead[] | undefined;
  const active = simulatedDirectory(['gate-a', 'gate-b', 'gate-c']);
  const directory: GateDirectory = {
    gateKey: async (ofEvent, gate) =>
      gate === 'gate-a' && accepted !== undefined
        ? { publicKey: simulatedKeys(gate).publicKey, state: 'revoked', accepted }
        : active.gateKey(ofEvent, gate),
  };
  const made = createReplica({ id, boot: simulatedBoot(id, start), ledger, directory, clock });
  return {
    ...made,
    revoke: (heads) => {
      accepted = heads;
      made.replicator.tryRefusedAgain();
      return made.ingest.revise(event, 'gate-a');
    },
  };
}

async function admit(gate: Replica, count: number, { start = 1, firstTicket = 1 } = {}): Promise<void> {
  const writer = { event, gate: gate.id, boot: simulatedBoot(gate.id, start) };
  const already = gate.journal.marksAfter(writer, 0, Number.MAX_SAFE_INTEGER).length;
  for (let sequence = already + 1; sequence <= already + count; sequence++)
    gate.journal.add(
      admittedMark(writer, sequence, firstTicket + sequence, { ms: 1_700_000_000_000 + sequence * 900, counter: 0 }),
    );
  expect((await gate.replicator.drain()).ok).toBe(true);
}

async function sync(from: Replica, to: Replica): Promise<SyncReport> {
  const report = await from.replicator.syncWith(asPeer(to), event, signal);
  if (!report.ok) throw new Error(report.error.type);
  return report.value;
}

/** What the cloud writes down when somebody revokes the gate. */
async function headsOf(cloud: Replica): Promise<readonly AcceptedHead[]> {
  const heads: AcceptedHead[] = [];
  for (const row of (await cloud.store.frontier(event)).filter(({ gate }) => gate === 'gate-a'))
    for (let segment = 0; segment <= row.segment; segment++) {
      const state = await cloud.store.segment({ ...row, segment });
      if (state !== undefined) heads.push({ boot: row.boot, segment, count: state.count, hash: state.hash });
    }
  return heads;
}

const marksOfA = (one: Replica): number => one.store.marks(event).filter(({ mark }) => mark.gate === 'gate-a').length;

async function heal(replicas: readonly Replica[]): Promise<void> {
  for (let round = 0; round < 3; round++) {
    now += refusedRetryMs + 1;
    for (const one of replicas) for (const other of replicas) if (one !== other) await sync(one, other);
  }
}

async function expectEqual(replicas: readonly Replica[]): Promise<void> {
  expect(new Set(await Promise.all(replicas.map((one) => one.store.contentHash(event)))).size).toBe(1);
  for (const one of replicas)
    for (const other of replicas) if (one !== other) expect((await sync(one, other)).equal).toBe(true);
}

describe('a revoked gate', () => {
  test('keeps what was accepted of it; what it adds is put aside, with an alarm, by whoever is offered it', async () => {
    const [gate, cloud, other] = [replica('gate-a'), replica('cloud'), replica('gate-b')];
    await admit(gate, 30);
    await sync(gate, cloud);
    const heads = await headsOf(cloud);
    for (const one of [cloud, other]) expect(await one.revoke(heads)).toBe(0);
    await admit(gate, 12);
    await sync(gate, other);
    expect(marksOfA(other)).toBe(30);
    expect(other.ingest.takeAlarms().map(({ type }) => type)).toEqual(['gate-revoked']);
    expect((await other.store.quarantined(event)).map(({ chunk }) => chunk.head.count)).toEqual([42]);
    await heal([cloud, other]);
    await expectEqual([cloud, other]);
  });

  test('loses at other gates what they had merged beyond it; nothing of that is thrown away', async () => {
    const [gate, cloud, other] = [replica('gate-a'), replica('cloud'), replica('gate-b')];
    await admit(gate, 1_030);
    await sync(gate, cloud);
    await sync(gate, other);
    await admit(gate, 1_500);
    await sync(gate, other);
    const heads = await headsOf(cloud);
    expect(heads.map(({ count }) => count)).toEqual([1_000, 30]);
    expect(await other.revoke(heads)).toBe(1_500);
    expect(other.ingest.takeAlarms().map(({ type }) => type)).toEqual(['gate-revoked']);
    await cloud.revoke(heads);
    expect(marksOfA(other)).toBe(1_030);
    const aside = await other.store.quarantined(event);
    expect(aside.map(({ chunk }) => [chunk.head.segment, chunk.head.count])).toEqual(
      expect.arrayContaining([
        [1, 1_000],
        [2, 530],
      ]),
    );
    await heal([cloud, other]);
    await expectEqual([cloud, other]);
  });

  test('keeps accepted marks known while the chunk that brought them with others has to be fetched again', async () => {
    const [gate, cloud, other] = [replica('gate-a'), replica('cloud'), replica('gate-b')];
    await admit(gate, 8);
    await sync(gate, cloud);
    await admit(gate, 3);
    await gate.replicator.close();
    await sync(gate, other);
    const heads = await headsOf(cloud);
    expect(await other.revoke(heads)).toBe(3);
    expect(marksOfA(other)).toBe(8);
    expect(await other.store.frontier(event)).toEqual([]);
    await cloud.revoke(heads);
    await heal([other, cloud]);
    expect((await other.store.frontier(event)).map(({ count }) => count)).toEqual([8]);
    await expectEqual([cloud, other]);
  });

  test('that said two things is settled: the accepted history stays, everywhere', async () => {
    const [one, clone, cloud, other] = [replica('gate-a'), replica('gate-a'), replica('cloud'), replica('gate-b')];
    await admit(one, 20);
    await admit(clone, 25, { firstTicket: 500 });
    await sync(one, cloud);
    await sync(clone, other);
    const heads = await headsOf(cloud);
    await cloud.revoke(heads);
    expect(await other.revoke(heads)).toBe(25);
    await heal([cloud, other]);
    expect(marksOfA(other)).toBe(20);
    await expectEqual([cloud, other]);
  });

  test('cannot plant a shorter forgery under the accepted head', async () => {
    const [one, clone, cloud, other] = [replica('gate-a'), replica('gate-a'), replica('cloud'), replica('gate-b')];
    await admit(one, 20);
    await sync(one, cloud);
    const heads = await headsOf(cloud);
    for (const listener of [cloud, other]) await listener.revoke(heads);
    await admit(clone, 5, { firstTicket: 500 });
    await sync(clone, other);
    expect(marksOfA(other)).toBe(0);
    await heal([cloud, other]);
    expect(marksOfA(other)).toBe(20);
    await expectEqual([cloud, other]);
  });

  test('has a shorter forgery of earlier driven out by the accepted head, as soon as that arrives', async () => {
    const [one, clone, cloud, other] = [replica('gate-a'), replica('gate-a'), replica('cloud'), replica('gate-b')];
    for (let entry = 0; entry < 20; entry++) await admit(one, 1);
    await sync(one, cloud);
    await admit(clone, 5, { firstTicket: 500 });
    await sync(clone, other);
    const heads = await headsOf(cloud);
    for (const listener of [cloud, other]) expect(await listener.revoke(heads)).toBe(0);
    expect(marksOfA(other)).toBe(5);
    await heal([cloud, other]);
    expect(marksOfA(other)).toBe(20);
    expect((await other.store.quarantined(event)).map(({ chunk }) => chunk.head.count)).toEqual([5]);
    await expectEqual([cloud, other]);
  });

  test('has what a person releases merged by everybody, in order', async () => {
    const [gate, cloud, other] = [replica('gate-a'), replica('cloud'), replica('gate-b')];
    await admit(gate, 10);
    await sync(gate, cloud);
    await cloud.revoke(await headsOf(cloud));
    await admit(gate, 4);
    await sync(gate, cloud);
    const [aside] = await cloud.store.quarantined(event);
    if (aside === undefined) throw new Error('nothing was put aside');
    const { boot, segment, count, hash } = aside.chunk.head;
    const raised = [{ boot, segment, count, hash }];
    await cloud.revoke(raised);
    expect(await cloud.ingest.chunk(aside.chunk, 'release')).toEqual({
      ok: true,
      value: { marks: 4, outcome: 'stored' },
    });
    await other.revoke(raised);
    await heal([cloud, other]);
    expect(marksOfA(other)).toBe(14);
    await expectEqual([cloud, other]);
  });

  test('whatever everybody had heard before, of whichever history: with one feed all become equal', async () => {
    const step = fc.record({
      act: fc.constantFrom('admit', 'admit-clone', 'gossip', 'to-cloud'),
      count: fc.integer({ min: 1, max: 12 }),
      from: fc.nat({ max: 3 }),
      to: fc.nat({ max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
        const [gate, clone] = [replica('gate-a'), replica('gate-a')];
        const replicas = [replica('cloud'), replica('gate-b'), replica('gate-c')];
        const speakers = [gate, clone, ...replicas.slice(1)];
        for (const { act, count, from, to } of steps) {
          if (act === 'admit') await admit(gate, count);
          else if (act === 'admit-clone') await admit(clone, count, { firstTicket: 700 });
          else {
            const [speaker, listener] = [speakers[from], replicas[act === 'to-cloud' ? 0 : to]];
            if (speaker !== undefined && listener !== undefined && speaker !== listener) await sync(speaker, listener);
          }
        }
        const [cloud] = replicas;
        if (cloud === undefined) throw new Error('a cloud');
        const heads = await headsOf(cloud);
        const accepted = marksOfA(cloud);
        for (const one of replicas) await one.revoke(heads);
        expect(marksOfA(cloud)).toBe(accepted);
        await admit(gate, 3);
        for (const one of replicas) await sync(gate, one);
        await heal(replicas);
        for (const one of replicas) expect(marksOfA(one)).toBe(accepted);
        await expectEqual(replicas);
      }),
      { numRuns: 40 },
    );
  });
});
