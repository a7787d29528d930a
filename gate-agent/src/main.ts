// The gate's composition root: the only place that constructs. Clock and identity, feed, journal, replication thread, lanes with
// their readers and turnstiles, staff's actions and the local port, started in this order and stopped in the opposite one.
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  bytesToHex,
  createLane,
  createMethodRegistry,
  createStaffSignOn,
  createSteward,
  createSupervisor,
  decide,
  err,
  hexToBytes,
  knownFeedKeys,
  knownMethods,
  ok,
  ready,
  sleep,
  type Lane,
  type LaneContext,
  type Logger,
  type Manifest,
  type Result,
  type Supervisor,
  type Timer,
} from '@postern/shared';
import { openActuator } from './actuators/open.ts';
import { clockFilePath, readClockFile, writeClockFile } from './clock-file.ts';
import { parseCertificate } from './certificates.ts';
import { createClockTrust, sampleOfRoundTrip, type TimeSample } from './clock-trust.ts';
import { discoversGates, type GateConfig, type LaneConfig } from './config.ts';
import { createFeedClient, type FeedClient } from './feed-client.ts';
import { createFeedView, waitForFirstFeed } from './feed-view.ts';
import { createFacts } from './facts.ts';
import { createOrdersAtGate } from './gate-orders.ts';
import { createGateRollCall } from './gate-roll-call.ts';
import { createKnownCases } from './known-cases.ts';
import { openFireInput } from './fire-input.ts';
import { loadIdentity, type Identity } from './identity.ts';
import { createEventHub } from './local-api/event-hub.ts';
import { createPreview } from './local-api/preview.ts';
import { createScreens } from './local-api/screens.ts';
import { learnTime } from './learn-time.ts';
import { createLocalApi } from './local-api/app.ts';
import { allowedHosts } from './local-api/guard.ts';
import { toHealth } from './local-api/health.ts';
import { createPages } from './local-api/pages.ts';
import { listen } from './local-api/server.ts';
import { createPinCheck } from './pin.ts';
import { createReach } from './reach.ts';
import { createDecoder, type Decoder } from './readers/decoder.ts';
import { openReader } from './readers/open.ts';
import { createGateObserver } from './observe-gates.ts';
import { tellReplication } from './tell-replication.ts';
import { createGateFetch } from './replication/gate-auth.ts';
import { pokeAfterCommit } from './replication/poke-after-commit.ts';
import { startReplication } from './replication/worker-front.ts';
import { removeRunFile, writeRunFile } from './run-file.ts';
import { openFeedCache, type FeedCache } from './store/feed-cache.ts';
import { createGateStore } from './store/store.ts';
import { createSystemClock, createSystemRandom, createSystemTimer, readMachineBoot } from './system.ts';
import { keepAskingServerTime } from './time-client.ts';

/** The clock's state goes to disk, and to the replication thread, this often. */
const clockRoundMs = 10_000;
const bootBytes = 8;
const tokenBytes = 16;
/** Saying goodbye to the peers may take so long at stop. */
const stopReplicationMsMax = 3_500;
const version = '0.1.0';

export interface RunningGate {
  readonly url: string;
  /** 16 hexadecimal digits, random at every start. */
  readonly boot: string;
  /** Lanes shut or free as configured, turnstiles at rest, marks in closed segments, databases closed. */
  readonly stop: () => Promise<void>;
}

export interface GateStartError {
  readonly type: string;
  /** One sentence that says what to do. */
  readonly cause: string;
}

type Close = () => Promise<void> | void;

/** Resolves when the lanes answer. Nothing is left running after an error. */
export async function startGate(config: GateConfig, logger: Logger): Promise<Result<RunningGate, GateStartError>> {
  await ready;
  const identity = await loadIdentity(config.gate.data);
  if (!identity.ok) {
    const { error } = identity;
    const cause =
      error.type === 'not-enrolled'
        ? `no identity in ${error.folder}; run: gate-agent enrol URL CODE --data ${config.gate.data}`
        : error.cause;
    return err({ type: error.type, cause });
  }
  const stopping = new AbortController();
  const closes: Close[] = [];
  const stop = async (): Promise<void> => {
    stopping.abort();
    for (const close of closes.splice(0).toReversed()) {
      try {
        await close();
      } catch (cause) {
        // A file that cannot be removed must not keep the journal from being closed.
        logger.error({ cause: String(cause) }, 'A part of the gate did not stop in order');
      }
    }
  };
  try {
    const running = await compose(config, identity.value, logger, stopping.signal, (close) => void closes.push(close));
    if (running.ok) return ok({ ...running.value, stop });
    await stop();
    return running;
  } catch (cause) {
    await stop();
    if (!(cause instanceof Error) || !('code' in cause)) throw cause;
    // The system or SQLite says no: a full or read-only disk, missing rights, a file where a folder should be.
    return err({
      type: 'data-folder-unusable',
      cause: `the folder ${config.gate.data} cannot be used: ${cause.message}`,
    });
  }
}

