// The handheld's replicator with its surroundings: databases, the cloud, and the rhythm in which they are used. Runs in a worker (worker.ts)
// and, for tests, anywhere else. The scan path never waits for it.
import {
  centralGate,
  createIngest,
  createOwnSegments,
  createReplicator,
  encodeMarkFile,
  concatBytes,
  sealTo,
  sleep,
  type Clock,
  isOrderFoldMark,
  type Ledger,
  type Peer,
  type Logger,
  type Mark,
  type PeerError,
  type Timer,
} from '@postern/shared';
import { describeStatus } from '../../peers/describe-status.ts';
import { createCloudPeer } from '../../peers/cloud-peer.ts';
import { createGateDirectory } from '../../peers/gate-directory.ts';
import type { GateFetch } from '../../peers/gate-auth.ts';
import { runPeerLoop } from '../../peers/peer-loop.ts';
import { emptyStatus, type ListedGate } from '../../peers/replication-status.ts';
import { createBell } from '../../waiting.ts';
import { createLanGates } from './lan-gates.ts';
import { everything, zonesKey, type Learned } from './other-gates.ts';
import { openJournalReader } from './journal-reader.ts';
import { openHandheldReplica } from './replica.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './replication-messages.ts';
import { createZonesOfOthers } from './zones-of-others.ts';

export interface EngineDeps {
  readonly settings: WorkerSettings;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Logger;
  readonly fetch: GateFetch;
  readonly tell: (message: FromWorker) => void;
  /** Steps aside between two batches. */
  readonly breathe: () => Promise<void>;
}

export interface Engine {
  readonly handle: (message: Exclude<ToWorker, { readonly type: 'start' | 'stop' | 'content-hash' | 'seal' }>) => void;
  readonly contentHash: () => Promise<string>;
  readonly seal: (sealKey: Uint8Array) => Promise<Uint8Array | undefined>;
  readonly stop: () => Promise<void>;
}

/** What stopping may spend on telling the cloud the last marks. */
const goodbyeMs = 2_000;
const reportIntervalMs = 200;
/** Between two looks at the journal when nobody pokes. */
const drainIntervalMs = 1_000;

export async function startEngine(deps: EngineDeps): Promise<Engine> {
  const { settings, ledger, clock, timer, log, tell } = deps;
  const { gate, event, boot, names } = settings;
  const stopping = new AbortController();
  const journalBell = createBell(timer);
  const bell = createBell(timer);
  let gates: readonly ListedGate[] = [];
  let drainError: string | undefined;

  const journal = await openJournalReader(names.journal, gate);
  const zones = createZonesOfOthers(event);
  let learned = nothing;
  const store = await openHandheldReplica({
    name: names.replica,
    journal,
    changed: (change) => {
      zones.follow(change);
      learned = change.unlearned ? everything : withMarks(learned, change.learned);
    },
  });
  const adopted = await store.adoptLostMarks(gate, ledger);
  if (adopted > 0)
    log.warn({ marks: adopted }, "marks that are no longer in the journal were found in this gate's own segments");

  const listed = (id: string): ListedGate | undefined => gates.find((known) => known.id === id);
  const directory = createGateDirectory({ event, self: { id: gate, publicKey: settings.publicKey }, listed });
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

  /** Persons by zone first: whoever is told that something was learned reads them. */
  const tellLearned = async (): Promise<void> => {
    if (!zones.changed()) return;
    await zones.bringUpToDate(store);
    await store.derive(zonesKey(event), zones.counts());
    tell({ type: 'learned', learned });
    learned = nothing;
  };
  const report = async (): Promise<void> => {
    await tellLearned();
    const facts = { event, gate, alarms: replicator.takeAlarms(), drainError, lan: emptyStatus.lan };
    tell({ type: 'status', status: await describeStatus(replicator, await store.frontier(event), facts) });
  };
  let reporting: Promise<void> | undefined;
  const reportSoon = (): void => {
    if (stopping.signal.aborted) return;
    reporting ??= sleep(timer, reportIntervalMs, stopping.signal)
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

  /** Of gates that were revoked in a newer feed, what is not accepted leaves the history. */
  const takeGates = async (newer: readonly ListedGate[]): Promise<void> => {
    const revised = newer.filter(
      (known) =>
        known.accepted !== undefined &&
        known.id !== gate &&
        JSON.stringify(known.accepted) !== JSON.stringify(listed(known.id)?.accepted),
    );
    gates = newer;
    replicator.tryRefusedAgain();
    for (const { id } of revised) await ingest.revise(event, id);
    reportSoon();
    bell.ring();
  };

  const cloud = createCloudPeer({ cloudUrl: settings.cloudUrl, fetch: deps.fetch });
  const runDrains = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const rings = journalBell.rings();
      if ((await drain()) === 0) await journalBell.wait(rings, drainIntervalMs, stopping.signal);
    }
  };
  const follow = (
    peer: Peer,
    onTurn: (error: PeerError | undefined) => unknown,
    signal: AbortSignal,
  ): Promise<void> => {
    const afterTurn = (error: PeerError | undefined): void => {
      onTurn(error);
      reportSoon();
    };
    return runPeerLoop({ peer, event, replicator, log, clock, timer, bell, afterTurn }, signal);
  };
  const lan =
    settings.gateDomain === undefined
      ? undefined
      : createLanGates({
          domain: settings.gateDomain,
          self: gate,
          keys: settings,
          gates: () => gates.flatMap(({ id, accepted }) => (accepted === undefined && id !== centralGate ? [id] : [])),
          follow,
          forget: replicator.forget,
          clock,
          timer,
        });
  await drain();
  zones.follow({ learned: [], unlearned: true });
  reportSoon();
  const running = [runDrains(), follow(cloud, () => undefined, stopping.signal), lan?.run(stopping.signal)];

  return {
    handle: (message) => {
      switch (message.type) {
        case 'poke':
          return journalBell.ring();
        case 'lan':
          return lan?.allow(message.isAllowed);
        case 'sync':
          return bell.ring();
        case 'gates':
          if (JSON.stringify(gates) === JSON.stringify(message.gates)) return;
          return void takeGates(message.gates).catch((cause: unknown) =>
            log.error({ cause: String(cause) }, 'the list of gates could not be applied to what is known of them'),
          );
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
    seal: async (sealKey) => {
      await drain();
      // Whoever has what is sealed deletes the rest: half of it must not look like all of it.
      if (drainError !== undefined) return undefined;
      const chunks = (
        await Promise.all((await store.segmentsOf(event, gate)).map((state) => store.chunks(state)))
      ).flat();
      if (chunks.length === 0) return undefined;
      return concatBytes(...encodeMarkFile({ event, gate }, chunks, (message) => sealTo(sealKey, message)));
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([...running, reporting]);
      const closed = await replicator.close();
      if (!closed.ok) log.error({ cause: closed.error.cause }, 'the last marks could not be brought into a segment');
      await replicator.syncWith(cloud, event, AbortSignal.timeout(goodbyeMs));
      store.close();
      journal.close();
    },
  };
}

const nothing: Learned = { bound: false, orders: false, ofGates: false };
const withMarks = (learned: Learned, marks: readonly Mark[]): Learned => ({
  bound: learned.bound || marks.some(({ kind }) => kind === 'bound'),
  orders: learned.orders || marks.some(isOrderFoldMark),
  ofGates: learned.ofGates || marks.some(({ kind }) => kind === 'corrected' || kind === 'recounted'),
});
