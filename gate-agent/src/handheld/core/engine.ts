// The handheld's replicator with its surroundings: databases, the cloud, and the rhythm in which they are used. Runs in a worker (worker.ts)
// and, for tests, anywhere else. The scan path never waits for it.
import {
  centralGate,
  encodeMarkFile,
  concatBytes,
  sealTo,
  type Clock,
  isOrderFoldMark,
  type Ledger,
  type Logger,
  type Mark,
  type Timer,
} from '@postern/shared';
import { createCloudPeer } from '../../peers/cloud-peer.ts';
import type { GateFetch } from '../../peers/gate-auth.ts';
import { startReplicationRounds } from '../../peers/replication-rounds.ts';
import { emptyStatus } from '../../peers/replication-status.ts';
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
  /** Automerge cannot be relied on any more: this worker has to end. */
  readonly onTrapped: () => void;
  /** Steps aside between two batches. */
  readonly breathe: () => Promise<void>;
}

export interface Engine {
  readonly handle: (message: Exclude<ToWorker, { readonly type: 'start' | 'stop' | 'content-hash' | 'seal' }>) => void;
  readonly contentHash: () => Promise<string>;
  readonly seal: (sealKey: Uint8Array) => Promise<Uint8Array | undefined>;
  readonly stop: () => Promise<void>;
}

export async function startEngine(deps: EngineDeps): Promise<Engine> {
  const { settings, clock, timer, tell } = deps;
  const { gate, event, names } = settings;
  const stopping = new AbortController();

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

  /** Persons by zone first: whoever is told that something was learned reads them. */
  const tellLearned = async (): Promise<void> => {
    if (!zones.changed()) return;
    await zones.bringUpToDate(store);
    await store.derive(zonesKey(event), zones.counts());
    tell({ type: 'learned', learned });
    learned = nothing;
  };

  const rounds = await startReplicationRounds(
    {
      ...deps,
      store,
      journal,
      pastAlarms: [],
      lan: () => emptyStatus.lan,
      onStatus: async (status) => {
        await tellLearned();
        tell({ type: 'status', status });
      },
    },
    stopping.signal,
  );

  const cloud = createCloudPeer({ cloudUrl: settings.cloudUrl, fetch: deps.fetch });
  const lan =
    settings.gateDomain === undefined
      ? undefined
      : createLanGates({
          domain: settings.gateDomain,
          self: gate,
          keys: settings,
          gates: () =>
            rounds.gates().flatMap(({ id, accepted }) => (accepted === undefined && id !== centralGate ? [id] : [])),
          follow: rounds.follow,
          forget: rounds.replicator.forget,
          clock,
          timer,
        });
  zones.follow({ learned: [], unlearned: true });
  rounds.reportSoon();
  const running = [
    rounds.follow(cloud, () => undefined, stopping.signal),
    ...(lan === undefined ? [] : [lan.run(stopping.signal)]),
  ];

  return {
    handle: (message) => {
      switch (message.type) {
        case 'poke':
          return rounds.poke();
        case 'lan':
          return lan?.allow(message.isAllowed);
        case 'sync':
          return rounds.news.ring();
        case 'gates':
          return void (rounds.setGates(message.gates) && rounds.reportSoon());
        case 'through':
          return rounds.sayThrough(message.at);
      }
    },
    contentHash: async () => {
      await rounds.drain();
      return store.contentHash(event);
    },
    seal: async (sealKey) => {
      await rounds.drain();
      // Whoever has what is sealed deletes the rest: half of it must not look like all of it.
      if (rounds.drainError() !== undefined) return undefined;
      const chunks = (
        await Promise.all((await store.segmentsOf(event, gate)).map((state) => store.chunks(state)))
      ).flat();
      if (chunks.length === 0) return undefined;
      return concatBytes(...encodeMarkFile({ event, gate }, chunks, (message) => sealTo(sealKey, message)));
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(running);
      await rounds.stop();
      await rounds.sayGoodbye([cloud]);
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
