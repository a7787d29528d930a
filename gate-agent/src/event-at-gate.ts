// One event at this gate, from its ticket list to the thread that carries its marks. A gate may hold several; they share lanes, clock
// and identity, and nothing else: each has a folder, a journal, a ticket list and peers of its own.
import {
  createGateRehearsal,
  createRehearsingStore,
  sleep,
  type Clock,
  type EventAccess,
  type GateRehearsal,
  type Logger,
  type Lookups,
  type Random,
  type SunKeys,
  type Timer,
} from '@postern/shared';
import type { ClockTrust, TimeSample } from './clock-trust.ts';
import { sampleOfRoundTrip } from './clock-trust.ts';
import type { EventConfig } from './config.ts';
import { feedFolder, journalPath, prepareEventFolder, replicaPath } from './event-folder.ts';
import { createFeedClient, type FeedClient, type FeedClientStatus } from './feed-client.ts';
import { createFeedView, waitForFirstFeed, type FeedView } from './feed-view.ts';
import type { Identity } from './identity.ts';
import { createLease, type Lease } from './lease.ts';
import { createGateObserver } from './observe-gates.ts';
import { createReach, type Reach } from './reach.ts';
import type { GateFetch } from './peers/gate-auth.ts';
import { pokeAfterCommit } from './replication/poke-after-commit.ts';
import { startReplication, type Replication } from './replication/worker-front.ts';
import type { DiskKey } from './store/database.ts';
import { downloadDisk } from './store/download-disk.ts';
import { openFeedCache, type FeedCache } from './store/feed-cache.ts';
import { createGateStore, type GateStore } from './store/store.ts';
import { tellReplication } from './tell-replication.ts';

/** Saying goodbye to the peers may take so long at stop. */
const stopReplicationMsMax = 3_500;

export interface EventAtGateDeps {
  readonly gate: string;
  readonly data: string;
  /** 16 hexadecimal digits: this process start. */
  readonly boot: string;
  readonly identity: Identity;
  /** Of the databases, where they are sealed. */
  readonly diskKey: DiskKey | undefined;
  readonly cloudUrl: string | undefined;
  /** Of NTAG 424 DNA tags. */
  readonly sunKeys: SunKeys | undefined;
  readonly trust: ClockTrust;
  /** Somebody who can be believed has stated the time. */
  readonly learn: (sample: TimeSample) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
  readonly logger: Logger;
  readonly onStop: (close: () => Promise<void> | void) => void;
}

export interface EventAtGate extends EventAccess {
  readonly event: number;
  readonly cache: FeedCache;
  readonly feed: FeedView;
  readonly lookups: Lookups;
  /** What `store` writes to, with everything that can be asked of it. */
  readonly journal: GateStore;
  readonly replication: Replication;
  readonly reach: Reach;
  readonly lease: Lease;
  readonly feedStatus: () => FeedClientStatus | undefined;
  readonly rehearsal: GateRehearsal;
  /** Called from now on when another rehearsal than before is in force here, or none any more. */
  readonly onRehearsal: (changed: () => void) => void;
  /** Called from now on whenever there may be new marks of orders. */
  readonly lookForOrders: (look: () => void) => void;
  /** Tells the replication thread what the ticket list and the clock say. */
  readonly tellReplication: () => void;
  /** The cloud may have a newer ticket list: asks at once. */
  readonly askForFeed: () => void;
  /** Follows the cloud's ticket list until `signal` aborts; `hasFeed` resolves when there is one, or soon anyway. */
  readonly followFeed: (
    cloud: { readonly url: string; readonly fetch: GateFetch },
    onChange: () => void,
    signal: AbortSignal,
  ) => { readonly ended: Promise<void>; readonly hasFeed: Promise<void> };
}

