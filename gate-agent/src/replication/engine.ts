// The replicator with its surroundings: databases, peers, listener and the rhythm in which they are used. Runs in the replication
// thread (worker.ts) and, for tests, anywhere else.
import { setMaxListeners } from 'node:events';
import { dirname } from 'node:path';
import {
  answerSync,
  hexToBytes,
  importMessage,
  type Clock,
  type ImportedGate,
  type ImportError,
  type Ledger,
  type Logger,
  type Random,
  type Result,
  type Timer,
} from '@postern/shared';
import { readDisk } from '../machine.ts';
import { setAsideDamagedReplica } from '../store/damaged-replica.ts';
import { createJournalReader } from '../store/journal-reader.ts';
import { openReplica } from '../store/replica.ts';
import { createCloudPeer } from '../peers/cloud-peer.ts';
import { createGateFetch } from '../peers/gate-auth.ts';
import { startReplicationRounds } from '../peers/replication-rounds.ts';
import { noDiscovery, startDiscovery, type Discovery } from './discovery.ts';
import { keepListening, type KeptListener } from './keep-listening.ts';
import { keepWebDoor, type KeptWebDoor } from './keep-web-door.ts';
import { startLanListener, type LanListener } from './lan-listener.ts';
import { createLanPeer, splitAddress } from './lan-peer.ts';
import { createMesh } from './mesh.ts';
import type { ReplicationSettings, ToReplication } from './messages.ts';
import { alarmsKeptMax, type LanStatus, type ReplicationStatus } from '../peers/replication-status.ts';
import { statePeerTime, type PeerTime, type TimeState } from '../peers/peer-time.ts';
import { readPastAlarms } from './past-alarms.ts';
import { keepRoom } from './room.ts';
import { defaultGraceMs, type TlsIdentity, type TrustState } from './tls-identity.ts';

export interface EngineDeps {
  readonly settings: ReplicationSettings;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onStatus: (status: ReplicationStatus) => void;
  /** Automerge cannot be relied on any more: this thread has to end. */
  readonly onTrapped: () => void;
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

export async function startEngine(deps: EngineDeps): Promise<Engine> {
  const { settings, ledger, clock, log } = deps;
  const { gate, event } = settings;
  const stopping = new AbortController();
  // Every neighbour and every wait listens to it.
  setMaxListeners(0, stopping.signal);
  let time: TimeState = { atMs: 0, timeTrusted: false };

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
  const pastAlarms = await readPastAlarms(store, ledger, event, alarmsKeptMax);
  const rounds = await startReplicationRounds(
    {
      ...deps,
      store,
      journal,
      pastAlarms,
      guard: (ingest) =>
        keepRoom(ingest, { freeBytes: () => readDisk(dirname(settings.replicaPath)).disk?.freeBytes, log }),
      lan: () => lanStatus(),
    },
    stopping.signal,
  );
  const { replicator, ingest, news, listed, follow, reportSoon } = rounds;

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
      news.ring();
      reportSoon();
    }
    return { status: 200, body: answered.value.answer };
  };
  const listen = (address: string): Promise<LanListener> =>
    startLanListener({ address, identity, trust, answer, log, statedTime: () => statePeerTime(time, clock) });

  const running: Promise<void>[] = [];
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
  if (pastAlarms.length > 0) reportSoon();

  function discover(): Discovery {
    return startDiscovery({
      event,
      gate,
      host: settings.lanListen === undefined ? undefined : splitAddress(settings.lanListen).host,
      port: () => listener?.port(),
      isListed: (id) => rounds.gates().length === 0 || listed(id) !== undefined,
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
          return rounds.poke();
        case 'gates':
          toldCloudUrl = message.cloudUrl;
          if (!rounds.setGates(message.gates)) return;
          mesh.tryRefusedAgain();
          return discovery.look();
        case 'time':
          time = message.time;
          return;
        case 'through':
          return rounds.sayThrough(message.at);
      }
    },
    contentHash: async () => {
      await rounds.drain();
      return store.contentHash(event);
    },
    importMessage: async (message, from) => {
      const imported = await importMessage({ ingest, event }, message, from);
      if (imported.ok && imported.value.some(({ marks }) => marks > 0)) news.ring();
      reportSoon();
      return imported;
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([...running, mesh.stop(), discovery.close()]);
      await rounds.stop();
      await rounds.sayGoodbye([...mesh.peers(), ...(cloud === undefined ? [] : [cloud])]);
      mesh.close();
      await listener?.close();
      store.close();
      journal.close();
    },
  };
}
