// A gate's store and replication as the agent has them, on real database files and against a real cloud, but without threads and
// sockets: a test decides who can reach whom, and when anything is exchanged.
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  answerSync,
  createIngest,
  createOwnSegments,
  createReplicator,
  err,
  ok,
  type GateDirectory,
  type Ingest,
  type Ledger,
  type Mark,
  type Peer,
  type Replicator,
  type TrustedTime,
  type Verdict,
} from '@postern/shared';
import { createCloudPeer } from '../../gate-agent/src/peers/cloud-peer.ts';
import { createGateFetch } from '../../gate-agent/src/peers/gate-auth.ts';
import { createJournalReader, type OpenJournalReader } from '../../gate-agent/src/store/journal-reader.ts';
import { openReplica, type GateReplica } from '../../gate-agent/src/store/replica.ts';
import { createGateStore, type GateStore } from '../../gate-agent/src/store/store.ts';
import { enrolTestGate, silentLog, someEvent, type TestCloud, type TestGate } from './cloud.ts';
import { aPolicy } from './marks.ts';

/** Who cannot reach whom, both ways; ends are gate ids and `cloud`. */
export interface Network {
  readonly cut: (a: string, b: string) => void;
  readonly heal: (a: string, b: string) => void;
  readonly isCut: (a: string, b: string) => boolean;
}

export function createNetwork(): Network {
  const cuts = new Set<string>();
  const key = (a: string, b: string): string => [a, b].toSorted().join(' ');
  return {
    cut: (a, b) => void cuts.add(key(a, b)),
    heal: (a, b) => void cuts.delete(key(a, b)),
    isCut: (a, b) => cuts.has(key(a, b)),
  };
}

