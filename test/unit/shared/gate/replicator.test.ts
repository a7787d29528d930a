// Replicas built from the real replication code over memory: they must end with equal content whatever is lost, repeated, reordered,
// restored or cut off in between.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  createHybridClock,
  differencesTo,
  encodeSyncRequest,
  err,
  inventoryOf,
  loadLedger,
  ok,
  ready,
  refusedRetryMs,
  type Clock,
  type Ledger,
  type Peer,
  syncRowsMax,
  type SegmentState,
  type SyncReport,
} from '@postern/shared';
import {
  admittedMark,
  createMemoryJournal,
  simulatedBoot,
  simulatedDirectory,
  type MemoryJournal,
} from '../../../../scripts/sim/gate-marks.ts';
import { asPeer, createReplica, type Replica } from '../../../../scripts/sim/replica.ts';
import type { ReplicaImage } from '../../../../scripts/sim/memory-replica-store.ts';

const event = 7;
const signal = new AbortController().signal;
const gates = ['gate-a', 'gate-b', 'gate-c'];
const directory = simulatedDirectory(gates);

let ledger: Ledger;
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});

function fakeClock(): Clock & { advance: (ms: number) => void } {
  let now = 1_700_000_000_000;
  return { wallMs: () => now, monotonicMs: () => now, advance: (ms) => void (now += ms) };
}

interface GateOptions {
  readonly start?: number;
  readonly journal?: MemoryJournal;
  readonly image?: ReplicaImage;
  readonly clock?: Clock;
}

const replica = (id: string, { start = 1, journal, image, clock = fakeClock() }: GateOptions = {}): Replica =>
  createReplica({
    id,
    boot: simulatedBoot(id, start),
    ledger,
    directory,
    clock,
    ...(journal === undefined ? {} : { journal }),
    ...(image === undefined ? {} : { image }),
  });

/** The gate lets `count` tickets in. */
function admit(
  gate: Replica,
  count: number,
  { start = 1, firstTicket = 1 }: { readonly start?: number; readonly firstTicket?: number } = {},
): void {
  const writer = { event, gate: gate.id, boot: simulatedBoot(gate.id, start) };
  const already = gate.journal.marksAfter(writer, 0, Number.MAX_SAFE_INTEGER).length;
  for (let index = 1; index <= count; index++) {
    const sequence = already + index;
    gate.journal.add(
      admittedMark(writer, sequence, firstTicket + sequence, {
        ms: 1_700_000_000_000 + start * 10_000_000 + sequence * 900,
        counter: 0,
      }),
    );
  }
}

async function sync(from: Replica, to: Replica): Promise<SyncReport> {
  const drained = await from.replicator.drain();
  expect(drained.ok).toBe(true);
  const report = await from.replicator.syncWith(asPeer(to), event, signal);
  if (!report.ok) throw new Error(report.error.type);
  return report.value;
}

/** Everybody with everybody, until nothing moves any more. */
async function heal(replicas: readonly Replica[]): Promise<void> {
  for (let round = 0; round < 2; round++) {
    for (const one of replicas) for (const other of replicas) if (one !== other) await sync(one, other);
  }
}

const hashes = (replicas: readonly Replica[]): Promise<readonly string[]> =>
  Promise.all(replicas.map((one) => one.store.contentHash(event)));

async function expectEqual(replicas: readonly Replica[], marks?: number): Promise<void> {
  expect(new Set(await hashes(replicas)).size).toBe(1);
  if (marks !== undefined) for (const one of replicas) expect(one.store.marks(event).length).toBe(marks);
}