async function compose(
  config: GateConfig,
  identity: Identity,
  logger: Logger,
  signal: AbortSignal,
  onStop: (close: Close) => void,
): Promise<Result<Omit<RunningGate, 'stop'>, GateStartError>> {
  const { gate } = config;
  const clock = createSystemClock();
  const random = createSystemRandom();
  const timer = createSystemTimer();
  const boot = bytesToHex(random(bootBytes));
  const token = bytesToHex(random(tokenBytes));
  const journalPath = join(gate.data, 'journal.db');
  const replicaPath = join(gate.data, 'replica.db');

  // What time it is, and what the cloud has published.
  const clockPath = clockFilePath(gate.data);
  const certificate = parseCertificate(Buffer.from(identity.certificate, 'base64'));
  const floorMs = certificate.ok ? certificate.value.notBeforeMs : 0;
  const trust = createClockTrust({
    clock,
    machineBoot: readMachineBoot(),
    saved: await readClockFile(clockPath),
    rtc: config.clock.rtc,
    floorMs,
  });
  const saveClock = (): Promise<void> =>
    writeClockFile(clockPath, trust.saved()).catch((cause: unknown) =>
      logger.warn({ cause: String(cause) }, 'The clock file could not be written'),
    );
  onStop(saveClock);
  const cache = await openFeedCache({
    folder: join(gate.data, 'feed'),
    event: gate.event,
    enrolledKeys: identity.feedKeys,
    nowMs: () => trust.now().nowMs,
    logger,
  });
  onStop(cache.close);
  let feedClient: FeedClient | undefined;
  const feed = createFeedView({
    cache,
    event: gate.event,
    clock,
    time: trust.now,
    clientStatus: () => feedClient?.status(),
  });

  // The journal, and the thread that carries it to others.
  const store = createGateStore({
    journalPath,
    replicaPath,
    event: gate.event,
    gate: gate.id,
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
      gate: gate.id,
      event: gate.event,
      boot,
      journalPath,
      replicaPath,
      ...identity.keys,
      keyPem: identity.keyPem,
      certificate: Buffer.from(identity.certificate, 'base64'),
      ca: Buffer.from(identity.ca, 'base64'),
      cloudUrl: config.cloud?.url.replace(/\/$/, ''),
      lanListen: config.lan.listen,
      lanPeers: config.lan.peers,
      lanDiscover: discoversGates(config),
    },
    logger,
    timer,
    random,
    through: store.through,
    onStatus: createGateObserver({ hybrid: store.hybrid, logger }),
    onOrders: () => lookForOrders(),
    onPeerTime: ({ statedMs, sentMs, receivedMs, uncertaintyMs }) =>
      learn(sampleOfRoundTrip('peer', statedMs, sentMs, receivedMs, uncertaintyMs)),
  });
  const pokingStore = pokeAfterCommit(
    {
      ...store,
      // A journal that works again may hold orders of its own, and no lane comes back before they are known.
      reopen: async () => {
        const reopened = await store.reopen();
        lookForOrders();
        return reopened;
      },
    },
    replication,
  );
  const learn = (sample: TimeSample): void => {
    learnTime(sample, { trust, store: pokingStore, event: gate.event, marksSoFar: store.lastSequence, logger });
    tellReplication(replication, cache, trust, clock.monotonicMs());
  };
  // The store goes first, so that the thread's last drain finds everything; what it has no time for is told at the next start.
  onStop(() => Promise.race([replication.stop(), sleep(timer, stopReplicationMsMax, new AbortController().signal)]));
  onStop(store.close);
  tellReplication(replication, cache, trust, clock.monotonicMs());
  const reach = createReach({
    replication: replication.status,
    feedClient: () => feedClient?.status(),
    clock,
    time: trust.now,
    timer,
  });

  // Lanes: readers, the rule, turnstiles.
  const context: LaneContext = {
    gate: gate.id,
    clock,
    policy: feed.policy,
    time: trust.now,
    feedAgeMs: feed.ageMs,
    inTouch: reach.inTouch,
  };
  const registry = createMethodRegistry({ methods: knownMethods, lookups: feed.lookups, clock, logger });
  const preview = config.local.preview ? createPreview(clock.monotonicMs) : undefined;
  const lanes: Lane[] = [];
  const name = gate.name ?? identity.gate.name;
  const hub = createEventHub();
  onStop(hub.close);
  const screens = createScreens({
    hub,
    lanes,
    gate: { id: gate.id, name },
    boot,
    languages: config.local.languages,
    time: trust.now,
    timeZone: () => feed.policy().timeZone,
    gateName: feed.gateName,
    noContactSinceMs: reach.noContactSinceMs,
    hasFeed: () => cache.current() !== undefined,
  });
  let decoder: Decoder | undefined;
  onStop(async () => decoder?.close());
  const readers: { readonly lane: string; readonly supervisor: Supervisor }[] = [];
  for (const laneConfig of config.lanes) {
    const actuator = openActuator(laneConfig.actuator, { timer, passageTimeoutMs: laneConfig.passageTimeoutMs });
    if (!actuator.ok)
      return err({ type: actuator.error.type, cause: `lane ${laneConfig.id}: ${actuator.error.cause}` });
    const lane = createLane(laneSettings(laneConfig, gate.zone), {
      context,
      registry,
      store: pokingStore,
      actuator: actuator.value.actuator,
      decide,
      timer,
      logger,
      listener: screens.tell,
    });
    lanes.push(lane);
    for (const [index, uri] of laneConfig.readers.entries()) {
      const id = `${laneConfig.id}-${index + 1}`;
      const reader = openReader(uri, {
        id,
        clock,
        logger,
        timer,
        stdin: process.stdin,
        decoder: () => (decoder ??= createDecoder()),
        ...(preview === undefined ? {} : { onFrame: preview.offer }),
      });
      if (!reader.ok) return err({ type: reader.error.type, cause: `lane ${laneConfig.id}: ${reader.error.message}` });
      readers.push({
        lane: lane.id,
        supervisor: createSupervisor({
          reader: reader.value,
          deliver: (presentation) => void lane.present(presentation),
          clock,
          random,
          logger,
          timer,
        }),
      });
    }
  }

  const ordersHere = createOrdersAtGate({
    gate: { ...gate, name },
    lanes,
    known: store,
    store: pokingStore,
    cache,
    feed,
    clock,
    random,
    timer,
    logger,
    tell: (view) => hub.publish('orders', view),
  });
  const { orders, view: ordersView, gates, steward: orderAtGate } = ordersHere;
  lookForOrders = orders.look;
  onStop(orders.stop);

  // Staff and screens.
  const staff = (): Manifest['staff'] => cache.current()?.manifest.staff ?? [];
  const signOn = createStaffSignOn({ checkPin: createPinCheck(staff), staff, clock, random });
  const steward = createSteward({
    lanes,
    context,
    registry,
    store: pokingStore,
    decide,
    orders: orderAtGate,
    logger,
    signOn,
    confirmClock: (trueMs) => {
      const beforeMs = trust.now().nowMs;
      trust.confirm(trueMs);
      return { correctionMs: trust.now().nowMs - beforeMs };
    },
  });
  const fire = config.fire.input === undefined ? ok(undefined) : openFireInput(config.fire.input, timer);
  if (!fire.ok) return fire;
  const facts = createFacts({
    config,
    name,
    boot,
    version,
    lanes,
    readers,
    store,
    cache,
    feed,
    trust,
    replication,
    reach,
    fire: fire.value,
    orders: ordersView,
    monotonicMs: clock.monotonicMs,
    certificateExpiresMs: certificate.ok ? certificate.value.notAfterMs : undefined,
    feedClient: () => feedClient?.status(),
  });
  const knownCases = createKnownCases({
    store,
    policy: feed.policy,
    ticket: feed.ticket,
    gates: () => (cache.current()?.manifest.gates ?? []).filter(({ id }) => id !== gate.id),
    heard: () => replication.status().gates,
    clock,
    nowMs: () => trust.now().nowMs,
    breathe: () => setImmediate(),
  });
  let port = config.local.port;
  const app = createLocalApi({
    screens,
    hub,
    hosts: () => allowedHosts(config.local.listen, port, config.local.hosts),
    frameAncestors: config.local.frameAncestors,
    health: () => toHealth(facts()),
    cases: knownCases,
    steward: () => steward,
    signOn: () => signOn,
    orders: ordersView,
    rollCall: createGateRollCall({
      gate: gate.id,
      policy: feed.policy,
      gates,
      store,
      replication: replication.status,
      orders: orders.statuses,
      nowMs: () => trust.now().nowMs,
      monotonicMs: clock.monotonicMs,
    }),
    policy: feed.policy,
    gateName: feed.gateName,
    clock,
    pages: createPages(),
    imports: { token, importMessage: replication.importMessage },
    ...(preview === undefined ? {} : { preview: preview.routes }),
    status: async () => {
      const hash = await replication.contentHash();
      return {
        ...toHealth(facts()),
        lastSequence: store.lastSequence(),
        historyHash: hash.ok ? hash.value : undefined,
        replication: replication.status(),
      };
    },
  });
  const server = await listen({ ...config.local, app });
  if (!server.ok) return err({ type: server.error.type, cause: server.error.message });
  port = server.value.port;
  onStop(server.value.close);
  reach.watch((inTouch) => {
    if (inTouch) {
      store.backInTouch();
      feedClient?.wake();
    }
    screens.refresh();
  }, signal);

  // Everything is there: let people in.
  const stopLanes = async (): Promise<void> => void (await Promise.all(lanes.map((lane) => lane.stop())));
  onStop(stopLanes);
  await Promise.all(lanes.map((lane) => lane.start()));
  const running = readers.map(({ supervisor }) => supervisor.run(signal));
  if (fire.value !== undefined) running.push(fire.value.run(() => lanes.forEach((lane) => lane.free('fire')), signal));
  onStop(async () => void (await Promise.all(running)));

  // What may take its time: the cloud, and the clock's state on disk.
  if (config.cloud !== undefined) {
    const cloudUrl = config.cloud.url.replace(/\/$/, '');
    const gateFetch = createGateFetch({ gate: gate.id, keys: identity.keys, clock });
    feedClient = createFeedClient({
      cloudUrl,
      event: gate.event,
      cache,
      clock,
      timer,
      random,
      logger,
      fetch: gateFetch,
      onChange: () => {
        tellReplication(replication, cache, trust, clock.monotonicMs());
        screens.refresh();
      },
    });
    const feedKeyOf = (keyId: string): Uint8Array | undefined => feedKey(cache, identity, keyId);
    const background = [
      feedClient.run(signal),
      keepAskingServerTime({ cloudUrl, clock, random, feedKeyOf, logger, timer }, learn, signal),
    ];
    onStop(async () => void (await Promise.all(background)));
    await waitForFirstFeed(feedClient, cache, timer, signal);
  }
  void repeatClockRound(timer, signal, async () => {
    tellReplication(replication, cache, trust, clock.monotonicMs());
    await saveClock();
  });
  // A disk that is full keeps nobody from being told so by a running gate.
  await writeRunFile(gate.data, { pid: process.pid, url: server.value.url, boot, token }).catch((cause: unknown) =>
    logger.error({ cause: String(cause) }, 'The run file could not be written'),
  );
  onStop(() => removeRunFile(gate.data));
  // Once more and last, so that it happens first: turnstiles at rest before anything else is taken down.
  onStop(stopLanes);
  return ok({ url: server.value.url, boot });
}

const laneSettings = ({ id, direction, onFailure, holdTimeoutMs }: LaneConfig, zone: string) => ({
  id,
  zone,
  direction,
  onFailure,
  holdTimeoutMs,
});

/** What may sign the time: a feed key of the feed in use, or one that came with enrolment, unless it is revoked. */
function feedKey(cache: FeedCache, identity: Identity, keyId: string): Uint8Array | undefined {
  const keys = knownFeedKeys(cache.current()?.manifest, identity.feedKeys);
  const key = keys.find((candidate) => candidate.state !== 'revoked' && candidate.keyId === keyId);
  return key === undefined ? undefined : hexToBytes(key.publicKey);
}

async function repeatClockRound(timer: Timer, signal: AbortSignal, round: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await round();
    await sleep(timer, clockRoundMs, signal);
  }
}
