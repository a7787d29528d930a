// One replica put together from the real replication code over memory: a gate with its journal, or the cloud without one.
import {
  answerSync,
  createIngest,
  createOwnSegments,
  createReplicator,
  err,
  ok,
  type Clock,
  type GateDirectory,
  type Ingest,
  type Ledger,
  type Logger,
  type Peer,
  type Replicator,
} from '@postern/shared';
import { createMemoryJournal, simulatedKeys, type MemoryJournal } from './gate-marks.ts';
import { createMemoryReplicaStore, type MemoryReplicaStore, type ReplicaImage } from './memory-replica-store.ts';

export interface Replica {
  readonly id: string;
  readonly store: MemoryReplicaStore;
  readonly journal: MemoryJournal;
  readonly ingest: Ingest;
  readonly replicator: Replicator;
  /** Answers a message of another replica, as its listener would. */
  readonly answer: Peer['exchange'];
}

export interface ReplicaOptions {
  readonly id: string;
  readonly boot: string;
  readonly ledger: Ledger;
  readonly directory: GateDirectory;
  readonly clock: Clock;
  readonly journal?: MemoryJournal;
  readonly image?: ReplicaImage;
  readonly log?: Logger;
  /** Comes before what is taken in. */
  readonly guard?: (ingest: Ingest) => Ingest;
}

export const quietLogger: Logger = { info: () => {}, warn: () => {}, error: () => {} };

export function createReplica({
  id,
  boot,
  ledger,
  directory,
  clock,
  journal = createMemoryJournal(),
  image,
  log = quietLogger,
  guard = (ingest) => ingest,
}: ReplicaOptions): Replica {
  const store = createMemoryReplicaStore({
    ...(image === undefined ? {} : { image }),
    own: {
      mark: (mark) => journal.find(mark),
      marks: (event) => journal.all().filter(({ mark }) => mark.event === event),
    },
  });
  const ingest = guard(createIngest({ ledger, store, directory, log }));
  const own = createOwnSegments({
    gate: id,
    boot,
    secretKey: simulatedKeys(id).secretKey,
    ledger,
    store,
    journal,
    log,
    breathe: async () => {},
  });
  const replicator = createReplicator({ gate: id, store, ingest, own, clock });
  return {
    id,
    store,
    journal,
    ingest,
    replicator,
    answer: async (message) => {
      const answered = await answerSync({ store, ingest, maySync: async () => true }, { gate: 'peer' }, message);
      return answered.ok
        ? ok(answered.value.answer)
        : err({ type: 'peer-refused', status: 400, cause: answered.error.type });
    },
  };
}

/** `replica` as somebody else's peer, without a network between them. */
export const asPeer = (replica: Replica): Peer => ({
  id: replica.id,
  kind: replica.id === 'cloud' ? 'cloud' : 'gate',
  exchange: (message, signal) => replica.answer(message, signal),
});