describe('draining', () => {
  test('10,000 offline marks reach a peer in at most 20 round trips and 30 bytes a mark', async () => {
    const [gate, cloud] = [replica('gate-a'), replica('cloud')];
    admit(gate, 10_000);
    const report = await sync(gate, cloud);
    expect(report.roundTrips).toBeLessThanOrEqual(20);
    expect(report.bytesSent / 10_000).toBeLessThanOrEqual(30);
    expect(report.equal).toBe(true);
    await expectEqual([gate, cloud], 10_000);
  });

  test('one more mark costs one round trip', async () => {
    const [gate, cloud] = [replica('gate-a'), replica('cloud')];
    admit(gate, 3);
    await sync(gate, cloud);
    admit(gate, 1);
    expect(await sync(gate, cloud)).toMatchObject({ roundTrips: 1, chunksSent: 1, equal: true });
  });

  test('nothing new costs one round trip of a few bytes', async () => {
    const [gate, cloud] = [replica('gate-a'), replica('cloud')];
    admit(gate, 3);
    await sync(gate, cloud);
    const report = await sync(gate, cloud);
    expect(report).toMatchObject({ roundTrips: 1, chunksSent: 0, equal: true });
    expect(report.bytesSent + report.bytesReceived).toBeLessThan(100);
  });

  test('a damaged journal does not keep other writers from being drained', async () => {
    const gate = replica('gate-a', { start: 2 });
    gate.journal.add({
      ...admittedMark({ event, gate: 'gate-a', boot: simulatedBoot('gate-a', 1) }, 1, 1, { ms: 1, counter: 0 }),
      bytes: Uint8Array.of(1, 2, 3),
    });
    admit(gate, 2, { start: 2 });
    expect(await gate.replicator.drain()).toMatchObject({ ok: false, error: { type: 'own-history-damaged' } });
    expect((await gate.store.frontier(event)).map(({ count }) => count)).toEqual([2]);
  });
});

describe("a day's end", () => {
  const dayMs = 86_400_000;
  const evening = Math.floor(1_700_000_000_000 / dayMs) * dayMs - 60_000;
  const writer = { event, gate: 'gate-a', boot: simulatedBoot('gate-a', 1) };
  const admitAt = (gate: Replica, sequence: number, ms: number): void =>
    gate.journal.add(admittedMark(writer, sequence, sequence, { ms, counter: 0 }));
  const rows = async (gate: Replica): Promise<readonly (readonly [number, number, number, boolean])[]> => {
    const states: (readonly [number, number, number, boolean])[] = [];
    for (let segment = 0; ; segment++) {
      const state = await gate.store.segment({ ...writer, segment });
      if (state === undefined) return states;
      states.push([segment, state.firstSequence, state.count, state.closed]);
    }
  };

  test('closes the segment; the next day begins another one', async () => {
    const gate = replica('gate-a');
    for (let sequence = 1; sequence <= 6; sequence++) admitAt(gate, sequence, evening + sequence * 15_000);
    await gate.replicator.drain();
    expect(await rows(gate)).toEqual([
      [0, 1, 3, true],
      [1, 4, 3, false],
    ]);
    admitAt(gate, 7, evening + 2 * dayMs);
    await gate.replicator.drain();
    expect(await rows(gate)).toEqual([
      [0, 1, 3, true],
      [1, 4, 3, true],
      [2, 7, 1, false],
    ]);
  });

  test('closes it also where nobody comes any more, as soon as the gate vouches for a time after it', async () => {
    const gate = replica('gate-a');
    admitAt(gate, 1, evening);
    await gate.replicator.sayThrough(event, { ms: evening + 59_999, counter: 0 });
    expect(await rows(gate)).toEqual([[0, 1, 1, false]]);
    await gate.replicator.sayThrough(event, { ms: evening + 60_000, counter: 0 });
    expect(await rows(gate)).toEqual([
      [0, 1, 1, true],
      [1, 2, 0, false],
    ]);
    await gate.replicator.sayThrough(event, { ms: evening + 70_000, counter: 0 });
    admitAt(gate, 2, evening + 80_000);
    await gate.replicator.drain();
    expect(await rows(gate)).toEqual([
      [0, 1, 1, true],
      [1, 2, 1, false],
    ]);
  });

  test('lies where it was for whoever rebuilds the segments from the journal, so that nobody is contradicted', async () => {
    const gate = replica('gate-a');
    const cloud = replica('cloud');
    for (let sequence = 1; sequence <= 40; sequence++) {
      admitAt(gate, sequence, evening - 3 * dayMs + sequence * 0.2 * dayMs);
      if (sequence % 7 === 0) await sync(gate, cloud);
    }
    await sync(gate, cloud);
    const rebuilt = replica('gate-a', { journal: gate.journal });
    expect((await sync(rebuilt, cloud)).equal).toBe(true);
    expect(await rows(rebuilt)).toEqual(await rows(cloud));
    expect((await rows(rebuilt)).length).toBe(8);
    expect(await cloud.store.quarantined(event)).toEqual([]);
  });
});