export async function openEventAtGate(
  { id: event, zone, lan }: EventConfig,
  deps: EventAtGateDeps,
): Promise<EventAtGate> {
  const { gate, data, boot, identity, diskKey, trust, clock, random, timer, logger, onStop } = deps;
  prepareEventFolder(data, event);
  const cache = await openFeedCache({
    folder: feedFolder(data, event),
    key: diskKey,
    event,
    enrolledKeys: identity.feedKeys,
    nowMs: () => trust.now().nowMs,
    logger,
  });
  onStop(cache.close);
  let feedClient: FeedClient | undefined;
  const feedStatus = (): FeedClientStatus | undefined => feedClient?.status();
  const feed = createFeedView({ cache, event, clock, time: trust.now, clientStatus: feedStatus });

  const paths = { journalPath: journalPath(data, event), replicaPath: replicaPath(data, event) };
  const journal = createGateStore({
    ...paths,
    key: diskKey,
    event,
    gate,
    boot,
    clock,
    timer,
    logger,
    time: trust.now,
    policy: feed.policy,
    ticket: feed.ticket,
  });
  /** Once there are lanes that could obey. */
  let lookForOrders = (): void => undefined;
  const replication = startReplication({
    settings: {
      gate,
      event,
      boot,
      ...paths,
      diskKey,
      ...identity.keys,
      keyPem: identity.keyPem,
      certificate: Buffer.from(identity.certificate, 'base64'),
      ca: Buffer.from(identity.ca, 'base64'),
      cloudUrl: deps.cloudUrl,
      lanListen: lan.listen,
      lanPeers: lan.peers,
      lanDiscover: lan.discover,
      web: lan.web === undefined ? undefined : { ...lan.web, data },
    },
    logger,
    timer,
    random,
    through: journal.through,
    onStatus: createGateObserver({ hybrid: journal.hybrid, logger }),
    onOrders: () => lookForOrders(),
    onPeerTime: ({ statedMs, sentMs, receivedMs, uncertaintyMs }) =>
      deps.learn(sampleOfRoundTrip('peer', statedMs, sentMs, receivedMs, uncertaintyMs)),
  });
  // The store goes first, so that the thread's last drain finds everything; what it has no time for is told at the next start.
  onStop(() => Promise.race([replication.stop(), sleep(timer, stopReplicationMsMax, new AbortController().signal)]));
  onStop(journal.close);
  const tell = (): void => tellReplication(replication, cache, trust, clock.monotonicMs());
  tell();
  const reach = createReach({ replication: replication.status, feedClient: feedStatus, clock, time: trust.now, timer });
  let rehearsalChanged = (): void => undefined;
  const written = pokeAfterCommit(
    {
      ...journal,
      // A journal that works again may hold orders of its own, and no lane comes back before they are known.
      reopen: async () => {
        const reopened = await journal.reopen();
        lookForOrders();
        return reopened;
      },
    },
    replication,
  );
  const rehearsal = createGateRehearsal({
    policy: feed.policy,
    time: trust.now,
    switches: journal.rehearsalSwitches,
    append: written.append,
    random,
    timer,
    logger,
    changed: () => rehearsalChanged(),
  });
  onStop(rehearsal.stop);
  const store = createRehearsingStore(written, () => rehearsal.current()?.session);

  return {
    event,
    zone,
    context: { gate, clock, policy: feed.policy, time: trust.now, feedAgeMs: feed.ageMs, inTouch: reach.inTouch },
    store,
    cache,
    feed,
    lookups: {
      ...feed.lookups,
      ...(deps.sunKeys === undefined ? {} : { sunKeys: deps.sunKeys }),
      tag: (medium, id) => {
        const hash = feed.tagHash(medium, id);
        return hash === undefined ? { type: 'unbound' } : journal.tag(hash);
      },
    },
    journal,
    replication,
    reach,
    lease: createLease({
      event,
      cache,
      recentMarks: (sinceMs, max) => journal.recentMarks(gate, sinceMs, max),
      time: trust.now,
      logger,
    }),
    feedStatus,
    rehearsal,
    onRehearsal: (changed) => (rehearsalChanged = changed),
    lookForOrders: (look) => (lookForOrders = look),
    tellReplication: tell,
    askForFeed: () => feedClient?.wake(),
    followFeed: (cloud, onChange, signal) => {
      const client = createFeedClient({
        cloudUrl: cloud.url,
        event,
        cache,
        disk: downloadDisk,
        clock,
        timer,
        random,
        logger,
        fetch: cloud.fetch,
        onChange: () => {
          tell();
          onChange();
        },
      });
      feedClient = client;
      return { ended: client.run(signal), hasFeed: waitForFirstFeed(client, cache, timer, signal) };
    },
  };
}
