// What a replica does in the background, at a gate and in a handheld alike: it brings own marks from the journal into segments, exchanges
// with peers whenever there is something new, applies a newer list of gates to what is known of them, and tells how all that stands.
import {
  createIngest,
  createOwnSegments,
  createReplicator,
  sleep,
  type Alarm,
  type Clock,
  type HybridTimestamp,
  type Ingest,
  type JournalReader,
  type Ledger,
  type Logger,
  type Peer,
  type PeerError,
  type ReplicaStore,
  type Replicator,
  type Timer,
} from '@postern/shared';
import { createBell, type Bell } from '../waiting.ts';
import { describeStatus } from './describe-status.ts';
import { createGateDirectory } from './gate-directory.ts';
import { runPeerLoop } from './peer-loop.ts';
import { alarmsKeptMax, type LanStatus, type ListedGate, type ReplicationStatus } from './replication-status.ts';

export interface ReplicationRoundsDeps {
  readonly settings: {
    readonly gate: string;
    readonly event: number;
    readonly boot: string;
    /** Ed25519, 32 and 64 bytes. */
    readonly publicKey: Uint8Array;
    readonly secretKey: Uint8Array;
  };
  readonly ledger: Ledger;
  readonly store: ReplicaStore & { readonly adoptLostMarks: (gate: string, ledger: Ledger) => Promise<number> };
  readonly journal: JournalReader;
  /** Of earlier starts. */
  readonly pastAlarms: readonly Alarm[];
  /** Looks at what others send before it is taken in. */
  readonly guard?: (ingest: Ingest) => Ingest;
  readonly lan: () => LanStatus;
  readonly onStatus: (status: ReplicationStatus) => Promise<void> | void;
  /** Nothing that Automerge says can be relied on any more: whoever runs this ends and starts afresh from the databases. */
  readonly onTrapped: () => void;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Logger;
  /** Steps aside between two small transactions. */
  readonly breathe: () => Promise<void>;
}

