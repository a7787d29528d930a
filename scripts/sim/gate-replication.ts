// The replicator of a simulated gate, put together as the engine of the real one does it over sockets: it drains after every commit, the
// mesh chooses its neighbours, a loop a neighbour and one for the cloud exchange with them, and it asks for the feed. Only idle rounds are
// slower, so that hours pass in seconds.
import { setMaxListeners } from 'node:events';
import {
  answerSync,
  createIngest,
  createOwnSegments,
  createReplicator,
  err,
  ok,
  utf8,
  type Ingest,
  type Peer,
  type PeerError,
  type Result,
} from '@postern/shared';
import { ownGateCause, type LanPeer } from '../../gate-agent/src/replication/lan-peer.ts';
import { createMesh } from '../../gate-agent/src/replication/mesh.ts';
import { exchangeIntervalMs, runPeerLoop } from '../../gate-agent/src/peers/peer-loop.ts';
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
  const exchangeWith =
    (to: string): Peer['exchange'] =>
    async (message) => {
      const sentMs = deps.clock.monotonicMs();
      const answer = await ask(to, 'sync', message);
      if (answer.ok) lastAnswerMs.set(to, queue.nowMs());
      answersLately = answer.ok || [...lastAnswerMs.values()].some((atMs) => queue.nowMs() - atMs < answersLatelyMs);
      if (!answer.ok || to === cloudAddress) return answer;
      const { stated, body } = takeTime(answer.value);
      deps.time.hear(stated, sentMs, deps.clock.monotonicMs());
      return ok(body);
    };
  /** As mutual TLS has it: not a byte for a gate that is revoked, nor for another device of this one. */
  const refusalOf = (to: string): string | undefined => {
    if (gateOf(to) === gate) return ownGateCause;
    return feed.isRevoked(gateOf(to)) ? 'revoked' : undefined;
  };
  const createPeer = (to: string): LanPeer => {
    const exchange = exchangeWith(to);
    let proved: string | undefined;
    network.follow(address, to);
    return {
      id: to,
      kind: 'gate',
      gate: () => proved,
      exchange: async (message, until) => {
        const cause = refusalOf(to);
        if (cause !== undefined) return err({ type: 'peer-refused', status: 0, cause });
        const answer = await exchange(message, until);
        if (answer.ok) proved = gateOf(to);
        return answer;
      },
      close: () => {
        if (deps.isAlive()) network.unfollow(address, to);
      },
    };
  };
  const stretch = world.pace.idleExchangeMs / exchangeIntervalMs;
  const follow = (peer: Peer, onTurn: (error: PeerError | undefined) => void, until: AbortSignal): Promise<void> =>
    runPeerLoop(
      {
        peer,
        event,
        replicator,
        log: quietLogger,
        clock: { ...deps.clock, monotonicMs: () => deps.clock.monotonicMs() / stretch },
        timer: queue,
        bell: { ...news, wait: (seen, ms, ofWait) => news.wait(seen, ms * stretch, ofWait) },
        afterTurn: onTurn,
      },
      until,
    );
  const mesh = createMesh({
    gate,
    addresses: deps.peers(),
    createPeer,
    follow,
    forget: replicator.forget,
    clock: deps.clock,
    timer: { after: (ms, run) => queue.after(Math.max(ms, world.pace.meshTickMs), run) },
  });
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
        mesh.tryRefusedAgain();
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
    if (!answered.ok) return undefined;
    const { answer, marksAccepted, agreed } = answered.value;
    for (const peer of mesh.peers()) if (peer.gate() === gateOf(from)) replicator.noteAsked(peer, event, agreed);
    if (marksAccepted > 0) news.ring();
    return withTime(deps.time.stated(), answer);
  });

  /** Work that goes on by itself. A rejection is a fault of ours, and so a violation. */
  const inBackground = (what: string, work: () => Promise<void>): void =>
    void work().catch((cause: unknown) => referee.broke(`${what} of ${address}`, cause));
  network.follow(address, cloudAddress);
  inBackground('an exchange', () =>
    follow({ id: cloudAddress, kind: 'cloud', exchange: exchangeWith(cloudAddress) }, () => {}, signal),
  );
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
