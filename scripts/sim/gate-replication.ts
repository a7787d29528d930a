// The replicator of a simulated gate and the rhythm in which it is used: it drains after every commit, exchanges with every peer when there
// is something new and now and then otherwise, and asks for the feed. The engine of the real gate does the same over sockets.
import { setMaxListeners } from 'node:events';
import {
  answerSync,
  createIngest,
  createOwnSegments,
  createReplicator,
  ok,
  utf8,
  type Ingest,
  type Peer,
  type PeerError,
  type Result,
} from '@postern/shared';
import { createBell, type Bell } from '../../gate-agent/src/waiting.ts';
import type { Disk } from './disk.ts';
import type { EventQueue } from './event-queue.ts';
import type { FeedClient } from './feed-client.ts';
import type { GateClock } from './gate-clock.ts';
import { simulatedKeys } from './gate-marks.ts';
import { takeTime, withTime, type GateTime } from './gate-time.ts';
import type { Channel } from './network.ts';
import { quietLogger } from './replica.ts';
import type { SimulatedReplica } from './simulated-replica.ts';
import type { SimulatedStore } from './simulated-store.ts';
import { cloudAddress, gateOf, type World } from './world.ts';

export interface GateReplication {
  /** When each peer has answered last. */
  readonly lastAnswersMs: () => readonly number[];
}

export interface GateReplicationDeps {
  readonly world: World;
  readonly address: string;
  readonly gate: string;
  readonly boot: string;
  readonly disk: Disk;
  readonly clock: GateClock;
  readonly time: GateTime;
  readonly queue: EventQueue;
  readonly isAlive: () => boolean;
  readonly feed: FeedClient;
  readonly store: SimulatedStore;
  readonly replica: SimulatedReplica;
  /** Rings when the journal has grown. */
  readonly poke: Bell;
  readonly peers: () => readonly string[];
}

const settleMs = { gate: 20, cloud: 100 } as const;
const retryFirstMs = 250;
const retryMaxMs = 4_000;
const answersLatelyMs = 5_000;

export function startReplication(deps: GateReplicationDeps): GateReplication {
  const { world, address, gate, boot, disk, queue, feed, store, replica, poke } = deps;
  const { event, network, referee, seams } = world;
  const news = createBell(queue);
  const { signal } = new AbortController();
  // One loop for every peer waits on it.
  setMaxListeners(0, signal);
  const lastAnswerMs = new Map<string, number>();
  let answersLately = true;

  const ingest = noted(
    createIngest({
      ledger: seams.ledger(world.ledger),
      store: replica,
      directory: seams.directory(feed.directory),
      log: quietLogger,
    }),
    world,
    address,
  );
  const own = createOwnSegments({
    gate,
    boot,
    secretKey: simulatedKeys(gate).secretKey,
    ledger: world.ledger,
    store: replica,
    journal: seams.journal(store.journal, () => answersLately),
    log: quietLogger,
    breathe: async () => {},
  });
  const replicator = createReplicator({ gate, store: replica, ingest, own, clock: deps.clock });

  const never = new Promise<never>(() => {});
  /** To a process that has ended no answer ever comes. */
  const ask = async (to: string, channel: Channel, message: Uint8Array): Promise<Result<Uint8Array, PeerError>> => {
    const answer = await network.request(address, to, channel, message);
    return deps.isAlive() ? answer : never;
  };
  const peerAt = (to: string): Peer => ({
    id: to,
    kind: to === cloudAddress ? 'cloud' : 'gate',
    exchange: async (message) => {
      const sentMs = deps.clock.monotonicMs();
      const answer = await ask(to, 'sync', message);
      if (answer.ok) lastAnswerMs.set(to, queue.nowMs());
      answersLately = answer.ok || [...lastAnswerMs.values()].some((atMs) => queue.nowMs() - atMs < answersLatelyMs);
      if (!answer.ok || to === cloudAddress) return answer;
      const { stated, body } = takeTime(answer.value);
      deps.time.hear(stated, sentMs, deps.clock.monotonicMs());
      return ok(body);
    },
  });

  const follow = async (peer: Peer): Promise<void> => {
    let failures = 0;
    for (;;) {
      const rings = news.rings();
      const result = feed.isRevoked(gateOf(peer.id)) ? undefined : await replicator.syncWith(peer, event, signal);
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
  /** Of revoked gates what is not accepted leaves the history; our own marks are our journal's. */
  const reviseRevoked = async (): Promise<void> => {
    const revoked = (feed.manifest()?.revokedGates ?? []).filter(({ id }) => id !== gate);
    if (seams.revises) for (const { id } of revoked) await ingest.revise(event, id);
  };
  const pollFeed = async (): Promise<void> => {
    await reviseRevoked();
    for (;;) {
      const answer = await ask(cloudAddress, 'feed', utf8(String(feed.manifest()?.version ?? 0)));
      if (answer.ok && answer.value.length > 0 && (await feed.offer(answer.value))) {
        referee.feedTaken(address, feed.manifest()?.version ?? 0);
        replicator.tryRefusedAgain();
        await reviseRevoked();
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
      { store: replica, ingest, maySync: async (sender, of) => of === event && !feed.isRevoked(sender.gate) },
      { gate: gateOf(from) },
      message,
    );
    return answered.ok ? withTime(deps.time.stated(), answered.value.answer) : undefined;
  });

  /** Work that goes on by itself. A rejection is a fault of ours, and so a violation. */
  const inBackground = (what: string, work: () => Promise<void>): void =>
    void work().catch((cause: unknown) => referee.broke(`${what} of ${address}`, cause));
  for (const to of [...deps.peers(), cloudAddress]) inBackground('an exchange', () => follow(peerAt(to)));
  inBackground('draining', drain);
  inBackground('coverage', sayThrough);
  inBackground('the feed', pollFeed);
  inBackground('the time', deps.time.keepAsking);
  inBackground('syncing', syncReplica);
  return { lastAnswersMs: () => [...lastAnswerMs.values()] };
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