describe('coverage', () => {
  test('grows at an idle gate, also at one that has made no mark yet, and reaches its peers', async () => {
    const [idle, cloud] = [replica('gate-a'), replica('cloud')];
    for (const ms of [1_800_000_000_000, 1_800_000_010_000]) {
      expect(await idle.replicator.sayThrough(event, { ms, counter: 0 })).toEqual({ ok: true, value: undefined });
      await sync(idle, cloud);
      expect(await cloud.store.frontier(event)).toMatchObject([
        { gate: 'gate-a', count: 0, through: { ms, counter: 0 } },
      ]);
    }
    expect(
      (await cloud.store.chunks({ event, gate: 'gate-a', boot: simulatedBoot('gate-a', 1), segment: 0 })).length,
    ).toBe(1);
  });

  test('never falls, and marks made before it was said are under it', async () => {
    const [gate, cloud] = [replica('gate-a'), replica('cloud')];
    admit(gate, 2);
    await gate.replicator.sayThrough(event, { ms: 1_700_020_000_000, counter: 0 });
    await gate.replicator.sayThrough(event, { ms: 1_700_015_000_000, counter: 0 });
    await sync(gate, cloud);
    expect(await cloud.store.frontier(event)).toMatchObject([{ count: 2, through: { ms: 1_700_020_000_000 } }]);
  });

  test('of a full segment is said in the next one', async () => {
    const [gate, cloud] = [replica('gate-a'), replica('cloud')];
    admit(gate, 1_000);
    await gate.replicator.sayThrough(event, { ms: 1_900_000_000_000, counter: 0 });
    await sync(gate, cloud);
    expect(await cloud.store.frontier(event)).toMatchObject([
      { segment: 1, count: 0, firstSequence: 1_001, closed: false },
    ]);
    admit(gate, 5);
    await sync(gate, cloud);
    await expectEqual([gate, cloud], 1_005);
  });
});

describe('a gate that is started again and again', () => {
  const rowOf = (id: string, start: number, count: number): SegmentState => ({
    event,
    gate: id,
    boot: simulatedBoot(id, start),
    segment: 0,
    firstSequence: 1,
    count,
    hash: '0'.repeat(64),
    closed: true,
    through: { ms: 1_700_000_000_000 + start, counter: 0 },
  });

  test('is compared by its newest start and those that made marks, however many made none', async () => {
    const cloud = replica('cloud');
    for (let start = 1; start <= 5; start++) {
      const gate = replica('gate-a', { start });
      if (start === 2) admit(gate, 1, { start });
      await gate.replicator.drain();
      await gate.replicator.sayThrough(event, { ms: 1_800_000_000_000 + start, counter: 0 });
      await sync(gate, cloud);
    }
    const inventory = inventoryOf(await cloud.store.frontier(event));
    expect(new Set(inventory.map(({ boot }) => boot))).toEqual(
      new Set([simulatedBoot('gate-a', 2), simulatedBoot('gate-a', 5)]),
    );
    const other = replica('gate-b');
    expect(await sync(other, cloud)).toMatchObject({ equal: true, marksReceived: 1 });
    expect(await sync(cloud, other)).toMatchObject({ equal: true, roundTrips: 1 });
    await expectEqual([other, cloud], 1);
  });

  test('never keeps the marks of other gates from being exchanged', () => {
    const starts = Array.from({ length: syncRowsMax + 1 }, (_, start) => rowOf('gate-a', start, 0));
    const marks = Array.from({ length: syncRowsMax + 1 }, (_, start) => rowOf('gate-a', start, 1));
    for (const rows of [starts, marks]) {
      const differences = differencesTo([], inventoryOf([...rows, rowOf('gate-b', 1, 3)]));
      expect(differences.find(({ gate }) => gate === 'gate-b')?.rows).toHaveLength(1);
    }
    expect(differencesTo([], inventoryOf(starts))).toMatchObject([{ gate: 'gate-a', rows: [{ count: 0 }] }]);
  });
});

