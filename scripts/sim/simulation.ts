// One simulated day from one seed: a cloud, gates and their visitors, everything that goes wrong, then a time of peace in which they must
// come to agree, and the judgement. The same seed gives the same trace, to the byte.
import { admissionPolicySchema, type Ledger, type Ticket } from '@postern/shared';
import { startCloud } from './cloud-process.ts';
import { inviteCrowd, ticketOf, ticketTypes } from './crowd.ts';
import { createDevice, type Device } from './device.ts';
import { emptyImage, type DiskImage } from './disk.ts';
import { createEventQueue } from './event-queue.ts';
import { scheduleFaults } from './faults.ts';
import { createFeedPublisher } from './feed-publisher.ts';
import { createGateClock, type GateClock } from './gate-clock.ts';
import { simulatedBoot } from './gate-marks.ts';
import { startHostileGate, type HostileGate } from './hostile-gate.ts';
import { hasConverged, judge, type Judgement, type Witness } from './judgement.ts';
import { judgeBindings } from './judge-bindings.ts';
import { judgeCloud } from './judge-cloud.ts';
import { judgeOrders } from './judge-orders.ts';
import { judgePersons } from './judge-persons.ts';
import { judgeRehearsals } from './judge-rehearsals.ts';
import { judgeTimes } from './judge-times.ts';
import { brokenMergeLaws } from './merge-laws.ts';
import { createNetwork } from './network.ts';
import { createPasses } from './passes.ts';
import { seamsOf, type PlantedBug } from './planted-bugs.ts';
import { createReferee, type Violation } from './referee.ts';
import { drawScenario, type WorldSize } from './scenario.ts';
import { scheduleRecounts } from './recounts.ts';
import { scheduleRehearsals } from './rehearsals.ts';
import { rememberingLedger } from './remembering-ledger.ts';
import { createSeededRandom } from './seeded-random.ts';
import { callStaff } from './staff.ts';
import { createTrace } from './trace.ts';
import { cloudAddress, simulatedZone, startWallMs, type World } from './world.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly size: WorldSize;
  readonly ledger: Ledger;
  readonly bug?: PlantedBug;
  /** Gets everything that happens, in words. */
  readonly onStep?: (step: string) => void;
}

export interface SimulationResult {
  readonly seed: number;
  readonly marks: number;
  readonly gates: number;
  readonly simulatedMs: number;
  readonly violations: readonly Violation[];
  /** How often each kind of thing has happened. */
  readonly happened: ReadonlyMap<string, number>;
  /** SHA-256 over everything that happened, in order. */
  readonly traceHash: string;
}

const event = 1;
/** So that neither rehearsals nor recounts change any other choice in a world. */
const rehearsalSeed = 0x5e55_105e;
const recountSeed = 0xc0_117ed;
/** The liveness phase looks so often whether everybody agrees. */
const lookMs = 5_000;
const hostileGapMs = 15_000;
/** Of the worlds, one in so many is also played to the cloud's database. */
const projectedEvery = 4;
/** Time for two that exchange to find out that they have been told different things. */
const acquaintedMs = 2 * 60_000;

const policy = admissionPolicySchema.parse({
  event,
  name: 'A simulated night',
  // The harder case: without a time that anybody has confirmed, entries are made all the same.
  whenClockUntrusted: 'admit',
  types: [
    { id: ticketTypes.single, name: 'Once' },
    { id: ticketTypes.reentry, name: 'In and out', reentry: true },
    { id: ticketTypes.group, name: 'Group' },
  ],
  zones: [{ id: simulatedZone, name: 'Hall', exitsScanned: true }],
});

