// One simulated event: gates and a cloud running the real replication code under a simulated clock, network and disk, all driven by
// one seed. The same seed gives the same trace, to the byte. Gates admit, exchange, crash and lose what was not synced; the network
// loses, repeats, reorders and partitions; at the end everything is healed and the invariants are checked.
import {
  createSha256,
  createHybridClock,
  bytesToHex,
  err,
  utf8,
  type Clock,
  type EncodedMark,
  type HybridClock,
  type Ledger,
  type Peer,
} from '@postern/shared';
import {
  admittedMark,
  createMemoryJournal,
  simulatedBoot,
  simulatedDirectory,
  type MemoryJournal,
} from './gate-marks.ts';
import type { ReplicaImage } from './memory-replica-store.ts';
import { createReplica, type Replica } from './replica.ts';
import { createSeededRandom } from './seeded-random.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly gates: number;
  readonly hours: number;
  readonly ledger: Ledger;
}

export interface SimulationResult {
  readonly marks: number;
  readonly violations: readonly string[];
  /** SHA-256 over everything that happened, in order. */
  readonly traceHash: string;
}

const event = 1;
const startMs = Date.UTC(2026, 8, 21, 16);
const minuteMs = 60_000;
const signal = new AbortController().signal;

/** Chances of one step, in percent; a step is what one gate does in one turn. */
const percent = {
  admit: 55,
  syncGate: 15,
  syncCloud: 12,
  through: 6,
  crash: 2,
  restoreImage: 0.4,
  takeImage: 1,
  partition: 2,
  replay: 3,
} as const;
const lossPercent = 12;
const repeatPercent = 10;
/** Messages that may still arrive out of turn. */
const lateMessagesMax = 200;

interface SimulatedGate {
  readonly id: string;
  readonly hybrid: HybridClock;
  readonly clockOffMs: number;
  start: number;
  replica: Replica;
  /** What the disk surely has: a crash goes back to it. The journal is always synced, the replica now and then. */
  syncedReplica: ReplicaImage;
  image: { readonly journal: readonly EncodedMark[]; readonly replica: ReplicaImage } | undefined;
}