describe('a crash', () => {
  test('between journal commit and segment loses nothing: the next start drains and closes what the last one left', async () => {
    const cloud = replica('cloud');
    const before = replica('gate-a');
    admit(before, 40);
    await sync(before, cloud);
    admit(before, 2);
    const after = replica('gate-a', { start: 2, journal: before.journal, image: before.store.image() });
    await sync(after, cloud);
    await expectEqual([after, cloud], 42);
    expect(await cloud.store.frontier(event)).toMatchObject([
      { boot: simulatedBoot('gate-a', 1), count: 42, closed: true },
    ]);
  });

  test('between segment and sending loses nothing, and nothing is said twice', async () => {
    const cloud = replica('cloud');
    const before = replica('gate-a');
    admit(before, 1_500);
    await before.replicator.drain();
    const after = replica('gate-a', { start: 2, journal: before.journal, image: before.store.image() });
    await sync(after, cloud);
    await expectEqual([after, cloud], 1_500);
    expect(await cloud.store.quarantined(event)).toEqual([]);
  });

  test('that takes the whole replica gives the same hashes again from the journal', async () => {
    const cloud = replica('cloud');
    const before = replica('gate-a');
    for (let turn = 0; turn < 7; turn++) {
      admit(before, 3 + turn * 60);
      await sync(before, cloud);
    }
    const after = replica('gate-a', { start: 2, journal: before.journal });
    await sync(after, cloud);
    await expectEqual([after, cloud]);
    expect(await cloud.store.quarantined(event)).toEqual([]);
    expect(after.ingest.takeAlarms()).toEqual([]);
  });

  test('in the middle of an exchange is repeated without harm', async () => {
    const [gate, cloud] = [replica('gate-a'), replica('cloud')];
    admit(gate, 2_500);
    await gate.replicator.drain();
    let answers = 0;
    const cut: Peer = {
      id: 'cloud',
      kind: 'cloud',
      exchange: async (message, abort) => {
        const answer = await cloud.answer(message, abort);
        // The cloud has taken it all in, but the answer never arrives.
        return answers++ % 2 === 1 ? err({ type: 'peer-unreachable', cause: 'cut' }) : answer;
      },
    };
    expect((await gate.replicator.syncWith(cut, event, signal)).ok).toBe(false);
    expect((await gate.replicator.syncWith(cut, event, signal)).ok).toBe(true);
    await expectEqual([gate, cloud], 2_500);
  });

  test('after shutdown has closed the segment, late marks still come along at the next start', async () => {
    const cloud = replica('cloud');
    const before = replica('gate-a');
    admit(before, 10);
    await before.replicator.close();
    await sync(before, cloud);
    admit(before, 2);
    const after = replica('gate-a', { start: 2, journal: before.journal, image: before.store.image() });
    await sync(after, cloud);
    await expectEqual([after, cloud], 12);
    expect(await cloud.store.frontier(event)).toMatchObject([{ count: 12, closed: true }]);
  });
});

describe('a data folder restored from an older copy', () => {
  test('gets back from its peers what it has forgotten, contradicts nobody and goes on under a new start', async () => {
    const [cloud, other] = [replica('cloud'), replica('gate-b')];
    const before = replica('gate-a');
    admit(before, 50);
    await sync(before, cloud);
    const oldImage = before.store.image();
    const oldJournal = createMemoryJournal(before.journal.all());
    admit(before, 1_070);
    await sync(before, cloud);
    await sync(before, other);
    const restored = replica('gate-a', { start: 2, journal: oldJournal, image: oldImage });
    admit(restored, 5, { start: 2 });
    await heal([restored, other, cloud]);
    await expectEqual([restored, other, cloud], 1_125);
    for (const one of [restored, other, cloud]) expect(await one.store.quarantined(event)).toEqual([]);
  });

  test('with marks that had not been drained when the copy was made is not wedged either', async () => {
    const cloud = replica('cloud');
    const before = replica('gate-a');
    admit(before, 50);
    await sync(before, cloud);
    const oldImage = before.store.image();
    admit(before, 20);
    const oldJournal = createMemoryJournal(before.journal.all());
    admit(before, 30);
    await sync(before, cloud);
    const restored = replica('gate-a', { start: 2, journal: oldJournal, image: oldImage });
    // It closes the old start at 70 marks before it hears that there were 100.
    await restored.replicator.drain();
    await heal([restored, cloud]);
    await expectEqual([restored, cloud], 100);
    expect(await cloud.store.quarantined(event)).toEqual([]);
    expect(await restored.store.frontier(event)).toMatchObject([{ count: 100, closed: true }]);
  });

  test('that is quite empty lets the gate learn its old start from a peer and close it', async () => {
    const cloud = replica('cloud');
    const before = replica('gate-a');
    admit(before, 30);
    await sync(before, cloud);
    expect(await cloud.store.frontier(event)).toMatchObject([{ count: 30, closed: false }]);
    const restored = replica('gate-a', { start: 2 });
    admit(restored, 1, { start: 2 });
    await heal([restored, cloud]);
    await expectEqual([restored, cloud], 31);
    const old = { event, gate: 'gate-a', boot: simulatedBoot('gate-a', 1), segment: 0 };
    expect(await cloud.store.segment(old)).toMatchObject({ count: 30, closed: true });
  });

  test('whose short closed segment reached a third gate first does not keep that one from the longer', async () => {
    const [cloud, other] = [replica('cloud'), replica('gate-b')];
    const before = replica('gate-a');
    admit(before, 30);
    const oldJournal = createMemoryJournal(before.journal.all());
    admit(before, 30);
    await sync(before, cloud);
    const restored = replica('gate-a', { start: 2, journal: oldJournal });
    await sync(restored, other);
    expect(await other.store.frontier(event)).toMatchObject([{ count: 30, closed: true }]);
    await sync(other, cloud);
    await expectEqual([other, cloud], 60);
  });
});

