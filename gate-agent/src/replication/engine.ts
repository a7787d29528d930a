// The replicator with its surroundings: databases, peers, listener and the rhythm in which they are used. Runs in the replication
// thread (worker.ts) and, for tests, anywhere else.
import {
  answerSync,
  compareHybrid,
  createIngest,
  createOwnSegments,
  createReplicator,
  hexToBytes,
  type Alarm,
  type Clock,
  type GateDirectory,
  type Ledger,
  type Logger,
  type Peer,
  type Replicator,
  type SegmentState,
  type Timer,
} from '@postern/shared';
import { setAsideDamagedReplica } from '../store/damaged-replica.ts';
import { createJournalReader } from '../store/journal-reader.ts';
import { openReplica } from '../store/replica.ts';
import { createBell } from '../waiting.ts';
import { createCloudPeer } from './cloud-peer.ts';
import { createGateFetch } from './gate-auth.ts';
import { startLanListener, type LanListener } from './lan-listener.ts';
import { createLanPeer, type LanPeer } from './lan-peer.ts';
import {
  alarmsKeptMax,
  type ListedGate,
  type PeerTime,
  type ReplicationSettings,
  type ReplicationStatus,
  type TimeState,
  type ToReplication,
} from './messages.ts';
import { statePeerTime } from './peer-time.ts';
import { runPeerLoop } from './peer-loop.ts';
import { defaultGraceMs, type TlsIdentity, type TrustState } from './tls-identity.ts';

export interface EngineDeps {
  readonly settings: ReplicationSettings;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onStatus: (status: ReplicationStatus) => void;
  /** Another gate has told the time, while ours is not trusted. */
  readonly onPeerTime?: (time: PeerTime) => void;
  readonly timer: Timer;
  /** Steps aside between two small transactions. */
  readonly breathe: () => Promise<void>;
}

export interface Engine {
  readonly lanPort: number | undefined;
  readonly handle: (message: Exclude<ToReplication, { readonly type: 'content-hash' | 'stop' }>) => void;
  readonly contentHash: () => Promise<string>;
  /** Drains, closes this start's segments, lets the peers know within `goodbyeMs`, and closes everything. */
  readonly stop: () => Promise<void>;
}

/** What stopping may spend on telling peers the last marks. */
const goodbyeMs = 2_000;
/** Between two looks at the journal when nobody pokes. */
const drainIntervalMs = 1_000;