export interface ReplicationRounds {
  readonly replicator: Replicator;
  readonly ingest: Ingest;
  /** Rings when there is something new for peers. */
  readonly news: Bell;
  readonly gates: () => readonly ListedGate[];
  readonly listed: (id: string) => ListedGate | undefined;
  /** True when it is another list than before: who was refused may be welcome now. It is said again and again. */
  readonly setGates: (newer: readonly ListedGate[]) => boolean;
  /** There is something new in the journal. */
  readonly poke: () => void;
  readonly sayThrough: (at: HybridTimestamp) => void;
  /** Brings the journal into segments. Resolves with how many marks it took. */
  readonly drain: () => Promise<number>;
  /** Why that did not work the last time. */
  readonly drainError: () => string | undefined;
  /** Exchanges with the peer, telling every outcome, until `signal` aborts. Never rejects. */
  readonly follow: (
    peer: Peer,
    onTurn: (error: PeerError | undefined) => unknown,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly reportSoon: () => void;
  /** Once `signal` has aborted and nobody is followed any more: closes this start's segments. Nothing uses the store afterwards but `sayGoodbye`. */
  readonly stop: () => Promise<void>;
  /** A last word to them. */
  readonly sayGoodbye: (peers: readonly Peer[]) => Promise<void>;
}

/** What stopping may spend on telling peers the last marks. */
const goodbyeMs = 2_000;
/** Between two reports of how it stands. */
const reportIntervalMs = 200;
/** Between two looks at the journal when nobody pokes. */
const drainIntervalMs = 1_000;

/** Resolves when everything in the journal is in segments. */
export async function startReplicationRounds(
  deps: ReplicationRoundsDeps,
  signal: AbortSignal,
): Promise<ReplicationRounds> {
  const { settings, ledger, store, journal, clock, timer, log, breathe } = deps;
  const { gate, event, boot, publicKey, secretKey } = settings;
  const journalBell = createBell(timer);
  const news = createBell(timer);
  let gates: readonly ListedGate[] = [];
  /** Revoked gates of which what is not accepted may still be in the history. */
  const toRevise = new Set<string>();
  let drainError: string | undefined;
  let alarms = deps.pastAlarms;

  const adopted = await store.adoptLostMarks(gate, ledger);
  if (adopted > 0)
    log.warn(
      { marks: adopted },
      "marks that are no longer in the journal were found in this gate's own segments and kept",
    );

  const listed = (id: string): ListedGate | undefined => gates.find((known) => known.id === id);
  const directory = createGateDirectory({ event, self: { id: gate, publicKey }, listed });
  const unguarded = createIngest({ ledger, store, directory, log });
  const ingest = deps.guard?.(unguarded) ?? unguarded;
  const own = createOwnSegments({ gate, boot, secretKey, ledger, store, journal, log, breathe });
  const replicator = createReplicator({ gate, store, ingest, own, clock });

  const report = async (): Promise<void> => {
    if (ledger.trapped()) deps.onTrapped();
    alarms = [...alarms, ...replicator.takeAlarms()].slice(-alarmsKeptMax);
    const facts = { event, gate, alarms, drainError, lan: deps.lan() };
    await deps.onStatus(await describeStatus(replicator, await store.frontier(event), facts));
  };
  const unfinished = new Set<Promise<void>>();
  /** Only `stop` waits for it. */
  const inBackground = (work: Promise<unknown>, failed: string): void => {
    const ended = work
      .then(
        () => undefined,
        (cause: unknown) => log.error({ cause: String(cause) }, failed),
      )
      .finally(() => unfinished.delete(ended));
    unfinished.add(ended);
  };
  /** At most one at a time and not at every exchange: every neighbour has its turns. */
  let isReporting = false;
  const reportSoon = (): void => {
    if (signal.aborted || isReporting) return;
    isReporting = true;
    inBackground(
      sleep(timer, reportIntervalMs, signal)
        .then(report)
        .finally(() => (isReporting = false)),
      'the state of replication could not be read',
    );
  };

  const drain = async (): Promise<number> => {
    const drained = await replicator.drain();
    drainError = drained.ok ? undefined : drained.error.cause;
    const marks = drained.ok ? drained.value : 0;
    if (marks > 0) news.ring();
    return marks;
  };
  const runDrains = async (): Promise<void> => {
    while (!signal.aborted) {
      const rings = journalBell.rings();
      if ((await drain()) === 0) await journalBell.wait(rings, drainIntervalMs, signal);
    }
  };

  /** What is not accepted of revoked gates leaves the history; our own marks are our journal's. */
  const revise = async (): Promise<void> => {
    for (const id of toRevise) {
      if (signal.aborted) return;
      if ((await ingest.revise(event, id)) > 0) reportSoon();
      toRevise.delete(id);
    }
    news.ring();
  };

  await drain();
  const drains = runDrains();
  return {
    replicator,
    ingest,
    news,
    gates: () => gates,
    listed,
    setGates: (newer) => {
      for (const known of newer)
        if (known.accepted !== undefined && known.id !== gate && !isSameAccepted(known, listed(known.id)))
          toRevise.add(known.id);
      const isNew = !isSameList(gates, newer);
      gates = newer;
      if (isNew) replicator.tryRefusedAgain();
      if (isNew || toRevise.size > 0)
        inBackground(revise(), 'the list of gates could not be applied to what is known of them');
      return isNew;
    },
    poke: journalBell.ring,
    sayThrough: (at) =>
      // It has drained what was new.
      inBackground(replicator.sayThrough(event, at).then(news.ring), 'coverage could not be signed'),
    drain,
    drainError: () => drainError,
    follow: (peer, onTurn, following) => {
      const afterTurn = (error: PeerError | undefined): void => {
        onTurn(error);
        reportSoon();
      };
      return runPeerLoop({ peer, event, replicator, log, clock, timer, bell: news, afterTurn }, following);
    },
    reportSoon,
    stop: async () => {
      await Promise.all([drains, ...unfinished]);
      const closed = await replicator.close();
      if (!closed.ok) log.error({ cause: closed.error.cause }, 'the last marks could not be brought into a segment');
    },
    sayGoodbye: async (peers) => {
      const goodbye = AbortSignal.timeout(goodbyeMs);
      await Promise.all(peers.map((peer) => replicator.syncWith(peer, event, goodbye)));
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