describe('a gate that says two things', () => {
  test('is caught by whoever hears both; both versions are kept, one aside, and an alarm is raised once', async () => {
    const clock = fakeClock();
    const cloud = replica('cloud', { clock });
    const [one, clone] = [replica('gate-a', { clock }), replica('gate-a', { clock })];
    admit(one, 5);
    admit(clone, 5, { firstTicket: 500 });
    await sync(one, cloud);
    const hash = await cloud.store.contentHash(event);
    await sync(clone, cloud);
    await sync(clone, cloud);
    clock.advance(refusedRetryMs + 1);
    await sync(clone, cloud);
    expect(cloud.ingest.takeAlarms().map(({ type }) => type)).toEqual(['equivocation']);
    expect((await cloud.store.quarantined(event)).length).toBe(1);
    expect(await cloud.store.contentHash(event)).toBe(hash);
  });

  test('is caught also where one version is longer, or lies in another segment', async () => {
    const cloud = replica('cloud');
    const [one, clone] = [replica('gate-a'), replica('gate-a')];
    admit(one, 1_200);
    admit(clone, 7, { firstTicket: 5_000 });
    await sync(clone, cloud);
    const report = await sync(one, cloud);
    expect(report.equal).toBe(false);
    expect(cloud.ingest.takeAlarms()[0]?.type).toBe('equivocation');
    expect(cloud.store.marks(event).length).toBe(7);
  });

  test('leaves the proof with both who were told different things, whichever version is longer', async () => {
    for (const [marksOfOne, marksOfOther] of [
      [5, 2],
      [2, 5],
      [1_200, 3],
      [3, 1_200],
    ] as const) {
      const [gate, clone] = [replica('gate-a'), replica('gate-a')];
      admit(gate, marksOfOne);
      admit(clone, marksOfOther, { firstTicket: 5_000 });
      const [one, other] = [replica('gate-b'), replica('gate-c')];
      await sync(gate, one);
      await sync(clone, other);
      await sync(one, other);
      await sync(one, other);
      for (const told of [one, other]) {
        expect(told.ingest.takeAlarms().map(({ type }) => type)).toContain('equivocation');
        expect((await told.store.quarantined(event)).length).toBeGreaterThan(0);
      }
      expect(one.store.marks(event).length).toBe(marksOfOne);
      expect(other.store.marks(event).length).toBe(marksOfOther);
    }
  });

  test('does not keep others from exchanging, and costs few round trips', async () => {
    const cloud = replica('cloud');
    const [one, clone] = [replica('gate-a'), replica('gate-a')];
    admit(one, 5);
    admit(clone, 5, { firstTicket: 500 });
    await sync(one, cloud);
    const other = replica('gate-b');
    admit(other, 8);
    await sync(clone, other);
    const report = await sync(other, cloud);
    expect(report.roundTrips).toBeLessThan(6);
    expect(cloud.store.marks(event).filter(({ mark }) => mark.gate === 'gate-b').length).toBe(8);
  });
});

