// One process of a simulated gate, from its start to its end: the lane's books, the replicator and the feed's rules are the real ones, put
// together over a simulated disk, clock and network. When it is killed, whatever it was waiting for never comes.
import type { Ticket, TrustedTime } from '@postern/shared';
import type { SavedClock } from '../../gate-agent/src/clock-trust.ts';
import { countPersons, createZoneCounts } from '../../gate-agent/src/counts/zone-counts.ts';
import { createBell } from '../../gate-agent/src/waiting.ts';
import type { Disk } from './disk.ts';
import { mortalQueue } from './event-queue.ts';
import { createFeedClient, type FeedClient } from './feed-client.ts';
import type { GateClock } from './gate-clock.ts';
import { simulatedKeys } from './gate-marks.ts';
import { startReplication } from './gate-replication.ts';
import { createGateTime } from './gate-time.ts';
import type { KnownMarks } from './mark-index.ts';
import { createSimulatedLanes, type SimulatedLanes } from './simulated-lanes.ts';
import { openSimulatedReplica, type SimulatedReplica } from './simulated-replica.ts';
import { createSimulatedOrders, type SimulatedOrders } from './simulated-orders.ts';
import { createSimulatedStewards, type SimulatedStewards } from './simulated-stewards.ts';
import { createSimulatedStore, type SimulatedStore } from './simulated-store.ts';
import { cloudAddress, simulatedZone, type World } from './world.ts';

export interface GateProcess extends SimulatedLanes, SimulatedStewards {
  /** Where it is reached; a cloned device has an address of its own and shares the gate's name. */
  readonly address: string;
  readonly gate: string;
  readonly boot: string;
  readonly disk: Disk;
  readonly clock: GateClock;
  readonly feed: FeedClient;
  readonly replica: SimulatedReplica;
  readonly known: KnownMarks;
  /** The order to the venue that its lanes obey. */
  readonly obeyed: SimulatedOrders['obeyed'];
  /** In the zone that its lanes lead into. */
  readonly persons: () => number;
  readonly savedClock: () => SavedClock;
  readonly kill: () => void;
}

export interface GateProcessDeps {
  readonly world: World;
  readonly address: string;
  readonly gate: string;
  readonly boot: string;
  readonly disk: Disk;
  readonly clock: GateClock;
  /** Which start of the machine it is, and what the process before has saved of its clock. */
  readonly machineBoot: string;
  readonly savedClock: SavedClock | undefined;
  readonly ticket: (ticketId: string) => Ticket | undefined;
  /** Addresses of the other gates; the cloud is known to everybody. */
  readonly peers: () => readonly string[];
}

const syncMs = { least: 2, most: 12 };

export async function startGateProcess(deps: GateProcessDeps): Promise<GateProcess> {
  const { world, address, gate, boot, disk, clock } = deps;
  const { event, network, referee, random, seams } = world;
  let alive = true;
  const queue = mortalQueue(world.queue, () => alive);
  const diskSyncMs = (): number => syncMs.least + random.below(syncMs.most - syncMs.least);
  const poke = createBell(queue);

  const time = createGateTime({
    world,
    clock,
    queue,
    machineBoot: deps.machineBoot,
    saved: deps.savedClock,
    store: () => store,
    feed: () => feed,
    ask: async (nonce) => {
      const answer = await network.request(address, cloudAddress, 'time', nonce);
      // To a process that has ended no answer ever comes.
      if (!alive) return new Promise<never>(() => {});
      return answer.ok ? answer.value : undefined;
    },
  });
  const now = (): TrustedTime => {
    const stated = time.now();
    referee.timeStated(address, stated);
    return stated;
  };
  const feed: FeedClient = createFeedClient({
    event,
    self: { id: gate, publicKey: simulatedKeys(gate).publicKey },
    file: disk.feed,
    enrolledKeys: world.feed.enrolledKeys,
    wallMs: () => now().nowMs,
    queue,
    syncMs: diskSyncMs,
    accept: seams.acceptFeed,
  });
  const store: SimulatedStore = createSimulatedStore({
    disk,
    gate,
    boot,
    clock,
    time: now,
    queue,
    syncMs: diskSyncMs,
    ticket: deps.ticket,
    policy: () => world.policy,
    fold: (marks, ticket) => seams.fold(marks, world.policy, ticket),
    others: () => replica.index,
    occupancy: (zone) => ({ known: persons(zone), spentOutOfTouch: 0 }),
    onWritten: (mark) => referee.written(address, mark),
    onAcknowledged: (mark) => {
      zones.note(mark.mark);
      referee.acknowledged(address, mark);
      poke.ring();
    },
  });
  const merges = referee.watchMerges({ address, gate, accepted: feed.accepted, before: [...disk.replica.all()] });
  const replica: SimulatedReplica = await openSimulatedReplica({
    file: disk.replica,
    journal: store.journal,
    seams,
    onChange: (transaction) => {
      merges(transaction);
      if (transaction.type === 'append') store.hybrid.observe(transaction.acceptance.after.through);
      orders.look();
    },
  });

  const zones = createZoneCounts((id) => replica.find(id));
  for (const { mark } of store.journal.all()) zones.note(mark);
  const persons = (zone: string): number => countPersons(event, zone, zones, replica.zone(event, zone));

  time.begin();
  const orders = createSimulatedOrders({ world, gate, queue, store });

  const replication = startReplication({ ...deps, queue, time, feed, store, replica, poke, isAlive: () => alive });
  const lanes = createSimulatedLanes({
    world,
    address,
    gate,
    clock,
    time: now,
    store,
    feed,
    orders,
    lastAnswersMs: replication.lastAnswersMs,
  });

  return {
    address,
    gate,
    boot,
    disk,
    clock,
    feed,
    replica,
    known: store.known,
    ...lanes,
    ...createSimulatedStewards({ world, gate, clock, time, store, lanes, orders, ticket: deps.ticket }),
    obeyed: orders.obeyed,
    persons: () => persons(simulatedZone),
    savedClock: time.saved,
    kill: () => {
      alive = false;
      network.silence(address);
      replica.close();
    },
  };
}