export interface ReplicatingGate {
  readonly id: string;
  readonly store: () => GateStore;
  readonly replica: () => GateReplica;
  readonly ingest: () => Ingest;
  readonly replicator: () => Replicator;
  /** Lets the ticket in, unless it is known to have been used. */
  readonly admit: (ticketId: string) => Promise<Mark | undefined>;
  /** Drains, then exchanges with the cloud or another gate; false when it cannot be reached. */
  readonly sync: (other: ReplicatingGate | 'cloud') => Promise<boolean>;
  readonly answer: (message: Uint8Array) => ReturnType<Peer['exchange']>;
  /** SIGKILL: nothing is closed or drained; a new process start follows. */
  readonly crash: () => Promise<void>;
  /** The data folder as it is now, and back to it: a card restored from an image. */
  readonly copyData: (to: string) => void;
  readonly restoreData: (from: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface ReplicatingGateOptions {
  readonly cloud: TestCloud;
  readonly network: Network;
  readonly ledger: Ledger;
  readonly event: number;
  readonly id: string;
  readonly folder: string;
  /** All gates of the event, itself included. */
  readonly gates: ReadonlyMap<string, TestGate>;
  /** How far this gate's clock is off, in milliseconds. */
  readonly clockOffMs?: number;
}

const policy = aPolicy({ types: someEvent.types, zones: someEvent.zones });
const files = ['journal.db', 'journal.db-wal', 'replica.db', 'replica.db-wal'];
let boots = 0;

/** Enrols `ids` at the cloud; the map is what each of them then knows of the others. */
export async function enrolGates(
  cloud: TestCloud,
  event: number,
  ids: readonly string[],
): Promise<ReadonlyMap<string, TestGate>> {
  const gates = new Map<string, TestGate>();
  for (const id of ids) gates.set(id, await enrolTestGate(cloud, event, id));
  return gates;
}

export async function startReplicatingGate({
  cloud,
  network,
  ledger,
  event,
  id,
  folder,
  gates,
  clockOffMs = 0,
}: ReplicatingGateOptions): Promise<ReplicatingGate> {
  const data = join(folder, id);
  mkdirSync(data, { recursive: true });
  const keys = gates.get(id)?.keys;
  if (keys === undefined) throw new Error(`${id} is not enrolled`);
  const clock = { wallMs: () => cloud.time.clock.wallMs() + clockOffMs, monotonicMs: cloud.time.clock.monotonicMs };
  const directory: GateDirectory = {
    gateKey: async (ofEvent, gate) => {
      const publicKey = ofEvent === event ? gates.get(gate)?.keys.publicKey : undefined;
      return publicKey === undefined ? undefined : { publicKey, state: 'active' };
    },
  };
  const send = (async (url: URL, init: RequestInit) => {
    if (network.isCut(id, 'cloud')) throw new TypeError('fetch failed');
    return cloud.cloud.app.request(url.pathname, init);
  }) as typeof fetch;
  const cloudPeer = createCloudPeer({
    cloudUrl: 'http://cloud.test',
    fetch: createGateFetch({ gate: id, keys, clock, fetch: send }),
  });

  interface Running {
    readonly store: GateStore;
    readonly journal: OpenJournalReader;
    readonly replica: GateReplica;
    readonly ingest: Ingest;
    readonly replicator: Replicator;
  }
  const start = async (): Promise<Running> => {
    const boot = (++boots).toString(16).padStart(16, '0');
    const time = (): TrustedTime => ({ nowMs: clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 100 });
    const store = createGateStore({
      journalPath: join(data, 'journal.db'),
      replicaPath: join(data, 'replica.db'),
      event,
      gate: id,
      boot,
      clock,
      time,
      logger: silentLog,
      timer: cloud.time.timer,
      policy: () => policy,
      ticket: (ticketId) => ({ id: ticketId, type: 1, epoch: 0, status: 'valid', party: 1 }),
    });
    const journal = createJournalReader(join(data, 'journal.db'));
    const replica = openReplica({ path: join(data, 'replica.db'), journal, breathe: async () => {} });
    await replica.adoptLostMarks(id, ledger);
    const ingest = createIngest({ ledger, store: replica, directory, log: silentLog });
    const own = createOwnSegments({
      gate: id,
      boot,
      secretKey: keys.secretKey,
      ledger,
      store: replica,
      journal,
      log: silentLog,
      breathe: async () => {},
    });
    return {
      store,
      journal,
      replica,
      ingest,
      replicator: createReplicator({ gate: id, store: replica, ingest, own, clock }),
    };
  };
  let running = await start();
  const end = async (): Promise<void> => {
    await running.store.close();
    running.replica.close();
    running.journal.close();
  };

  return {
    id,
    store: () => running.store,
    replica: () => running.replica,
    ingest: () => running.ingest,
    replicator: () => running.replicator,
    admit: async (ticketId) => {
      const answer = await running.store.admit<undefined>(ticketId, ({ history }): Verdict<undefined> => ({
        decision: undefined,
        mark:
          history.usesSpent > 0
            ? undefined
            : {
                kind: 'admitted',
                event,
                lane: 'lane-1',
                ticketId,
                epoch: 0,
                method: 'qr',
                ticketType: 1,
                zone: 'arena',
                uses: 1,
                outOfTouch: false,
                peersReachable: 1,
              },
      }));
      if (!answer.ok) throw new Error(answer.error.type);
      return answer.value.mark;
    },
    sync: async (other) => {
      const drained = await running.replicator.drain();
      if (!drained.ok) throw new Error(drained.error.cause);
      const peer: Peer =
        other === 'cloud'
          ? cloudPeer
          : {
              id: other.id,
              kind: 'gate',
              exchange: async (message) =>
                network.isCut(id, other.id) ? err({ type: 'peer-unreachable', cause: 'cut' }) : other.answer(message),
            };
      return (await running.replicator.syncWith(peer, event, new AbortController().signal)).ok;
    },
    answer: async (message) => {
      const answered = await answerSync(
        { store: running.replica, ingest: running.ingest, maySync: async () => true },
        { gate: 'peer' },
        message,
      );
      return answered.ok
        ? ok(answered.value.answer)
        : err({ type: 'peer-refused', status: 400, cause: answered.error.type });
    },
    crash: async () => {
      await end();
      running = await start();
    },
    copyData: (to) => {
      mkdirSync(to, { recursive: true });
      for (const file of files) if (existsSync(join(data, file))) copyFileSync(join(data, file), join(to, file));
    },
    restoreData: async (from) => {
      await end();
      for (const file of [...files, 'journal.db-shm', 'replica.db-shm']) rmSync(join(data, file), { force: true });
      for (const file of files) if (existsSync(join(from, file))) copyFileSync(join(from, file), join(data, file));
      running = await start();
    },
    close: end,
  };
}