describe('gates that nobody vouches for', () => {
  test('unknown ones are refused and kept nowhere, and come in once they are known', async () => {
    const clock = fakeClock();
    const gate = replica('gate-a', { clock });
    admit(gate, 3);
    const known: string[] = [];
    const cloud = createReplica({
      id: 'cloud',
      boot: simulatedBoot('cloud', 1),
      ledger,
      clock,
      directory: { gateKey: (ofEvent, id) => simulatedDirectory(known).gateKey(ofEvent, id) },
    });
    expect((await sync(gate, cloud)).equal).toBe(false);
    expect(await cloud.store.quarantined(event)).toEqual([]);
    known.push('gate-a');
    expect((await sync(gate, cloud)).equal).toBe(false);
    clock.advance(refusedRetryMs + 1);
    expect((await sync(gate, cloud)).equal).toBe(true);
  });

  test('are asked for at once when the list of gates has changed', async () => {
    const other = replica('gate-b');
    admit(other, 3);
    await other.replicator.drain();
    const known = ['gate-a'];
    const gate = createReplica({
      id: 'gate-a',
      boot: simulatedBoot('gate-a', 1),
      ledger,
      clock: fakeClock(),
      directory: { gateKey: (ofEvent, id) => simulatedDirectory(known).gateKey(ofEvent, id) },
    });
    expect((await sync(gate, other)).marksReceived).toBe(0);
    known.push('gate-b');
    gate.replicator.tryRefusedAgain();
    expect((await sync(gate, other)).marksReceived).toBe(3);
  });

  test('are asked for at once when the list of gates changes while what they have written is on its way', async () => {
    const other = replica('gate-b');
    admit(other, 3);
    await other.replicator.drain();
    const known = ['gate-a'];
    const gate: Replica = createReplica({
      id: 'gate-a',
      boot: simulatedBoot('gate-a', 1),
      ledger,
      clock: fakeClock(),
      directory: {
        gateKey: async (ofEvent, id) => {
          const key = await simulatedDirectory(known).gateKey(ofEvent, id);
          if (id === 'gate-b' && key === undefined) {
            known.push('gate-b');
            gate.replicator.tryRefusedAgain();
          }
          return key;
        },
      },
    });
    expect((await sync(gate, other)).marksReceived).toBe(0);
    expect((await sync(gate, other)).marksReceived).toBe(3);
  });

  test('what a revoked one has signed is put aside with an alarm, not merged', async () => {
    const gate = replica('gate-a');
    admit(gate, 3);
    const cloud = createReplica({
      id: 'cloud',
      boot: simulatedBoot('cloud', 1),
      ledger,
      clock: fakeClock(),
      directory: simulatedDirectory(gates, new Set(['gate-a'])),
    });
    await sync(gate, cloud);
    expect(cloud.ingest.takeAlarms().map(({ type }) => type)).toEqual(['gate-revoked']);
    expect((await cloud.store.quarantined(event)).length).toBe(1);
    expect(cloud.store.marks(event)).toEqual([]);
  });
});

describe('relays', () => {
  test("carry the origin's chunks unchanged to whoever cannot reach the origin", async () => {
    const [origin, relay, cloud] = [replica('gate-a'), replica('gate-b'), replica('cloud')];
    admit(origin, 1_234);
    await sync(origin, relay);
    await sync(relay, cloud);
    await expectEqual([origin, relay, cloud], 1_234);
    const id = { event, gate: 'gate-a', boot: simulatedBoot('gate-a', 1), segment: 1 };
    expect(await cloud.store.chunks(id)).toEqual(await origin.store.chunks(id));
  });

  test('a gate whose clock is three days off replicates like any other', async () => {
    const [wrong, right, cloud] = [replica('gate-a'), replica('gate-b'), replica('cloud')];
    const threeDaysMs = 3 * 86_400_000;
    const hybrid = createHybridClock(() => 1_700_000_000_000 + threeDaysMs);
    const writer = { event, gate: 'gate-a', boot: simulatedBoot('gate-a', 1) };
    for (let sequence = 1; sequence <= 20; sequence++)
      wrong.journal.add(admittedMark(writer, sequence, sequence, hybrid.tick()));
    admit(right, 20);
    await heal([wrong, right, cloud]);
    await expectEqual([wrong, right, cloud], 40);
    // The right clock is not led astray by what it has learned.
    const local = createHybridClock(() => 1_700_000_000_000);
    expect(local.observe(hybrid.last())).toBe('ahead');
    expect(local.tick().ms).toBe(1_700_000_000_000);
  });
});

