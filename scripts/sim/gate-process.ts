// One process of a simulated gate, from its start to its end: the lane's books, the replicator and the feed's rules are the real ones, put
// together over a simulated disk, clock and network. When it is killed, whatever it was waiting for never comes.
import { setMaxListeners } from 'node:events';
import {
  answerSync,
  createIngest,
  createOwnSegments,
  createReplicator,
  decide,
  draftLapse,
  draftRefusal,
  qrMethod,
  hexToBytes,
  utf8,
  type Claim,
  type Ingest,
  type LaneContext,
  type Lookups,
  type Mark,
  type Peer,
  type PeerError,
  type Replicator,
  type Result,
  type Ticket,
} from '@postern/shared';
import { createLaneBooks, type Committed, type LaneBooks } from '../../shared/src/gate/lane-books.ts';
import { createBell } from '../../gate-agent/src/waiting.ts';
import type { Disk } from './disk.ts';
import { createFeedClient, type FeedClient } from './feed-client.ts';
import type { GateClock } from './gate-clock.ts';
import { simulatedKeys } from './gate-marks.ts';
import { mortalQueue } from './event-queue.ts';
import type { Channel } from './network.ts';
import { openSimulatedReplica, type SimulatedReplica } from './simulated-replica.ts';
import { createSimulatedStore, type SimulatedStore } from './simulated-store.ts';
import { cloudAddress, quietLogger, type World } from './world.ts';

export interface GateProcess {
  /** Where it is reached; a cloned device has an address of its own and shares the gate's name. */
  readonly address: string;
  readonly gate: string;
  readonly boot: string;
  readonly disk: Disk;
  readonly clock: GateClock;
  readonly feed: FeedClient;
  readonly replica: SimulatedReplica;
  /** Every known mark of a ticket, in the order in which it became known. */
  readonly marksOf: (ticketId: string) => readonly Mark[];
  /** A visitor shows a pass; resolves with what was decided and written down, undefined for what is no pass at all. */
  readonly scan: (text: string, direction: 'entry' | 'exit') => Promise<Committed | undefined>;
  /** Nobody has passed behind this admission. */
  readonly giveBack: (mark: Extract<Mark, { kind: 'admitted' }>) => Promise<void>;
  readonly kill: () => void;
}

export interface GateProcessDeps {
  readonly world: World;
  readonly address: string;
  readonly gate: string;
  readonly boot: string;
  readonly disk: Disk;
  readonly clock: GateClock;
  readonly ticket: (ticketId: string) => Ticket | undefined;
  /** Addresses of the other gates; the cloud is known to everybody. */
  readonly peers: () => readonly string[];
}

const settleMs = { gate: 20, cloud: 100 } as const;
const retryFirstMs = 250;
const retryMaxMs = 4_000;
const inTouchMs = 30_000;
const answersLatelyMs = 5_000;
const syncMs = { least: 2, most: 12 };

/** Addresses of two devices of one gate differ behind this. */
export const gateOf = (address: string): string => address.split('~')[0] ?? address;

