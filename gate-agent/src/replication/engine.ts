// The replicator with its surroundings: databases, peers, listener and the rhythm in which they are used. Runs in the replication
// thread (worker.ts) and, for tests, anywhere else.
import { setMaxListeners } from 'node:events';
import { dirname } from 'node:path';
import {
  answerSync,
  createIngest,
  createOwnSegments,
  createReplicator,
  hexToBytes,
  importMessage,
  type Clock,
  type ImportedGate,
  type ImportError,
  type Ledger,
  type Logger,
  sleep,
  type Peer,
  type PeerError,
  type Random,
  type Result,
  type Timer,
} from '@postern/shared';
import { readDisk } from '../machine.ts';
import { setAsideDamagedReplica } from '../store/damaged-replica.ts';
import { createJournalReader } from '../store/journal-reader.ts';
import { openReplica } from '../store/replica.ts';
import { createBell } from '../waiting.ts';
import { createCloudPeer } from '../peers/cloud-peer.ts';
import { createGateFetch } from '../peers/gate-auth.ts';
import { createGateDirectory } from '../peers/gate-directory.ts';
import { describeStatus } from '../peers/describe-status.ts';
import { noDiscovery, startDiscovery, type Discovery } from './discovery.ts';
import { keepListening, type KeptListener } from './keep-listening.ts';
import { keepWebDoor, type KeptWebDoor } from './keep-web-door.ts';
import { startLanListener, type LanListener } from './lan-listener.ts';
import { createLanPeer, splitAddress } from './lan-peer.ts';
import { createMesh } from './mesh.ts';
import { type PeerTime, type ReplicationSettings, type TimeState, type ToReplication } from './messages.ts';
import { alarmsKeptMax, type LanStatus, type ListedGate, type ReplicationStatus } from '../peers/replication-status.ts';
import { statePeerTime } from './peer-time.ts';
import { readPastAlarms } from './past-alarms.ts';
import { keepRoom } from './room.ts';
import { runPeerLoop } from '../peers/peer-loop.ts';
import { defaultGraceMs, type TlsIdentity, type TrustState } from './tls-identity.ts';

export interface EngineDeps {
  readonly settings: ReplicationSettings;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onStatus: (status: ReplicationStatus) => void;
  /** Another gate has told the time, while ours is not trusted. */
  readonly onPeerTime?: (time: PeerTime) => void;
  /** Marks of orders have been learned; said at once, however much else is on its way. */
  readonly onOrders?: () => void;
  readonly timer: Timer;
  readonly random: Random;
  /** Steps aside between two small transactions. */
  readonly breathe: () => Promise<void>;
}

export interface Engine {
  readonly lanPort: number | undefined;
  readonly handle: (message: Exclude<ToReplication, { readonly type: 'content-hash' | 'import' | 'stop' }>) => void;
  readonly contentHash: () => Promise<string>;
  /** What somebody has carried here as a file goes on to the peers, too. */
  readonly importMessage: (message: Uint8Array, from: string) => Promise<Result<readonly ImportedGate[], ImportError>>;
  /** Drains, closes this start's segments, lets the peers know within `goodbyeMs`, and closes everything. */
  readonly stop: () => Promise<void>;
}

/** What stopping may spend on telling peers the last marks. */
const goodbyeMs = 2_000;
/** Between two reports of how it stands. */
const reportIntervalMs = 200;
/** Between two looks at the journal when nobody pokes. */
const drainIntervalMs = 1_000;