describe('status', () => {
  test('tells the last contact of each peer, who is reachable, and how many marks wait', async () => {
    const clock = fakeClock();
    const [gate, cloud] = [replica('gate-a', { clock }), replica('cloud', { clock })];
    admit(gate, 4);
    await sync(gate, cloud);
    const contactMs = clock.wallMs();
    expect(await gate.replicator.peerStatus(event)).toMatchObject([
      { id: 'cloud', reachable: true, lastContactMs: contactMs, backlogMarks: 0 },
    ]);
    clock.advance(60_000);
    admit(gate, 3);
    await gate.replicator.drain();
    await gate.replicator.syncWith(
      { id: 'cloud', kind: 'cloud', exchange: async () => err({ type: 'peer-unreachable', cause: 'ECONNREFUSED' }) },
      event,
      signal,
    );
    expect(await gate.replicator.peerStatus(event)).toMatchObject([
      { id: 'cloud', reachable: false, lastContactMs: contactMs, lastError: 'peer-unreachable: ECONNREFUSED' },
    ]);
  });

  test('garbage from a peer is an error and no contact', async () => {
    const gate = replica('gate-a');
    admit(gate, 1);
    for (const garbage of [
      new Uint8Array(0),
      Uint8Array.of(1, 2, 3),
      encodeSyncRequest({ event: 99, gates: [], wants: [], chunks: [] }),
    ]) {
      const result = await gate.replicator.syncWith(
        { id: 'x', kind: 'gate', exchange: async () => ok(garbage) },
        event,
        signal,
      );
      expect(result).toMatchObject({ ok: false, error: { type: 'peer-garbage' } });
    }
  });
});

describe('any order of anything', () => {
  test('three gates and a cloud hold the same content after healing, whatever was exchanged, lost and repeated before', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('admit' as const), who: fc.nat(2), count: fc.integer({ min: 1, max: 40 }) }),
      fc.record({
        kind: fc.constant('sync' as const),
        who: fc.nat(2),
        whom: fc.nat(3),
        loses: fc.constantFrom('nothing', 'request', 'answer'),
      }),
      fc.record({ kind: fc.constant('replay' as const), message: fc.nat(50), whom: fc.nat(3) }),
      fc.record({ kind: fc.constant('restart' as const), who: fc.nat(2), keepsReplica: fc.boolean() }),
      fc.record({ kind: fc.constant('through' as const), who: fc.nat(2) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const replicas: Replica[] = [...gates.map((id) => replica(id)), replica('cloud')];
        const starts = [1, 1, 1];
        const sent: Uint8Array[] = [];
        let total = 0;
        const at = (index: number): Replica => replicas[index] ?? replica('gate-a');
        for (const item of steps) {
          if (item.kind === 'admit') {
            admit(at(item.who), item.count, { start: starts[item.who] ?? 1, firstTicket: item.who * 10_000 });
            total += item.count;
          } else if (item.kind === 'sync' && item.who !== item.whom) {
            const target = at(item.whom);
            await at(item.who).replicator.drain();
            await at(item.who).replicator.syncWith(
              {
                id: target.id,
                kind: 'gate',
                exchange: async (message, abort) => {
                  sent.push(message);
                  if (item.loses === 'request') return err({ type: 'peer-unreachable', cause: 'lost' });
                  const answer = await target.answer(message, abort);
                  return item.loses === 'answer' ? err({ type: 'peer-unreachable', cause: 'lost' }) : answer;
                },
              },
              event,
              signal,
            );
          } else if (item.kind === 'replay') {
            const message = sent[item.message % Math.max(1, sent.length)];
            if (message !== undefined) await at(item.whom).answer(message, signal);
          } else if (item.kind === 'restart') {
            const before = at(item.who);
            const start = (starts[item.who] ?? 1) + 1;
            starts[item.who] = start;
            replicas[item.who] = replica(before.id, {
              start,
              journal: before.journal,
              ...(item.keepsReplica ? { image: before.store.image() } : {}),
            });
          } else if (item.kind === 'through') {
            await at(item.who).replicator.sayThrough(event, {
              ms: 1_900_000_000_000 + (starts[item.who] ?? 1),
              counter: 0,
            });
          }
        }
        await heal(replicas);
        await expectEqual(replicas, total);
        for (const one of replicas) {
          expect(await one.store.quarantined(event)).toEqual([]);
          expect(one.ingest.takeAlarms()).toEqual([]);
        }
      }),
      { numRuns: 40 },
    );
  });
});