export async function startGateProcess(deps: GateProcessDeps): Promise<GateProcess> {
  const { world, address, gate, boot, disk, clock } = deps;
  const { event, network, referee, random } = world;
  let alive = true;
  const queue = mortalQueue(world.queue, () => alive);
  const diskSyncMs = (): number => syncMs.least + random.below(syncMs.most - syncMs.least);
  const poke = createBell(queue);
  const news = createBell(queue);
  const { signal } = new AbortController();
  // One loop for every peer waits on it.
  setMaxListeners(0, signal);

  const feed = createFeedClient({
    event,
    file: disk.feed,
    enrolledKeys: world.feed.enrolledKeys,
    enrolledGates: world.enrolledGates,
    wallMs: clock.wallMs,
    queue,
    syncMs: diskSyncMs,
  });
  const store: SimulatedStore = createSimulatedStore({
    disk,
    gate,
    boot,
    clock,
    clockQuality: () => ({ source: 'server', uncertaintyMs: 100 }),
    queue,
    syncMs: diskSyncMs,
    ticket: deps.ticket,
    fold: (marks, ticket) => world.seams.fold(marks, world.policy, ticket),
    marksOfOthers: (ticketId) => replica.marksOf(ticketId),
    onWritten: (mark) => referee.written(address, mark),
    onAcknowledged: (mark) => {
      referee.acknowledged(address, mark);
      poke.ring();
    },
  });
  const merges = referee.watchMerges({ address, gate, isRevoked: (id) => isRevoked(feed, world, id) });
  const replica: SimulatedReplica = await openSimulatedReplica({
    file: disk.replica,
    journal: store.journal,
    onChange: (transaction) => {
      merges(transaction);
      if (transaction.type === 'append') store.hybrid.observe(transaction.acceptance.after.through);
    },
  });

  const ledger = world.seams.ledger(world.ledger);
  const ingest = noted(
    createIngest({ ledger, store: replica, directory: feed.directory, log: quietLogger }),
    world,
    address,
  );
  const lastAnswerMs = new Map<string, number>();
  let answersLately = true;
  const own = createOwnSegments({
    gate,
    boot,
    secretKey: simulatedKeys(gate).secretKey,
    ledger: world.ledger,
    store: replica,
    journal: world.seams.journal(store.journal, () => answersLately),
    log: quietLogger,
    breathe: async () => {},
  });
  const replicator: Replicator = createReplicator({ gate, store: replica, ingest, own, clock });

  /** Work that goes on by itself. A rejection is a fault of ours, and so a violation. */
  const inBackground = (what: string, work: () => Promise<void>): void =>
    void work().catch((cause: unknown) => referee.broke(`${what} of ${address}`, cause));

  const never = new Promise<never>(() => {});
  /** To a process that has ended no answer ever comes. */
  const ask = async (to: string, channel: Channel, message: Uint8Array): Promise<Result<Uint8Array, PeerError>> => {
    const answer = await network.request(address, to, channel, message);
    return alive ? answer : never;
  };
  const peerAt = (to: string): Peer => ({
    id: to,
    kind: to === cloudAddress ? 'cloud' : 'gate',
    exchange: async (message) => {
      const answer = await ask(to, 'sync', message);
      if (answer.ok) lastAnswerMs.set(to, queue.nowMs());
      answersLately = answer.ok || [...lastAnswerMs.values()].some((atMs) => queue.nowMs() - atMs < answersLatelyMs);
      return answer;
    },
  });

  const follow = async (peer: Peer): Promise<void> => {
    let failures = 0;
    for (;;) {
      const rings = news.rings();
      const result = isRevoked(feed, world, gateOf(peer.id))
        ? undefined
        : await replicator.syncWith(peer, event, signal);
      failures = result?.ok === false ? failures + 1 : 0;
      if (failures > 0) await queue.sleep(Math.min(retryMaxMs, retryFirstMs * 2 ** (failures - 1)));
      else if (await news.wait(rings, world.pace.idleExchangeMs, signal)) await queue.sleep(settleMs[peer.kind]);
    }
  };
  const drain = async (): Promise<void> => {
    for (;;) {
      const pokes = poke.rings();
      const drained = await replicator.drain();
      if (!drained.ok) referee.broke(`drain of ${address}`, drained.error.cause);
      else if (drained.value > 0) news.ring();
      await poke.wait(pokes, world.pace.drainMs, signal);
    }
  };
  const sayThrough = async (): Promise<void> => {
    for (;;) {
      await queue.sleep(world.pace.sayThroughMs);
      const at = store.through();
      if (at === undefined) continue;
      await replicator.sayThrough(event, at);
      news.ring();
    }
  };
  const pollFeed = async (): Promise<void> => {
    for (;;) {
      const answer = await ask(cloudAddress, 'feed', utf8(String(feed.manifest()?.version ?? 0)));
      if (answer.ok && answer.value.length > 0 && (await feed.offer(answer.value))) {
        referee.feedTaken(address, feed.manifest()?.version ?? 0);
        replicator.tryRefusedAgain();
        news.ring();
      }
      await queue.sleep(world.pace.feedPollMs);
    }
  };
  const syncReplica = async (): Promise<void> => {
    for (;;) {
      await queue.sleep(world.pace.replicaSyncMs);
      disk.replica.sync(disk.replica.length());
    }
  };

  network.listen(address, async (channel, from, message) => {
    if (channel !== 'sync') return undefined;
    const answered = await answerSync(
      {
        store: replica,
        ingest,
        maySync: async ({ gate: sender }, of) => of === event && !isRevoked(feed, world, sender),
      },
      { gate: gateOf(from) },
      message,
    );
    return answered.ok ? answered.value.answer : undefined;
  });
  for (const to of [...deps.peers(), cloudAddress]) inBackground('an exchange', () => follow(peerAt(to)));
  inBackground('draining', drain);
  inBackground('coverage', sayThrough);
  inBackground('the feed', pollFeed);
  inBackground('syncing', syncReplica);

  const reachable = (): number => [...lastAnswerMs.values()].filter((atMs) => queue.nowMs() - atMs <= inTouchMs).length;
  const context: LaneContext = {
    policy: () => world.policy,
    time: () => ({ nowMs: clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 100 }),
    feedAgeMs: () => 0,
    inTouch: () => ({ inTouch: reachable() > 0, peersReachable: reachable() }),
    gate,
    clock,
  };
  const laneOf = (direction: 'entry' | 'exit'): LaneBooks =>
    createLaneBooks(
      { id: direction, zone: 'hall', direction, onFailure: 'locked', holdTimeoutMs: 60_000 },
      {
        context,
        store,
        logger: quietLogger,
        decide: (input) => {
          const decision = decide(input);
          if (decision.kind === 'admit' && direction === 'entry')
            referee.admitted({
              address,
              gate,
              claim: input.claim,
              known: store.marksOf(input.claim.ticketId),
              keyState: keyState(input.claim),
            });
          return decision;
        },
      },
    );
  const lanes = { entry: laneOf('entry'), exit: laneOf('exit') };

  const issuerKey: Lookups['issuerKey'] = (id) => {
    const key = feed.manifest()?.keys.find(({ use, keyId }) => use === 'issuer' && keyId === id);
    return key === undefined
      ? undefined
      : { publicKey: hexToBytes(key.publicKey) ?? new Uint8Array(0), state: key.state };
  };
  const keyState = (claim: Claim): string =>
    claim.keyId === undefined ? 'none' : (issuerKey(claim.keyId)?.state ?? 'unknown');
  const lookups: Lookups = { event, issuerKey, ticketByCode: () => undefined, ticketByShortCode: () => undefined };

  return {
    address,
    gate,
    boot,
    disk,
    clock,
    feed,
    replica,
    marksOf: store.marksOf,
    scan: async (text, direction) => {
      const claim = await qrMethod.verify(
        { medium: 'optical', text, readerId: 'camera', seenAtMs: clock.monotonicMs() },
        lookups,
        signal,
      );
      const lane = lanes[direction];
      if (!claim.ok) {
        store.appendLater(draftRefusal(lane.place(), undefined, claim.error.type, undefined));
        return undefined;
      }
      const committed = await lane.admit(claim.value, undefined);
      if (!committed.ok) return undefined;
      const { decision } = committed.value;
      if (decision.kind === 'refuse')
        store.appendLater(draftRefusal(lane.place(), claim.value, decision.refusal.type, undefined));
      return committed.value;
    },
    giveBack: async (mark) => void (await lanes.entry.append(draftLapse(mark, mark.uses))),
    kill: () => {
      alive = false;
      network.silence(address);
    },
  };
}

/** The same, and what it refuses is in the trace. */
export const noted = (ingest: Ingest, { trace }: World, address: string): Ingest => ({
  ...ingest,
  chunk: async (chunk, from) => {
    const taken = await ingest.chunk(chunk, from);
    if (!taken.ok) trace.note(`refuse-${taken.error.type}`, address, from, chunk.head.gate);
    return taken;
  },
});

/** By the list that this gate has. */
const isRevoked = (feed: FeedClient, world: World, gate: string): boolean =>
  world.enrolledGates.includes(gate) && feed.manifest()?.gates.every(({ id }) => id !== gate) === true;