export async function simulate({
  seed,
  gates: gateCount,
  hours,
  ledger,
}: SimulationOptions): Promise<SimulationResult> {
  const random = createSeededRandom(seed);
  const trace = createSha256();
  const note = (...facts: readonly (string | number | boolean)[]): void => trace.update(utf8(`${facts.join(' ')}\n`));
  let nowMs = 0;
  const clock: Clock = { wallMs: () => startMs + nowMs, monotonicMs: () => nowMs };
  const ids = Array.from({ length: gateCount }, (_, index) => `gate-${index + 1}`);
  const directory = simulatedDirectory(ids);
  const build = (id: string, start: number, journal?: MemoryJournal, image?: ReplicaImage): Replica =>
    createReplica({
      id,
      boot: simulatedBoot(id, start),
      ledger,
      directory,
      clock,
      ...(journal === undefined ? {} : { journal }),
      ...(image === undefined ? {} : { image }),
    });
  const cloud = build('cloud', 1);
  const gates: SimulatedGate[] = ids.map((id, index) => {
    const replica = build(id, 1);
    // One clock of the first simulated gates is days off: what it says must hurt nobody.
    const clockOffMs = index === 0 && random.chance(30) ? 3 * 24 * 60 * minuteMs : random.below(4_000) - 2_000;
    return {
      id,
      clockOffMs,
      hybrid: createHybridClock(() => startMs + nowMs + clockOffMs),
      start: 1,
      replica,
      syncedReplica: replica.store.image(),
      image: undefined,
    };
  });
  const acknowledged: EncodedMark[] = [];
  const cut = new Set<string>();
  const late: { readonly to: string; readonly message: Uint8Array }[] = [];

  const byId = (id: string): Replica =>
    id === 'cloud' ? cloud : (gates.find((gate) => gate.id === id)?.replica ?? cloud);
  const linkKey = (a: string, b: string): string => [a, b].toSorted().join(' ');

  /** `to` over the simulated network: what is sent may be lost on the way there or back, and may arrive again later. */
  const over = (from: string, to: string, faults: boolean): Peer => ({
    id: to,
    kind: to === 'cloud' ? 'cloud' : 'gate',
    exchange: async (message) => {
      const lost = { type: 'peer-unreachable', cause: 'lost' } as const;
      if (faults && cut.has(linkKey(from, to))) return err({ type: 'peer-unreachable', cause: 'cut' });
      if (faults && random.chance(repeatPercent) && late.length < lateMessagesMax) late.push({ to, message });
      if (faults && random.chance(lossPercent)) return err(lost);
      const answer = await byId(to).answer(message, signal);
      return faults && random.chance(lossPercent) ? err(lost) : answer;
    },
  });

  const exchange = async (gate: SimulatedGate, to: string, faults: boolean): Promise<void> => {
    await gate.replica.replicator.drain();
    const result = await gate.replica.replicator.syncWith(over(gate.id, to, faults), event, signal);
    note(
      'sync',
      gate.id,
      to,
      result.ok
        ? `${result.value.roundTrips} ${result.value.marksReceived} ${result.value.chunksSent}`
        : result.error.type,
    );
  };

  const restart = (gate: SimulatedGate, journal: MemoryJournal, image: ReplicaImage): void => {
    gate.start += 1;
    gate.replica = build(gate.id, gate.start, journal, image);
    gate.syncedReplica = image;
  };

  const step = async (gate: SimulatedGate): Promise<void> => {
    let dice = random.below(10_000) / 100;
    const is = (chance: number): boolean => (dice -= chance) < 0;
    if (is(percent.admit)) {
      const writer = { event, gate: gate.id, boot: simulatedBoot(gate.id, gate.start) };
      const sequence = gate.replica.journal.marksAfter(writer, 0, Number.MAX_SAFE_INTEGER).length + 1;
      const mark = admittedMark(writer, sequence, random.below(2_000), gate.hybrid.tick());
      gate.replica.journal.add(mark);
      acknowledged.push(mark);
      note('admit', gate.id, sequence, mark.mark.at.ms);
    } else if (is(percent.syncGate)) {
      const others = gates.filter((other) => other !== gate);
      const other = others[random.below(others.length)];
      if (other !== undefined) await exchange(gate, other.id, true);
    } else if (is(percent.syncCloud)) {
      await exchange(gate, 'cloud', true);
    } else if (is(percent.through)) {
      await gate.replica.replicator.sayThrough(event, gate.hybrid.tick());
      gate.syncedReplica = gate.replica.store.image();
      note('through', gate.id);
    } else if (is(percent.crash)) {
      note('crash', gate.id);
      restart(gate, gate.replica.journal, random.chance(50) ? gate.syncedReplica : gate.replica.store.image());
    } else if (is(percent.restoreImage)) {
      // Only what others (or the image itself) still have can come back: the image is restored where the cloud is up to date.
      const known = new Set(cloud.store.marks(event).map(({ mark }) => `${mark.gate} ${mark.boot} ${mark.sequence}`));
      const safe = gate.replica.journal
        .all()
        .every(({ mark }) => known.has(`${mark.gate} ${mark.boot} ${mark.sequence}`));
      if (gate.image !== undefined && safe) {
        note('restore', gate.id);
        restart(gate, createMemoryJournal(gate.image.journal), gate.image.replica);
      }
    } else if (is(percent.takeImage)) {
      gate.image = { journal: [...gate.replica.journal.all()], replica: gate.replica.store.image() };
      note('image', gate.id);
    } else if (is(percent.partition)) {
      const ends = ['cloud', ...ids].filter((id) => id !== gate.id);
      const key = linkKey(gate.id, ends[random.below(ends.length)] ?? 'cloud');
      if (cut.delete(key)) note('heal', key);
      else note('cut', key, cut.add(key).size);
    } else if (is(percent.replay) && late.length > 0) {
      const [message] = late.splice(random.below(late.length), 1);
      if (message !== undefined) await byId(message.to).answer(message.message, signal);
      note('late', message?.to ?? '');
    }
  };

  while (nowMs < hours * 60 * minuteMs) {
    nowMs += 1_000 + random.below(20_000);
    const gate = gates[random.below(gates.length)];
    if (gate !== undefined) await step(gate);
  }

  // Everything still under way arrives, in any order, and the network is whole again.
  for (const { to, message } of random.shuffled(late)) await byId(to).answer(message, signal);
  nowMs += 10 * minuteMs;
  const ends = random.shuffled(gates);
  for (let round = 0; round < 2; round++) {
    for (const gate of ends)
      for (const to of random.shuffled(['cloud', ...ids.filter((id) => id !== gate.id)]))
        await exchange(gate, to, false);
  }
  const violations = await checkInvariants({
    gates,
    cloud,
    acknowledged,
    exchange: (gate) => exchange(gate, 'cloud', false),
  });
  note('end', acknowledged.length, await cloud.store.contentHash(event), ...violations);
  return {
    marks: acknowledged.length,
    violations: violations.map((violation) => `seed ${seed}: ${violation}`),
    traceHash: bytesToHex(trace.digest()),
  };
}

interface Outcome {
  readonly gates: readonly SimulatedGate[];
  readonly cloud: Replica;
  readonly acknowledged: readonly EncodedMark[];
  readonly exchange: (gate: SimulatedGate) => Promise<void>;
}

async function checkInvariants({ gates, cloud, acknowledged, exchange }: Outcome): Promise<readonly string[]> {
  const violations: string[] = [];
  const replicas = [cloud, ...gates.map(({ replica }) => replica)];
  const hash = await cloud.store.contentHash(event);
  for (const replica of replicas) {
    const known = new Set(replica.store.marks(event).map(({ mark }) => `${mark.gate} ${mark.boot} ${mark.sequence}`));
    const lost = acknowledged.filter(({ mark }) => !known.has(`${mark.gate} ${mark.boot} ${mark.sequence}`)).length;
    if (lost > 0) violations.push(`${replica.id} lacks ${lost} acknowledged marks`);
    if (known.size > acknowledged.length)
      violations.push(`${replica.id} knows ${known.size - acknowledged.length} marks that nobody made`);
    if ((await replica.store.contentHash(event)) !== hash)
      violations.push(`${replica.id} differs from the cloud after healing`);
    if ((await replica.store.quarantined(event)).length > 0)
      violations.push(`${replica.id} has put an honest gate's chunk aside`);
  }
  for (const gate of gates) await exchange(gate);
  if ((await cloud.store.contentHash(event)) !== hash) violations.push('merging again has changed the cloud');
  return violations;
}