export async function startEngine(deps: EngineDeps): Promise<Engine> {
  const { settings, ledger, clock, log } = deps;
  const { gate, event, boot } = settings;
  const stopping = new AbortController();
  // Every neighbour and every wait listens to it.
  setMaxListeners(0, stopping.signal);
  /** There is something new in the journal. */
  const journalBell = createBell(deps.timer);
  /** There is something new for peers. */
  const bell = createBell(deps.timer);
  let gates: readonly ListedGate[] = [];
  let time: TimeState = { atMs: 0, timeTrusted: false };
  let drainError: string | undefined;

  const damage =
    settings.checkReplica === true ? setAsideDamagedReplica(settings.replicaPath, settings.diskKey) : undefined;
  if (damage !== undefined)
    log.error({ damage }, 'replica.db was damaged and has been set aside; what it held is learned again from others');
  const journal = createJournalReader(settings.journalPath, settings.diskKey);
  const store = openReplica({
    path: settings.replicaPath,
    key: settings.diskKey,
    journal,
    breathe: deps.breathe,
    ...(deps.onOrders === undefined ? {} : { onOrders: deps.onOrders }),
  });
  const adopted = await store.adoptLostMarks(gate, ledger);
  if (adopted > 0)
    log.warn(
      { marks: adopted },
      "marks that are no longer in the journal were found in this gate's own segments and kept",
    );

  let alarms = await readPastAlarms(store, ledger, event, alarmsKeptMax);

  const listed = (id: string): ListedGate | undefined => gates.find((known) => known.id === id);
  const directory = createGateDirectory({ event, self: { id: gate, publicKey: settings.publicKey }, listed });
  const ingest = keepRoom(createIngest({ ledger, store, directory, log }), {
    freeBytes: () => readDisk(dirname(settings.replicaPath)).disk?.freeBytes,
    log,
  });
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
      return known === undefined || known.accepted !== undefined ? undefined : hexToBytes(known.publicKey);
    },
  });

  const hearTime = (told: PeerTime): void => {
    if (!time.timeTrusted) deps.onPeerTime?.(told);
  };

  let foundGates: ReadonlySet<string> = new Set();
  let discovery = noDiscovery;
  let listener: KeptListener | undefined;
  let door: KeptWebDoor | undefined;
  const lanStatus = (): LanStatus => ({
    found: foundGates.size,
    answering: mesh.answering(),
    refused: mesh.refused() + discovery.strangers(),
    trouble: listener?.trouble() ?? discovery.trouble() ?? door?.trouble(),
  });
  const report = async (): Promise<void> => {
    alarms = [...alarms, ...replicator.takeAlarms()].slice(-alarmsKeptMax);
    deps.onStatus(
      await describeStatus(replicator, await store.frontier(event), {
        event,
        gate,
        alarms,
        drainError,
        lan: lanStatus(),
      }),
    );
  };
  /** At most one at a time and not at every exchange: every neighbour has its turns. */
  let reporting: Promise<void> | undefined;
  const reportSoon = (): void => {
    if (stopping.signal.aborted) return;
    reporting ??= sleep(deps.timer, reportIntervalMs, stopping.signal)
      .then(report)
      .catch((cause: unknown) => log.error({ cause: String(cause) }, 'the state of replication could not be read'))
      .finally(() => (reporting = undefined));
  };
  const drain = async (): Promise<number> => {
    const drained = await replicator.drain();
    drainError = drained.ok ? undefined : drained.error.cause;
    const marks = drained.ok ? drained.value : 0;
    if (marks > 0) bell.ring();
    return marks;
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
    const { marksAccepted, agreed } = answered.value;
    for (const peer of mesh.peers()) if (peer.gate() === sender) replicator.noteAsked(peer, event, agreed);
    if (marksAccepted > 0) {
      bell.ring();
      reportSoon();
    }
    return { status: 200, body: answered.value.answer };
  };
  const listen = (address: string): Promise<LanListener> =>
    startLanListener({ address, identity, trust, answer, log, statedTime: () => statePeerTime(time, clock) });

  /** Of gates that were revoked in a newer feed, what is not accepted leaves the history; our own marks are our journal's. */
  const takeGates = async (newer: readonly ListedGate[]): Promise<void> => {
    const revised = newer.filter(
      (known) => known.accepted !== undefined && known.id !== gate && !isSameAccepted(known, listed(known.id)),
    );
    gates = newer;
    replicator.tryRefusedAgain();
    mesh.tryRefusedAgain();
    discovery.look();
    let gone = 0;
    for (const { id } of revised) gone += await ingest.revise(event, id);
    if (gone > 0) reportSoon();
    bell.ring();
  };

  const running: Promise<void>[] = [];
  const follow = (peer: Peer, onTurn: (error: PeerError | undefined) => unknown, signal: AbortSignal): Promise<void> =>
    runPeerLoop(
      {
        peer,
        event,
        replicator,
        log,
        clock,
        timer: deps.timer,
        bell,
        afterTurn: (error) => {
          onTurn(error);
          reportSoon();
        },
      },
      signal,
    );
  const runDrains = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const rings = journalBell.rings();
      if ((await drain()) === 0) await journalBell.wait(rings, drainIntervalMs, stopping.signal);
    }
  };

  await drain();
  running.push(runDrains());
  const mesh = createMesh({
    gate,
    addresses: settings.lanPeers,
    createPeer: (address) => createLanPeer({ address, identity, trust, clock, onTime: hearTime }),
    follow,
    forget: replicator.forget,
    clock,
    timer: deps.timer,
  });
  if (settings.lanListen !== undefined)
    listener = await keepListening(
      { address: settings.lanListen, start: listen, timer: deps.timer, log },
      stopping.signal,
    );
  if (settings.lanDiscover) discovery = discover();
  const { cloudUrl } = settings;
  const cloudFetch = createGateFetch({ gate, keys: settings, clock });
  const cloud = cloudUrl === undefined ? undefined : createCloudPeer({ cloudUrl, fetch: cloudFetch });
  let cloudReachable = false;
  let toldCloudUrl: string | undefined;
  if (cloud !== undefined)
    running.push(follow(cloud, (error) => (cloudReachable = error === undefined), stopping.signal));

  if (settings.web !== undefined) {
    door = keepWebDoor(
      {
        settings: settings.web,
        cloud: cloudUrl === undefined ? undefined : { url: cloudUrl, fetch: cloudFetch },
        toldCloudUrl: () => toldCloudUrl,
        gate,
        trust,
        answer,
        status: () => ({ v: 1, gate, event, peersReachable: mesh.answering(), cloudReachable }),
        statedTime: () => statePeerTime(time, clock),
        clock,
        timer: deps.timer,
        random: deps.random,
        log,
      },
      stopping.signal,
    );
    running.push(door.ended);
  }

  // Also where nobody answers, and so nothing else is reported.
  if (alarms.length > 0) reportSoon();

  function discover(): Discovery {
    return startDiscovery({
      event,
      gate,
      host: settings.lanListen === undefined ? undefined : splitAddress(settings.lanListen).host,
      port: () => listener?.port(),
      isListed: (id) => gates.length === 0 || listed(id) !== undefined,
      isWanting: mesh.isWanting,
      onFound: (heard) => {
        foundGates = new Set(heard.map((known) => known.gate));
        mesh.setFound(heard);
      },
      clock,
      timer: deps.timer,
      log,
    });
  }

  return {
    lanPort: listener?.port(),
    handle: (message) => {
      switch (message.type) {
        case 'poke':
          return journalBell.ring();
        case 'gates':
          toldCloudUrl = message.cloudUrl;
          // It is said again and again.
          if (isSameList(gates, message.gates)) return;
          return void takeGates(message.gates).catch((cause: unknown) =>
            log.error({ cause: String(cause) }, 'the list of gates could not be applied to what is known of them'),
          );
        case 'time':
          time = message.time;
          return;
        case 'through':
          return void replicator
            .sayThrough(event, message.at)
            // It has drained what was new.
            .then(bell.ring, (cause: unknown) => log.error({ cause: String(cause) }, 'coverage could not be signed'));
      }
    },
    contentHash: async () => {
      await drain();
      return store.contentHash(event);
    },
    importMessage: async (message, from) => {
      const imported = await importMessage({ ingest, event }, message, from);
      if (imported.ok && imported.value.some(({ marks }) => marks > 0)) bell.ring();
      reportSoon();
      return imported;
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([...running, mesh.stop(), discovery.close(), reporting]);
      const closed = await replicator.close();
      if (!closed.ok) log.error({ cause: closed.error.cause }, 'the last marks could not be brought into a segment');
      const goodbye = AbortSignal.timeout(goodbyeMs);
      await Promise.all(
        [...mesh.peers(), ...(cloud === undefined ? [] : [cloud])].map((peer) =>
          replicator.syncWith(peer, event, goodbye),
        ),
      );
      mesh.close();
      await listener?.close();
      store.close();
      journal.close();
    },
  };
}

const isSameList = (a: readonly ListedGate[], b: readonly ListedGate[]): boolean =>
  a.length === b.length &&
  a.every((gate, index) => {
    const other = b[index];
    return gate.id === other?.id && gate.publicKey === other.publicKey && isSameAccepted(gate, other);
  });

const isSameAccepted = (a: ListedGate, b: ListedGate | undefined): boolean =>
  JSON.stringify(a.accepted) === JSON.stringify(b?.accepted);