export async function simulate({ seed, size, ledger, bug, onStep }: SimulationOptions): Promise<SimulationResult> {
  const random = createSeededRandom(seed);
  const queue = createEventQueue();
  const trace = createTrace(queue.nowMs, onStep);
  const scenario = drawScenario(size, random);
  const { gates, hostile, durationMs, livenessMs } = scenario;
  const tickets = new Map(
    Array.from({ length: scenario.tickets }, (_, number): [string, Ticket] => [ticketOf(number).id, ticketOf(number)]),
  );
  const isSingleUse = (ticketId: string): boolean => tickets.get(ticketId)?.type === ticketTypes.single;
  const wallMs = (): number => startWallMs + queue.nowMs();
  const seams = seamsOf(bug);
  const network = createNetwork({ queue, random, trace, weather: scenario.weather });
  const enrolledGates = hostile === undefined ? gates : [...gates, hostile];
  const feed = createFeedPublisher({ policy, tickets: tickets.size, gates: enrolledGates, wallMs });
  const referee = createReferee({
    trace,
    nowMs: queue.nowMs,
    wallMs,
    timer: queue,
    knows: (address, mark) =>
      (address === cloudAddress ? cloud : devices.find((device) => device.address === address)?.process())?.replica.has(
        mark,
      ),
    network,
    hostileGate: hostile,
    isSingleUse,
    isRevoked: feed.isRevoked,
  });
  const world: World = {
    event,
    queue,
    random,
    trace,
    network,
    referee,
    ledger: rememberingLedger(ledger),
    seams,
    policy,
    feed,
    pace: scenario.pace,
    timelessMs: scenario.timelessMs,
    enrolledGates,
    wallMs,
  };
  trace.note('world', seed, gates.length, hostile ?? 'all honest', durationMs);
  for (const { gate, offsetMs, drift } of scenario.clocks) trace.note('clock-drifts', gate, offsetMs, drift);

  const cloud = await startCloud(world);
  const devices: Device[] = [];
  const addresses = (): readonly string[] => [
    ...devices.map(({ address }) => address),
    ...(hostile === undefined ? [] : [hostile]),
  ];
  const freshBoot = (): string => Array.from({ length: 16 }, () => random.below(16).toString(16)).join('');
  const addDevice = (address: string, clock: GateClock, image: DiskImage): Device => {
    const device = createDevice({
      world,
      address,
      clock,
      image,
      newBoot: (gate) => (seams.freshBoots ? freshBoot() : simulatedBoot(gate, 1)),
      tickets,
      peers: addresses,
    });
    devices.push(device);
    return device;
  };
  const enrolled: DiskImage = { ...emptyImage, feed: [feed.latest()] };
  for (const { gate, offsetMs, drift } of scenario.clocks)
    addDevice(gate, createGateClock(queue.nowMs, startWallMs, offsetMs, drift), enrolled);
  for (const device of devices) await device.start();
  const processes = (): readonly NonNullable<ReturnType<Device['process']>>[] =>
    devices.flatMap((device) => device.process() ?? []);
  const honestMarks = (): number => referee.facts().written.size;
  const passes = createPasses(world);
  const isFull = (): boolean => honestMarks() >= scenario.marksMax;

  inviteCrowd({
    world,
    passes,
    tickets: tickets.size - scenario.unused,
    visits: scenario.visits,
    durationMs,
    open: processes,
    isFull,
  });
  if (scenario.staffGapMs !== undefined)
    callStaff({
      world,
      passes,
      tickets: tickets.size,
      unused: scenario.unused,
      durationMs,
      gapMs: scenario.staffGapMs,
      open: processes,
      isFull,
    });
  scheduleRehearsals({
    world,
    random: createSeededRandom(seed ^ rehearsalSeed),
    durationMs,
    open: processes,
    isFull,
  });
  scheduleRecounts({
    world,
    random: createSeededRandom(seed ^ recountSeed),
    durationMs,
    open: processes,
    isFull,
  });
  scheduleFaults({
    world,
    cloud,
    devices: () => devices,
    clone: async (of, image) => {
      referee.exempt(of.address);
      referee.exempt(`${of.gate}~clone`);
      await addDevice(`${of.gate}~clone`, of.clock.copy(), image).start();
    },
    durationMs,
    gapMs: scenario.faultGapMs,
  });
  const attacker =
    hostile === undefined
      ? undefined
      : await startHostileGate({
          world,
          gate: hostile,
          boot: freshBoot(),
          newBoot: freshBoot,
          peers: () => devices.map(({ address }) => address),
          pickTicket: () => random.below(tickets.size),
        });
  const attack = (by: HostileGate): void =>
    void queue.after(random.below(2 * hostileGapMs), () => {
      if (queue.nowMs() >= durationMs) return;
      void by.act().catch((cause: unknown) => referee.broke('the hostile gate', cause));
      attack(by);
    });
  if (attacker !== undefined) attack(attacker);

  // With a planted bug the first violation is enough; a sound world runs to its end.
  const isDecided = (): boolean => bug !== undefined && referee.violations().length > 0;
  await queue.runUntil(durationMs, isDecided);
  if (!isDecided()) {
    trace.note('peace');
    network.heal();
    cloud.back();
    for (const device of devices) if (device.process() === undefined) await device.start();
  }

  const judgement = (): Judgement => ({
    event,
    referee,
    policy,
    tickets: [...tickets.values()],
    witnesses: [
      {
        address: cloudAddress,
        replica: cloud.replica,
        known: cloud.known,
        persons: cloud.persons,
      },
      ...processes().filter(({ gate }) => !feed.isRevoked(gate)),
    ] satisfies readonly Witness[],
    talk: (a, b) => (network.wholeSinceMs(a, b) ?? queue.nowMs()) < queue.nowMs() - acquaintedMs,
    gates: enrolledGates,
    accepted: feed.accepted,
    ledger,
    isSingleUse,
    fold: seams.fold,
    bindings: seams.bindings,
  });
  let agree = isDecided() || (await hasConverged(judgement()));
  while (!agree && !isDecided() && queue.nowMs() < durationMs + livenessMs) {
    await queue.runUntil(queue.nowMs() + lookMs, isDecided);
    agree = isDecided() || (await hasConverged(judgement()));
  }
  if (!isDecided()) {
    if (!agree) referee.violate('not-converged', `no agreement ${livenessMs / 60_000} min after the last fault`);
    await judge(judgement());
    judgeBindings(judgement());
    judgeOrders(judgement());
    judgePersons(judgement());
    judgeRehearsals(judgement());
    judgeTimes(judgement());
    // Planted bugs sit at gates.
    if (bug === undefined && seed % projectedEvery === 1) await judgeCloud({ ...judgement(), cloud, world });
    for (const law of await brokenMergeLaws({
      event,
      ledger: world.ledger,
      random,
      gates: enrolledGates,
      replica: cloud.replica,
    }))
      referee.violate('merge-depends-on-order', `merging is not ${law}`);
  }
  trace.note('end', honestMarks(), await cloud.replica.contentHash(event));
  for (const process of processes()) process.kill();
  cloud.replica.close();
  attacker?.close();
  return {
    seed,
    marks: honestMarks(),
    gates: enrolledGates.length,
    simulatedMs: queue.nowMs(),
    violations: referee.violations(),
    happened: trace.counts(),
    traceHash: trace.digest(),
  };
}