export async function startEngine(deps: EngineDeps): Promise<Engine> {
  const { settings, ledger, clock, log } = deps;
  const { gate, event, boot } = settings;
  const stopping = new AbortController();
  const bell = createBell(deps.timer);
  let gates: readonly ListedGate[] = [];
  let time: TimeState = { atMs: 0, timeTrusted: false };
  let alarms: readonly Alarm[] = [];
  let drainError: string | undefined;
  let lanError: string | undefined;

  const damage = settings.checkReplica === true ? setAsideDamagedReplica(settings.replicaPath) : undefined;
  if (damage !== undefined)
    log.error({ damage }, 'replica.db was damaged and has been set aside; what it held is learned again from others');
  const journal = createJournalReader(settings.journalPath);
  const store = openReplica({ path: settings.replicaPath, journal, breathe: deps.breathe });
  const adopted = await store.adoptLostMarks(gate, ledger);
  if (adopted > 0)
    log.warn(
      { marks: adopted },
      "marks that are no longer in the journal were found in this gate's own segments and kept",
    );

  const listed = (id: string): ListedGate | undefined => gates.find((known) => known.id === id);
  const directory: GateDirectory = {
    gateKey: async (ofEvent, id) => {
      if (ofEvent !== event) return undefined;
      // Before the first feed a gate knows only itself.
      const known = listed(id);
      const publicKey =
        known === undefined ? (id === gate ? settings.publicKey : undefined) : hexToBytes(known.publicKey);
      return publicKey === undefined ? undefined : { publicKey, state: known?.revoked === true ? 'revoked' : 'active' };
    },
  };
  const ingest = createIngest({ ledger, store, directory, log });
  const own = createOwnSegments({
    gate,
    boot,
    secretKey: settings.secretKey,
    ledger,
    store,
    journal,
    log,
    breathe: deps.breathe,
  });
  const replicator = createReplicator({ gate, store, ingest, own, clock });

  const identity: TlsIdentity = { gate, keyPem: settings.keyPem, certificate: settings.certificate, ca: settings.ca };
  const trust = (): TrustState => ({
    atMs: time.atMs,
    timeTrusted: time.timeTrusted,
    graceMs: defaultGraceMs,
    listedKey: (id) => {
      const known = listed(id);
      return known === undefined || known.revoked === true ? undefined : hexToBytes(known.publicKey);
    },
  });

  const hearTime = (told: PeerTime): void => {
    if (!time.timeTrusted) deps.onPeerTime?.(told);
  };

  const report = async (): Promise<void> => {
    alarms = [...alarms, ...replicator.takeAlarms()].slice(-alarmsKeptMax);
    deps.onStatus(
      await describeStatus(replicator, await store.frontier(event), { event, gate, alarms, drainError, lanError }),
    );
  };
  const drain = async (): Promise<number> => {
    const drained = await replicator.drain();
    drainError = drained.ok ? undefined : drained.error.cause;
    return drained.ok ? drained.value : 0;
  };

  const answer = async (
    sender: string,
    message: Uint8Array,
  ): Promise<{ readonly status: number; readonly body: Uint8Array }> => {
    const answered = await answerSync(
      { store, ingest, maySync: async (_sender, ofEvent) => ofEvent === event },
      { gate: sender },
      message,
    );
    if (!answered.ok)
      return { status: answered.error.type === 'malformed' ? 400 : 403, body: Buffer.from(answered.error.type) };
    if (answered.value.marksAccepted > 0) await report();
    return { status: 200, body: answered.value.answer };
  };
  const listener = settings.lanListen === undefined ? undefined : await listen(settings.lanListen);

  async function listen(address: string): Promise<LanListener | undefined> {
    try {
      return await startLanListener({
        address,
        identity,
        trust,
        answer,
        log,
        statedTime: () => statePeerTime(time, clock),
      });
    } catch (cause) {
      lanError = `${address}: ${cause instanceof Error ? cause.message : 'cannot listen'}`;
      log.error({ cause: lanError }, 'other gates cannot reach this one');
      return undefined;
    }
  }

  const running: Promise<void>[] = [];
  const lanPeers = new Map<string, LanPeer>();
  const follow = (peer: Peer): void => {
    running.push(
      runPeerLoop(
        {
          peer,
          event,
          replicator,
          log,
          timer: deps.timer,
          bell,
          afterTurn: report,
        },
        stopping.signal,
      ),
    );
  };
  const addLanPeers = (addresses: readonly string[]): void => {
    for (const address of addresses) {
      if (lanPeers.has(address)) continue;
      const peer = createLanPeer({ address, identity, trust, clock, onTime: hearTime });
      lanPeers.set(address, peer);
      follow(peer);
    }
  };
  const runDrains = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const rings = bell.rings();
      if ((await drain()) > 0) bell.ring();
      else await bell.wait(rings, drainIntervalMs, stopping.signal);
    }
  };

  await drain();
  running.push(runDrains());
  addLanPeers(settings.lanPeers);
  const cloud =
    settings.cloudUrl === undefined
      ? undefined
      : createCloudPeer({ cloudUrl: settings.cloudUrl, fetch: createGateFetch({ gate, keys: settings, clock }) });
  if (cloud !== undefined) follow(cloud);

  return {
    lanPort: listener?.port,
    handle: (message) => {
      switch (message.type) {
        case 'poke':
          return bell.ring();
        case 'gates':
          gates = message.gates;
          replicator.tryRefusedAgain();
          return bell.ring();
        case 'time':
          time = message.time;
          return;
        case 'lan-peers':
          return addLanPeers(message.addresses);
        case 'through':
          return void replicator
            .sayThrough(event, message.at)
            .then(bell.ring, (cause: unknown) => log.error({ cause: String(cause) }, 'coverage could not be signed'));
      }
    },
    contentHash: async () => {
      await drain();
      return store.contentHash(event);
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(running);
      const closed = await replicator.close();
      if (!closed.ok) log.error({ cause: closed.error.cause }, 'the last marks could not be brought into a segment');
      const goodbye = AbortSignal.timeout(goodbyeMs);
      await Promise.all(
        [...lanPeers.values(), ...(cloud === undefined ? [] : [cloud])].map((peer) =>
          replicator.syncWith(peer, event, goodbye),
        ),
      );
      for (const peer of lanPeers.values()) peer.close();
      await listener?.close();
      store.close();
      journal.close();
    },
  };
}

interface StatusFacts {
  readonly event: number;
  readonly gate: string;
  readonly alarms: readonly Alarm[];
  readonly drainError: string | undefined;
  readonly lanError: string | undefined;
}

async function describeStatus(
  replicator: Replicator,
  frontier: readonly SegmentState[],
  { event, gate, alarms, drainError, lanError }: StatusFacts,
): Promise<ReplicationStatus> {
  const peers = await replicator.peerStatus(event);
  const reachable = peers.filter((peer) => peer.reachable);
  const contacts = peers.flatMap((peer) => peer.lastContactMs ?? []);
  const newestByGate = new Map<string, { readonly through: SegmentState['through']; readonly marks: number }>();
  for (const row of frontier) {
    if (row.gate === gate) continue;
    const before = newestByGate.get(row.gate);
    const newer = before === undefined || compareHybrid(row.through, before.through) > 0;
    newestByGate.set(row.gate, {
      through: newer ? row.through : before.through,
      marks: (before?.marks ?? 0) + row.firstSequence + row.count - 1,
    });
  }
  return {
    peers,
    inTouch: reachable.length > 0,
    peersReachable: reachable.filter((peer) => peer.kind === 'gate').length,
    lastContactMs: contacts.length === 0 ? undefined : Math.max(...contacts),
    cloudBacklogMarks: peers.find((peer) => peer.kind === 'cloud' && peer.lastContactMs !== undefined)?.backlogMarks,
    gates: [...newestByGate].map(([id, known]) => ({ gate: id, ...known })),
    alarms,
    drainError,
    lanError,
  };
}
